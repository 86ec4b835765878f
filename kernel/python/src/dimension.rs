//! What hits are counted under: which of them count, and the key of each.

#[cfg(test)]
mod tests;

use crate::columns::{Codes, Text, find, find_text, value};
use crate::hit_batch::HitBatch;
use arrow_array::Array;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use parse::batch::Finished;
use pyo3::prelude::*;
use tally::codes::{Key, Quotients};
use tally::figures::Hit;
use tally::rollup::Rollup;

/// What hits are counted under.
#[derive(FromPyObject)]
pub struct Dimension {
    /// Whose values are the keys.
    pub column: String,
    /// From and to; only hits with these count.
    statuses: Option<(i16, i16)>,
    /// Of numbers and times, what they are divided by, rounding down; 0 is 1.
    divide: i64,
    /// Only hits without a value in this text column count.
    without: Option<String>,
    /// The key of hits without a value in a text column.
    absent: Option<String>,
}

impl Dimension {
    /// Count hits of a batch.
    pub fn count(&self, batch: &HitBatch, rollup: &mut Rollup) {
        let hits = &*batch.with_statuses(self.statuses);
        match find_text(&batch.columns, &self.column) {
            Some(text) => self.count_texts(batch, hits, text, rollup),
            None => self.count_numbers(batch, hits, rollup),
        }
    }

    fn count_texts(
        &self,
        batch: &HitBatch,
        hits: &[Hit],
        (codes, values): Text<'_>,
        rollup: &mut Rollup,
    ) {
        let absent = self.absent.as_deref();
        if codes.null_count() == codes.len() && absent.is_none() {
            return;
        }
        let texts = values.read();
        let is_null = |codes: &Codes, hit: &Hit| {
            let nulls = codes.nulls();
            nulls.is_some_and(|nulls| nulls.is_null(hit.row as usize))
        };
        let without = self.without.as_deref();
        let other = without.and_then(|name| find_text(&batch.columns, name));
        let counts = |hit: &&Hit| other.is_none_or(|(codes, _)| is_null(codes, hit));
        let raw = codes.values();
        let key = |code: usize| Key {
            hash: texts.hashes()[code],
            text: texts.get(code).into(),
        };
        let id = Some(values.id());
        if other.is_none() && codes.nulls().is_none() {
            rollup.add_coded(id, hits.iter().map(|hit| (hit, raw[hit.row as usize])), key);
            return;
        }
        let counted = hits.iter().filter(counts);
        let valued = counted.clone().filter(|hit| !is_null(codes, hit));
        rollup.add_coded(id, valued.map(|hit| (hit, raw[hit.row as usize])), key);
        let mut others = counted.filter(|hit| is_null(codes, hit)).peekable();
        if let Some(absent) = absent
            && others.peek().is_some()
        {
            let slot = rollup.slot(absent);
            others.for_each(|hit| rollup.add(slot, hit));
        }
    }

    fn count_numbers(&self, batch: &HitBatch, hits: &[Hit], rollup: &mut Rollup) {
        let column = find(&batch.columns, &self.column);
        let numbers = column.and_then(Finished::numbers::<Int64Type>);
        let times = column.and_then(Finished::numbers::<TimestampMicrosecondType>);
        let mut quotients = Quotients::new(self.divide);
        let coded = hits.iter().filter_map(|hit| {
            let row = hit.row as usize;
            let number = value(numbers, row).or_else(|| value(times, row))?;
            Some((hit, quotients.code(number)))
        });
        let coded: Vec<(&Hit, u32)> = coded.collect();
        rollup.add_coded(None, coded.into_iter(), |code| quotients.key(code).into());
    }
}
