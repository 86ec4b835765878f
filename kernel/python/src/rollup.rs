//! The door to rollups: batches go in, rows come out.

use crate::labels::{Label, Labelled, count_under};
use crate::rows::{Axis, Row, axis_of, key_row, order_by_name, other_row, total_row};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use tally::budget::Budget;
use tally::codec::{Reader, Writer};
use tally::rollup::{Rollup, trend_row};

/// Memory that several rollups share.
#[pyclass(name = "Budget", frozen, module = "hitwatch._kernel")]
pub struct PyBudget {
    budget: Arc<Budget>,
}

#[pymethods]
impl PyBudget {
    /// Argument: bytes.
    #[new]
    fn new(limit: usize) -> Self {
        Self {
            budget: Arc::new(Budget::new(limit)),
        }
    }
}

/// Figures by key, over any number of batches.
#[pyclass(name = "Rollup", frozen, module = "hitwatch._kernel")]
pub struct PyRollup {
    rollup: RwLock<Rollup>,
}

#[pymethods]
impl PyRollup {
    /// Arguments: keys that are kept while memory lasts; the memory that it shares with others;
    /// whether evicted rows are kept until they are counted under labels.
    #[new]
    #[pyo3(signature = (capacity, budget, keep_evicted = false))]
    fn new(capacity: usize, budget: &PyBudget, keep_evicted: bool) -> Self {
        Self {
            rollup: RwLock::new(Rollup::new(capacity, keep_evicted, budget.budget.clone())),
        }
    }

    /// Evict and shrink until the shared memory is kept to.
    fn enforce_limits(&self, py: Python<'_>) {
        py.detach(|| self.lock().enforce_limits());
    }

    /// Count rows that were evicted since this was called last under their labels, each into a rollup.
    fn count_evicted(&self, py: Python<'_>, labelled: Vec<Labelled<'_>>) -> PyResult<()> {
        let rows = py.detach(|| self.lock_to_add().take_evicted());
        if rows.figures.is_empty() {
            return Ok(());
        }
        let keys: Vec<&str> = py.detach(|| rows.keys().collect());
        count_under(py, &keys, &labelled, |rollup, names| {
            rollup
                .lock()
                .add_rows(&rows.figures, (&rows.trends, 0), names);
        })?;
        py.detach(|| drop(rows));
        Ok(())
    }

    /// Count all rows under their labels, each into a rollup. Nobody may be adding meanwhile.
    fn count_rows(&self, py: Python<'_>, labelled: Vec<Labelled<'_>>) -> PyResult<()> {
        for (_, rollup) in &labelled {
            self.apart_from(rollup.get())?;
        }
        // Python may be asked for labels, which nobody may who holds the lock.
        let keys = py.detach(|| self.lock().keys.clone());
        let keys: Vec<&str> = keys.iter().collect();
        count_under(py, &keys, &labelled, |rollup, names| {
            // Others may count them under other labels meanwhile.
            let own = self.read();
            let trends = (&own.trends, trend_row(0));
            rollup.lock().add_rows(&own.figures, trends, names);
        })
    }

    /// Add what another has counted.
    fn merge(&self, other: &Self) -> PyResult<()> {
        self.apart_from(other)?;
        self.lock().merge(&other.lock());
        Ok(())
    }

    /// Everything that has been counted; the same counts are the same bytes.
    ///
    /// Evicted rows must have been counted under labels: they are not in it.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let mut writer = Writer::default();
        py.detach(|| self.lock().write(&mut writer));
        PyBytes::new(py, &writer.bytes)
    }

    /// Become what `to_bytes` has written; this must be empty, and is worthless after an error.
    fn restore(&self, py: Python<'_>, data: &[u8]) -> PyResult<()> {
        let read = py.detach(|| {
            let mut reader = Reader::new(data);
            self.lock().read(&mut reader)?;
            reader.end()
        });
        read.map_err(|damage| PyValueError::new_err(damage.0))
    }

    /// The rows, and at the end, without a key, what was evicted.
    ///
    /// Arguments: the figure by which they are ordered, the greatest first, then by key; or
    /// `key`: by key, numbers as such; how many of the first; a label that those have which are
    /// wanted, where not all are: then there is none for what was evicted; the axis along which
    /// hits are told.
    #[pyo3(signature = (sort, limit = None, only = None, axis = None))]
    fn rows(
        &self,
        sort: &str,
        limit: Option<usize>,
        only: Option<&Label>,
        axis: Option<Axis>,
    ) -> PyResult<Vec<Row>> {
        let order = order_by_name(sort)?;
        let rollup = self.lock();
        if let Some(label) = only {
            let all = rollup.first(&order, None).into_iter();
            let wanted = all.filter(|&at| label.has(rollup.keys.text(at)));
            let most = limit.filter(|&limit| limit > 0).unwrap_or(usize::MAX);
            return Ok(wanted
                .take(most)
                .map(|at| key_row(&rollup, at, axis))
                .collect());
        }
        let first = rollup.first(&order, limit).into_iter();
        let other = (rollup.other.hits > 0).then(|| other_row(&rollup, axis));
        Ok(first
            .map(|at| key_row(&rollup, at, axis))
            .chain(other)
            .collect())
    }

    /// The row of each of some keys; `None` where there is none. Arguments: the keys; the axis along
    /// which hits are told.
    #[pyo3(signature = (keys, axis = None))]
    fn rows_of(&self, keys: Vec<String>, axis: Option<Axis>) -> Vec<Option<Row>> {
        let rollup = self.lock();
        let found = keys.iter().map(|key| rollup.find(key));
        found.map(|at| Some(key_row(&rollup, at?, axis))).collect()
    }

    /// Figures of all rows together, as a row without a key; hits are told along their own axis.
    fn total(&self) -> Row {
        total_row(&self.lock())
    }

    /// When all hits were; `None` where no time is known.
    fn axis(&self) -> Option<Axis> {
        axis_of(&self.lock())
    }

    /// The logarithmic buckets of all durations: (upper end in seconds, hits), in order.
    fn durations(&self) -> Vec<(f64, u64)> {
        let total = self.lock().total();
        total.durations.map_or_else(Vec::new, |all| all.histogram())
    }

    /// Of each key with durations: hits that took up to each of some, in order, and longer than the
    /// one before; at the end those that took longer than all.
    fn durations_of_keys(&self, edges: Vec<f64>) -> Vec<(String, Vec<u64>)> {
        let rollup = self.lock();
        let rows = rollup.keys.iter().zip(&rollup.figures);
        let timed = rows.filter_map(|(key, figures)| Some((key, figures.durations.as_ref()?)));
        timed
            .map(|(key, durations)| (key.to_owned(), durations.up_to(&edges)))
            .collect()
    }

    /// How many rows there are, and how many of them have a label.
    fn counted(&self, only: &Label) -> (usize, usize) {
        let rollup = self.lock();
        let wanted = rollup.keys.iter().filter(|key| only.has(key));
        (rollup.keys.len(), wanted.count())
    }

    /// Distinct keys there have been, and hits that a key without a row had at most.
    fn bounds(&self) -> (u64, u64) {
        let rollup = self.lock();
        (rollup.distinct_keys(), rollup.evicted_max)
    }
}

impl PyRollup {
    /// The rollup, all hits counted.
    fn lock(&self) -> RwLockWriteGuard<'_, Rollup> {
        let mut rollup = self.lock_to_add();
        rollup.count_waiting();
        rollup
    }

    /// The rollup as it is.
    fn read(&self) -> RwLockReadGuard<'_, Rollup> {
        self.rollup.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rollup, to be added to.
    pub fn lock_to_add(&self) -> RwLockWriteGuard<'_, Rollup> {
        self.rollup.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same; `None` while another thread counts.
    pub fn try_lock(&self) -> Option<RwLockWriteGuard<'_, Rollup>> {
        match self.rollup.try_write() {
            Ok(rollup) => Some(rollup),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn apart_from(&self, other: &Self) -> PyResult<()> {
        match std::ptr::eq(self, other) {
            false => Ok(()),
            true => Err(PyValueError::new_err("a rollup cannot be added to itself")),
        }
    }
}
