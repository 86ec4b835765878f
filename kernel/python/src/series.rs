//! The door to series: hits and bytes by bucket of time and value of a column.

use crate::columns::{find_text, value};
use crate::hit_batch::HitBatch;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tally::series::{Series, sum_runs};

/// Sums by bucket of time and value of a column.
#[pyclass(name = "Series", frozen, module = "hitwatch._kernel")]
pub struct PySeries {
    series: Mutex<Series>,
    column: String,
    width: i64,
}

#[pymethods]
impl PySeries {
    /// Arguments: the column; width of a bucket; keys of a bucket that are kept for certain;
    /// bytes that buckets may need that are not being added to.
    #[new]
    fn new(column: String, width: i64, capacity: usize, limit: usize) -> PyResult<Self> {
        if width < 1 {
            return Err(PyValueError::new_err("buckets have a width"));
        }
        Ok(Self {
            series: Mutex::new(Series::new(capacity, limit)),
            column,
            width,
        })
    }

    /// Add the hits from one index up to another.
    #[pyo3(signature = (hits, begin = 0, end = None))]
    fn add(
        &self,
        py: Python<'_>,
        hits: &HitBatch,
        begin: usize,
        end: Option<usize>,
    ) -> PyResult<()> {
        py.detach(|| self.add_hits(hits, begin, end))
    }

    /// Of all buckets that begin from an instant on and before another: hits and bytes by key,
    /// and of what was evicted.
    fn sums(&self, from: i64, to: i64) -> (HashMap<String, (u64, u64)>, (u64, u64)) {
        let (sums, other) = self.lock().sums(from, to);
        let sums = sums
            .into_iter()
            .map(|(key, sums)| (key.into_string(), (sums.hits, sums.bytes)));
        (sums.collect(), (other.hits, other.bytes))
    }

    /// Drop all buckets that begin before an instant.
    fn forget(&self, before: i64) {
        self.lock().forget(before);
    }
}

impl PySeries {
    fn lock(&self) -> MutexGuard<'_, Series> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add_hits(&self, hits: &HitBatch, begin: usize, end: Option<usize>) -> PyResult<()> {
        let times = hits.times()?;
        let chosen = hits.between(begin, end)?.iter();
        let Some((codes, values)) = find_text(&hits.columns, &self.column) else {
            return Ok(());
        };
        let known = chosen.filter_map(|hit| {
            let row = hit.row as usize;
            Some((
                value(Some(times), row)?,
                value(Some(codes), row)?,
                hit.bytes,
            ))
        });
        let values = values.read();
        let runs = sum_runs(known, self.width, values.len());
        let mut series = self.lock();
        for (start, run) in runs {
            for (code, sums) in run {
                series.add(start, values.get(code as usize), sums);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::tests::{columns, integers, texts, times};
    use crate::hit_batch::Clock;

    fn series(column: &str) -> PySeries {
        PySeries::new(column.to_owned(), 10, 100, 1 << 20).unwrap()
    }

    fn batch() -> HitBatch {
        let columns = columns([
            (
                "section",
                texts(&[Some("/a"), Some("/b"), None, Some("/a"), Some("/a")]),
            ),
            (
                "bytes",
                integers(&[Some(1), Some(2), Some(3), None, Some(5)]),
            ),
            (
                "time",
                times(&[Some(10), Some(19), Some(12), Some(20), None]),
            ),
        ]);
        HitBatch::new(columns, 5, None, None, &Clock::default()).unwrap()
    }

    /// Hits and bytes by key of some buckets, sorted.
    fn sums(series: &PySeries, from: i64, to: i64) -> Vec<(String, (u64, u64))> {
        let (sums, other) = series.sums(from, to);
        assert_eq!(other, (0, 0));
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort();
        sums
    }

    fn row(key: &str, hits: u64, bytes: u64) -> (String, (u64, u64)) {
        (key.to_owned(), (hits, bytes))
    }

    #[test]
    fn hits_with_a_time_and_a_value_are_summed_by_bucket() {
        let series = series("section");
        series.add_hits(&batch(), 0, None).unwrap();
        let first = [row("/a", 1, 1), row("/b", 1, 2)];
        assert_eq!(sums(&series, 10, 20), first);
        assert_eq!(sums(&series, 20, 30), [row("/a", 1, 0)]);
        series.add_hits(&batch(), 1, Some(4)).unwrap();
        assert_eq!(sums(&series, 0, 30), [row("/a", 3, 1), row("/b", 2, 4)]);
        series.forget(20);
        assert_eq!(sums(&series, 0, 30), [row("/a", 2, 0)]);
    }

    #[test]
    fn a_format_without_the_column_adds_nothing() {
        let series = series("host");
        series.add_hits(&batch(), 0, None).unwrap();
        assert_eq!(sums(&series, i64::MIN, i64::MAX), []);
        assert!(series.add_hits(&batch(), 0, Some(9)).is_err());
        let timeless = HitBatch::new(columns([]), 1, None, None, &Clock::default()).unwrap();
        assert!(series.add_hits(&timeless, 0, None).is_err());
        assert!(PySeries::new("host".into(), 0, 1, 1).is_err());
    }
}
