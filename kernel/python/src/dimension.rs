//! What hits are counted under: which of them count, and the key of each.

#[cfg(test)]
mod tests;

use crate::columns::{Codes, Text, find, find_text, value};
use crate::hit_batch::HitBatch;
use arrow_array::Array;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use foldhash::fast::RandomState;
use parse::batch::Finished;
use parse::texts::Texts;
use pyo3::prelude::*;
use std::borrow::Cow;
use std::collections::HashMap;
use tally::codes::{Key, Quotients};
use tally::figures::Hit;
use tally::kinds::FIRST_BOT;
use tally::offsets::Offsets;
use tally::rollup::Rollup;
use tally::rollup::joint::NO_SLOT;

/// What hits are counted under.
#[derive(FromPyObject)]
pub struct Dimension {
    /// Whose values are the keys.
    pub column: String,
    /// From and to; only hits with these count.
    statuses: Option<(i16, i16)>,
    /// Whether texts are counted by status too, in front of them.
    by_status: bool,
    /// Another text column: only hits by bots count, and its texts stand behind those of the first,
    /// a tab between them.
    by_bots_from: Option<String>,
    /// Of numbers and times, what they are divided by, rounding down; 0 is 1.
    divide: i64,
    /// Of times, the zone in which they are divided.
    zone: Zone,
    /// The key of hits without a value in a text column.
    absent: Option<String>,
}

/// A time zone.
#[derive(FromPyObject)]
struct Zone {
    #[pyo3(from_py_with = offsets_of)]
    offsets: Offsets,
}

fn offsets_of(table: &Bound<'_, PyAny>) -> PyResult<Offsets> {
    Ok(Offsets::new(table.extract()?))
}

impl Dimension {
    /// Whether hits of a format can be counted: it has the column, or the columns.
    pub fn is_in(&self, batch: &HitBatch) -> bool {
        let beside = self.by_bots_from.as_ref();
        let mut columns = beside.into_iter().chain([&self.column]);
        columns.all(|column| find(&batch.columns, column).is_some())
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
            Some(text) => {
                let beside = self.by_bots_from.as_ref();
                let beside = beside.and_then(|column| find_text(&batch.columns, column));
                self.slots_of_texts(hits, text, beside, rollup)
            }
            None => self.slots_of_numbers(batch, hits, rollup),
        }
    }

    fn slots_of_texts(
        &self,
        hits: &[Hit],
        (codes, values): Text<'_>,
        beside: Option<Text<'_>>,
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
        let raw = codes.values();
        let key = |code: usize| Key {
            hash: texts.hashes()[code],
            text: texts.get(code).into(),
        };
        if self.by_status {
            return slots_by_status(hits, codes, &texts, values.id(), rollup);
        }
        if let Some((behind, others)) = beside {
            let (texts, others) = ((codes, &*texts), (behind, &*others.read()));
            return slots_of_bots(hits, texts, others, rollup);
        }
        let id = Some(values.id());
        if codes.nulls().is_none() {
            let codes = hits.iter().map(|hit| Some(raw[hit.row as usize]));
            return rollup.slots_of(id, codes, key);
        }
        let valued = |hit: &Hit| (!is_null(codes, hit)).then(|| raw[hit.row as usize]);
        let mut slots = rollup.slots_of(id, hits.iter().map(valued), key);
        let Some(absent) = absent else { return slots };
        let mut no_value = None;
        for slot in &mut slots {
            if *slot == NO_SLOT {
                *slot = *no_value.get_or_insert_with(|| rollup.slot(absent) as u32);
            }
        }
        slots
    }

    fn slots_of_numbers(&self, batch: &HitBatch, hits: &[Hit], rollup: &mut Rollup) -> Vec<u32> {
        let column = find(&batch.columns, &self.column);
        let numbers = column.and_then(Finished::numbers::<Int64Type>);
        let times = column.and_then(Finished::numbers::<TimestampMicrosecondType>);
        let mut quotients = Quotients::new(self.divide, &self.zone.offsets);
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

/// The slots of hits by bots: by their texts in two columns; others, and those that lack one, do not
/// count. They are few.
fn slots_of_bots(
    hits: &[Hit],
    (codes, texts): (&Codes, &Texts),
    (behind, others): (&Codes, &Texts),
    rollup: &mut Rollup,
) -> Vec<u32> {
    let mut known: HashMap<(u32, u32), u32, RandomState> = HashMap::default();
    let mut slot = |hit: &Hit| {
        let row = hit.row as usize;
        if hit.kind < FIRST_BOT {
            return None;
        }
        let (code, other) = (value(Some(codes), row)?, value(Some(behind), row)?);
        let slot = known.entry((code, other)).or_insert_with(|| {
            let (text, other) = (texts.get(code as usize), others.get(other as usize));
            rollup.slot(&format!("{text}\t{other}")) as u32
        });
        Some(*slot)
    };
    hits.iter()
        .map(|hit| slot(hit).unwrap_or(NO_SLOT))
        .collect()
}

/// Statuses of which it is remembered what slots they have with each text.
const USUAL: [i16; 8] = [400, 401, 403, 404, 500, 502, 503, 504];

/// The slots of hits by status and text; those without a text do not count.
fn slots_by_status(
    hits: &[Hit],
    codes: &Codes,
    texts: &Texts,
    id: u64,
    rollup: &mut Rollup,
) -> Vec<u32> {
    let width = USUAL.len();
    let code_of = |hit: &Hit| value(Some(codes), hit.row as usize);
    let usual = |status: i16| USUAL.iter().position(|&known| known == status);
    let key = |status: i16, code: u32| format!("{status} {}", texts.get(code as usize)).into();
    let known = hits.iter().map(|hit| {
        let (code, place) = (code_of(hit)?, usual(hit.status)?);
        Some(code * width as u32 + place as u32)
    });
    let mut slots = rollup.slots_of(Some(id), known, |joint| {
        key(USUAL[joint % width], (joint / width) as u32)
    });
    for (slot, hit) in slots.iter_mut().zip(hits) {
        if usual(hit.status).is_none()
            && let Some(code) = code_of(hit)
        {
            let key: Key<'_> = key(hit.status, code);
            *slot = rollup.slot(&key.text) as u32;
        }
    }
    slots
}
