//! Columns under construction, and the Arrow batch they become.

use crate::dictionary::{Dictionary, NULL};
use crate::program::ColumnType;
use crate::texts::Texts;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType, UInt32Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, DictionaryArray, PrimitiveArray};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer, ScalarBuffer};
use std::sync::Arc;

/// A column and the value of the line now being read. Of rows without a value nothing is kept
/// until one with a value comes, or the end: most lines leave most columns empty.
pub enum Column {
    Text {
        dictionary: Dictionary,
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

impl Column {
    /// An empty column with room for some rows.
    pub fn new(kind: ColumnType, rows: usize) -> Self {
        match kind {
            ColumnType::Text => Self::Text {
                dictionary: Dictionary::default(),
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

    /// Take over the memory of an earlier batch's dictionary.
    pub fn lend(&mut self, lent: Dictionary) {
        if let Self::Text { dictionary, .. } = self {
            *dictionary = lent;
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

    /// The finished column of some rows, and the dictionary for the next batch to use its
    /// memory.
    pub fn finish(self, rows: usize) -> (Finished, Dictionary) {
        let finished = match self {
            Self::Text {
                mut dictionary,
                mut codes,
                ..
            } => {
                codes.resize(rows, NULL);
                return (finish_text(dictionary.take(), codes), dictionary);
            }
            Self::Integer {
                values,
                absent,
                time: false,
                ..
            } => Finished::plain(primitive::<Int64Type>(values, absent, rows)),
            Self::Integer { values, absent, .. } => {
                let array = primitive::<TimestampMicrosecondType>(values, absent, rows);
                Finished::plain(array.with_timezone("UTC"))
            }
            Self::Float { values, absent, .. } => {
                Finished::plain(primitive::<Float64Type>(values, absent, rows))
            }
        };
        (finished, Dictionary::default())
    }
}

/// A finished column: its rows and, of a text column, the distinct values they are codes of.
#[derive(Clone)]
pub struct Finished {
    pub rows: ArrayRef,
    pub values: Option<Arc<Texts>>,
}

impl Finished {
    /// A column of numbers or times.
    pub fn plain(array: impl Array + 'static) -> Self {
        Self {
            rows: Arc::new(array),
            values: None,
        }
    }

    /// The codes of a text column's rows, and its distinct values.
    pub fn text(&self) -> Option<(&PrimitiveArray<UInt32Type>, &Texts)> {
        let values = self.values.as_deref()?;
        Some((self.rows.as_any().downcast_ref()?, values))
    }

    /// The rows of a column of numbers or times.
    pub fn numbers<T: ArrowPrimitiveType>(&self) -> Option<&PrimitiveArray<T>> {
        self.rows.as_any().downcast_ref()
    }

    /// The column as one Arrow array; text is dictionary-encoded.
    pub fn encoded(&self) -> ArrayRef {
        match &self.values {
            None => self.rows.clone(),
            Some(values) => {
                let codes = self
                    .rows
                    .as_any()
                    .downcast_ref::<PrimitiveArray<UInt32Type>>()
                    .cloned()
                    .unwrap_or_else(|| PrimitiveArray::from(Vec::<u32>::new()));
                Arc::new(DictionaryArray::new(codes, Arc::new(values.to_arrow())))
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

/// Rows without a value, up to one.
fn fill<T: Copy + Default>(values: &mut Vec<T>, absent: &mut Vec<usize>, row: usize) {
    absent.extend(values.len()..row);
    values.resize(row, T::default());
}

fn finish_text(values: Texts, codes: Vec<u32>) -> Finished {
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
    Finished {
        rows: Arc::new(PrimitiveArray::<UInt32Type>::new(
            ScalarBuffer::from(codes),
            nulls,
        )),
        values: Some(Arc::new(values)),
    }
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
