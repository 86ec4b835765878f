//! What hits are counted under: which of them count, and the key of each.

#[cfg(test)]
mod tests;

use crate::columns::{Codes, Text, find, find_text, value};
use crate::hit_batch::HitBatch;
use arrow_array::Array;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use parse::batch::Finished;
use pyo3::prelude::*;
use tally::codes::{Key, NO_CODE, Quotients};
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
        let is_null = |codes: &Codes, row: usize| codes.nulls().is_some_and(|n| n.is_null(row));
        let without = self.without.as_deref();
        let other = without.and_then(|name| find_text(&batch.columns, name));
        let no_value = absent.map_or(NO_CODE, |_| values.len() as u32);
        let raw = codes.values();
        let code = |hit: &Hit| {
            let row = hit.row as usize;
            if other.is_some_and(|(codes, _)| !is_null(codes, row)) {
                NO_CODE
            } else if is_null(codes, row) {
                no_value
            } else {
                raw[row]
            }
        };
        let codes: Vec<u32> = match other.is_none() && codes.nulls().is_none() {
            true => hits.iter().map(|hit| raw[hit.row as usize]).collect(),
            false => hits.iter().map(code).collect(),
        };
        rollup.add_coded(hits, &codes, &batch.seconds, |code| match absent {
            Some(key) if code == values.len() => key.into(),
            _ => Key {
                hash: values.hashes()[code],
                text: values.get(code).into(),
            },
        });
    }

    fn count_numbers(&self, batch: &HitBatch, hits: &[Hit], rollup: &mut Rollup) {
        let column = find(&batch.columns, &self.column);
        let numbers = column.and_then(Finished::numbers::<Int64Type>);
        let times = column.and_then(Finished::numbers::<TimestampMicrosecondType>);
        let mut quotients = Quotients::new(self.divide);
        let code = |hit: &Hit| {
            let row = hit.row as usize;
            let number = value(numbers, row).or_else(|| value(times, row));
            number.map_or(NO_CODE, |number| quotients.code(number))
        };
        let codes: Vec<u32> = hits.iter().map(code).collect();
        rollup.add_coded(hits, &codes, &batch.seconds, |code| {
            quotients.key(code).into()
        });
    }
}
