use super::*;
use crate::columns::tests::{columns, floats, integers, texts, times};
use std::collections::HashSet;

const DAY: i64 = 86_400_000_000;

fn batch() -> HitBatch {
    let columns = columns([
        (
            "status",
            integers(&[Some(200), None, Some(404), Some(70_000), Some(302)]),
        ),
        (
            "bytes",
            integers(&[Some(5), None, Some(-3), Some(0), Some(7)]),
        ),
        (
            "duration_s",
            floats(&[Some(0.5), None, Some(0.0), Some(2.0), None]),
        ),
        (
            "time",
            times(&[Some(20), Some(9), Some(11), Some(-1), Some(25)]),
        ),
    ]);
    HitBatch::new(columns, 5, None, None, &Clock::default()).unwrap()
}

fn rows(hits: &[Hit]) -> Vec<u32> {
    hits.iter().map(|hit| hit.row).collect()
}

#[test]
fn a_hit_has_what_its_row_says() {
    let batch = batch();
    let of = |get: fn(&Hit) -> i64| batch.hits.iter().map(get).collect::<Vec<_>>();
    assert_eq!(of(|hit| i64::from(hit.status)), [200, 0, 404, 9999, 302]);
    assert_eq!(of(|hit| hit.bytes as i64), [5, 0, 0, 0, 7]);
    assert_eq!(of(|hit| i64::from(hit.has_bytes)), [1, 0, 1, 1, 1]);
    assert_eq!(batch.hits_with_bytes(), 4);
    let bucket = |seconds| i64::from(quantiles::bucket_of(seconds));
    let none = i64::from(quantiles::NONE);
    let buckets = [bucket(0.5), none, bucket(0.0), bucket(2.0), none];
    assert_eq!(of(|hit| i64::from(hit.bucket)), buckets);
    assert_eq!(of(|hit| hit.visitor as i64), [0; 5]);
    let seconds: Vec<f64> = batch.hits.iter().map(|hit| hit.seconds).collect();
    assert_eq!(seconds, [0.5, 0.0, 0.0, 2.0, 0.0]);
}

#[test]
fn only_hits_that_are_chosen_count() {
    let columns = columns([("bytes", integers(&[Some(1), Some(2), Some(3)]))]);
    let chosen = HitBatch::new(
        columns.clone(),
        3,
        Some(&[1, 0, 1]),
        None,
        &Clock::default(),
    )
    .unwrap();
    assert_eq!((rows(&chosen.hits), chosen.__len__()), (vec![0, 2], 2));
    assert!(HitBatch::new(columns, 3, Some(&[1, 0]), None, &Clock::default()).is_err());
}

#[test]
fn a_format_that_logs_nothing_has_hits_all_the_same() {
    let batch = HitBatch::new(columns([]), 2, None, None, &Clock::default()).unwrap();
    assert_eq!(
        (batch.__len__(), batch.hits_with_bytes(), batch.range()),
        (2, 0, None)
    );
    assert!(batch.times().is_err() && batch.steps(10, 0, None).is_err());
}

#[test]
fn statuses_are_chosen_from_one_up_to_and_with_another() {
    let batch = batch();
    let chosen = |from, to| rows(&batch.with_statuses(Some((from, to))));
    assert_eq!(rows(&batch.with_statuses(None)), [0, 1, 2, 3, 4]);
    assert_eq!(chosen(200, 302), [0, 4]);
    assert_eq!(chosen(300, 404), [2, 4]);
    assert_eq!(chosen(404, 404), [2]);
    assert!(chosen(299, 301).is_empty());
    assert_eq!(chosen(0, 199), [1]);
}

#[test]
fn a_slice_is_a_batch_of_its_own() {
    let slice = batch().slice(2, 4).unwrap();
    assert_eq!(rows(&slice.hits), [2, 3]);
    assert_eq!(rows(&slice.with_statuses(Some((300, 999)))), [2]);
    assert_eq!(slice.range(), Some((-1, 11)));
    assert!(batch().slice(2, 6).is_err() && batch().slice(3, 2).is_err());
    assert_eq!(batch().slice(5, 5).unwrap().__len__(), 0);
}

#[test]
fn steps_are_sums_by_bucket_of_some_of_the_hits() {
    let batch = batch();
    let all = [(20, 2, 12, 2), (0, 1, 0, 0), (10, 1, 0, 1), (-10, 1, 0, 1)];
    assert_eq!(batch.steps(10, 0, None).unwrap(), all);
    assert_eq!(batch.steps(10, 1, Some(3)).unwrap(), all[1..3]);
    assert!(batch.steps(0, 0, None).is_err() && batch.steps(10, 0, Some(6)).is_err());
    assert_eq!(batch.range(), Some((-1, 25)));
}

#[test]
fn a_hit_is_told_by_what_its_clock_shows() {
    let timed = columns([("time", times(&[Some(trend::FIRST), Some(0), None]))]);
    let of = |clock: &Clock| {
        let batch = HitBatch::new(timed.clone(), 3, None, None, clock).unwrap();
        let ticks: Vec<i32> = batch.hits.iter().map(|hit| hit.tick).collect();
        (ticks, batch.span)
    };
    let days = (4 * DAY / trend::TICK) as i32;
    let in_utc = (vec![0, -days, trend::NONE], Some((-days, 0)));
    assert_eq!(of(&Clock::default()), in_utc);
    let east = Clock::new(vec![(i64::MIN, 3_600)]);
    let later = (vec![360, 360 - days, trend::NONE], Some((360 - days, 360)));
    assert_eq!(of(&east), later);
    let none = HitBatch::new(columns([]), 2, None, None, &east).unwrap();
    assert!(none.hits.iter().all(|hit| hit.tick == trend::NONE) && none.span.is_none());
}

#[test]
fn the_time_of_an_upstream_is_told_apart_where_there_is_a_total() {
    let durations = || floats(&[Some(0.5), None]);
    let upstream = || floats(&[Some(0.25), Some(1.0)]);
    let of = |columns: Columns| {
        let batch = HitBatch::new(columns, 2, None, None, &Clock::default()).unwrap();
        let of = |hit: &Hit| (hit.bucket, hit.upstream_bucket);
        batch.hits.iter().map(of).collect::<Vec<_>>()
    };
    let (bucket, none) = (quantiles::bucket_of, quantiles::NONE);
    let both = columns([
        ("duration_s", durations()),
        ("upstream_duration_s", upstream()),
    ]);
    assert_eq!(of(both), [(bucket(0.5), bucket(0.25)), (none, bucket(1.0))]);
    let alone = columns([("upstream_duration_s", upstream())]);
    assert_eq!(of(alone), [(bucket(0.25), none), (bucket(1.0), none)]);
}

#[test]
fn visitors_differ_by_client_agent_and_day() {
    let columns = columns([
        (
            "client",
            texts(&[Some("a"), Some("a"), Some("b"), Some("a"), Some("a"), None]),
        ),
        (
            "user_agent",
            texts(&[Some("x"), Some("x"), Some("x"), Some("y"), None, None]),
        ),
        ("time", times(&[0, DAY - 1, 0, 0, 0, 0].map(Some))),
    ]);
    let batch = HitBatch::new(columns.clone(), 6, None, None, &Clock::default()).unwrap();
    let hashes: Vec<u64> = batch.hits.iter().map(|hit| hit.visitor).collect();
    assert_eq!(hashes[0], hashes[1]);
    assert_eq!(hashes.iter().collect::<HashSet<_>>().len(), 5);
    assert!(hashes.iter().all(|&hash| hash != 0));
    let next_day: Columns = columns
        .iter()
        .map(|(name, column)| match name.as_str() {
            "time" => (name.clone(), times(&[Some(DAY); 6])),
            _ => (name.clone(), column.clone()),
        })
        .collect();
    let later = HitBatch::new(next_day, 6, None, None, &Clock::default()).unwrap();
    assert_ne!(later.hits[0].visitor, hashes[0]);
}
