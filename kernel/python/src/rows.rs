//! Rows of a rollup as Python reads them.

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use tally::figures::Figures;
use tally::quantiles::QuantileSketch;
use tally::rollup::{OTHER_ROW, Order, Rollup, trend_row};
use tally::trend::{FIRST, TICK};

/// A row: key; hits, hits that it may lack, visitors, their standard error; bytes, the largest,
/// those received; client and server errors; hits by bots; durations, and those of upstreams; hits,
/// bytes and visitors by number of the kind that asked; hits by step of an axis.
pub type Row = (
    (Option<String>, u64, u64, u64, f64),
    (u64, u64, u64, u64, u64, u64),
    (Option<Timed>, Option<Timed>),
    Vec<(u8, u64, u64, u64)>,
    Vec<u64>,
);

/// Durations: their mean, p50, p95, p99, the longest, the error of the percentiles, and how many
/// there are.
type Timed = (f64, f64, f64, f64, f64, f64, u64);

/// Steps of time: when the first begins, as clocks show it, and how long they are, both in
/// microseconds; how many there are.
pub type Axis = (i64, i64, usize);

/// The steps from the first to the last that has hits of a rollup.
pub fn axis_of(rollup: &Rollup) -> Option<Axis> {
    let (axis, columns) = rollup.trends.axis()?;
    let step = i64::from(axis.step()) * TICK;
    Some((FIRST + axis.begin(0) * TICK, step, columns))
}

/// A row without a key, of what no key has. Argument: along what hits are told.
pub fn other_row(rollup: &Rollup, axis: Option<Axis>) -> Row {
    flatten(None, &rollup.other, 0, along(rollup, OTHER_ROW, axis))
}

/// A row of all hits together.
pub fn total_row(rollup: &Rollup) -> Row {
    flatten(None, &rollup.total(), 0, rollup.trends.total())
}

/// The row of a key. Argument: along what hits are told.
pub fn key_row(rollup: &Rollup, slot: usize, axis: Option<Axis>) -> Row {
    let key = rollup.keys.text(slot).to_owned();
    let trend = along(rollup, trend_row(slot), axis);
    let undercount = rollup.undercount(slot);
    flatten(Some(key), &rollup.figures[slot], undercount, trend)
}

fn flatten(key: Option<String>, f: &Figures, undercount: u64, trend: Vec<u64>) -> Row {
    let (visitors, error) = (f.kinds.visitors(), f.kinds.visitors_error());
    let errors = (f.errors_4xx, f.errors_5xx, f.bots());
    (
        (key, f.hits, undercount, visitors, error),
        (
            f.bytes,
            f.largest,
            f.received(),
            errors.0,
            errors.1,
            errors.2,
        ),
        (f.durations.as_deref().map(timed), f.upstream().map(timed)),
        f.kinds.all(f.hits, f.bytes),
        trend,
    )
}

fn timed(of: &QuantileSketch) -> Timed {
    let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| of.quantile(share));
    (of.mean(), p50, p95, p99, of.max, of.error(), of.count)
}

/// Hits of a row by step of an axis, which reaches as far and whose steps are as long or longer.
fn along(rollup: &Rollup, row: usize, axis: Option<Axis>) -> Vec<u64> {
    let Some((first, step, count)) = axis else {
        return Vec::new();
    };
    let mut hits = vec![0; count];
    let Some((begin, own_step, _)) = axis_of(rollup) else {
        return hits;
    };
    for (column, found) in rollup.trends.row(row).into_iter().enumerate() {
        let since = begin + column as i64 * own_step - first;
        let place = usize::try_from(since.div_euclid(step.max(1)));
        if let Some(sum) = place.ok().and_then(|at| hits.get_mut(at)) {
            *sum += found;
        }
    }
    hits
}

/// The order of a name: `key`, or a metric.
pub fn order_by_name(name: &str) -> PyResult<Order> {
    Order::by_name(name).ok_or_else(|| PyKeyError::new_err(name.to_owned()))
}
