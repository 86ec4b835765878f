//! Figures by key over many batches, in bounded memory; knows no panel by name.
//!
//! Exact while there are fewer keys than its bound, and what is shared of memory lasts. Beyond
//! that the keys with the fewest hits give way; what they had goes to `other`, and how much any key may lack is known. Counts of
//! visitors and durations are as exact as can be for the rows with the most hits; when memory
//! runs short, those of the other rows become estimates with a larger error, which is known too.

use crate::budget::{Budget, Share};
use crate::distinct::{Distinct, Used};
use crate::durations::{self, Durations};
use crate::text;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Rows with the most hits whose counts stay as exact as can be.
const EXACT: usize = 1000;

/// Memory of a key beside its text, visitors and durations, bytes.
const PER_KEY: usize = size_of::<Key>() + size_of::<Figures>() + 2 * size_of::<usize>();

/// A figure that rows are ordered by.
type Of = fn(&Figures) -> u64;

/// How small the counts of other rows are made, one after the other: registers as a power of
/// two, buckets of durations.
const SMALLER: [(u8, usize); 3] = [(10, 64), (9, 32), (8, 16)];

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

/// One hit, as far as figures need it.
#[derive(Clone, Copy)]
pub struct Hit {
    pub bytes: u64,
    /// Hash of the visitor; 0: there is none.
    pub visitor: u64,
    pub row: u32,
    pub status: i16,
    /// Finest bucket of the duration, or `durations::NONE`.
    pub bucket: i16,
    pub marked: bool,
    /// Whether its bytes are known.
    pub sized: bool,
}

impl Figures {
    #[inline]
    fn add<'a>(
        &mut self,
        hits: impl IntoIterator<Item = &'a Hit>,
        seconds: &[f64],
        used: &mut Used,
    ) {
        let (mut count, mut bytes, mut marked, mut largest) = (0, 0, 0, self.largest);
        for hit in hits {
            count += 1;
            bytes += hit.bytes;
            marked += u64::from(hit.marked);
            largest = largest.max(hit.bytes);
            if hit.status >= 400 {
                self.errors_4xx += u64::from(hit.status < 500);
                self.errors_5xx += u64::from((500..600).contains(&hit.status));
            }
            if hit.visitor != 0 {
                self.visitors.add(hit.visitor, used);
            }
            if hit.bucket != durations::NONE {
                let seconds = seconds.get(hit.row as usize).copied().unwrap_or(0.0);
                self.timed(used).add(seconds, hit.bucket, used);
            }
        }
        self.hits += count;
        self.bytes += bytes;
        self.marked += marked;
        self.largest = largest;
    }

    fn timed(&mut self, used: &mut Used) -> &mut Durations {
        self.durations.get_or_insert_with(|| {
            used.0 += size_of::<Durations>();
            Box::default()
        })
    }

    /// Add another's figures.
    pub fn merge(&mut self, other: &Self, used: &mut Used) {
        self.hits += other.hits;
        self.bytes += other.bytes;
        self.largest = self.largest.max(other.largest);
        self.errors_4xx += other.errors_4xx;
        self.errors_5xx += other.errors_5xx;
        self.marked += other.marked;
        self.visitors.merge(&other.visitors, used);
        if let Some(durations) = &other.durations {
            self.timed(used).merge(durations, used);
        }
    }

    fn shrink(&mut self, (precision, buckets): (u8, usize), used: &mut Used) {
        self.visitors.shrink(precision, used);
        if let Some(durations) = &mut self.durations {
            durations.shrink(buckets, used);
        }
    }

    fn free(&mut self, used: &mut Used) {
        self.visitors.free(used);
        if let Some(durations) = self.durations.take() {
            used.0 = used.0.saturating_sub(durations.size());
        }
    }
}

/// A key.
#[derive(Clone, Debug)]
pub struct Key {
    pub text: Box<str>,
    hash: u64,
    /// Hits that it may have had before it was met last.
    pub missing: u64,
}

/// What has left a rollup, for another one to count under other keys.
pub type Rows = Vec<(Box<str>, Figures)>;

/// Figures by key.
pub struct Rollup {
    pub keys: Vec<Key>,
    /// In the order of `keys`.
    pub figures: Vec<Figures>,
    pub other: Figures,
    /// No key that is missing had more hits than this.
    pub error: u64,
    distinct: Distinct,
    gone: bool,
    /// Rows that gave way, where somebody wants them.
    leaving: Option<Rows>,
    used: Used,
    share: Share,
    key_bytes: usize,
    table: HashTable<usize>,
    hasher: RandomState,
    capacity: usize,
}

impl Rollup {
    /// Arguments: how many keys are kept while memory lasts; whether rows that give way are kept
    /// for somebody who asks for them; the memory that this shares with others.
    pub fn new(capacity: usize, hands_on: bool, budget: Arc<Budget>) -> Self {
        Self {
            keys: Vec::new(),
            figures: Vec::new(),
            other: Figures::default(),
            error: 0,
            distinct: Distinct::default(),
            gone: false,
            leaving: hands_on.then(Vec::new),
            used: Used::default(),
            share: Share::of(budget),
            key_bytes: 0,
            table: HashTable::new(),
            hasher: RandomState::default(),
            capacity: capacity.max(1),
        }
    }

    /// The place of a key, which is added when it is new.
    pub fn place(&mut self, key: &str) -> usize {
        let hash = self.hasher.hash_one(key.as_bytes());
        let same = |&at: &usize| self.keys[at].hash == hash && &*self.keys[at].text == key;
        if let Some(&at) = self.table.find(hash, same) {
            return at;
        }
        let at = self.keys.len();
        let mut apart = Used::default();
        self.distinct.add(text::hash(key.as_bytes()), &mut apart);
        self.key_bytes += key.len();
        self.keys.push(Key {
            text: key.into(),
            hash,
            missing: self.error,
        });
        self.figures.push(Figures::default());
        let keys = &self.keys;
        self.table.insert_unique(hash, at, |&at| keys[at].hash);
        at
    }

    /// Count hits under the key of a place.
    #[inline]
    pub fn add<'a>(
        &mut self,
        place: usize,
        hits: impl IntoIterator<Item = &'a Hit>,
        seconds: &[f64],
    ) {
        self.figures[place].add(hits, seconds, &mut self.used);
    }

    /// Keep to the bounds. Places are no longer valid afterwards.
    pub fn settle(&mut self) {
        if self.keys.len() > 2 * self.capacity {
            self.give_way(self.capacity);
        }
        if let Some(most) = self.share.resize(self.size()) {
            // A little more, so that it need not be done again at once.
            self.reduce(most / 8 * 7);
            self.share.resize(self.size());
        }
    }

    /// Memory used, bytes.
    fn size(&self) -> usize {
        self.used.0 + self.key_bytes + self.keys.capacity() * PER_KEY
    }

    /// Use no more memory than this, as far as one row does not need more.
    ///
    /// Where visitors and durations take the most of it, those of all rows but the ones with
    /// the most hits are made smaller first.
    fn reduce(&mut self, most: usize) {
        let mut smaller = SMALLER.iter();
        let mut left = self.keys.len();
        while self.size() > most && left > 1 {
            let sketches = self.used.0 > self.size() / 2;
            match smaller.next().filter(|_| sketches) {
                Some(&size) => self.shrink(size),
                None => {
                    left /= 2;
                    self.give_way(left);
                }
            }
        }
    }

    /// Make the counts of all rows but those with the most hits smaller.
    fn shrink(&mut self, size: (u8, usize)) {
        let mut hits: Vec<u64> = self.figures.iter().map(|figures| figures.hits).collect();
        let least = match hits.len() {
            0..=EXACT => 0,
            _ => {
                *hits
                    .select_nth_unstable_by_key(EXACT, |&h| std::cmp::Reverse(h))
                    .1
            }
        };
        for figures in self.figures.iter_mut().filter(|f| f.hits <= least) {
            figures.shrink(size, &mut self.used);
        }
    }

    /// Keep the keys with the most hits, and those with the most and the largest bytes.
    fn give_way(&mut self, kept: usize) {
        let few = (kept / 20).max(1);
        let mut leaving: Vec<usize> = (0..self.keys.len()).collect();
        let orders: [(usize, Of); 3] = [
            (kept, |figures| figures.hits),
            (few, |figures| figures.bytes),
            (few, |figures| figures.largest),
        ];
        let mut staying = vec![false; self.keys.len()];
        for (count, of) in orders {
            if leaving.len() <= count {
                return;
            }
            leaving
                .select_nth_unstable_by_key(count, |&at| std::cmp::Reverse(of(&self.figures[at])));
            for at in leaving.drain(..count) {
                staying[at] = true;
            }
        }
        self.error += leaving
            .iter()
            .map(|&at| self.figures[at].hits)
            .max()
            .unwrap_or(0);
        self.gone = true;
        self.table.clear();
        let (keys, figures) = (
            std::mem::take(&mut self.keys),
            std::mem::take(&mut self.figures),
        );
        for ((key, mut figures), staying) in keys.into_iter().zip(figures).zip(staying) {
            if staying {
                let at = self.keys.len();
                self.keys.push(key);
                self.figures.push(figures);
                let (keys, hash) = (&self.keys, self.keys[at].hash);
                self.table.insert_unique(hash, at, |&at| keys[at].hash);
                continue;
            }
            self.key_bytes -= key.text.len();
            self.other.merge(&figures, &mut self.used);
            match &mut self.leaving {
                None => figures.free(&mut self.used),
                Some(leaving) => {
                    let mut apart = figures.clone();
                    figures.free(&mut self.used);
                    apart.shrink(SMALLER[0], &mut Used::default());
                    leaving.push((key.text, apart));
                }
            }
        }
    }

    /// How many rows gave way since somebody asked last.
    pub fn leaving_rows(&self) -> usize {
        self.leaving.as_ref().map_or(0, Vec::len)
    }

    /// Rows that gave way since somebody asked last.
    pub fn take_leaving(&mut self) -> Rows {
        self.leaving
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Count a row of another rollup under a key.
    pub fn add_row(&mut self, key: &str, figures: &Figures, missing: u64) {
        let place = self.place(key);
        self.figures[place].merge(figures, &mut self.used);
        self.keys[place].missing = self.keys[place].missing.max(missing);
    }

    /// Add what another has counted.
    pub fn merge(&mut self, other: &Self) {
        let own_error = self.error;
        if other.error > 0 {
            for key in &mut self.keys {
                // What the other let go may have been of a key that it does not have.
                if other.find(&key.text).is_none() {
                    key.missing += other.error;
                }
            }
        }
        for (key, figures) in other.keys.iter().zip(&other.figures) {
            let known = self.find(&key.text).is_some();
            let place = self.place(&key.text);
            self.figures[place].merge(figures, &mut self.used);
            let own = if known {
                self.keys[place].missing
            } else {
                own_error
            };
            self.keys[place].missing = own + key.missing;
        }
        self.other.merge(&other.other, &mut self.used);
        self.distinct.merge(&other.distinct, &mut Used::default());
        self.gone |= other.gone;
        self.error += other.error;
        self.settle();
    }

    /// The place of a key that has been met.
    pub fn find(&self, key: &str) -> Option<usize> {
        let hash = self.hasher.hash_one(key.as_bytes());
        let same = |&at: &usize| &*self.keys[at].text == key;
        self.table.find(hash, same).copied()
    }

    /// How many distinct keys there have been; an estimate once any has given way.
    pub fn distinct_keys(&self) -> u64 {
        match self.gone {
            false => self.keys.len() as u64,
            true => self.distinct.count().max(self.keys.len() as u64),
        }
    }

    /// All figures together.
    pub fn total(&self) -> Figures {
        let mut total = Figures::default();
        for figures in self.figures.iter().chain([&self.other]) {
            total.merge(figures, &mut Used::default());
        }
        total
    }

    #[cfg(test)]
    fn sketches(&self) -> usize {
        let sizes = self.figures.iter().chain([&self.other]).map(|figures| {
            figures.visitors.size() + figures.durations.as_ref().map_or(0, |d| d.size())
        });
        sizes.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(visitor: u64) -> Hit {
        Hit {
            bytes: 10,
            visitor,
            row: 0,
            status: 200,
            bucket: durations::bucket_of(0.5),
            marked: false,
            sized: true,
        }
    }

    fn rollup(capacity: usize, hands_on: bool, memory: usize) -> Rollup {
        Rollup::new(capacity, hands_on, Arc::new(Budget::new(memory)))
    }

    fn count(rollup: &mut Rollup, key: u64, visitor: u64) {
        let place = rollup.place(&key.to_string());
        let hit = hit(text::hash(&visitor.to_le_bytes()));
        rollup.add(place, [&hit], &[0.5]);
    }

    #[test]
    fn no_hit_is_lost_and_no_key_lacks_more_than_is_said() {
        let mut rollup = rollup(100, false, 1 << 30);
        for round in 0..50u64 {
            for key in 0..100 {
                count(&mut rollup, key * (1 + round * key / 7), round);
            }
            rollup.settle();
        }
        let sum: u64 = rollup.figures.iter().map(|figures| figures.hits).sum();
        assert_eq!(sum + rollup.other.hits, 5000);
        assert!(rollup.keys.len() <= 200 && rollup.error > 0);
        let place = rollup.place("0");
        assert_eq!(
            (rollup.figures[place].hits, rollup.keys[place].missing),
            (50, 0)
        );
    }

    #[test]
    fn memory_is_bounded_and_accounted_for() {
        const MEMORY: usize = 32 << 20;
        let mut rollup = rollup(20_000, false, MEMORY);
        for visitor in 0..3_000_000u64 {
            count(&mut rollup, visitor % 30_000, visitor);
            if visitor % 50_000 == 0 {
                rollup.settle();
                assert_eq!(rollup.used.0, rollup.sketches());
                assert!(rollup.size() <= MEMORY);
            }
        }
        let first = rollup.place("7");
        let found = rollup.figures[first].visitors.count();
        assert!((90..=110).contains(&found), "{found}");
    }

    #[test]
    fn what_gives_way_is_handed_on() {
        let mut rollup = rollup(10, true, 1 << 30);
        for key in 0..100 {
            count(&mut rollup, key, key);
            rollup.settle();
        }
        let gone: u64 = rollup.take_leaving().iter().map(|(_, f)| f.hits).sum();
        assert_eq!(gone, rollup.other.hits);
        assert!(gone > 0 && rollup.take_leaving().is_empty());
    }
}
