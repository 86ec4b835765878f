//! Rows of a rollup as Python reads them.

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use tally::figures::Figures;
use tally::rollup::{Order, Rollup};

/// A row: key; hits, hits that it may lack, visitors, their standard error; bytes, the largest;
/// client and server errors; flagged hits; durations.
pub type Row = (
    (Option<String>, u64, u64, u64, f64),
    (u64, u64, u64, u64, u64),
    Option<Timed>,
);

/// Durations: their mean, p50, p95, p99, the longest, the error of the percentiles, and how many
/// there are.
type Timed = (f64, f64, f64, f64, f64, f64, u64);

/// A row without a key, of what no key has.
pub fn total_row(figures: &Figures) -> Row {
    flatten(None, figures, 0)
}

/// The row of a key.
pub fn key_row(rollup: &Rollup, slot: usize) -> Row {
    let key = rollup.keys.text(slot).to_owned();
    flatten(Some(key), &rollup.figures[slot], rollup.undercount(slot))
}

fn flatten(key: Option<String>, f: &Figures, undercount: u64) -> Row {
    let timed = f.durations.as_ref().map(|d| {
        let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| d.quantile(share));
        (d.mean(), p50, p95, p99, d.max, d.error(), d.count)
    });
    let visitors = &f.visitors;
    (
        (key, f.hits, undercount, visitors.count(), visitors.error()),
        (f.bytes, f.largest, f.errors_4xx, f.errors_5xx, f.flagged),
        timed,
    )
}

/// The order of a name: `key`, or a metric.
pub fn order_by_name(name: &str) -> PyResult<Order> {
    Order::by_name(name).ok_or_else(|| PyKeyError::new_err(name.to_owned()))
}
