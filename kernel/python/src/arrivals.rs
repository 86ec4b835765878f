//! The door to arrivals: how hits of several origins arrived.

use crate::hit_batch::HitBatch;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use tally::arrivals::{Clock, Origin, arrive, joined};

/// Hits of one origin that have not been counted yet.
#[derive(FromPyObject)]
pub struct Waiting<'py> {
    hits: Bound<'py, HitBatch>,
    /// The first of them that waits.
    begin: usize,
    /// The latest time of this origin before it.
    latest: Option<i64>,
}

/// Hits between which no display period closes, and where some are late no bucket either: the
/// display period, the end of the last closed bucket, how many are late, and of each origin the hits.
pub type Stretch = (i64, i64, u64, Vec<(usize, usize, usize)>);

/// Where an origin stands: its next hit, and its latest time.
pub type Position = (usize, i64);

/// Take hits of several origins in the order of time, as far as it is known.
///
/// Arguments: the hits; how far behind the watermark is; width of the buckets; width of the display
/// periods, or `None` where the caller ends them; the watermark before them, where there is one;
/// where origins are followed live, the latest time of the slowest of those that are not here.
/// Returns the stretches; where each origin stands: its next hit, and its latest time; and the
/// watermark.
#[pyfunction]
#[pyo3(signature = (waiting, lateness, width, every, before, slowest = None))]
pub fn arrivals(
    waiting: Vec<Waiting<'_>>,
    lateness: i64,
    width: i64,
    every: Option<i64>,
    before: Option<i64>,
    slowest: Option<i64>,
) -> PyResult<(Vec<Stretch>, Vec<Position>, i64)> {
    if width < 1 || every.is_some_and(|every| every < 1) {
        return Err(PyValueError::new_err("buckets and periods have a width"));
    }
    let origins = waiting.iter().map(Waiting::origin);
    let mut origins = origins.collect::<PyResult<Vec<_>>>()?;
    let mut clock = Clock {
        lateness,
        width,
        period: every,
        slowest,
        watermark: before.unwrap_or(i64::MIN),
    };
    let stretches = joined(arrive(&mut origins, &mut clock), before.is_some()).into_iter();
    let flat = stretches.map(|each| (each.period, each.closed, each.late, each.parts));
    let positions = origins.iter().map(|origin| (origin.next, origin.latest));
    Ok((flat.collect(), positions.collect(), clock.watermark))
}

impl Waiting<'_> {
    fn origin(&self) -> PyResult<Origin<'_>> {
        let batch = self.hits.get();
        Ok(Origin {
            hits: &batch.hits,
            // Nothing may have been read yet, not even columns.
            times: match batch.hits.is_empty() {
                true => &[],
                false => batch.times()?.values(),
            },
            next: self.begin,
            latest: self.latest.unwrap_or(i64::MIN),
        })
    }
}
