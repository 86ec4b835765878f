//! The door to Python of the rollup: batches go in, rows of figures come out.

use crate::framing::anywhere;
use crate::labels::{Labelled, names};
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType, UInt32Type};
use arrow_array::{Array, LargeStringArray, PrimitiveArray};
use parse::batch::Finished;
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use regex::bytes::Regex;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tally::budget::Budget;
use tally::codec::{Reader, Writer};
use tally::durations;
use tally::rollup::{Figures, Hit, Rollup};
use tally::series::{Series, Sums};
use tally::text;

type Columns = Arc<[(String, Finished)]>;

const DAY: i64 = 86_400_000_000;

/// The first status that is no plain success.
const UNUSUAL: i16 = 300;

/// The hits of a batch, ready to be counted under any of its columns.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct HitBatch {
    columns: Columns,
    hits: Vec<Hit>,
    /// Those that are no plain success, which several panels ask for alone.
    unusual: Vec<Hit>,
    /// Durations by row, where there are any.
    seconds: Arc<[f64]>,
}

impl HitBatch {
    pub fn new(
        columns: Columns,
        rows: usize,
        chosen: Option<&[u8]>,
        flags: Option<&ValueFlags>,
    ) -> PyResult<Self> {
        if chosen.is_some_and(|chosen| chosen.len() != rows) {
            return Err(PyValueError::new_err("the mask has another number of rows"));
        }
        let flags = flags.and_then(|flags| flags.of(&columns));
        let found = |name: &str| find(&columns, name);
        let status = found("status").and_then(Finished::numbers::<Int64Type>);
        let bytes = found("bytes").and_then(Finished::numbers::<Int64Type>);
        let timed = found("duration_s").and_then(Finished::numbers::<Float64Type>);
        let seconds: Vec<f64> = timed.map_or_else(Vec::new, |timed| timed.values().to_vec());
        let visitors = visitors(&columns);
        let hits: Vec<Hit> = (0..rows)
            .filter(|&row| chosen.is_none_or(|chosen| chosen[row] != 0))
            .map(|row| Hit {
                bytes: value(bytes, row).map_or(0, |bytes| bytes.max(0) as u64),
                sized: value(bytes, row).is_some(),
                visitor: visitors.as_ref().map_or(0, |hashes| hashes[row].max(1)),
                row: row as u32,
                status: value(status, row).map_or(0, |status| status.clamp(0, 9999) as i16),
                bucket: value(timed, row).map_or(durations::NONE, durations::bucket_of),
                flagged: flags.as_ref().is_some_and(|(codes, flagged)| {
                    value(Some(codes), row).is_some_and(|code| flagged[code as usize])
                }),
            })
            .collect();
        Ok(Self::of(columns, hits, seconds.into()))
    }

    fn of(columns: Columns, hits: Vec<Hit>, seconds: Arc<[f64]>) -> Self {
        let unusual = hits.iter().filter(|hit| hit.status >= UNUSUAL);
        Self {
            columns,
            unusual: unusual.copied().collect(),
            hits,
            seconds,
        }
    }

    fn between(&self, begin: usize, end: usize) -> PyResult<&[Hit]> {
        let hits = self.hits.get(begin..end);
        hits.ok_or_else(|| PyValueError::new_err("there are no such hits"))
    }

    fn times(&self) -> PyResult<&PrimitiveArray<TimestampMicrosecondType>> {
        let times = find(&self.columns, "time");
        times
            .and_then(Finished::numbers)
            .ok_or_else(|| PyValueError::new_err("there is no time"))
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
    fn sized(&self) -> usize {
        self.hits.iter().filter(|hit| hit.sized).count()
    }

    /// The hits from one place up to another, in the order in which they arrived.
    fn slice(&self, begin: usize, end: usize) -> PyResult<Self> {
        let hits = self.between(begin, end)?.to_vec();
        Ok(Self::of(self.columns.clone(), hits, self.seconds.clone()))
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
        let hits = self.between(begin, end.unwrap_or(self.hits.len()))?;
        if width < 1 {
            return Err(PyValueError::new_err("buckets have a width"));
        }
        let mut steps: Vec<(i64, u64, u64, u64)> = Vec::new();
        let mut known: HashMap<i64, usize> = HashMap::new();
        for hit in hits {
            let Some(time) = value(times, hit.row as usize) else {
                continue;
            };
            let start = time.div_euclid(width) * width;
            let place = match steps.last() {
                Some(&(last, ..)) if last == start => steps.len() - 1,
                _ => *known.entry(start).or_insert_with(|| {
                    steps.push((start, 0, 0, 0));
                    steps.len() - 1
                }),
            };
            steps[place].1 += 1;
            steps[place].2 += hit.bytes;
            steps[place].3 += u64::from(hit.sized);
        }
        Ok(steps)
    }

    /// Times of the earliest and the latest hit.
    fn range(&self) -> Option<(i64, i64)> {
        let times = find(&self.columns, "time")?.numbers::<TimestampMicrosecondType>();
        let times = self
            .hits
            .iter()
            .filter_map(|hit| value(times, hit.row as usize));
        times.fold(None, |range, time| match range {
            None => Some((time, time)),
            Some((first, last)) => Some((time.min(first), time.max(last))),
        })
    }
}

/// Hits of one origin that have not been counted yet.
#[derive(FromPyObject)]
pub struct Waiting<'py> {
    hits: Bound<'py, HitBatch>,
    /// The first of them that waits.
    begin: usize,
    /// The latest time of this origin before it.
    latest: Option<i64>,
}

/// Hits between which no bucket or display period closes: the display period, the end of the last
/// closed bucket, how many are late, and of each origin the hits.
pub type Stretch = (i64, i64, u64, Vec<(usize, usize, usize)>);

/// Where an origin stands: its next hit, and its latest time.
pub type Place = (usize, i64);

/// What one origin's hits are ordered by: the latest time up to each of them.
struct Cursor<'a> {
    hits: &'a [Hit],
    times: &'a [i64],
    at: usize,
    latest: i64,
}

impl Cursor<'_> {
    /// The time by which the next hit is in order; `None`: there is none.
    fn next(&self) -> Option<i64> {
        let hit = self.hits.get(self.at)?;
        Some(self.latest.max(self.times[hit.row as usize]))
    }
}

/// Take hits of several origins in the order of time, as far as it is known.
///
/// Each origin's hits stay in the order in which they were logged. Where one runs out the order
/// of what lies behind it is not known: the rest of the others waits.
///
/// The watermark stands so far behind the latest time, or where an origin that is not here holds
/// it back behind that one's, and never goes back; a hit older than it is late. Which buckets are closed when a hit arrives depends on those before it alone, not on
/// how they were cut into batches.
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
) -> PyResult<(Vec<Stretch>, Vec<Place>, i64)> {
    if width < 1 || every.is_some_and(|every| every < 1) {
        return Err(PyValueError::new_err("buckets and periods have a width"));
    }
    let mut cursors = Vec::new();
    for origin in &waiting {
        let hits = origin.hits.get();
        cursors.push(Cursor {
            hits: &hits.hits,
            times: if hits.hits.is_empty() {
                &[]
            } else {
                hits.times()?.values()
            },
            at: origin.begin,
            latest: origin.latest.unwrap_or(i64::MIN),
        });
    }
    let mut found: Vec<Stretch> = Vec::new();
    let mut mark = before.unwrap_or(i64::MIN);
    while let Some((origin, until)) = next_origin(&cursors) {
        let cursor = &mut cursors[origin];
        while let Some(key) = cursor.next().filter(|&key| key <= until) {
            let time = cursor.times[cursor.hits[cursor.at].row as usize];
            cursor.latest = key;
            let reached = slowest.map_or(key, |slowest| key.min(slowest));
            mark = mark.max(reached.saturating_sub(lateness));
            let edge = mark.div_euclid(width) * width;
            let shown = mark.saturating_add(lateness);
            let period = every.map_or(0, |every| shown.div_euclid(every) * every);
            if found
                .last()
                .is_none_or(|last| (last.0, last.1) != (period, edge))
            {
                found.push((period, edge, 0, Vec::new()));
            }
            if let Some((_, _, late, parts)) = found.last_mut() {
                *late += u64::from(time < mark);
                match parts.iter_mut().find(|part| part.0 == origin) {
                    Some(part) => part.2 = cursor.at + 1,
                    None => parts.push((origin, cursor.at, cursor.at + 1)),
                }
            }
            cursor.at += 1;
        }
    }
    let ends = cursors.iter().map(|cursor| (cursor.at, cursor.latest));
    Ok((found, ends.collect(), mark))
}

/// The origin whose hit is next, and up to which time its hits come before those of the others.
fn next_origin(cursors: &[Cursor<'_>]) -> Option<(usize, i64)> {
    let mut first: Option<(i64, usize)> = None;
    let mut second = i64::MAX;
    for (place, cursor) in cursors.iter().enumerate() {
        let key = cursor.next()?;
        match first {
            Some((least, _)) if least <= key => second = second.min(key),
            Some((least, _)) => {
                second = second.min(least);
                first = Some((key, place));
            }
            None => first = Some((key, place)),
        }
    }
    first.map(|(_, place)| (place, second))
}

fn find<'a>(columns: &'a Columns, name: &str) -> Option<&'a Finished> {
    let found = columns.iter().find(|(known, _)| known == name);
    found.map(|(_, finished)| finished)
}

fn value<T: arrow_array::ArrowPrimitiveType>(
    column: Option<&PrimitiveArray<T>>,
    row: usize,
) -> Option<T::Native> {
    let column = column?;
    column.is_valid(row).then(|| column.value(row))
}

fn text<'a>(columns: &'a Columns, name: &str) -> Option<Text<'a>> {
    find(columns, name).and_then(Finished::text)
}

type Codes = PrimitiveArray<UInt32Type>;

/// Codes of the rows, and the values that they stand for.
type Text<'a> = (&'a Codes, &'a LargeStringArray);

fn hashes(values: &LargeStringArray) -> Vec<u64> {
    let values = values.iter().map(Option::unwrap_or_default);
    values.map(|value| text::hash(value.as_bytes())).collect()
}

/// A regular expression that is looked for anywhere in a text, in linear time.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct Finder {
    regex: Regex,
}

#[pymethods]
impl Finder {
    #[new]
    fn new(pattern: &str) -> PyResult<Self> {
        Ok(Self {
            regex: anywhere(pattern)?,
        })
    }

    /// Whether a text has what is looked for.
    pub fn finds(&self, text: &str) -> bool {
        self.regex.is_match(text.as_bytes())
    }
}

/// Which values of a text column are marked, as somebody says of each that is met and may be.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct ValueFlags {
    column: String,
    /// What a value has that may be marked.
    signs: Py<Finder>,
    /// By hash of the value.
    known: Mutex<HashMap<u64, bool>>,
}

/// Values of which it is remembered whether they are marked.
const MARKS_KEPT: usize = 500_000;

#[pymethods]
impl ValueFlags {
    /// Arguments: the column; what a value has that may be marked, the others never are.
    #[new]
    fn new(column: String, signs: Py<Finder>) -> Self {
        Self {
            column,
            signs,
            known: Mutex::default(),
        }
    }

    /// Say of values whether they are marked.
    fn learn(&self, values: Vec<String>, flagged: Vec<bool>) {
        let mut known = self.lock();
        if known.len() > MARKS_KEPT {
            known.clear();
        }
        let hashes = values.iter().map(|value| text::hash(value.as_bytes()));
        known.extend(hashes.zip(flagged));
    }
}

impl ValueFlags {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, bool>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Values that may be marked and of which nobody has said anything.
    pub fn unknown(&self, columns: &Columns) -> Vec<String> {
        let Some((_, values)) = text(columns, &self.column) else {
            return Vec::new();
        };
        let known = self.lock();
        let values = values.iter().map(Option::unwrap_or_default);
        let signs = &self.signs.get().regex;
        let unknown = values.filter(|value| {
            signs.is_match(value.as_bytes()) && !known.contains_key(&text::hash(value.as_bytes()))
        });
        unknown.map(str::to_owned).collect()
    }

    /// The codes of the rows, and by code whether the value is marked.
    fn of<'a>(&self, columns: &'a Columns) -> Option<(&'a PrimitiveArray<UInt32Type>, Vec<bool>)> {
        let (codes, values) = text(columns, &self.column)?;
        let known = self.lock();
        let flagged = hashes(values)
            .into_iter()
            .map(|h| known.get(&h).is_some_and(|&m| m));
        Some((codes, flagged.collect()))
    }
}

/// A visitor is a client with a user agent on a day of UTC.
fn visitors(columns: &Columns) -> Option<Vec<u64>> {
    let (clients, names) = text(columns, "client")?;
    let names = hashes(names);
    let agents = text(columns, "user_agent").map(|(codes, values)| (codes, hashes(values)));
    let times = find(columns, "time").and_then(Finished::numbers::<TimestampMicrosecondType>);
    let (mut begin, mut day) = (i64::MIN, 0);
    let visitor = |row: usize| {
        let client = value(Some(clients), row).map_or(0, |code| names[code as usize]);
        let agent = agents.as_ref().and_then(|(codes, hashes)| {
            let code = value(Some(*codes), row)?;
            Some(hashes[code as usize])
        });
        let time = value(times, row).unwrap_or(0);
        // Lines of one day follow each other, and a division is dear.
        if begin == i64::MIN || !(begin..begin + DAY).contains(&time) {
            begin = time.div_euclid(DAY) * DAY;
            day = mix(begin as u64);
        }
        mix(client ^ mix(agent.unwrap_or(1) ^ day))
    };
    Some((0..clients.len()).map(visitor).collect())
}

/// The finaliser of MurmurHash3.
const fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// Figures by key, over any number of batches.
#[pyclass(name = "Rollup", frozen, module = "hitwatch._kernel")]
pub struct PyRollup {
    rollup: Mutex<Rollup>,
}

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

/// What hits are counted under.
#[derive(FromPyObject)]
struct Dimension {
    /// Whose values are the keys.
    column: String,
    /// From and to; only hits with these count.
    statuses: Option<(i16, i16)>,
    /// Of numbers and times, what they are divided by, rounding down; 0 is 1.
    divide: i64,
    /// Only hits without a value in this text column count.
    without: Option<String>,
    /// The key of hits without a value in a text column.
    absent: Option<String>,
}

fn add_texts(
    rollup: &mut Rollup,
    hits: &HitBatch,
    counted: &[Hit],
    dimension: &Dimension,
    (codes, values): Text<'_>,
) {
    let absent = dimension.absent.as_deref();
    if codes.null_count() == codes.len() && absent.is_none() {
        return;
    }
    let undercount = |codes: &Codes, row: usize| codes.nulls().is_some_and(|n| n.is_null(row));
    let without = dimension.without.as_deref();
    let other = without.and_then(|name| text(&hits.columns, name));
    let no_value = absent.map(|_| values.len() as u32);
    let raw = codes.values();
    let code = |hit: &Hit| {
        let row = hit.row as usize;
        let counts = other.is_none_or(|(codes, _)| undercount(codes, row));
        let code = (!undercount(codes, row)).then(|| raw[row]).or(no_value);
        code.filter(|_| counts).unwrap_or(NONE)
    };
    let coded: Vec<u32> = match other.is_none() && codes.nulls().is_none() {
        true => counted.iter().map(|hit| raw[hit.row as usize]).collect(),
        false => counted.iter().map(code).collect(),
    };
    count(
        rollup,
        counted,
        &coded,
        &hits.seconds,
        |code| match absent {
            Some(key) if code == values.len() => key.into(),
            _ => values.value(code).into(),
        },
    );
}

fn add_numbers(rollup: &mut Rollup, hits: &HitBatch, counted: &[Hit], dimension: &Dimension) {
    let found = find(&hits.columns, &dimension.column);
    let numbers = found.and_then(Finished::numbers::<Int64Type>);
    let times = found.and_then(Finished::numbers::<TimestampMicrosecondType>);
    let divide = dimension.divide.max(1);
    let mut met: Vec<i64> = Vec::new();
    let mut known: HashMap<i64, u32> = HashMap::new();
    // Times follow each other, and a division and a look-up are dear.
    let (mut begin, mut end, mut last) = (0, 0, NONE);
    let code = |hit: &Hit| {
        let row = hit.row as usize;
        let Some(number) = value(numbers, row).or_else(|| value(times, row)) else {
            return NONE;
        };
        if !(begin..end).contains(&number) {
            let quotient = number.div_euclid(divide);
            begin = quotient.saturating_mul(divide);
            end = begin.saturating_add(divide);
            last = *known.entry(quotient).or_insert_with(|| {
                met.push(quotient);
                met.len() as u32 - 1
            });
        }
        last
    };
    let coded: Vec<u32> = counted.iter().map(code).collect();
    count(rollup, counted, &coded, &hits.seconds, |code| {
        met[code].to_string().into()
    });
}

/// A row of figures: key; hits, hits that it may lack, visitors, their standard error; bytes,
/// the largest; client and server errors; marked hits; durations.
type Row = (
    (Option<String>, u64, u64, u64, f64),
    (u64, u64, u64, u64, u64),
    Option<Timed>,
);

/// Durations: their mean, p50, p95, p99, the longest, the error of the percentiles, and how many
/// there are.
type Timed = (f64, f64, f64, f64, f64, f64, u64);

#[pymethods]
impl PyRollup {
    /// Arguments: keys that are kept while memory lasts; the memory that it shares with others;
    /// whether rows that give way are kept until they are taken.
    #[new]
    #[pyo3(signature = (capacity, budget, keep_evicted = false))]
    fn new(capacity: usize, budget: &PyBudget, keep_evicted: bool) -> Self {
        Self {
            rollup: Mutex::new(Rollup::new(capacity, keep_evicted, budget.budget.clone())),
        }
    }

    /// Count hits under the values of a column.
    ///
    /// Arguments: the hits; what they are counted under; whether to wait while another thread
    /// counts. Returns whether they were counted.
    #[pyo3(signature = (hits, dimension, wait = true))]
    fn add(
        &self,
        py: Python<'_>,
        hits: &HitBatch,
        dimension: Dimension,
        wait: bool,
    ) -> PyResult<bool> {
        if find(&hits.columns, &dimension.column).is_none() {
            return Err(PyKeyError::new_err(dimension.column));
        }
        Ok(py.detach(|| {
            let Some(mut rollup) = self.lock_if(wait) else {
                return false;
            };
            let counted = &*hits.counted(dimension.statuses);
            match text(&hits.columns, &dimension.column) {
                Some(found) => add_texts(&mut rollup, hits, counted, &dimension, found),
                None => add_numbers(&mut rollup, hits, counted, &dimension),
            }
            rollup.enforce_limits();
            true
        }))
    }

    /// Keep to what may be used of memory, which others share.
    fn enforce_limits(&self, py: Python<'_>) {
        py.detach(|| self.lock().enforce_limits());
    }

    /// Count rows that gave way since this was called last under their labels, each into a rollup.
    fn hand_on(&self, py: Python<'_>, labelled: Vec<Labelled<'_>>) -> PyResult<()> {
        let rows = py.detach(|| self.lock().take_evicted());
        if rows.is_empty() {
            return Ok(());
        }
        let keys: Vec<&str> = rows.iter().map(|(key, _)| &**key).collect();
        let named = names(py, &keys, &labelled)?;
        for ((_, rollup), names) in labelled.iter().zip(named) {
            let rollup = rollup.get();
            py.detach(|| rollup.lock().add_rows(rows.iter().map(|(_, f)| f), names));
        }
        Ok(())
    }

    /// Count all rows under their labels, each into a rollup. Nobody may be adding meanwhile.
    fn put_into(&self, py: Python<'_>, labelled: Vec<Labelled<'_>>) -> PyResult<()> {
        for (_, rollup) in &labelled {
            self.apart_from(rollup.get())?;
        }
        // Python may be asked for labels, which nobody may who holds the lock.
        let keys = py.detach(|| self.lock().keys.clone());
        let keys: Vec<&str> = keys.iter().map(|key| &*key.text).collect();
        let named = names(py, &keys, &labelled)?;
        for ((_, rollup), names) in labelled.iter().zip(named) {
            let rollup = rollup.get();
            py.detach(|| {
                let own = self.lock();
                rollup.lock().add_rows(own.figures.iter(), names);
            });
        }
        Ok(())
    }

    /// Add what another has counted.
    fn merge(&self, other: &Self) -> PyResult<()> {
        self.apart_from(other)?;
        self.lock().merge(&other.lock());
        Ok(())
    }

    /// Everything that has been counted; the same counts are the same bytes.
    ///
    /// Rows that gave way must have been taken: they are not in it.
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

    /// The rows, and at the end, without a key, what gave way.
    ///
    /// Arguments: the figure by which they are ordered, the greatest first, then by key; or
    /// `key`: by key, numbers as such; how many of the first.
    #[pyo3(signature = (sort, limit = None))]
    fn rows(&self, sort: &str, limit: Option<usize>) -> PyResult<Vec<Row>> {
        let rollup = self.lock();
        let mut order: Vec<usize> = (0..rollup.keys.len()).collect();
        let text = |at: usize| &*rollup.keys[at].text;
        let number = |at: usize| text(at).parse::<i64>().ok();
        let (by_key, of) = match sort {
            "key" => (true, None),
            _ => (false, Some(figure(sort)?)),
        };
        let values: Vec<f64> =
            of.map_or_else(Vec::new, |of| rollup.figures.iter().map(of).collect());
        let before = |&one: &usize, &two: &usize| -> Ordering {
            if by_key {
                return number(one)
                    .cmp(&number(two))
                    .then_with(|| text(one).cmp(text(two)));
            }
            values[two]
                .total_cmp(&values[one])
                .then_with(|| text(one).cmp(text(two)))
        };
        if let Some(limit) = limit.filter(|&limit| limit > 0 && limit < order.len()) {
            order.select_nth_unstable_by(limit - 1, before);
            order.truncate(limit);
        }
        order.sort_unstable_by(before);
        let rows = order.into_iter().map(|at| {
            let key = &rollup.keys[at];
            row(
                Some(key.text.to_string()),
                &rollup.figures[at],
                key.undercount,
            )
        });
        let other = (rollup.other.hits > 0).then(|| row(None, &rollup.other, 0));
        Ok(rows.chain(other).collect())
    }

    /// The row of each of some keys; `None` where there is none.
    fn rows_of(&self, keys: Vec<String>) -> Vec<Option<Row>> {
        let rollup = self.lock();
        let found = keys.into_iter().map(|text| {
            let at = rollup.find(&text)?;
            Some(row(
                Some(text),
                &rollup.figures[at],
                rollup.keys[at].undercount,
            ))
        });
        found.collect()
    }

    /// Figures of all rows together, as a row without a key.
    fn total(&self) -> Row {
        row(None, &self.lock().total(), 0)
    }

    /// The logarithmic buckets of all durations: (upper end in seconds, hits), in order.
    fn durations(&self) -> Vec<(f64, u64)> {
        let total = self.lock().total();
        total.durations.map_or_else(Vec::new, |all| all.histogram())
    }

    /// Distinct keys there have been, and hits that a key without a row had at most.
    fn bounds(&self) -> (u64, u64) {
        let rollup = self.lock();
        (rollup.distinct_keys(), rollup.evicted_max)
    }
}

impl PyRollup {
    fn lock(&self) -> MutexGuard<'_, Rollup> {
        self.rollup.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rollup; `None` while another thread counts and nobody is to wait.
    fn lock_if(&self, wait: bool) -> Option<MutexGuard<'_, Rollup>> {
        match self.rollup.try_lock() {
            Ok(rollup) => Some(rollup),
            Err(_) => wait.then(|| self.lock()),
        }
    }

    fn apart_from(&self, other: &Self) -> PyResult<()> {
        match std::ptr::eq(self, other) {
            false => Ok(()),
            true => Err(PyValueError::new_err("a rollup cannot be added to itself")),
        }
    }
}

/// A figure by its name.
fn figure(name: &str) -> PyResult<fn(&Figures) -> f64> {
    Ok(match name {
        "hits" => |f| f.hits as f64,
        "visitors" => |f| f.visitors.count() as f64,
        "bytes" => |f| f.bytes as f64,
        "largest" => |f| f.largest as f64,
        "errors_4xx" => |f| f.errors_4xx as f64,
        "errors_5xx" => |f| f.errors_5xx as f64,
        "bots" => |f| f.flagged as f64,
        "mean_s" => |f| f.durations.as_ref().map_or(-1.0, |d| d.mean()),
        "p50_s" => |f| f.durations.as_ref().map_or(-1.0, |d| d.quantile(0.5)),
        "p95_s" => |f| f.durations.as_ref().map_or(-1.0, |d| d.quantile(0.95)),
        "p99_s" => |f| f.durations.as_ref().map_or(-1.0, |d| d.quantile(0.99)),
        "max_s" => |f| f.durations.as_ref().map_or(-1.0, |d| d.max),
        other => return Err(PyKeyError::new_err(other.to_owned())),
    })
}

fn row(key: Option<String>, f: &Figures, undercount: u64) -> Row {
    let timed = f.durations.as_ref().map(|d| {
        let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| d.quantile(share));
        (d.mean(), p50, p95, p99, d.max, d.error(), d.count)
    });
    (
        (
            key,
            f.hits,
            undercount,
            f.visitors.count(),
            f.visitors.error(),
        ),
        (f.bytes, f.largest, f.errors_4xx, f.errors_5xx, f.flagged),
        timed,
    )
}

/// So few keys are all at hand at once.
const FEW: usize = 64;

/// Code of a hit that does not count.
const NONE: u32 = u32::MAX;

/// Count hits under the keys of their codes; each key is looked up once.
fn count<'a>(
    rollup: &mut Rollup,
    hits: &[Hit],
    codes: &[u32],
    seconds: &[f64],
    key: impl Fn(usize) -> Cow<'a, str>,
) {
    let most = codes.iter().fold(None, |most, &code| match code {
        NONE => most,
        _ => most.max(Some(code as usize)),
    });
    let Some(most) = most else { return };
    if most < FEW {
        let mut places = [None; FEW];
        for (hit, &code) in hits.iter().zip(codes) {
            if code != NONE {
                let place = &mut places[code as usize];
                let place = *place.get_or_insert_with(|| rollup.place(&key(code as usize)));
                rollup.add(place, [hit], seconds);
            }
        }
        return;
    }
    if hits.len() < most / 4 {
        // A few of the hits of a large batch.
        for (hit, &code) in hits.iter().zip(codes) {
            if code != NONE {
                let place = rollup.place(&key(code as usize));
                rollup.add(place, [hit], seconds);
            }
        }
        return;
    }
    // One key after the other, so that its figures are at hand while they are added to.
    let (order, ends) = sorted(codes, most + 1);
    let mut begin = 0;
    for (code, end) in ends.into_iter().enumerate() {
        if begin < end {
            let place = rollup.place(&key(code));
            let group = order[begin..end].iter().map(|&at| &hits[at as usize]);
            rollup.add(place, group, seconds);
        }
        begin = end;
    }
}

/// Indices in the order of their codes, and where those of each code end.
fn sorted(codes: &[u32], most: usize) -> (Vec<u32>, Vec<usize>) {
    let mut ends = vec![0; most];
    let counting = codes.iter().filter(|&&code| code != NONE);
    for &code in counting {
        ends[code as usize] += 1;
    }
    // From how many there are of each to where the first of each goes.
    let mut sum = 0;
    for end in &mut ends {
        sum += std::mem::replace(end, sum);
    }
    let mut order = vec![0; sum];
    for (index, &code) in codes.iter().enumerate() {
        if code != NONE {
            let at = &mut ends[code as usize];
            order[*at] = index as u32;
            *at += 1;
        }
    }
    (order, ends)
}

impl HitBatch {
    /// The hits whose status counts.
    fn counted(&self, statuses: Option<(i16, i16)>) -> Cow<'_, [Hit]> {
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

    /// Add the hits from one place up to another.
    #[pyo3(signature = (hits, begin = 0, end = None))]
    fn add(
        &self,
        py: Python<'_>,
        hits: &HitBatch,
        begin: usize,
        end: Option<usize>,
    ) -> PyResult<()> {
        let times = hits.times()?;
        let chosen = hits.between(begin, end.unwrap_or(hits.hits.len()))?;
        let Some((codes, values)) = text(&hits.columns, &self.column) else {
            return Ok(());
        };
        py.detach(|| {
            let mut bucket = i64::MIN;
            let mut sums = vec![Sums::default(); values.len()];
            let mut met: Vec<u32> = Vec::new();
            let close = |start: i64, sums: &mut [Sums], met: &mut Vec<u32>| {
                let mut series = self.lock();
                for code in met.drain(..) {
                    let found = std::mem::take(&mut sums[code as usize]);
                    series.add(start, values.value(code as usize), found);
                }
            };
            for hit in chosen {
                let row = hit.row as usize;
                let (Some(time), Some(code)) = (value(Some(times), row), value(Some(codes), row))
                else {
                    continue;
                };
                let start = time.div_euclid(self.width) * self.width;
                if start != bucket {
                    close(bucket, &mut sums, &mut met);
                    bucket = start;
                }
                let found = &mut sums[code as usize];
                if found.hits == 0 {
                    met.push(code);
                }
                found.add(Sums {
                    hits: 1,
                    bytes: hit.bytes,
                });
            }
            close(bucket, &mut sums, &mut met);
        });
        Ok(())
    }

    /// Of all buckets that begin from an instant on and before another: hits and bytes by key,
    /// and of what gave way.
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
}
