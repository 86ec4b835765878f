//! Figures by key over many batches, in bounded memory; knows no panel by name.
//!
//! Exact while there are fewer keys than its capacity, and the shared memory lasts. Beyond that
//! the keys with the fewest hits are evicted: what they had goes to `other`, and the largest
//! undercount of any key is known. Counts of
//! visitors and durations are as exact as can be for the rows with the most hits; when memory
//! runs short, those of the other rows become estimates with a larger error, which is known too.

mod coded;
mod encoding;
mod eviction;
pub mod joint;
mod merging;
mod order;
#[cfg(test)]
mod tests;
mod waiting;

pub use order::Order;

use waiting::Waiting;

use crate::budget::{Budget, MemoryUsed, Share};
use crate::distinct::Distinct;
use crate::figures::Figures;
use crate::keys::Keys;
use crate::trend::Trends;
use crate::vocabularies::ByVocabulary;
use hashing::{lookup_hash, stable_hash};
use std::sync::Arc;

/// Memory of a key beside its text, visitors and durations, bytes.
const PER_KEY: usize = size_of::<Figures>() + size_of::<u64>();

/// What has left a rollup, for another one to count under other keys.
#[derive(Default)]
pub struct Rows {
    texts: String,
    /// Where each key ends in `texts`.
    ends: Vec<usize>,
    /// In the order of the keys.
    pub figures: Vec<Figures>,
    /// When they were, a row a key.
    pub trends: Trends,
}

impl Rows {
    fn push(&mut self, key: &str, figures: Figures) {
        self.texts.push_str(key);
        self.ends.push(self.texts.len());
        self.figures.push(figures);
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        let places = begins.zip(&self.ends);
        places.map(|(begin, &end)| &self.texts[begin..end])
    }
}

/// The row of a slot among trends.
pub const fn trend_row(slot: usize) -> usize {
    slot + 1
}

/// The row of what was evicted.
pub const OTHER_ROW: usize = 0;

/// Figures by key.
pub struct Rollup {
    pub keys: Keys,
    /// By slot of the key.
    pub figures: Vec<Figures>,
    /// Hits that each key may have had before it was met last; none had any where it is short.
    undercounts: Vec<u64>,
    pub other: Figures,
    /// When hits were: a row by slot (`trend_row`), and before them that of the others.
    pub trends: Trends,
    /// No key without a row had more hits than this.
    pub evicted_max: u64,
    /// Distinct keys that were evicted at any time.
    evicted_keys: Distinct,
    has_evicted: bool,
    /// Evicted rows, where they are kept.
    evicted: Option<Rows>,
    used: MemoryUsed,
    share: Share,
    capacity: usize,
    /// Hits that wait to be counted with others of the same keys.
    waiting: Waiting,
    /// Slots of codes.
    slots: ByVocabulary<u32>,
}

impl Rollup {
    /// Arguments: how many keys are kept while memory lasts; whether evicted rows are kept
    /// until they are taken; the memory that this shares with others.
    pub fn new(capacity: usize, keep_evicted: bool, budget: Arc<Budget>) -> Self {
        Self {
            keys: Keys::default(),
            figures: Vec::new(),
            undercounts: Vec::new(),
            other: Figures::default(),
            trends: Trends::of_rows(1),
            evicted_max: 0,
            evicted_keys: Distinct::default(),
            has_evicted: false,
            evicted: keep_evicted.then(Rows::default),
            used: MemoryUsed::default(),
            share: Share::of(budget),
            capacity: capacity.max(1),
            waiting: Waiting::default(),
            slots: ByVocabulary::default(),
        }
    }

    /// The slot of a key, which is added when it is new.
    pub fn slot(&mut self, key: &str) -> usize {
        self.slot_by_hash(lookup_hash(key.as_bytes()), key)
    }

    /// The same, of a key for which `lookup_hash` has given a hash.
    #[inline]
    pub fn slot_by_hash(&mut self, hash: u64, key: &str) -> usize {
        match self.keys.find(hash, key) {
            Some(slot) => slot,
            None => self.add_key(hash, key),
        }
    }

    fn add_key(&mut self, hash: u64, key: &str) -> usize {
        let slot = self.keys.add(hash, key);
        self.figures.push(Figures::default());
        self.trends.set_rows(trend_row(self.figures.len()));
        if self.evicted_max > 0 {
            self.set_undercount(slot, self.evicted_max);
        }
        slot
    }

    /// Hits that the key of a slot may have had before it was met last.
    pub fn undercount(&self, slot: usize) -> u64 {
        self.undercounts.get(slot).copied().unwrap_or(0)
    }

    fn set_undercount(&mut self, slot: usize, hits: u64) {
        if hits > 0 || slot < self.undercounts.len() {
            let length = self.undercounts.len().max(slot + 1);
            self.undercounts.resize(length, 0);
            self.undercounts[slot] = hits;
        }
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
        self.used.0
            + self.trends.size()
            + self.keys.size()
            + self.keys.len() * PER_KEY
            + self.waiting.size()
    }

    /// The slot of a key that has been met.
    pub fn find(&self, key: &str) -> Option<usize> {
        self.keys.find(lookup_hash(key.as_bytes()), key)
    }

    /// How many distinct keys there have been; an estimate once any has been evicted.
    pub fn distinct_keys(&self) -> u64 {
        let kept = self.keys.len() as u64;
        if !self.has_evicted {
            return kept;
        }
        let (mut all, mut apart) = (self.evicted_keys.clone(), MemoryUsed::default());
        for key in self.keys.iter() {
            all.add(stable_hash(key.as_bytes()), &mut apart);
        }
        all.count().max(kept)
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
