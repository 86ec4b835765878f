//! What hits are counted under: which of them count, and the key of each.

#[cfg(test)]
mod tests;

use crate::columns::{Codes, Text, find, find_text, value};
use crate::hit_batch::HitBatch;
use arrow_array::Array;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use parse::batch::Finished;
use pyo3::prelude::*;
use std::borrow::Cow;
use tally::codes::{Key, Quotients};
use tally::figures::Hit;
use tally::rollup::Rollup;
use tally::rollup::joint::NO_SLOT;

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
    /// Whether hits of a format can be counted: it has the column.
    pub fn is_in(&self, batch: &HitBatch) -> bool {
        find(&batch.columns, &self.column).is_some()
    }

    /// Whether hits may count whatever their status.
    pub const fn counts_all(&self) -> bool {
        self.statuses.is_none()
    }

    /// The hits that may count.
    pub fn hits<'b>(&self, batch: &'b HitBatch) -> Cow<'b, [Hit]> {
        batch.with_statuses(self.statuses)
    }

    /// The slots of hits in a rollup, `NO_SLOT` of those that do not count.
    pub fn slots(&self, batch: &HitBatch, hits: &[Hit], rollup: &mut Rollup) -> Vec<u32> {
        match find_text(&batch.columns, &self.column) {
            Some(text) => self.slots_of_texts(batch, hits, text, rollup),
            None => self.slots_of_numbers(batch, hits, rollup),
        }
    }

    fn slots_of_texts(
        &self,
        batch: &HitBatch,
        hits: &[Hit],
        (codes, values): Text<'_>,
        rollup: &mut Rollup,
    ) -> Vec<u32> {
        let absent = self.absent.as_deref();
        if codes.null_count() == codes.len() && absent.is_none() {
            return vec![NO_SLOT; hits.len()];
        }
        let texts = values.read();
        let is_null = |codes: &Codes, hit: &Hit| {
            let nulls = codes.nulls();
            nulls.is_some_and(|nulls| nulls.is_null(hit.row as usize))
        };
        let without = self.without.as_deref();
        let other = without.and_then(|name| find_text(&batch.columns, name));
        let counts = |hit: &Hit| other.is_none_or(|(codes, _)| is_null(codes, hit));
        let raw = codes.values();
        let key = |code: usize| Key {
            hash: texts.hashes()[code],
            text: texts.get(code).into(),
        };
        let id = Some(values.id());
        if other.is_none() && codes.nulls().is_none() {
            let codes = hits.iter().map(|hit| Some(raw[hit.row as usize]));
            return rollup.slots_of(id, codes, key);
        }
        let valued = |hit: &Hit| {
            let counted = counts(hit) && !is_null(codes, hit);
            counted.then(|| raw[hit.row as usize])
        };
        let mut slots = rollup.slots_of(id, hits.iter().map(valued), key);
        let Some(absent) = absent else { return slots };
        let mut no_value = None;
        for (slot, hit) in slots.iter_mut().zip(hits) {
            if *slot == NO_SLOT && counts(hit) {
                *slot = *no_value.get_or_insert_with(|| rollup.slot(absent) as u32);
            }
        }
        slots
    }

    fn slots_of_numbers(&self, batch: &HitBatch, hits: &[Hit], rollup: &mut Rollup) -> Vec<u32> {
        let column = find(&batch.columns, &self.column);
        let numbers = column.and_then(Finished::numbers::<Int64Type>);
        let times = column.and_then(Finished::numbers::<TimestampMicrosecondType>);
        let mut quotients = Quotients::new(self.divide);
        let codes = hits.iter().map(|hit| {
            let row = hit.row as usize;
            let number = value(numbers, row).or_else(|| value(times, row))?;
            Some(quotients.code(number))
        });
        let codes: Vec<Option<u32>> = codes.collect();
        let key = |code| quotients.key(code).into();
        rollup.slots_of(None, codes.into_iter(), key)
    }
}
