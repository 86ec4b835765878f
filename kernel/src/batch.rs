//! Columns under construction, and the Arrow batch they become.

use crate::dictionary::{Dictionary, NULL};
use crate::program::ColumnType;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType, UInt32Type};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, DictionaryArray, LargeStringArray, PrimitiveArray,
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use foldhash::fast::RandomState;
use std::sync::Arc;

/// A column and the value of the line now being read.
pub enum Column {
    Text {
        dictionary: Dictionary,
        codes: Vec<u32>,
        pending: u32,
    },
    Integer {
        values: Vec<i64>,
        valid: Vec<bool>,
        pending: Option<i64>,
        time: bool,
    },
    Float {
        values: Vec<f64>,
        valid: Vec<bool>,
        pending: Option<f64>,
    },
}

impl Column {
    pub fn new(kind: ColumnType, hasher: &RandomState) -> Self {
        match kind {
            ColumnType::Text => Self::Text {
                dictionary: Dictionary::new(hasher.clone()),
                codes: Vec::new(),
                pending: NULL,
            },
            ColumnType::Integer | ColumnType::Time => Self::Integer {
                values: Vec::new(),
                valid: Vec::new(),
                pending: None,
                time: kind == ColumnType::Time,
            },
            ColumnType::Float => Self::Float {
                values: Vec::new(),
                valid: Vec::new(),
                pending: None,
            },
        }
    }

    /// Keep the pending value as the next row.
    #[inline]
    pub fn commit(&mut self) {
        match self {
            Self::Text { codes, pending, .. } => {
                codes.push(*pending);
                *pending = NULL;
            }
            Self::Integer {
                values,
                valid,
                pending,
                ..
            } => {
                values.push(pending.unwrap_or_default());
                valid.push(pending.is_some());
                *pending = None;
            }
            Self::Float {
                values,
                valid,
                pending,
            } => {
                values.push(pending.unwrap_or_default());
                valid.push(pending.is_some());
                *pending = None;
            }
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

    pub fn finish(self) -> Finished {
        match self {
            Self::Text {
                dictionary, codes, ..
            } => finish_text(dictionary, codes),
            Self::Integer {
                values,
                valid,
                time: false,
                ..
            } => Finished::plain(primitive::<Int64Type>(values, valid)),
            Self::Integer { values, valid, .. } => {
                let array = primitive::<TimestampMicrosecondType>(values, valid);
                Finished::plain(array.with_timezone("UTC"))
            }
            Self::Float { values, valid, .. } => {
                Finished::plain(primitive::<Float64Type>(values, valid))
            }
        }
    }
}

/// A finished column: its rows and, of a text column, the distinct values they are codes of.
#[derive(Clone)]
pub struct Finished {
    pub rows: ArrayRef,
    pub values: Option<ArrayRef>,
}

impl Finished {
    fn plain(array: impl Array + 'static) -> Self {
        Self {
            rows: Arc::new(array),
            values: None,
        }
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
                Arc::new(DictionaryArray::new(codes, values.clone()))
            }
        }
    }
}

fn finish_text(dictionary: Dictionary, codes: Vec<u32>) -> Finished {
    let (bytes, ends) = dictionary.into_parts();
    let offsets: Vec<i64> = std::iter::once(0)
        .chain(ends.into_iter().map(|end| end as i64))
        .collect();
    let values = LargeStringArray::new(
        OffsetBuffer::new(ScalarBuffer::from(offsets)),
        Buffer::from_vec(bytes),
        None,
    );
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

fn primitive<T: ArrowPrimitiveType>(values: Vec<T::Native>, valid: Vec<bool>) -> PrimitiveArray<T> {
    let nulls = valid.contains(&false).then(|| NullBuffer::from(valid));
    PrimitiveArray::new(ScalarBuffer::from(values), nulls)
}
