//! The hits of a batch, ready to be counted under any of its columns.

#[cfg(test)]
mod tests;

use crate::columns::{Codes, Columns, find_numbers, find_text, value};
use crate::kinds::AgentKinds;
use arrow_array::PrimitiveArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use foldhash::fast::RandomState;
use parse::texts::Texts;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::RwLockReadGuard;
use tally::figures::Hit;
use tally::offsets::Offsets;
use tally::quantiles;
use tally::steps::sum_by_bucket;
use tally::trend;
use tally::visitors::Visitors;

/// The first status that is no plain success.
const UNUSUAL: i16 = 300;

/// What clocks of a time zone show: on which day visitors came, and when hits were.
#[pyclass(frozen, module = "hitwatch._kernel")]
#[derive(Default)]
pub struct Clock {
    zone: Offsets,
}

#[pymethods]
impl Clock {
    /// Argument: offsets of the zone: (from this instant, seconds east of UTC), in order.
    #[new]
    fn new(offsets: Vec<(i64, i64)>) -> Self {
        let zone = Offsets::new(offsets);
        Self { zone }
    }
}

/// Hits of a batch that count.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct HitBatch {
    pub columns: Columns,
    pub hits: Vec<Hit>,
    /// Those that are no plain success, which several panels ask for alone.
    unusual: Vec<Hit>,
    /// The ticks that they are among.
    pub span: Option<trend::Span>,
}

impl HitBatch {
    /// Arguments: the columns and how many rows they have; a byte a row: whether it counts; what
    /// tells the kinds of agents, where anybody wants them; the clock of the zone.
    pub fn new(
        columns: Columns,
        rows: usize,
        chosen: Option<&[u8]>,
        kinds: Option<&AgentKinds>,
        clock: &Clock,
    ) -> PyResult<Self> {
        if chosen.is_some_and(|chosen| chosen.len() != rows) {
            return Err(PyValueError::new_err("the mask has another number of rows"));
        }
        let kinds = kinds.map(|kinds| kinds.of(&columns));
        let status = find_numbers::<Int64Type>(&columns, "status");
        let bytes = find_numbers::<Int64Type>(&columns, "bytes");
        // Of what logs no time of its own that of the server behind it is told.
        let own = find_numbers::<Float64Type>(&columns, "duration_s");
        let behind = find_numbers::<Float64Type>(&columns, "upstream_duration_s");
        let (durations, upstream) = match own {
            Some(_) => (own, behind),
            None => (behind, None),
        };
        let received = find_numbers::<Int64Type>(&columns, "bytes_received");
        let mut clients = Clients::of(&columns, &clock.zone);
        let mut ticks = Ticks::of(&columns, &clock.zone);
        let hits = (0..rows)
            .filter(|&row| chosen.is_none_or(|chosen| chosen[row] != 0))
            .map(|row| {
                let (bytes, duration) = (value(bytes, row), value(durations, row));
                let upstream = value(upstream, row);
                let received = value(received, row);
                Hit {
                    bytes: bytes.map_or(0, |bytes| bytes.max(0) as u64),
                    received: received.map_or(0, |bytes| bytes.max(0) as u64),
                    visitor: clients.as_mut().map_or(0, |clients| clients.visitor(row)),
                    seconds: duration.unwrap_or(0.0),
                    upstream_seconds: upstream.unwrap_or(0.0),
                    row: row as u32,
                    tick: ticks.as_mut().map_or(trend::NONE, |ticks| ticks.tick(row)),
                    status: value(status, row).map_or(0, |status| status.clamp(0, 9999) as i16),
                    bucket: duration.map_or(quantiles::NONE, quantiles::bucket_of),
                    upstream_bucket: upstream.map_or(quantiles::NONE, quantiles::bucket_of),
                    kind: kinds.as_ref().map_or(0, |kinds| kinds.of(row)),
                    has_bytes: bytes.is_some(),
                }
            })
            .collect();
        drop((clients, kinds));
        Ok(Self::of(columns, hits))
    }

    fn of(columns: Columns, hits: Vec<Hit>) -> Self {
        let unusual = hits.iter().filter(|hit| hit.status >= UNUSUAL);
        Self {
            columns,
            unusual: unusual.copied().collect(),
            span: trend::span_of(hits.iter().map(|hit| hit.tick)),
            hits,
        }
    }

    /// The hits from one index up to another, or to the end.
    pub fn between(&self, begin: usize, end: Option<usize>) -> PyResult<&[Hit]> {
        let hits = self.hits.get(begin..end.unwrap_or(self.hits.len()));
        hits.ok_or_else(|| PyValueError::new_err("there are no such hits"))
    }

    pub fn times(&self) -> PyResult<&PrimitiveArray<TimestampMicrosecondType>> {
        let times = find_numbers(&self.columns, "time");
        times.ok_or_else(|| PyValueError::new_err("there is no time"))
    }

    /// The hits with a status from one up to and with another.
    pub fn with_statuses(&self, statuses: Option<(i16, i16)>) -> Cow<'_, [Hit]> {
        let Some((from, to)) = statuses else {
            return Cow::Borrowed(&self.hits);
        };
        let hits = match from >= UNUSUAL {
            true => &self.unusual,
            false => &self.hits,
        };
        let counts = |hit: &&Hit| (from..=to).contains(&hit.status);
        Cow::Owned(hits.iter().filter(counts).copied().collect())
    }
}

#[pymethods]
impl HitBatch {
    /// Number of hits that count.
    fn __len__(&self) -> usize {
        self.hits.len()
    }

    /// How many of the hits say how many bytes were sent.
    #[getter]
    fn hits_with_bytes(&self) -> usize {
        self.hits.iter().filter(|hit| hit.has_bytes).count()
    }

    /// The sum of the squares of the bytes sent, by which the error of a sample is known.
    #[getter]
    fn squared_bytes(&self) -> f64 {
        let squares = self
            .hits
            .iter()
            .map(|hit| hit.bytes as f64 * hit.bytes as f64);
        squares.sum()
    }

    /// The hits from one index up to another, in the order in which they arrived.
    fn slice(&self, begin: usize, end: usize) -> PyResult<Self> {
        let hits = self.between(begin, Some(end))?.to_vec();
        Ok(Self::of(self.columns.clone(), hits))
    }

    /// The hits with each value of a text column, and at the end those without one.
    fn by_text(&self, py: Python<'_>, column: &str) -> PyResult<Vec<(Option<String>, Self)>> {
        let text = find_text(&self.columns, column);
        Ok(py.detach(|| {
            let batch = |hits| Self::of(self.columns.clone(), hits);
            let Some((codes, values)) = text else {
                return vec![(None, batch(self.hits.clone()))];
            };
            let mut parts: Vec<(Option<u32>, Vec<Hit>)> = Vec::new();
            let mut places: HashMap<Option<u32>, usize, RandomState> = HashMap::default();
            for hit in &self.hits {
                let code = value(Some(codes), hit.row as usize);
                let place = *places.entry(code).or_insert(parts.len());
                if place == parts.len() {
                    parts.push((code, Vec::new()));
                }
                parts[place].1.push(*hit);
            }
            let values = values.read();
            let text = |code: Option<u32>| Some(values.get(code? as usize).to_owned());
            parts.sort_by_key(|(code, _)| code.is_none());
            parts
                .into_iter()
                .map(|(code, hits)| (text(code), batch(hits)))
                .collect()
        }))
    }

    /// Hits and bytes by start of bucket: (start, hits, bytes, hits whose bytes are known).
    ///
    /// Arguments: width of the buckets; from which hit on, and up to which.
    #[pyo3(signature = (width, begin = 0, end = None))]
    fn steps(
        &self,
        width: i64,
        begin: usize,
        end: Option<usize>,
    ) -> PyResult<Vec<(i64, u64, u64, u64)>> {
        let times = Some(self.times()?);
        let hits = self.between(begin, end)?.iter();
        if width < 1 {
            return Err(PyValueError::new_err("buckets have a width"));
        }
        let timed = hits.filter_map(|hit| Some((value(times, hit.row as usize)?, hit)));
        let steps = sum_by_bucket(timed, width).into_iter();
        let flat = steps.map(|step| (step.start, step.hits, step.bytes, step.hits_with_bytes));
        Ok(flat.collect())
    }

    /// Times of the earliest and the latest hit.
    fn range(&self) -> Option<(i64, i64)> {
        let times = find_numbers::<TimestampMicrosecondType>(&self.columns, "time");
        let hits = self.hits.iter();
        let times = hits.filter_map(|hit| value(times, hit.row as usize));
        times.fold(None, |range, time| match range {
            None => Some((time, time)),
            Some((first, last)) => Some((time.min(first), time.max(last))),
        })
    }
}

/// When hits were, as clocks show it.
struct Ticks<'a> {
    times: &'a PrimitiveArray<TimestampMicrosecondType>,
    zone: &'a Offsets,
    /// Instants of the last hit's tick.
    known: Range<i64>,
    tick: i32,
}

impl<'a> Ticks<'a> {
    /// `None` where times are not logged.
    fn of(columns: &'a Columns, zone: &'a Offsets) -> Option<Self> {
        Some(Self {
            times: find_numbers(columns, "time")?,
            zone,
            known: 0..0,
            tick: trend::NONE,
        })
    }

    #[inline]
    fn tick(&mut self, row: usize) -> i32 {
        let Some(time) = value(Some(self.times), row) else {
            return trend::NONE;
        };
        if !self.known.contains(&time) {
            let (cell, known) = self.zone.cell(time, trend::TICK);
            self.known = known;
            self.tick = trend::tick_of(cell.saturating_mul(trend::TICK));
        }
        self.tick
    }
}

/// Who is behind hits, as far as is logged.
struct Clients<'a> {
    codes: &'a Codes,
    names: RwLockReadGuard<'a, Texts>,
    agents: Option<(&'a Codes, RwLockReadGuard<'a, Texts>)>,
    times: Option<&'a PrimitiveArray<TimestampMicrosecondType>>,
    visitors: Visitors<'a>,
}

impl<'a> Clients<'a> {
    /// `None` where clients are not logged.
    fn of(columns: &'a Columns, zone: &'a Offsets) -> Option<Self> {
        let (codes, names) = find_text(columns, "client")?;
        let agents = find_text(columns, "user_agent");
        Some(Self {
            codes,
            names: names.hashed(),
            agents: agents.map(|(codes, agents)| (codes, agents.hashed())),
            times: find_numbers(columns, "time"),
            visitors: Visitors::new(zone),
        })
    }

    /// The hash of the visitor of a row.
    #[inline]
    fn visitor(&mut self, row: usize) -> u64 {
        let client = value(Some(self.codes), row);
        let client = client.map_or(0, |code| self.names.stable_hashes()[code as usize]);
        let agent = self.agents.as_ref().and_then(|(codes, agents)| {
            let code = value(Some(*codes), row)?;
            Some(agents.stable_hashes()[code as usize])
        });
        let time = value(self.times, row).unwrap_or(0);
        self.visitors.hash(client, agent, time)
    }
}
