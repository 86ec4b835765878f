//! Hits counted under several rollups of few keys at once.
//!
//! Most panels have a few keys: methods, statuses, sections. Of hits that have the same key in each
//! of them the sums are made once, and then added to the rows of all.

use super::{Rollup, trend_row};
use crate::figures::{Figures, Hit};
use crate::trend::{Place, Span};

/// Keys of a rollup that are few.
pub const FEW: usize = 64;

/// Sums that are made at once: they stay in a cache.
const MOST_SUMS: usize = 4096;

/// The slot of a hit that does not count.
pub const NO_SLOT: u32 = u32::MAX;

/// A rollup of few keys, and of each hit the slot of its key.
pub struct Part<'a> {
    pub rollup: &'a mut Rollup,
    pub slots: &'a [u32],
}

impl Part<'_> {
    /// Slots, and one more for hits that do not count.
    fn size(&self) -> usize {
        self.rollup.keys.len() + 1
    }
}

/// Count hits under several rollups, as if they were added to each.
///
/// Arguments: the hits, and the ticks that they are among; the rollups.
pub fn add_jointly(hits: &[Hit], span: Option<Span>, mut parts: Vec<Part<'_>>) {
    for Part { rollup, slots } in &mut parts {
        rollup.trends.reach(span);
        let mut place = Place::default();
        for (hit, &slot) in hits.iter().zip(*slots) {
            if slot != NO_SLOT {
                let slot = slot as usize;
                rollup.figures[slot].add_sketches(hit, &mut rollup.used);
                rollup.trends.add(trend_row(slot), hit.tick, &mut place);
            }
        }
    }
    parts.sort_unstable_by_key(Part::size);
    let mut rest = parts.as_mut_slice();
    while !rest.is_empty() {
        let mut sums = 1;
        let fitting = rest.iter().take_while(|part| {
            sums *= part.size();
            sums <= MOST_SUMS
        });
        let count = fitting.count().max(1);
        let (group, others) = rest.split_at_mut(count);
        add_sums(hits, group);
        rest = others;
    }
}

fn add_sums(hits: &[Hit], parts: &mut [Part<'_>]) {
    let mut places = vec![0usize; hits.len()];
    for part in parts.iter() {
        let (size, none) = (part.size(), part.size() - 1);
        for (place, &slot) in places.iter_mut().zip(part.slots) {
            *place = *place * size + none.min(slot as usize);
        }
    }
    let mut sums = vec![Figures::default(); parts.iter().map(Part::size).product()];
    for (hit, &place) in hits.iter().zip(&places) {
        sums[place].add_sums(hit);
    }
    for (place, sums) in sums.iter().enumerate().filter(|(_, sums)| sums.hits > 0) {
        let mut rest = place;
        for part in parts.iter_mut().rev() {
            let slot = rest % part.size();
            rest /= part.size();
            let Part { rollup, .. } = part;
            if let Some(figures) = rollup.figures.get_mut(slot) {
                figures.merge(sums, &mut rollup.used);
            }
        }
    }
}
