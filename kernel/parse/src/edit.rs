//! Finished columns made anew: a text column with other texts, any column with fewer rows.

use crate::batch::Finished;
use crate::texts::Texts;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType, UInt32Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use std::collections::HashMap;
use std::sync::Arc;

/// A text column of other texts; those that are equal become one distinct value.
///
/// Arguments: of each row the index of its text, beyond all texts where it has none; the
/// texts, `None` for no value.
pub fn replace_texts(places: impl Iterator<Item = u32>, texts: &[Option<String>]) -> Finished {
    let mut codes: HashMap<&str, u32> = HashMap::new();
    let mut values: Vec<&str> = Vec::new();
    let coded: Vec<Option<u32>> = texts
        .iter()
        .map(|text| {
            let text = text.as_deref()?;
            Some(*codes.entry(text).or_insert_with(|| {
                values.push(text);
                values.len() as u32 - 1
            }))
        })
        .collect();
    let rows = places.map(|place| coded.get(place as usize).copied().flatten());
    Finished {
        rows: Arc::new(rows.collect::<PrimitiveArray<UInt32Type>>()),
        values: Some(Arc::new(values.into_iter().collect::<Texts>().into())),
    }
}

/// The rows of a column that are chosen: a byte a row, 0 where it is not.
pub fn select_rows(column: &Finished, chosen: &[u8]) -> Finished {
    let rows = select::<UInt32Type>(&column.rows, chosen)
        .or_else(|| select::<Int64Type>(&column.rows, chosen))
        .or_else(|| select::<TimestampMicrosecondType>(&column.rows, chosen))
        .or_else(|| select::<Float64Type>(&column.rows, chosen));
    Finished {
        rows: rows.unwrap_or_else(|| column.rows.clone()),
        values: column.values.clone(),
    }
}

fn select<T: ArrowPrimitiveType>(rows: &ArrayRef, chosen: &[u8]) -> Option<ArrayRef> {
    let rows = rows.as_any().downcast_ref::<PrimitiveArray<T>>()?;
    let kept = rows.iter().zip(chosen).filter(|(_, chosen)| **chosen != 0);
    let kept: PrimitiveArray<T> = kept.map(|(value, _)| value).collect();
    Some(Arc::new(kept.with_data_type(rows.data_type().clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one_value() {
        let same = Some("a".to_owned());
        let column = replace_texts([0, 1, 2, 9].into_iter(), &[same.clone(), same, None]);
        let (codes, values) = column.text().expect("texts");
        assert_eq!(values.read().len(), 1);
        let codes: Vec<_> = codes.iter().collect();
        assert_eq!(codes, [Some(0), Some(0), None, None]);
    }

    #[test]
    fn rows_keep_their_type_and_order() {
        let times = PrimitiveArray::<TimestampMicrosecondType>::from(vec![Some(5), None, Some(7)])
            .with_timezone("UTC");
        let column = Finished::plain(times);
        let fewer = select_rows(&column, &[0, 1, 1]);
        assert_eq!(fewer.rows.data_type(), column.rows.data_type());
        let times = fewer.numbers::<TimestampMicrosecondType>().expect("times");
        assert_eq!(times.iter().collect::<Vec<_>>(), [None, Some(7)]);
    }
}
