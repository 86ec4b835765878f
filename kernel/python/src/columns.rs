//! The columns of a batch, as counting reads them.

use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, PrimitiveArray};
pub use parse::batch::Codes;
use parse::batch::Finished;
use parse::vocabulary::Vocabulary;
use std::sync::Arc;

pub type Columns = Arc<[(String, Finished)]>;

/// Codes of the rows, and the values that they stand for.
pub type Text<'a> = (&'a Codes, &'a Vocabulary);

pub fn find<'a>(columns: &'a Columns, name: &str) -> Option<&'a Finished> {
    let found = columns.iter().find(|(known, _)| known == name);
    found.map(|(_, finished)| finished)
}

pub fn find_text<'a>(columns: &'a Columns, name: &str) -> Option<Text<'a>> {
    find(columns, name).and_then(Finished::text)
}

pub fn find_numbers<'a, T: ArrowPrimitiveType>(
    columns: &'a Columns,
    name: &str,
) -> Option<&'a PrimitiveArray<T>> {
    find(columns, name).and_then(Finished::numbers)
}

#[inline]
pub fn value<T: ArrowPrimitiveType>(
    column: Option<&PrimitiveArray<T>>,
    row: usize,
) -> Option<T::Native> {
    let column = column?;
    column.is_valid(row).then(|| column.value(row))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
    use parse::edit::replace_texts;

    pub fn texts(values: &[Option<&str>]) -> Finished {
        let texts: Vec<_> = values.iter().map(|v| v.map(str::to_owned)).collect();
        replace_texts(0..texts.len() as u32, &texts)
    }

    pub fn integers(values: &[Option<i64>]) -> Finished {
        primitive::<Int64Type>(values)
    }

    pub fn times(values: &[Option<i64>]) -> Finished {
        primitive::<TimestampMicrosecondType>(values)
    }

    pub fn floats(values: &[Option<f64>]) -> Finished {
        primitive::<Float64Type>(values)
    }

    fn primitive<T: ArrowPrimitiveType>(values: &[Option<T::Native>]) -> Finished {
        let rows: PrimitiveArray<T> = values.iter().copied().collect();
        Finished::plain(rows)
    }

    pub fn columns<const N: usize>(named: [(&str, Finished); N]) -> Columns {
        let named = named.into_iter();
        named
            .map(|(name, column)| (name.to_owned(), column))
            .collect()
    }

    #[test]
    fn a_column_is_found_by_name_and_read_as_what_it_is() {
        let all = columns([
            ("path", texts(&[Some("/a"), None, Some("/a")])),
            ("bytes", integers(&[Some(5), None, Some(0)])),
        ]);
        let (codes, values) = find_text(&all, "path").unwrap();
        assert_eq!((codes.len(), values.read().len()), (3, 1));
        assert_eq!(value(Some(codes), 1), None);
        let bytes = find_numbers::<Int64Type>(&all, "bytes");
        let read: Vec<_> = (0..3).map(|row| value(bytes, row)).collect();
        assert_eq!(read, [Some(5), None, Some(0)]);
        assert!(find_text(&all, "bytes").is_none() && find(&all, "status").is_none());
        assert!(find_numbers::<TimestampMicrosecondType>(&all, "bytes").is_none());
        assert_eq!(value::<Int64Type>(None, 0), None);
    }
}
