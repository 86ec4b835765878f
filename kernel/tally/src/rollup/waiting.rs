//! Hits that wait until there are more of the same keys.
//!
//! When there are many keys, what is known of each is no longer in the processor's caches when it
//! is met again. Hits of neighbouring keys are hence counted together.

use super::joint::NO_SLOT;
use super::{Rollup, trend_row};
use crate::figures::Hit;
use crate::trend::{Place, Span};
use prefetch::prefetch_at;

/// Keys whose figures and visitors fit into a cache.
const NEIGHBOURS: usize = 512;

/// Hits of such keys that wait, at most.
const MOST: usize = 2048;

/// Hits that wait, by their keys' slots.
#[derive(Default)]
pub struct Waiting {
    groups: Vec<Group>,
}

/// Hits of neighbouring keys, and the slot of each.
#[derive(Default)]
struct Group {
    slots: Vec<u32>,
    hits: Vec<Hit>,
}

impl Group {
    fn size(&self) -> usize {
        self.slots.capacity() * size_of::<u32>() + self.hits.capacity() * size_of::<Hit>()
    }
}

impl Waiting {
    /// Memory used, bytes.
    pub fn size(&self) -> usize {
        self.groups.iter().map(Group::size).sum()
    }
}

/// Hits that are counted at once: so many ask for memory before any waits for it.
const AT_ONCE: usize = 32;

impl Rollup {
    /// Count hits under the keys of their slots, those without one left out: now, or where there
    /// are many keys together with others of their neighbours.
    ///
    /// Arguments: the hits, and the slots; the ticks that they are among.
    pub fn add_all(&mut self, hits: &[Hit], slots: &[u32], span: Option<Span>) {
        self.trends.reach(span);
        if self.keys.len() <= 2 * NEIGHBOURS {
            self.add_now(hits, slots);
            return;
        }
        for (&slot, hit) in slots.iter().zip(hits) {
            if slot != NO_SLOT {
                self.add_later(slot, hit);
            }
        }
    }

    #[inline]
    fn add_later(&mut self, slot: u32, hit: &Hit) {
        let group = slot as usize / NEIGHBOURS;
        let groups = &mut self.waiting.groups;
        if groups.len() <= group {
            groups.resize_with(group + 1, Group::default);
        }
        let waiting = &mut groups[group];
        waiting.slots.push(slot);
        waiting.hits.push(*hit);
        if waiting.hits.len() == MOST {
            let mut full = std::mem::take(waiting);
            self.add_now(&full.hits, &full.slots);
            full.hits.clear();
            full.slots.clear();
            self.waiting.groups[group] = full;
        }
    }

    fn add_now(&mut self, hits: &[Hit], slots: &[u32]) {
        let mut place = Place::default();
        for (hits, slots) in hits.chunks(AT_ONCE).zip(slots.chunks(AT_ONCE)) {
            let pairs = slots.iter().zip(hits);
            let counted = pairs.filter(|(slot, _)| **slot != NO_SLOT);
            let counted = counted.map(|(&slot, hit)| (slot as usize, hit));
            for (slot, _) in counted.clone() {
                prefetch_at(&self.figures, slot);
                self.trends.announce(trend_row(slot));
            }
            for (slot, hit) in counted.clone() {
                self.figures[slot].kinds.announce(hit.kind, hit.visitor);
            }
            for (slot, hit) in counted {
                self.figures[slot].add(hit, &mut self.used);
                self.trends.add(trend_row(slot), hit.tick, &mut place);
            }
        }
    }

    /// Count all hits that wait.
    pub fn count_waiting(&mut self) {
        for group in std::mem::take(&mut self.waiting.groups) {
            self.add_now(&group.hits, &group.slots);
        }
    }
}
