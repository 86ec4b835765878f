//! Figures by key over many batches, in bounded memory; knows no panel by name.
//!
//! Exact while there are fewer keys than its capacity, and the shared memory lasts. Beyond that
//! the keys with the fewest hits are evicted: what they had goes to `other`, and the largest
//! undercount of any key is known. Counts of
//! visitors and durations are as exact as can be for the rows with the most hits; when memory
//! runs short, those of the other rows become estimates with a larger error, which is known too.

mod encoding;
mod eviction;
mod merging;
mod order;
#[cfg(test)]
mod tests;

pub use order::Order;

use crate::budget::{Budget, MemoryUsed, Share};
use crate::distinct::Distinct;
use crate::figures::{Figures, Hit};
use crate::text;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Memory of a key beside its text, visitors and durations, bytes.
const PER_KEY: usize = size_of::<Key>() + size_of::<Figures>() + 2 * size_of::<usize>();

/// A key.
#[derive(Clone, Debug)]
pub struct Key {
    pub text: Box<str>,
    hash: u64,
    /// Hits that it may have had before it was met last.
    pub undercount: u64,
}

/// What has left a rollup, for another one to count under other keys.
pub type Rows = Vec<(Box<str>, Figures)>;

/// Figures by key.
pub struct Rollup {
    pub keys: Vec<Key>,
    /// In the order of `keys`.
    pub figures: Vec<Figures>,
    pub other: Figures,
    /// No key without a row had more hits than this.
    pub evicted_max: u64,
    distinct: Distinct,
    has_evicted: bool,
    /// Evicted rows, where they are kept.
    evicted: Option<Rows>,
    used: MemoryUsed,
    share: Share,
    key_bytes: usize,
    table: HashTable<usize>,
    hasher: RandomState,
    capacity: usize,
}

impl Rollup {
    /// Arguments: how many keys are kept while memory lasts; whether evicted rows are kept
    /// until they are taken; the memory that this shares with others.
    pub fn new(capacity: usize, keep_evicted: bool, budget: Arc<Budget>) -> Self {
        Self {
            keys: Vec::new(),
            figures: Vec::new(),
            other: Figures::default(),
            evicted_max: 0,
            distinct: Distinct::default(),
            has_evicted: false,
            evicted: keep_evicted.then(Vec::new),
            used: MemoryUsed::default(),
            share: Share::of(budget),
            key_bytes: 0,
            table: HashTable::new(),
            hasher: RandomState::default(),
            capacity: capacity.max(1),
        }
    }

    /// The slot of a key, which is added when it is new.
    pub fn slot(&mut self, key: &str) -> usize {
        let hash = self.hasher.hash_one(key.as_bytes());
        let same = |&at: &usize| self.keys[at].hash == hash && &*self.keys[at].text == key;
        if let Some(&at) = self.table.find(hash, same) {
            return at;
        }
        let at = self.keys.len();
        let mut apart = MemoryUsed::default();
        self.distinct.add(text::hash(key.as_bytes()), &mut apart);
        self.key_bytes += key.len();
        self.keys.push(Key {
            text: key.into(),
            hash,
            undercount: self.evicted_max,
        });
        self.figures.push(Figures::default());
        let keys = &self.keys;
        self.table.insert_unique(hash, at, |&at| keys[at].hash);
        at
    }

    /// Count hits under the key of a slot.
    #[inline]
    pub fn add<'a>(
        &mut self,
        slot: usize,
        hits: impl IntoIterator<Item = &'a Hit>,
        seconds: &[f64],
    ) {
        self.figures[slot].add(hits, seconds, &mut self.used);
    }

    /// Evict and shrink until capacity and memory are kept to. Slots are no longer valid afterwards.
    pub fn enforce_limits(&mut self) {
        if self.keys.len() > 2 * self.capacity {
            self.evict(self.capacity);
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

    /// The slot of a key that has been met.
    pub fn find(&self, key: &str) -> Option<usize> {
        let hash = self.hasher.hash_one(key.as_bytes());
        let same = |&at: &usize| &*self.keys[at].text == key;
        self.table.find(hash, same).copied()
    }

    /// How many distinct keys there have been; an estimate once any has been evicted.
    pub fn distinct_keys(&self) -> u64 {
        match self.has_evicted {
            false => self.keys.len() as u64,
            true => self.distinct.count().max(self.keys.len() as u64),
        }
    }

    /// All figures together.
    pub fn total(&self) -> Figures {
        let mut total = Figures::default();
        for figures in self.figures.iter().chain([&self.other]) {
            total.merge(figures, &mut MemoryUsed::default());
        }
        total
    }

    #[cfg(test)]
    fn sketches(&self) -> usize {
        let all = self.figures.iter().chain([&self.other]);
        all.map(Figures::size).sum()
    }
}
