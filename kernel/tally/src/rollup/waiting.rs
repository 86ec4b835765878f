//! Hits that wait until there are more of the same keys.
//!
//! When there are many keys, what is known of each is no longer in the processor's caches when it
//! is met again. Hits of neighbouring keys are hence counted together.

use super::Rollup;
use crate::figures::Hit;

/// Keys whose figures and visitors fit into a cache.
const NEIGHBOURS: usize = 512;

/// Hits of such keys that wait, at most.
const MOST: usize = 2048;

/// Hits that wait, by their keys' slots.
#[derive(Default)]
pub struct Waiting {
    groups: Vec<Vec<(u32, Hit)>>,
}

impl Waiting {
    /// Memory used, bytes.
    pub fn size(&self) -> usize {
        let room: usize = self.groups.iter().map(Vec::capacity).sum();
        room * size_of::<(u32, Hit)>()
    }
}

impl Rollup {
    /// Count a hit under the key of a slot, now or together with others.
    #[inline]
    pub fn add_later(&mut self, slot: usize, hit: &Hit) {
        if self.keys.len() <= 2 * NEIGHBOURS {
            self.add(slot, hit);
            return;
        }
        let group = slot / NEIGHBOURS;
        match self.waiting.groups.get_mut(group) {
            Some(hits) if hits.len() < hits.capacity() => hits.push((slot as u32, *hit)),
            _ => self.make_room(group, slot, hit),
        }
    }

    /// Let a hit wait in a group that is new or full.
    #[cold]
    fn make_room(&mut self, group: usize, slot: usize, hit: &Hit) {
        let groups = &mut self.waiting.groups;
        groups.resize_with(groups.len().max(group + 1), Vec::new);
        let hits = &mut groups[group];
        if hits.len() < MOST {
            hits.reserve_exact(hits.len().max(64));
        } else {
            let mut full = std::mem::take(hits);
            self.count(&mut full);
            self.waiting.groups[group] = full;
        }
        self.waiting.groups[group].push((slot as u32, *hit));
    }

    fn count(&mut self, hits: &mut Vec<(u32, Hit)>) {
        for (slot, hit) in hits.drain(..) {
            self.add(slot as usize, &hit);
        }
    }

    /// Count all hits that wait.
    pub fn count_waiting(&mut self) {
        for mut hits in std::mem::take(&mut self.waiting.groups) {
            self.count(&mut hits);
        }
    }
}
