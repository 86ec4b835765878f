//! What others have counted, added to a rollup.

use super::Rollup;
use crate::budget::MemoryUsed;
use crate::figures::Figures;

impl Rollup {
    /// Count rows of another rollup under other names; those without one are left out.
    pub fn add_rows<'a>(
        &mut self,
        rows: impl IntoIterator<Item = &'a Figures>,
        names: impl IntoIterator<Item = Option<impl AsRef<str>>>,
    ) {
        for (figures, name) in rows.into_iter().zip(names) {
            if let Some(name) = name {
                let slot = self.slot(name.as_ref());
                self.figures[slot].merge(figures, &mut self.used);
            }
        }
        self.enforce_limits();
    }

    /// Add what another has counted.
    pub fn merge(&mut self, other: &Self) {
        let own_evicted = self.evicted_max;
        if other.evicted_max > 0 {
            for key in &mut self.keys {
                // The other may have evicted a key that it does not have.
                if other.find(&key.text).is_none() {
                    key.undercount += other.evicted_max;
                }
            }
        }
        for (key, figures) in other.keys.iter().zip(&other.figures) {
            let known = self.find(&key.text).is_some();
            let slot = self.slot(&key.text);
            self.figures[slot].merge(figures, &mut self.used);
            let own = if known {
                self.keys[slot].undercount
            } else {
                own_evicted
            };
            self.keys[slot].undercount = own + key.undercount;
        }
        self.other.merge(&other.other, &mut self.used);
        self.distinct
            .merge(&other.distinct, &mut MemoryUsed::default());
        self.has_evicted |= other.has_evicted;
        self.evicted_max += other.evicted_max;
        self.enforce_limits();
    }
}
