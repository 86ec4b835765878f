//! What others have counted, added to a rollup.

use super::{OTHER_ROW, Rollup, trend_row};
use crate::budget::MemoryUsed;
use crate::figures::Figures;
use crate::trend::Trends;

impl Rollup {
    /// Count rows of another rollup under other names; those without one are left out.
    ///
    /// Arguments: the rows; when their hits were, and which row of that is of the first; the names.
    pub fn add_rows(
        &mut self,
        rows: &[Figures],
        trends: (&Trends, usize),
        names: impl IntoIterator<Item = Option<impl AsRef<str>>>,
    ) {
        let mut last: Option<usize> = None;
        let mut slots = vec![None; rows.len()];
        for ((figures, place), name) in rows.iter().zip(&mut slots).zip(names) {
            let Some(name) = name else { continue };
            let name = name.as_ref();
            // Many names of a kind follow each other.
            let slot = match last.filter(|&slot| self.keys.text(slot) == name) {
                Some(slot) => slot,
                None => self.slot(name),
            };
            self.figures[slot].merge(figures, &mut self.used);
            last = Some(slot);
            *place = last;
        }
        let (trends, first) = trends;
        self.trends.merge(trends, |row| {
            let slot = slots.get(row.checked_sub(first)?)?;
            slot.map(trend_row)
        });
        self.enforce_limits();
    }

    /// Add what another has counted.
    pub fn merge(&mut self, other: &Self) {
        let own_evicted = self.evicted_max;
        if other.evicted_max > 0 {
            for slot in 0..self.keys.len() {
                // The other may have evicted a key that it does not have.
                let (hash, key) = (self.keys.hash(slot), self.keys.text(slot));
                if other.keys.find(hash, key).is_none() {
                    self.set_undercount(slot, self.undercount(slot) + other.evicted_max);
                }
            }
        }
        let mut slots = vec![OTHER_ROW];
        for (theirs, figures) in other.figures.iter().enumerate() {
            let (hash, key) = (other.keys.hash(theirs), other.keys.text(theirs));
            let (slot, own) = match self.keys.find(hash, key) {
                Some(slot) => (slot, self.undercount(slot)),
                None => (self.add_key(hash, key), own_evicted),
            };
            self.figures[slot].merge(figures, &mut self.used);
            self.set_undercount(slot, own + other.undercount(theirs));
            slots.push(trend_row(slot));
        }
        self.other.merge(&other.other, &mut self.used);
        self.trends
            .merge(&other.trends, |row| slots.get(row).copied());
        self.evicted_keys
            .merge(&other.evicted_keys, &mut MemoryUsed::default());
        self.has_evicted |= other.has_evicted;
        self.evicted_max += other.evicted_max;
        self.enforce_limits();
    }
}
