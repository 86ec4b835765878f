//! The values of a block of lines, before they become rows.

use super::block::LINES;
use crate::batch::Column;
use crate::dictionary::NULL;

/// The values of a block's lines in a column.
pub enum Staged {
    /// `NULL` where there is none.
    Codes([u32; LINES]),
    Integers([Option<i64>; LINES]),
    Floats([Option<f64>; LINES]),
}

impl Staged {
    pub(super) const fn of(column: &Column<'_>) -> Self {
        match column {
            Column::Text { .. } => Self::Codes([NULL; LINES]),
            Column::Integer { .. } => Self::Integers([None; LINES]),
            Column::Float { .. } => Self::Floats([None; LINES]),
        }
    }

    /// The codes of a text column.
    #[inline]
    pub(super) const fn codes(&mut self) -> Option<&mut [u32; LINES]> {
        match self {
            Self::Codes(codes) => Some(codes),
            _ => None,
        }
    }

    /// The values of a column of whole numbers.
    #[inline]
    pub(super) const fn integers(&mut self) -> Option<&mut [Option<i64>; LINES]> {
        match self {
            Self::Integers(values) => Some(values),
            _ => None,
        }
    }

    /// The values of a column of fractions.
    #[inline]
    pub(super) const fn floats(&mut self) -> Option<&mut [Option<f64>; LINES]> {
        match self {
            Self::Floats(values) => Some(values),
            _ => None,
        }
    }
}
