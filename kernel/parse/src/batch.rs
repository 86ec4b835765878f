//! Columns under construction, and the Arrow batch they become.

use crate::dictionary::{Dictionary, Known, NULL};
use crate::program::ColumnType;
use crate::scan::Staged;
use crate::vocabulary::Vocabulary;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType, UInt32Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, DictionaryArray, PrimitiveArray};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer, ScalarBuffer};
use std::sync::Arc;

/// A column and the value of the line now being read. Of rows without a value nothing is kept
/// until one with a value comes, or the end: most lines leave most columns empty.
pub enum Column<'v> {
    Text {
        dictionary: Dictionary<'v>,
        codes: Vec<u32>,
        pending: u32,
    },
    Integer {
        values: Vec<i64>,
        absent: Vec<usize>,
        pending: Option<i64>,
        time: bool,
    },
    Float {
        values: Vec<f64>,
        absent: Vec<usize>,
        pending: Option<f64>,
    },
}

impl<'v> Column<'v> {
    /// An empty column with room for some rows. Argument: the values that are known, of texts.
    pub fn new(kind: ColumnType, rows: usize, known: &'v mut Known) -> Self {
        match kind {
            ColumnType::Text => Self::Text {
                dictionary: known.open(),
                codes: Vec::with_capacity(rows),
                pending: NULL,
            },
            ColumnType::Integer | ColumnType::Time => Self::Integer {
                values: Vec::with_capacity(rows),
                absent: Vec::new(),
                pending: None,
                time: kind == ColumnType::Time,
            },
            ColumnType::Float => Self::Float {
                values: Vec::with_capacity(rows),
                absent: Vec::new(),
                pending: None,
            },
        }
    }

    /// Keep the pending value as a row, which stands behind all rows so far.
    #[inline]
    pub fn commit(&mut self, row: usize) {
        match self {
            Self::Text { codes, pending, .. } => {
                if *pending != NULL {
                    if codes.len() < row {
                        codes.resize(row, NULL);
                    }
                    codes.push(*pending);
                    *pending = NULL;
                }
            }
            Self::Integer {
                values,
                absent,
                pending,
                ..
            } => push(values, absent, pending, row),
            Self::Float {
                values,
                absent,
                pending,
            } => push(values, absent, pending, row),
        }
    }

    /// Forget the pending value.
    #[inline]
    pub fn discard(&mut self) {
        match self {
            Self::Text { pending, .. } => *pending = NULL,
            Self::Integer { pending, .. } => *pending = None,
            Self::Float { pending, .. } => *pending = None,
        }
    }

    /// Whether the line now being read has given it a value.
    pub const fn is_pending(&self) -> bool {
        match self {
            Self::Text { pending, .. } => *pending != NULL,
            Self::Integer { pending, .. } => pending.is_some(),
            Self::Float { pending, .. } => pending.is_some(),
        }
    }

    #[inline]
    pub fn set_code(&mut self, code: u32) {
        if let Self::Text { pending, .. } = self {
            *pending = code;
        }
    }

    /// The code of a text in this column's dictionary.
    #[inline]
    pub fn code(&mut self, value: &[u8]) -> u32 {
        match self {
            Self::Text { dictionary, .. } => dictionary.code(value),
            _ => NULL,
        }
    }

    /// The same, of a text whose hash is known.
    #[inline]
    pub fn code_by_hash(&mut self, hash: u64, value: &[u8]) -> u32 {
        match self {
            Self::Text { dictionary, .. } => dictionary.code_by_hash(hash, value),
            _ => NULL,
        }
    }

    /// A text of this hash will be looked up soon.
    #[inline]
    pub fn announce(&self, hash: u64) {
        if let Self::Text { dictionary, .. } = self {
            dictionary.announce(hash);
        }
    }

    /// The same, a little later.
    #[inline]
    pub fn announce_text(&self, hash: u64) {
        if let Self::Text { dictionary, .. } = self {
            dictionary.announce_text(hash);
        }
    }

    #[inline]
    pub fn set_integer(&mut self, value: Option<i64>) {
        if let Self::Integer { pending, .. } = self {
            *pending = value;
        }
    }

    #[inline]
    pub fn pending_integer(&self) -> Option<i64> {
        match self {
            Self::Integer { pending, .. } => *pending,
            _ => None,
        }
    }

    #[inline]
    pub fn set_float(&mut self, value: Option<f64>) {
        if let Self::Float { pending, .. } = self {
            *pending = value;
        }
    }

    /// Give the row that is being made what a block has for it.
    pub(crate) fn set_staged(&mut self, staged: &Staged, row: usize) {
        match staged {
            Staged::Codes(codes) => self.set_code(codes[row]),
            Staged::Integers(values) => self.set_integer(values[row]),
            Staged::Floats(values) => self.set_float(values[row]),
        }
    }

    /// Add the rows of a block. Arguments: its values; how many rows there are; how many come.
    pub(crate) fn extend(&mut self, staged: &Staged, before: usize, rows: usize) {
        match (&mut *self, staged) {
            (Self::Text { codes, .. }, Staged::Codes(new)) => {
                let new = &new[..rows];
                if new.iter().any(|&code| code != NULL) {
                    codes.resize(before, NULL);
                    codes.extend_from_slice(new);
                }
            }
            (Self::Integer { values, absent, .. }, Staged::Integers(new)) => {
                extend(values, absent, &new[..rows], before);
            }
            (Self::Float { values, absent, .. }, Staged::Floats(new)) => {
                extend(values, absent, &new[..rows], before);
            }
            _ => {}
        }
    }

    /// Add rows with numbers from one on. Arguments: the first; as above.
    pub(crate) fn extend_by_numbers(&mut self, first: i64, before: usize, rows: usize) {
        if let Self::Integer { values, absent, .. } = self {
            fill(values, absent, before);
            values.extend(first..first + rows as i64);
        }
    }

    /// The finished column of some rows.
    pub fn finish(self, rows: usize) -> ArrayRef {
        match self {
            Self::Text { mut codes, .. } => {
                codes.resize(rows, NULL);
                Arc::new(finish_codes(codes))
            }
            Self::Integer {
                values,
                absent,
                time: false,
                ..
            } => Arc::new(primitive::<Int64Type>(values, absent, rows)),
            Self::Integer { values, absent, .. } => {
                let array = primitive::<TimestampMicrosecondType>(values, absent, rows);
                Arc::new(array.with_timezone("UTC"))
            }
            Self::Float { values, absent, .. } => {
                Arc::new(primitive::<Float64Type>(values, absent, rows))
            }
        }
    }
}

/// A finished column: its rows and, of a text column, what they are codes of.
#[derive(Clone)]
pub struct Finished {
    pub rows: ArrayRef,
    pub values: Option<Arc<Vocabulary>>,
}

/// Codes of rows.
pub type Codes = PrimitiveArray<UInt32Type>;

impl Finished {
    /// A column of numbers or times.
    pub fn plain(array: impl Array + 'static) -> Self {
        Self {
            rows: Arc::new(array),
            values: None,
        }
    }

    /// The codes of a text column's rows, and what they are codes of.
    pub fn text(&self) -> Option<(&Codes, &Vocabulary)> {
        let values = self.values.as_deref()?;
        Some((self.rows.as_any().downcast_ref()?, values))
    }

    /// The rows of a column of numbers or times.
    pub fn numbers<T: ArrowPrimitiveType>(&self) -> Option<&PrimitiveArray<T>> {
        self.rows.as_any().downcast_ref()
    }

    /// The column as one Arrow array; text is dictionary-encoded.
    pub fn encoded(&self) -> ArrayRef {
        match self.text() {
            None => self.rows.clone(),
            Some((codes, values)) => {
                let values = values.read().to_arrow();
                Arc::new(DictionaryArray::new(codes.clone(), Arc::new(values)))
            }
        }
    }
}

#[inline]
fn push<T: Copy + Default>(
    values: &mut Vec<T>,
    absent: &mut Vec<usize>,
    pending: &mut Option<T>,
    row: usize,
) {
    if let Some(value) = pending.take() {
        if values.len() < row {
            fill(values, absent, row);
        }
        values.push(value);
    }
}

fn extend<T: Copy + Default>(
    values: &mut Vec<T>,
    absent: &mut Vec<usize>,
    new: &[Option<T>],
    before: usize,
) {
    if new.iter().any(Option::is_some) {
        fill(values, absent, before);
        let missing = new.iter().enumerate().filter(|(_, value)| value.is_none());
        absent.extend(missing.map(|(row, _)| before + row));
        values.extend(new.iter().map(|value| value.unwrap_or_default()));
    }
}

/// Rows without a value, up to one.
fn fill<T: Copy + Default>(values: &mut Vec<T>, absent: &mut Vec<usize>, row: usize) {
    absent.extend(values.len()..row);
    values.resize(row, T::default());
}

fn finish_codes(codes: Vec<u32>) -> Codes {
    let nulls = codes
        .contains(&NULL)
        .then(|| NullBuffer::from_iter(codes.iter().map(|&code| code != NULL)));
    let codes = match nulls {
        None => codes,
        // Arrow asks for codes within the dictionary, also where there is no value.
        Some(_) => codes
            .into_iter()
            .map(|code| if code == NULL { 0 } else { code })
            .collect(),
    };
    PrimitiveArray::new(ScalarBuffer::from(codes), nulls)
}

fn primitive<T: ArrowPrimitiveType>(
    mut values: Vec<T::Native>,
    mut absent: Vec<usize>,
    rows: usize,
) -> PrimitiveArray<T> {
    fill(&mut values, &mut absent, rows);
    let nulls = (!absent.is_empty()).then(|| {
        let mut valid = BooleanBufferBuilder::new(values.len());
        valid.append_n(values.len(), true);
        for row in absent {
            valid.set_bit(row, false);
        }
        NullBuffer::new(valid.finish())
    });
    PrimitiveArray::new(ScalarBuffer::from(values), nulls)
}

#[cfg(test)]
mod tests;
