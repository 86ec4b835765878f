//! The door to counting: hits go in, and are counted under everything that is asked for.

use crate::dimension::Dimension;
use crate::hit_batch::HitBatch;
use crate::rollup::PyRollup;
use pyo3::prelude::*;
use std::sync::RwLockWriteGuard;
use tally::rollup::Rollup;
use tally::rollup::joint::{FEW, Part, add_jointly};

/// What hits are counted under, and where.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct Counter {
    dimension: Dimension,
    rollup: Py<PyRollup>,
}

#[pymethods]
impl Counter {
    #[new]
    fn new(dimension: Dimension, rollup: Py<PyRollup>) -> Self {
        Self { dimension, rollup }
    }
}

impl Counter {
    /// Count hits of a format that has the column.
    fn count(&self, batch: &HitBatch, rollup: &mut Rollup) {
        let hits = self.dimension.hits(batch);
        let slots = self.dimension.slots(batch, &hits, rollup);
        rollup.add_all(&hits, &slots, batch.span);
        rollup.enforce_limits();
    }
}

/// Count hits under everything that their format logs. Several threads may do so at once.
///
/// Returns which of the counters keep evicted rows that wait for their labels.
#[pyfunction]
pub fn count(py: Python<'_>, hits: &HitBatch, counters: Vec<Py<Counter>>) -> Vec<usize> {
    let counters: Vec<&Counter> = counters.iter().map(Py::get).collect();
    py.detach(|| {
        let all = counters.iter().enumerate();
        let mut left: Vec<(usize, &Counter)> = all
            .filter(|(_, counter)| counter.dimension.is_in(hits))
            .map(|(place, counter)| (place, *counter))
            .collect();
        let mut waiting = count_few_keys(hits, &mut left);
        let mut count =
            |place: usize, counter: &Counter, mut rollup: RwLockWriteGuard<'_, Rollup>| {
                counter.count(hits, &mut rollup);
                if rollup.has_evicted_rows() {
                    waiting.push(place);
                }
            };
        while !left.is_empty() {
            let before = left.len();
            left.retain(|&(place, counter)| {
                // Where another thread is counting, this one comes back later.
                let rollup = counter.rollup.get().try_lock();
                let is_free = rollup.is_some();
                if let Some(rollup) = rollup {
                    count(place, counter, rollup);
                }
                !is_free
            });
            if left.len() == before {
                let (place, counter) = left.remove(0);
                count(place, counter, counter.rollup.get().lock_to_add());
            }
        }
        waiting
    })
}

/// Count hits at once under all that have few keys, and that no other thread is counting under;
/// leaves the others. Returns which of those counted keep evicted rows.
fn count_few_keys(batch: &HitBatch, left: &mut Vec<(usize, &Counter)>) -> Vec<usize> {
    let hits = &batch.hits;
    let mut few: Vec<(usize, RwLockWriteGuard<'_, Rollup>, Vec<u32>)> = Vec::new();
    left.retain(|&(place, counter)| {
        let rollup = counter.rollup.get().try_lock();
        let rollup = rollup.filter(|known| known.keys.len() <= FEW);
        let Some(mut rollup) = rollup.filter(|_| counter.dimension.counts_all()) else {
            return true;
        };
        let slots = counter.dimension.slots(batch, hits, &mut rollup);
        if rollup.keys.len() > FEW {
            return true;
        }
        few.push((place, rollup, slots));
        false
    });
    let parts = few.iter_mut();
    let parts = parts.map(|(_, rollup, slots)| Part { rollup, slots });
    add_jointly(hits, batch.span, parts.collect());
    let mut waiting = Vec::new();
    for (place, rollup, _) in &mut few {
        rollup.enforce_limits();
        if rollup.has_evicted_rows() {
            waiting.push(*place);
        }
    }
    waiting
}
