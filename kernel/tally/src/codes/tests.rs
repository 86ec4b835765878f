use super::*;
use crate::budget::Budget;
use crate::quantiles;
use std::sync::Arc;

fn hit(row: u32) -> Hit {
    Hit {
        bytes: 1 << row.min(40),
        visitor: 0,
        row,
        status: 200,
        bucket: quantiles::NONE,
        flagged: false,
        has_bytes: true,
    }
}

/// Hits and bytes by key, sorted, of hits that are counted under some codes.
fn count(codes: &[u32]) -> Vec<(String, u64, u64)> {
    let hits: Vec<Hit> = (0..codes.len() as u32).map(hit).collect();
    let mut rollup = Rollup::new(1000, false, Arc::new(Budget::new(1 << 30)));
    rollup.add_coded(&hits, codes, &[], |code| format!("k{code}").into());
    let mut rows: Vec<_> = rollup
        .keys
        .iter()
        .zip(&rollup.figures)
        .map(|(key, figures)| (key.to_owned(), figures.hits, figures.bytes))
        .collect();
    rows.sort();
    rows
}

fn row(key: &str, hits: u64, bytes: u64) -> (String, u64, u64) {
    (key.to_owned(), hits, bytes)
}

#[test]
fn a_hit_counts_under_the_key_of_its_code_however_many_keys_there_are() {
    let few = [1, 0, 1, NO_CODE, 63];
    let few_rows = [row("k0", 1, 2), row("k1", 2, 5), row("k63", 1, 16)];
    assert_eq!(count(&few), few_rows);
    // As many hits as keys: sorted by key; far fewer: one by one.
    let many: Vec<u32> = (0..100).chain([64, NO_CODE, 99]).collect();
    let rows = count(&many);
    assert_eq!(rows.len(), 100);
    assert_eq!(rows.iter().map(|row| row.1).sum::<u64>(), 102);
    assert!(rows.contains(&row("k64", 2, (1 << 40) * 2)));
    assert!(rows.contains(&row("k99", 2, (1 << 40) * 2)));
    assert!(rows.contains(&row("k7", 1, 1 << 7)));
    let sparse = [5000, 7, NO_CODE, 5000];
    assert_eq!(count(&sparse), [row("k5000", 2, 9), row("k7", 1, 2)]);
    assert_eq!(count(&[NO_CODE, NO_CODE]), []);
    assert_eq!(count(&[]), []);
}

#[test]
fn hits_of_a_code_keep_their_order() {
    let (order, ends) = sort_by_code(&[2, 0, NO_CODE, 2, 0], 4);
    assert_eq!(order, [1, 4, 0, 3]);
    assert_eq!(ends, [2, 2, 4, 4]);
}

#[test]
fn quotients_round_down_and_have_one_code_each() {
    let mut hours = Quotients::new(3600);
    let codes = [7199, 3600, 7200, -1, 3599, 7199].map(|number| hours.code(number));
    assert_eq!(codes, [0, 0, 1, 2, 3, 0]);
    let keys: Vec<String> = (0..4).map(|code| hours.key(code)).collect();
    assert_eq!(keys, ["1", "2", "-1", "0"]);
}

#[test]
fn numbers_at_the_ends_are_divided_too() {
    for divisor in [0, 1, 7, i64::MAX] {
        let mut all = Quotients::new(divisor);
        for number in [i64::MIN, i64::MAX, 0, i64::MIN] {
            let code = all.code(number) as usize;
            let expected = number.div_euclid(divisor.max(1)).to_string();
            assert_eq!(all.key(code), expected, "{number} by {divisor}");
        }
    }
}
