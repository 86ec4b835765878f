//! The order in which rows are shown.

use super::Rollup;
use crate::figures::Figures;
use std::cmp::Ordering;

/// What rows are ordered by.
pub enum Order {
    /// By key, numbers as such.
    Key,
    /// By a metric, the greatest first, then by key; rows with fewer hits than a number behind
    /// all others.
    Metric(fn(&Figures) -> f64, u64),
}

/// Hits from which on means, shares and percentiles say something of a key.
pub const ENOUGH: u64 = 50;

impl Order {
    /// Argument: `key`, or the name of a metric.
    pub fn by_name(name: &str) -> Option<Self> {
        let floor = match name {
            "error_ratio" | "mean_s" | "p50_s" | "p95_s" | "p99_s" => ENOUGH,
            _ => 0,
        };
        let metric: fn(&Figures) -> f64 = match name {
            "key" => return Some(Self::Key),
            "hits" => |f| f.hits as f64,
            "visitors" => |f| f.visitors.count() as f64,
            "bytes" => |f| f.bytes as f64,
            "largest" => |f| f.largest as f64,
            "errors_4xx" => |f| f.errors_4xx as f64,
            "errors_5xx" => |f| f.errors_5xx as f64,
            "error_ratio" => |f| (f.errors_4xx + f.errors_5xx) as f64 / f.hits.max(1) as f64,
            "bots" => |f| f.flagged as f64,
            "total_s" => |f| f.durations.as_ref().map_or(-1.0, |d| d.total()),
            "mean_s" => |f| f.durations.as_ref().map_or(-1.0, |d| d.mean()),
            "p50_s" => |f| f.durations.as_ref().map_or(-1.0, |d| d.quantile(0.5)),
            "p95_s" => |f| f.durations.as_ref().map_or(-1.0, |d| d.quantile(0.95)),
            "p99_s" => |f| f.durations.as_ref().map_or(-1.0, |d| d.quantile(0.99)),
            "max_s" => |f| f.durations.as_ref().map_or(-1.0, |d| d.max),
            _ => return None,
        };
        Some(Self::Metric(metric, floor))
    }
}

impl Rollup {
    /// Indices of the first rows in an order.
    ///
    /// Arguments: the order; how many, all of them for 0 or `None`.
    pub fn first(&self, order: &Order, limit: Option<usize>) -> Vec<usize> {
        let text = |slot: usize| self.keys.text(slot);
        match order {
            Order::Key => {
                let number = |at: usize| text(at).parse::<i64>().ok();
                let numbers: Vec<_> = (0..self.keys.len()).map(number).collect();
                first(numbers.len(), limit, |one, two| {
                    let numbers = numbers[one].cmp(&numbers[two]);
                    numbers.then_with(|| text(one).cmp(text(two)))
                })
            }
            Order::Metric(metric, floor) => {
                let ranked = |f: &Figures| (f.hits >= *floor, metric(f));
                let values: Vec<(bool, f64)> = self.figures.iter().map(ranked).collect();
                first(values.len(), limit, |one, two| {
                    let ((enough, value), other) = (values[two], values[one]);
                    let ranked = enough.cmp(&other.0).then(value.total_cmp(&other.1));
                    ranked.then_with(|| text(one).cmp(text(two)))
                })
            }
        }
    }
}

/// The first indices below a count in some order.
fn first(
    count: usize,
    limit: Option<usize>,
    order: impl Fn(usize, usize) -> Ordering,
) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..count).collect();
    let order = |one: &usize, two: &usize| order(*one, *two);
    if let Some(limit) = limit.filter(|&limit| limit > 0 && limit < count) {
        indices.select_nth_unstable_by(limit - 1, order);
        indices.truncate(limit);
    }
    indices.sort_unstable_by(order);
    indices
}
