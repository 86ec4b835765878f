//! Figures by key over many batches, in bounded memory; knows no panel by name.
//!
//! Exact while there are fewer keys than its bound. Beyond it the keys with the fewest hits
//! give way; what they had goes to `other`, and how much any key may lack is known.

use crate::distinct::{Budget, Distinct};
use crate::text;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Logarithmic buckets of durations: a value lies within 1 % of its bucket's middle.
pub const GAMMA: f64 = 1.02;

/// Figures of some hits.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub hits: u64,
    pub bytes: u64,
    pub largest: u64,
    pub errors_4xx: u64,
    pub errors_5xx: u64,
    /// Hits that were marked, by bots for instance.
    pub marked: u64,
    pub visitors: Distinct,
    pub durations: Option<Box<Durations>>,
}

/// Durations of some hits, seconds.
#[derive(Clone, Debug, Default)]
pub struct Durations {
    pub count: u64,
    pub sum: f64,
    pub max: f64,
    /// Hits by logarithmic bucket, in order; bucket `i` reaches up to `GAMMA^i`.
    pub buckets: Vec<(i16, u64)>,
}

impl Durations {
    /// The value below which a share of the durations lie, within 1 %.
    pub fn quantile(&self, share: f64) -> f64 {
        let wanted = (share * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for &(bucket, count) in &self.buckets {
            seen += count;
            if seen >= wanted {
                let upper = GAMMA.powi(i32::from(bucket));
                return (2.0 * upper / (GAMMA + 1.0)).min(self.max);
            }
        }
        self.max
    }

    fn add(&mut self, seconds: f64) {
        self.count += 1;
        self.sum += seconds;
        self.max = self.max.max(seconds);
        self.put(bucket_of(seconds), 1);
    }

    fn put(&mut self, bucket: i16, count: u64) {
        match self
            .buckets
            .binary_search_by_key(&bucket, |&(known, _)| known)
        {
            Ok(at) => self.buckets[at].1 += count,
            Err(at) => self.buckets.insert(at, (bucket, count)),
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
        for &(bucket, count) in &other.buckets {
            self.put(bucket, count);
        }
    }
}

/// The bucket of a duration; what is shorter than a nanosecond goes to the lowest.
fn bucket_of(seconds: f64) -> i16 {
    (seconds.max(1e-9).ln() / GAMMA.ln())
        .ceil()
        .clamp(-2000.0, 2000.0) as i16
}

/// One hit, as far as figures need it.
#[derive(Clone, Copy)]
pub struct Hit {
    pub status: i64,
    pub bytes: u64,
    pub visitor: Option<u64>,
    pub seconds: Option<f64>,
    pub marked: bool,
}

impl Figures {
    #[inline]
    fn add(&mut self, hit: &Hit, budget: &mut Budget) {
        self.hits += 1;
        self.bytes += hit.bytes;
        self.largest = self.largest.max(hit.bytes);
        self.errors_4xx += u64::from((400..500).contains(&hit.status));
        self.errors_5xx += u64::from((500..600).contains(&hit.status));
        self.marked += u64::from(hit.marked);
        if let Some(visitor) = hit.visitor {
            self.visitors.add(visitor, budget);
        }
        if let Some(seconds) = hit.seconds {
            self.durations.get_or_insert_default().add(seconds);
        }
    }

    /// Add another's figures.
    pub fn merge(&mut self, other: &Self, budget: &mut Budget) {
        self.hits += other.hits;
        self.bytes += other.bytes;
        self.largest = self.largest.max(other.largest);
        self.errors_4xx += other.errors_4xx;
        self.errors_5xx += other.errors_5xx;
        self.marked += other.marked;
        self.visitors.merge(&other.visitors, budget);
        if let Some(durations) = &other.durations {
            self.durations.get_or_insert_default().merge(durations);
        }
    }
}

/// A key and its figures.
#[derive(Clone, Debug)]
pub struct Row {
    pub key: Box<[u8]>,
    pub figures: Figures,
    hash: u64,
}

/// Figures by key.
pub struct Rollup {
    pub rows: Vec<Row>,
    pub other: Figures,
    /// Distinct keys that have given way, those that came back counted again.
    pub dropped: u64,
    /// No key has more hits than it shows and this.
    pub error: u64,
    pub budget: Budget,
    /// How many distinct keys there have been.
    pub keys: Distinct,
    table: HashTable<usize>,
    hasher: RandomState,
    capacity: usize,
}

impl Rollup {
    /// Arguments: how many keys are kept for certain, and how many slots their visitors may use.
    pub fn new(capacity: usize, slots: usize) -> Self {
        Self {
            rows: Vec::new(),
            other: Figures::default(),
            dropped: 0,
            error: 0,
            budget: Budget::new(slots),
            keys: Distinct::default(),
            table: HashTable::new(),
            hasher: RandomState::default(),
            capacity: capacity.max(1),
        }
    }

    /// The place of a key, which is added when it is new.
    pub fn place(&mut self, key: &[u8]) -> usize {
        let hash = self.hasher.hash_one(key);
        let same = |&at: &usize| self.rows[at].hash == hash && &*self.rows[at].key == key;
        if let Some(&at) = self.table.find(hash, same) {
            return at;
        }
        let at = self.rows.len();
        self.keys.add(text::hash(key), &mut self.budget);
        self.rows.push(Row {
            key: key.into(),
            figures: Figures::default(),
            hash,
        });
        let rows = &self.rows;
        self.table.insert_unique(hash, at, |&at| rows[at].hash);
        at
    }

    #[inline]
    pub fn add(&mut self, place: usize, hit: &Hit) {
        self.rows[place].figures.add(hit, &mut self.budget);
    }

    /// Keep to the bounds. Places are no longer valid afterwards.
    pub fn settle(&mut self) {
        if self.rows.len() > 2 * self.capacity {
            self.give_way();
        }
        while self.budget.exceeded() {
            self.budget.coarsen();
            let rows = self.rows.iter_mut().map(|row| &mut row.figures);
            for figures in rows.chain([&mut self.other]) {
                figures.visitors.coarsen(&mut self.budget);
            }
        }
    }

    fn give_way(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        let order = |row: &Row| std::cmp::Reverse(row.figures.hits);
        rows.select_nth_unstable_by_key(self.capacity, order);
        let leaving = rows.split_off(self.capacity);
        self.error += leaving
            .iter()
            .map(|row| row.figures.hits)
            .max()
            .unwrap_or(0);
        self.dropped += leaving.len() as u64;
        for mut row in leaving {
            self.other.merge(&row.figures, &mut self.budget);
            row.figures.visitors.free(&mut self.budget);
        }
        self.table.clear();
        for (at, row) in rows.iter().enumerate() {
            self.table.insert_unique(row.hash, at, |&at| rows[at].hash);
        }
        self.rows = rows;
    }

    /// Add what another has counted.
    pub fn merge(&mut self, other: &Self) {
        self.budget.reach(other.budget.level());
        for row in &other.rows {
            let place = self.place(&row.key);
            self.rows[place]
                .figures
                .merge(&row.figures, &mut self.budget);
        }
        self.other.merge(&other.other, &mut self.budget);
        self.keys.merge(&other.keys, &mut self.budget);
        self.dropped += other.dropped;
        self.error += other.error;
        self.settle();
    }
}
