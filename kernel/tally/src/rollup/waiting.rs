//! Hits that wait until there are more of the same keys.
//!
//! When there are many keys, what is known of each is no longer in the processor's caches when it
//! is met again. Hits of neighbouring keys are hence counted together.

use super::Rollup;
use crate::figures::Hit;
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
pub const AT_ONCE: usize = 32;

impl Rollup {
    /// Count hits under the keys of their slots, now or later with others.
    pub fn add_together(&mut self, hits: &[(u32, &Hit)]) {
        if self.keys.len() <= 2 * NEIGHBOURS {
            self.add_now(hits.iter().copied());
            return;
        }
        for (slot, hit) in hits {
            self.add_later(*slot, hit);
        }
    }

    /// Count a hit under the key of a slot together with others of its neighbours.
    #[inline]
    pub fn add_later(&mut self, slot: u32, hit: &Hit) {
        let group = slot as usize / NEIGHBOURS;
        let groups = &mut self.waiting.groups;
        if groups.len() <= group {
            groups.resize_with(group + 1, Group::default);
        }
        let waiting = &mut groups[group];
        waiting.slots.push(slot);
        waiting.hits.push(*hit);
        if waiting.hits.len() == MOST {
            let full = std::mem::take(waiting);
            self.waiting.groups[group] = self.count(full);
        }
    }

    /// Count a few hits.
    #[inline]
    fn add_now<'a>(&mut self, hits: impl Iterator<Item = (u32, &'a Hit)> + Clone) {
        for (slot, _) in hits.clone() {
            prefetch_at(&self.figures, slot as usize);
        }
        for (slot, hit) in hits.clone() {
            self.figures[slot as usize].visitors.announce(hit.visitor);
        }
        for (slot, hit) in hits {
            self.add(slot as usize, hit);
        }
    }

    /// Count hits; gives back the group, empty.
    #[cold]
    fn count(&mut self, mut group: Group) -> Group {
        let slots = group.slots.chunks(AT_ONCE);
        for (slots, hits) in slots.zip(group.hits.chunks(AT_ONCE)) {
            self.add_now(slots.iter().copied().zip(hits));
        }
        group.slots.clear();
        group.hits.clear();
        group
    }

    /// Count all hits that wait.
    pub fn count_waiting(&mut self) {
        for group in std::mem::take(&mut self.waiting.groups) {
            self.count(group);
        }
    }
}
