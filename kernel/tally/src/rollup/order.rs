//! The order in which rows are shown.

use super::Rollup;
use crate::figures::Figures;
use crate::quantiles::QuantileSketch;
use std::cmp::Ordering;

/// The value of a metric in a row.
type Metric = Box<dyn Fn(&Figures) -> f64>;

/// What rows are ordered by.
pub enum Order {
    /// By key, numbers as such.
    Key,
    /// By a metric, the greatest first, then by key; rows with fewer hits than a number behind
    /// all others.
    Metric(Metric, u64),
}

/// Hits from which on means, shares and percentiles say something of a key.
pub const ENOUGH: u64 = 50;

impl Order {
    /// Argument: `key`, or the name of a metric.
    pub fn by_name(name: &str) -> Option<Self> {
        let metric: fn(&Figures) -> f64 = match name {
            "key" => return Some(Self::Key),
            "hits" => |f| f.hits as f64,
            "visitors" => |f| f.kinds.visitors() as f64,
            "bytes" => |f| f.bytes as f64,
            "bytes_received" => |f| f.received() as f64,
            "largest" => |f| f.largest as f64,
            "errors_4xx" => |f| f.errors_4xx as f64,
            "errors_5xx" => |f| f.errors_5xx as f64,
            "error_ratio" => |f| (f.errors_4xx + f.errors_5xx) as f64 / f.hits.max(1) as f64,
            "bots" => |f| f.bots() as f64,
            _ => return Self::by_durations(name),
        };
        let floor = if name == "error_ratio" { ENOUGH } else { 0 };
        Some(Self::Metric(Box::new(metric), floor))
    }

    /// What needs durations; rows without any are the last.
    fn by_durations(name: &str) -> Option<Self> {
        type Of = fn(&Figures) -> Option<&QuantileSketch>;
        let (of, name): (Of, &str) = match name.strip_prefix("upstream_") {
            Some(rest) => (Figures::upstream, rest),
            None => (|f| f.durations.as_deref(), name),
        };
        let (metric, floor): (fn(&QuantileSketch) -> f64, u64) = match name {
            "total_s" => (QuantileSketch::total, 0),
            "max_s" => (|d| d.max, 0),
            "mean_s" => (QuantileSketch::mean, ENOUGH),
            "p50_s" => (|d| d.quantile(0.5), ENOUGH),
            "p95_s" => (|d| d.quantile(0.95), ENOUGH),
            "p99_s" => (|d| d.quantile(0.99), ENOUGH),
            _ => return None,
        };
        let metric = move |f: &Figures| of(f).map_or(-1.0, metric);
        Some(Self::Metric(Box::new(metric), floor))
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
