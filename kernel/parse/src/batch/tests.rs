use super::*;
use arrow_schema::DataType;

/// A column of rows that are given or left out.
fn column<T>(kind: ColumnType, rows: &[Option<T>], set: impl Fn(&mut Column, &T)) -> Finished {
    let mut known = Known::default();
    let values = (kind == ColumnType::Text).then(|| known.vocabulary());
    let mut column = Column::new(kind, 0, &mut known);
    for (row, value) in rows.iter().enumerate() {
        if let Some(value) = value {
            set(&mut column, value);
        }
        assert_eq!(column.is_pending(), value.is_some());
        column.commit(row);
    }
    Finished {
        rows: column.finish(rows.len()),
        values,
    }
}

fn texts(rows: &[Option<&str>]) -> Finished {
    column(ColumnType::Text, rows, |column, text| {
        let code = column.code(text.as_bytes());
        column.set_code(code);
    })
}

fn integers(kind: ColumnType, rows: &[Option<i64>]) -> Finished {
    column(kind, rows, |column, number| {
        column.set_integer(Some(*number));
    })
}

fn text_rows(finished: &Finished) -> Vec<Option<String>> {
    let (codes, values) = finished.text().expect("texts");
    let values = values.read();
    let text = |code: Option<u32>| code.map(|code| values.get(code as usize).to_owned());
    codes.iter().map(text).collect()
}

#[test]
fn rows_without_a_value_are_null_wherever_they_stand() {
    let ways: [&[Option<i64>]; 6] = [
        &[],
        &[None, None],
        &[Some(1), Some(0), Some(-3)],
        &[None, None, Some(1)],
        &[Some(1), None, None],
        &[None, Some(1), None, Some(2), None],
    ];
    for rows in ways {
        let finished = integers(ColumnType::Integer, rows);
        let numbers = finished.numbers::<Int64Type>().expect("integers");
        assert_eq!(numbers.iter().collect::<Vec<_>>(), rows);
        let words: Vec<_> = rows.iter().map(|row| row.map(|n| n.to_string())).collect();
        let spelled: Vec<_> = words.iter().map(Option::as_deref).collect();
        assert_eq!(text_rows(&texts(&spelled)), words);
        let floats: Vec<_> = rows.iter().map(|row| row.map(|n| n as f64)).collect();
        let finished = column(ColumnType::Float, &floats, |column, number| {
            column.set_float(Some(*number));
        });
        let numbers = finished.numbers::<Float64Type>().expect("floats");
        assert_eq!(numbers.iter().collect::<Vec<_>>(), floats);
    }
}

#[test]
fn a_full_column_has_no_mask_of_nulls() {
    let full = integers(ColumnType::Integer, &[Some(1), Some(2)]);
    assert!(full.rows.nulls().is_none());
    assert!(texts(&[Some("a")]).rows.nulls().is_none());
    assert_eq!(texts(&[Some("a"), None]).rows.null_count(), 1);
}

#[test]
fn times_are_microseconds_of_utc() {
    let finished = integers(ColumnType::Time, &[Some(5), None]);
    let zoned = DataType::Timestamp(arrow_schema::TimeUnit::Microsecond, Some(Arc::from("UTC")));
    assert_eq!(finished.rows.data_type(), &zoned);
    let times = finished.numbers::<TimestampMicrosecondType>().unwrap();
    assert_eq!(times.iter().collect::<Vec<_>>(), [Some(5), None]);
}

#[test]
fn equal_texts_have_one_code_in_order_of_appearance() {
    let finished = texts(&[Some("b"), Some("a"), None, Some("b"), Some("")]);
    let (codes, values) = finished.text().unwrap();
    let codes: Vec<_> = codes.iter().collect();
    assert_eq!(codes, [Some(0), Some(1), None, Some(0), Some(2)]);
    let values = values.read();
    assert_eq!(values.iter().collect::<Vec<_>>(), ["b", "a", ""]);
}

#[test]
fn a_discarded_value_is_none() {
    let mut known = [Known::default(), Known::default()];
    let [texts, numbers] = &mut known;
    let mut text = Column::new(ColumnType::Text, 0, texts);
    let mut number = Column::new(ColumnType::Integer, 0, numbers);
    let code = text.code(b"a");
    text.set_code(code);
    number.set_integer(Some(5));
    assert_eq!(number.pending_integer(), Some(5));
    for column in [&mut text, &mut number] {
        column.discard();
        assert!(!column.is_pending());
        column.commit(0);
    }
    assert_eq!(text.finish(1).null_count(), 1);
    assert_eq!(number.finish(1).null_count(), 1);
}

#[test]
fn the_last_value_of_a_row_counts_and_of_another_type_none() {
    let mut known = Known::default();
    let mut number = Column::new(ColumnType::Integer, 0, &mut known);
    number.set_integer(Some(1));
    number.set_integer(Some(2));
    number.set_float(Some(3.0));
    number.set_code(4);
    assert_eq!(number.code(b"a"), NULL);
    assert_eq!(number.pending_integer(), Some(2));
    number.set_integer(None);
    assert!(!number.is_pending());
}

#[test]
fn texts_are_encoded_by_their_values() {
    let finished = texts(&[Some("a"), None, Some("b"), Some("a")]);
    let encoded = finished.encoded();
    assert_eq!((encoded.len(), encoded.null_count()), (4, 1));
    assert!(matches!(encoded.data_type(), DataType::Dictionary(..)));
    let numbers = integers(ColumnType::Integer, &[Some(1)]);
    assert!(numbers.text().is_none());
    assert_eq!(&numbers.encoded(), &numbers.rows);
}
