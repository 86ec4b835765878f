use super::*;
use crate::columns::tests::{columns, integers, texts, times};
use crate::hit_batch::Clock;
use std::sync::Arc;
use tally::budget::Budget;

fn dimension(column: &str) -> Dimension {
    Dimension {
        column: column.to_owned(),
        statuses: None,
        by_status: false,
        by_bots_from: None,
        divide: 0,
        zone: Zone {
            offsets: Offsets::default(),
        },
        absent: None,
    }
}

fn batch() -> HitBatch {
    let columns = columns([
        (
            "path",
            texts(&[Some("/a"), Some("/b"), Some("/a"), None, Some("/c")]),
        ),
        ("referrer", texts(&[None, Some("x"), Some("y"), None, None])),
        ("empty", texts(&[None; 5])),
        (
            "status",
            integers(&[Some(200), Some(404), Some(404), Some(500), None]),
        ),
        (
            "time",
            times(&[Some(0), Some(3599), Some(3600), Some(-1), None]),
        ),
    ]);
    HitBatch::new(columns, 5, None, None, &Clock::default()).unwrap()
}

/// Keys with their hits, sorted.
fn count(dimension: &Dimension) -> Vec<(String, u64)> {
    let mut rollup = Rollup::new(100, false, Arc::new(Budget::new(1 << 20)));
    let batch = batch();
    let hits = dimension.hits(&batch);
    let slots = dimension.slots(&batch, &hits, &mut rollup);
    rollup.add_all(&hits, &slots, batch.span);
    let rows = rollup.keys.iter().zip(&rollup.figures);
    let rows = rows.map(|(key, figures)| (key.to_owned(), figures.hits));
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}

fn rows<const N: usize>(rows: [(&str, u64); N]) -> Vec<(String, u64)> {
    rows.map(|(key, hits)| (key.to_owned(), hits)).into()
}

#[test]
fn hits_count_under_the_values_of_a_text_column() {
    let expected = rows([("/a", 2), ("/b", 1), ("/c", 1)]);
    assert_eq!(count(&dimension("path")), expected);
    assert_eq!(count(&dimension("empty")), []);
    assert_eq!(count(&dimension("host")), []);
}

#[test]
fn hits_without_a_value_count_where_there_is_a_key_for_them() {
    let absent = |column: &str, key: &str| Dimension {
        absent: Some(key.to_owned()),
        ..dimension(column)
    };
    let expected = rows([("(none)", 1), ("/a", 2), ("/b", 1), ("/c", 1)]);
    assert_eq!(count(&absent("path", "(none)")), expected);
    assert_eq!(count(&absent("empty", "(none)")), rows([("(none)", 5)]));
    // A value that is spelled like the key is one row with it.
    let expected = rows([("/a", 2), ("/b", 1), ("/c", 2)]);
    assert_eq!(count(&absent("path", "/c")), expected);
}

#[test]
fn only_hits_with_some_statuses_count() {
    let some = |from, to| Dimension {
        statuses: Some((from, to)),
        ..dimension("path")
    };
    assert_eq!(count(&some(404, 404)), rows([("/a", 1), ("/b", 1)]));
    assert_eq!(count(&some(200, 299)), rows([("/a", 1)]));
    assert_eq!(count(&some(500, 599)), []);
}

#[test]
fn numbers_and_times_are_divided_rounding_down() {
    let divided = |column: &str, divide| Dimension {
        divide,
        ..dimension(column)
    };
    let statuses = rows([("200", 1), ("404", 2), ("500", 1)]);
    assert_eq!(count(&dimension("status")), statuses);
    assert_eq!(count(&divided("status", 1)), statuses);
    let classes = rows([("2", 1), ("4", 2), ("5", 1)]);
    assert_eq!(count(&divided("status", 100)), classes);
    let hours = rows([("-1", 1), ("0", 2), ("1", 1)]);
    assert_eq!(count(&divided("time", 3600)), hours);
}

#[test]
fn texts_can_be_counted_by_status() {
    let failing = Dimension {
        statuses: Some((400, 599)),
        by_status: true,
        ..dimension("path")
    };
    let counted = count(&failing);
    let expected = [("404 /a", 1), ("404 /b", 1)];
    assert_eq!(counted, expected.map(|(key, hits)| (key.to_owned(), hits)));
}
