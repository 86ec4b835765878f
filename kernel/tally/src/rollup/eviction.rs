//! Which rows stay when there are too many, or when they take too much memory.

use super::{OTHER_ROW, Rollup, Rows, trend_row};
use crate::budget::MemoryUsed;
use crate::figures::Figures;
use crate::trend::Trends;
use hashing::stable_hash;
use std::cmp::Reverse;

/// Rows with the most hits whose counts stay as exact as can be.
const EXACT: usize = 1000;

/// A figure that rows are ordered by.
type Of = fn(&Figures) -> u64;

/// How small the counts of other rows are made, one after the other: registers as a power of
/// two, buckets of durations.
const SMALLER: [(u8, usize); 3] = [(10, 64), (9, 32), (8, 16)];

impl Rollup {
    /// Use no more memory than this, as far as one row does not need more.
    ///
    /// Where visitors and durations take the most of it, those of the rows with the fewest hits
    /// are made smaller first, then such rows are evicted; rows with the most hits stay, with
    /// smaller counts, as long as these take the most.
    pub(super) fn reduce(&mut self, most: usize) {
        for size in SMALLER {
            if self.size() > most && self.is_mostly_sketches() {
                self.shrink(size, EXACT);
            }
        }
        let mut smaller = SMALLER.iter();
        let mut left = self.keys.len();
        while self.size() > most && left > 1 {
            let sketches = self.is_mostly_sketches();
            if sketches
                && left <= EXACT
                && let Some(&size) = smaller.next()
            {
                self.shrink(size, 0);
                continue;
            }
            left = match sketches && left > EXACT {
                true => (left / 2).max(EXACT),
                false => left / 2,
            };
            self.evict(left);
        }
    }

    /// Whether visitors and durations take the most of its memory.
    fn is_mostly_sketches(&self) -> bool {
        self.used.0 > self.size() / 2
    }

    /// Make the counts of rows smaller. Arguments: to which size; how many rows, those with the
    /// most hits, are left as they are.
    fn shrink(&mut self, size: (u8, usize), spared: usize) {
        let mut hits: Vec<u64> = self.figures.iter().map(|figures| figures.hits).collect();
        let least = match hits.len() {
            rows if spared == 0 || rows == 0 => u64::MAX,
            rows if rows <= spared => 0,
            _ => *hits.select_nth_unstable_by_key(spared, |&h| Reverse(h)).1,
        };
        for figures in self.figures.iter_mut().filter(|f| f.hits <= least) {
            figures.shrink(size, &mut self.used);
        }
    }

    /// Keep the keys with the most hits, and those with the most and the largest bytes.
    pub(super) fn evict(&mut self, kept: usize) {
        self.count_waiting();
        let few = (kept / 20).max(1);
        let mut evicted: Vec<usize> = (0..self.keys.len()).collect();
        let orders: [(usize, Of); 3] = [
            (kept, |figures| figures.hits),
            (few, |figures| figures.bytes),
            (few, |figures| figures.largest),
        ];
        let mut staying = vec![false; self.keys.len()];
        for (count, of) in orders {
            if evicted.len() <= count {
                return;
            }
            evicted.select_nth_unstable_by_key(count, |&at| Reverse(of(&self.figures[at])));
            for at in evicted.drain(..count) {
                staying[at] = true;
            }
        }
        self.slots.forget();
        self.evicted_max += evicted
            .iter()
            .map(|&at| self.figures[at].hits)
            .max()
            .unwrap_or(0);
        self.has_evicted = true;
        self.evict_trends(&staying);
        let mut apart = MemoryUsed::default();
        let mut kept = 0;
        for (slot, &stays) in staying.iter().enumerate() {
            if stays {
                self.figures.swap(kept, slot);
                self.set_undercount(kept, self.undercount(slot));
                kept += 1;
                continue;
            }
            let mut figures = std::mem::take(&mut self.figures[slot]);
            self.evicted_keys
                .add(stable_hash(self.keys.text(slot).as_bytes()), &mut apart);
            self.other.merge(&figures, &mut self.used);
            match &mut self.evicted {
                None => figures.free(&mut self.used),
                Some(evicted) => {
                    self.used.0 = self.used.0.saturating_sub(figures.size());
                    figures.shrink(SMALLER[0], &mut MemoryUsed::default());
                    evicted.push(self.keys.text(slot), figures);
                }
            }
        }
        self.keys.retain(&staying);
        self.figures.truncate(kept);
        self.undercounts.truncate(kept);
        // As many as there were will mostly come again; far fewer stay when memory is short.
        if kept < staying.len() / 4 {
            self.figures.shrink_to_fit();
            self.trends.shrink_to_fit();
            self.undercounts.shrink_to_fit();
        }
    }

    /// The same of when hits were. Argument: by slot, whether the key stays.
    fn evict_trends(&mut self, staying: &[bool]) {
        let evicted = |row: usize| row != OTHER_ROW && !staying[row - trend_row(0)];
        if let Some(rows) = &mut self.evicted {
            let mut next = rows.figures.len();
            let mut places = vec![None; trend_row(staying.len())];
            for (_, place) in places
                .iter_mut()
                .enumerate()
                .filter(|(row, _)| evicted(*row))
            {
                *place = Some(next);
                next += 1;
            }
            rows.trends.set_rows(next);
            rows.trends.merge(&self.trends, |row| places[row]);
        }
        let mut others = Trends::of_rows(1);
        others.merge(&self.trends, |row| evicted(row).then_some(OTHER_ROW));
        self.trends.retain(|row| !evicted(row));
        self.trends.merge(&others, Some);
    }

    /// Whether evicted rows wait to be taken.
    pub fn has_evicted_rows(&self) -> bool {
        let kept = self.evicted.as_ref();
        kept.is_some_and(|rows| !rows.figures.is_empty())
    }

    /// Rows that were evicted since this was called last.
    pub fn take_evicted(&mut self) -> Rows {
        self.evicted
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }
}
