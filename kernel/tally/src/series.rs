//! Hits and bytes by bucket of time and key, over a stretch of time that moves on or of a whole
//! log, in bounded memory.
//!
//! A bucket is exact while it has few keys; beyond that those with the least are evicted to
//! `other`. What made a sum grow is among the largest, hence it stays. Buckets that are not
//! being added to are packed; when all of them need too much, each keeps fewer keys, and in the
//! end the oldest are dropped.

#[cfg(test)]
mod tests;

use crate::codec::{Reader, Writer};
use foldhash::fast::RandomState;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Buckets that are ready to be added to. A watch of the usual windows has fewer, and packs none.
const OPEN: usize = 192;

/// Keys of an open bucket that are exact, as a multiple of those that are kept for certain. Up to
/// twice as many are kept, so that it takes many new ones until the largest are looked for again.
const MANY: usize = 3;

/// Bytes that the map needs for a packed bucket, beside what is packed.
const OVERHEAD: usize = 64;

/// What some hits sum up to.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Sums {
    pub hits: u64,
    pub bytes: u64,
}

impl Sums {
    pub fn add(&mut self, other: Self) {
        self.hits += other.hits;
        self.bytes += other.bytes;
    }

    fn unpacked(from: &mut Reader<'_>) -> Self {
        let mut number = || from.number().unwrap_or_default();
        Self {
            hits: number(),
            bytes: number(),
        }
    }
}

/// Sums of hits that follow each other in a bucket, by the code of their key.
pub type Runs = Vec<(i64, Vec<(u32, Sums)>)>;

/// Sum hits up, so that a key is looked up once for those that follow each other in a bucket.
///
/// Arguments: times, codes and bytes of the hits; the width of a bucket, at least 1; how many
/// codes there are.
pub fn sum_runs(hits: impl Iterator<Item = (i64, u32, u64)>, width: i64, codes: usize) -> Runs {
    let mut sums = vec![Sums::default(); codes];
    let mut runs = Runs::new();
    let mut met: Vec<u32> = Vec::new();
    let mut bucket = None;
    let mut close = |bucket: Option<i64>, sums: &mut [Sums], met: &mut Vec<u32>| {
        let take = |code: u32| (code, std::mem::take(&mut sums[code as usize]));
        if let Some(start) = bucket {
            runs.push((start, met.drain(..).map(take).collect()));
        }
    };
    for (time, code, bytes) in hits {
        let start = time.div_euclid(width) * width;
        if bucket != Some(start) {
            close(bucket, &mut sums, &mut met);
            bucket = Some(start);
        }
        let sum = &mut sums[code as usize];
        if sum.hits == 0 {
            met.push(code);
        }
        sum.add(Sums { hits: 1, bytes });
    }
    close(bucket, &mut sums, &mut met);
    runs
}

/// One bucket.
#[derive(Default)]
struct Bucket {
    sums: HashMap<Box<str>, Sums, RandomState>,
    other: Sums,
}

/// Sums by start of bucket and key.
pub struct Series {
    /// Keys of an open bucket that are kept for certain by either sum.
    capacity: usize,
    /// The same of a packed one: fewer once all of them need too much. An open bucket still takes
    /// as many, for to look for the largest takes long where it is done for every few keys.
    packed_capacity: usize,
    /// Bytes that packed buckets may need.
    limit: usize,
    open: HashMap<i64, Bucket, RandomState>,
    /// Starts of open buckets, the one that has been open longest first.
    opened: VecDeque<i64>,
    packed: BTreeMap<i64, Box<[u8]>>,
    size: usize,
}

impl Series {
    /// Arguments: keys of a bucket that are kept for certain by either sum; bytes that packed buckets
    /// may need.
    pub fn new(capacity: usize, limit: usize) -> Self {
        let capacity = capacity.max(1);
        Self {
            capacity,
            packed_capacity: capacity,
            limit,
            open: HashMap::default(),
            opened: VecDeque::new(),
            packed: BTreeMap::new(),
            size: 0,
        }
    }

    /// Add to the sums of a key in the bucket that begins at an instant.
    pub fn add(&mut self, start: i64, key: &str, sums: Sums) {
        let capacity = self.capacity;
        let bucket = self.bucket(start);
        match bucket.sums.get_mut(key) {
            Some(known) => known.add(sums),
            None => {
                bucket.sums.insert(key.into(), sums);
                if bucket.sums.len() > MANY * capacity {
                    bucket.keep_largest(capacity);
                }
            }
        }
    }

    /// The sums by key of all buckets that begin from an instant on and before another, and
    /// what was evicted from them.
    pub fn sums(&self, from: i64, to: i64) -> (HashMap<Box<str>, Sums, RandomState>, Sums) {
        let mut total = Bucket::default();
        let reach = from..to.max(from);
        for (_, packed) in self.packed.range(reach.clone()) {
            total.merge(Bucket::unpacked(packed));
        }
        for (_, bucket) in self.open.iter().filter(|(at, _)| reach.contains(at)) {
            total.other.add(bucket.other);
            for (key, &sums) in &bucket.sums {
                match total.sums.get_mut(key) {
                    Some(known) => known.add(sums),
                    None => _ = total.sums.insert(key.clone(), sums),
                }
            }
        }
        (total.sums, total.other)
    }

    /// Drop all buckets that begin before an instant.
    pub fn forget(&mut self, before: i64) {
        self.open.retain(|&at, _| at >= before);
        self.opened.retain(|&at| at >= before);
        let kept = self.packed.split_off(&before);
        self.size -= self
            .packed
            .values()
            .map(|packed| cost(packed))
            .sum::<usize>();
        self.packed = kept;
    }

    /// A bucket, ready to be added to.
    fn bucket(&mut self, start: i64) -> &mut Bucket {
        if !self.open.contains_key(&start) {
            if self.open.len() >= OPEN {
                self.pack_one();
            }
            let packed = self.packed.remove(&start);
            self.size -= packed.as_ref().map_or(0, |packed| cost(packed));
            let bucket = packed.map(|packed| Bucket::unpacked(&packed));
            self.open.insert(start, bucket.unwrap_or_default());
            self.opened.push_back(start);
        }
        self.open.entry(start).or_default()
    }

    /// Pack the bucket that has been open longest.
    fn pack_one(&mut self) {
        let Some(start) = self.opened.pop_front() else {
            return;
        };
        if let Some(mut bucket) = self.open.remove(&start) {
            if self.packed_capacity < self.capacity {
                bucket.keep_largest(self.packed_capacity);
            }
            let packed = bucket.packed();
            self.size += cost(&packed);
            self.packed.insert(start, packed);
        }
        while self.size > self.limit && !self.packed.is_empty() {
            self.shrink();
        }
    }

    /// Need about half as much: keep fewer keys of each bucket, or else fewer buckets.
    fn shrink(&mut self) {
        if self.packed_capacity == 1 {
            let middle = self.packed.keys().nth(self.packed.len() / 2).copied();
            let kept = self.packed.split_off(&middle.unwrap_or(i64::MAX));
            self.packed = kept;
        } else {
            self.packed_capacity /= 2;
            for packed in self.packed.values_mut() {
                let mut bucket = Bucket::unpacked(packed);
                bucket.keep_largest(self.packed_capacity);
                *packed = bucket.packed();
            }
        }
        self.size = self.packed.values().map(|packed| cost(packed)).sum();
    }
}

fn cost(packed: &[u8]) -> usize {
    packed.len() + OVERHEAD
}

impl Bucket {
    /// Keep the keys that are among the largest by hits or by bytes.
    fn keep_largest(&mut self, count: usize) {
        if self.sums.len() <= count {
            return;
        }
        let mut all: Vec<(Box<str>, Sums)> = self.sums.drain().collect();
        // By name too, so that the order of lines with equal sums makes no difference.
        all.sort_unstable_by(|(name, one), (other, two)| {
            (Reverse(one.hits), name).cmp(&(Reverse(two.hits), other))
        });
        let mut rest = all.split_off(count.min(all.len()));
        rest.sort_unstable_by(|(name, one), (other, two)| {
            (Reverse(one.bytes), name).cmp(&(Reverse(two.bytes), other))
        });
        for (_, sums) in rest.drain(count.min(rest.len())..) {
            self.other.add(sums);
        }
        self.sums = all.into_iter().chain(rest).collect();
    }

    fn merge(&mut self, other: Self) {
        self.other.add(other.other);
        for (key, sums) in other.sums {
            self.sums.entry(key).or_default().add(sums);
        }
    }

    fn packed(&self) -> Box<[u8]> {
        let mut to = Writer::default();
        to.number(self.other.hits);
        to.number(self.other.bytes);
        for (key, sums) in &self.sums {
            to.text(key.as_bytes());
            to.number(sums.hits);
            to.number(sums.bytes);
        }
        to.bytes.into_boxed_slice()
    }

    /// The bucket that has been packed.
    fn unpacked(packed: &[u8]) -> Self {
        let mut from = Reader::new(packed);
        let mut bucket = Self {
            other: Sums::unpacked(&mut from),
            ..Self::default()
        };
        while let Ok(key) = from.text() {
            let sums = Sums::unpacked(&mut from);
            bucket
                .sums
                .insert(String::from_utf8_lossy(key).into(), sums);
        }
        bucket
    }
}
