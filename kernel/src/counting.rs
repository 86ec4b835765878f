//! The door to Python of the rollup: batches go in, tables of figures come out.

use crate::batch::Finished;
use crate::python::Table;
use crate::rollup::{Durations, Figures, Hit, Rollup};
use crate::text;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, LargeStringArray, PrimitiveArray, UInt64Array,
};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

type Columns = Arc<[(String, Finished)]>;

const DAY: i64 = 86_400_000_000;

/// The hits of a batch, ready to be counted under any of its columns.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct Countable {
    columns: Columns,
    /// Rows that count, and what they count for.
    hits: Vec<(u32, Hit)>,
}

impl Countable {
    pub fn new(
        columns: Columns,
        rows: usize,
        chosen: Option<&[u8]>,
        marked: Option<(&str, &[u8])>,
    ) -> PyResult<Self> {
        if chosen.is_some_and(|chosen| chosen.len() != rows) {
            return Err(PyValueError::new_err("the mask has another number of rows"));
        }
        let marks = marked.and_then(|(column, marks)| {
            let (codes, values) = find(&columns, column)?.text()?;
            (marks.len() == values.len()).then_some((codes, marks))
        });
        if marked.is_some() && marks.is_none() {
            return Err(PyValueError::new_err("there must be a mark for each value"));
        }
        let found = |name: &str| find(&columns, name);
        let status = found("status").and_then(Finished::numbers::<Int64Type>);
        let bytes = found("bytes").and_then(Finished::numbers::<Int64Type>);
        let seconds = found("duration_s").and_then(Finished::numbers::<Float64Type>);
        let visitors = visitors(&columns);
        let hits = (0..rows)
            .filter(|&row| chosen.is_none_or(|chosen| chosen[row] != 0))
            .map(|row| {
                let hit = Hit {
                    status: value(status, row).unwrap_or(0),
                    bytes: value(bytes, row).map_or(0, |bytes| bytes.max(0) as u64),
                    visitor: visitors.as_ref().map(|hashes| hashes[row]),
                    seconds: value(seconds, row),
                    marked: marks.is_some_and(|(codes, marks)| {
                        value(Some(codes), row).is_some_and(|code| marks[code as usize] != 0)
                    }),
                };
                (row as u32, hit)
            })
            .collect();
        Ok(Self { columns, hits })
    }
}

#[pymethods]
impl Countable {
    /// Number of hits that count.
    fn __len__(&self) -> usize {
        self.hits.len()
    }

    /// Which rows are marked, a byte each, of those that count.
    fn marks(&self) -> Vec<u8> {
        self.hits
            .iter()
            .map(|(_, hit)| u8::from(hit.marked))
            .collect()
    }

    /// Hits and bytes by start of bucket: (start, hits, bytes).
    fn steps(&self, width: i64) -> PyResult<Vec<(i64, u64, u64)>> {
        let times = find(&self.columns, "time");
        let times = times.and_then(Finished::numbers::<TimestampMicrosecondType>);
        if times.is_none() || width < 1 {
            return Err(PyValueError::new_err("there is no time, or no width"));
        }
        let mut steps: Vec<(i64, u64, u64)> = Vec::new();
        let mut known: HashMap<i64, usize> = HashMap::new();
        for (row, hit) in &self.hits {
            let Some(time) = value(times, *row as usize) else {
                continue;
            };
            let start = time.div_euclid(width) * width;
            let place = match steps.last() {
                Some(&(last, _, _)) if last == start => steps.len() - 1,
                _ => *known.entry(start).or_insert_with(|| {
                    steps.push((start, 0, 0));
                    steps.len() - 1
                }),
            };
            steps[place].1 += 1;
            steps[place].2 += hit.bytes;
        }
        Ok(steps)
    }

    /// Times of the earliest and the latest hit.
    fn range(&self) -> Option<(i64, i64)> {
        let times = find(&self.columns, "time")?.numbers::<TimestampMicrosecondType>();
        let times = self
            .hits
            .iter()
            .filter_map(|(row, _)| value(times, *row as usize));
        times.fold(None, |range, time| match range {
            None => Some((time, time)),
            Some((first, last)) => Some((time.min(first), time.max(last))),
        })
    }
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

/// A visitor is a client with a user agent on a day of UTC.
fn visitors(columns: &Columns) -> Option<Vec<u64>> {
    let (clients, names) = find(columns, "client")?.text()?;
    let hashed = |values: &LargeStringArray| -> Vec<u64> {
        let values = values
            .iter()
            .map(|v| text::hash(v.unwrap_or("").as_bytes()));
        values.collect()
    };
    let names = hashed(names);
    let agents = find(columns, "user_agent")
        .and_then(Finished::text)
        .map(|(codes, values)| (codes, hashed(values)));
    let times = find(columns, "time").and_then(Finished::numbers::<TimestampMicrosecondType>);
    let visitor = |row: usize| {
        let client = value(Some(clients), row).map_or(0, |code| names[code as usize]);
        let agent = agents.as_ref().and_then(|(codes, hashes)| {
            let code = value(Some(*codes), row)?;
            Some(hashes[code as usize])
        });
        let day = value(times, row).unwrap_or(0).div_euclid(DAY) as u64;
        mix(client ^ mix(agent.unwrap_or(1) ^ mix(day)))
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

#[pymethods]
impl PyRollup {
    /// Arguments: keys that are kept for certain, slots that their visitors may use.
    #[new]
    fn new(capacity: usize, slots: usize) -> Self {
        Self {
            rollup: Mutex::new(Rollup::new(capacity, slots)),
        }
    }

    /// Count hits under the values of a text column.
    ///
    /// Arguments: the hits; the column; a label for each distinct value, `None` where hits of
    /// that value do not count; extensions, in lower case, of which a value must have one to
    /// count; the statuses that count, from and to.
    #[pyo3(signature = (hits, column, labels = None, extensions = None, statuses = None))]
    fn add_texts(
        &self,
        py: Python<'_>,
        hits: &Countable,
        column: &str,
        labels: Option<Vec<Option<String>>>,
        extensions: Option<HashSet<String>>,
        statuses: Option<(i64, i64)>,
    ) -> PyResult<()> {
        let Some((codes, values)) = find(&hits.columns, column).and_then(Finished::text) else {
            return Err(PyKeyError::new_err(column.to_owned()));
        };
        if labels.as_ref().is_some_and(|l| l.len() != values.len()) {
            return Err(PyValueError::new_err(
                "there must be a label for each value",
            ));
        }
        py.detach(|| {
            let mut rollup = self.lock();
            // A value gets its place when the first hit under it is met.
            let mut places: Vec<Option<usize>> = vec![None; values.len()];
            let chosen: Option<Vec<bool>> = extensions.map(|extensions| {
                let values = values.iter().map(|value| value.unwrap_or(""));
                values
                    .map(|value| has_extension(value, &extensions))
                    .collect()
            });
            for (row, hit) in counted(&hits.hits, statuses) {
                let Some(code) = value(Some(codes), *row as usize) else {
                    continue;
                };
                let code = code as usize;
                if chosen.as_ref().is_some_and(|chosen| !chosen[code]) {
                    continue;
                }
                let place = match places[code] {
                    Some(place) => place,
                    None => {
                        let key = match &labels {
                            None => values.value(code),
                            Some(labels) => match &labels[code] {
                                Some(label) => label,
                                None => continue,
                            },
                        };
                        *places[code].insert(rollup.place(key.as_bytes()))
                    }
                };
                rollup.add(place, hit);
            }
            rollup.settle();
        });
        Ok(())
    }

    /// Count hits under the values of a column of numbers or times, divided and rounded
    /// down, then taken modulo another number.
    #[pyo3(signature = (hits, column, divide = 1, modulo = None, statuses = None))]
    fn add_numbers(
        &self,
        py: Python<'_>,
        hits: &Countable,
        column: &str,
        divide: i64,
        modulo: Option<i64>,
        statuses: Option<(i64, i64)>,
    ) -> PyResult<()> {
        let found = find(&hits.columns, column);
        let numbers = found.and_then(Finished::numbers::<Int64Type>);
        let times = found.and_then(Finished::numbers::<TimestampMicrosecondType>);
        if numbers.is_none() && times.is_none() {
            return Err(PyKeyError::new_err(column.to_owned()));
        }
        if divide < 1 || modulo.is_some_and(|modulo| modulo < 1) {
            return Err(PyValueError::new_err("divisors must be positive"));
        }
        py.detach(|| {
            let mut rollup = self.lock();
            let mut last: Option<(i64, usize)> = None;
            for (row, hit) in counted(&hits.hits, statuses) {
                let row = *row as usize;
                let Some(number) = value(numbers, row).or_else(|| value(times, row)) else {
                    continue;
                };
                let number = number.div_euclid(divide);
                let number = modulo.map_or(number, |modulo| number.rem_euclid(modulo));
                let place = match last {
                    Some((known, place)) if known == number => place,
                    _ => rollup.place(number.to_string().as_bytes()),
                };
                last = Some((number, place));
                rollup.add(place, hit);
            }
            rollup.settle();
        });
        Ok(())
    }

    /// Add what another has counted.
    fn merge(&self, other: &Self) -> PyResult<()> {
        if std::ptr::eq(self, other) {
            return Err(PyValueError::new_err(
                "a rollup cannot be merged with itself",
            ));
        }
        self.lock().merge(&other.lock());
        Ok(())
    }

    /// The rows, in no order; what gave way is a last row without key.
    fn table(&self) -> PyResult<Table> {
        let rollup = self.lock();
        let keys = rollup
            .rows
            .iter()
            .map(|row| std::str::from_utf8(&row.key).ok());
        let other = (rollup.other.hits > 0).then_some(&rollup.other);
        let keys: LargeStringArray = keys.chain(other.map(|_| None)).collect();
        let rows: Vec<&Figures> = rollup
            .rows
            .iter()
            .map(|row| &row.figures)
            .chain(other)
            .collect();
        let visitors: Vec<(u64, bool)> = rows
            .iter()
            .map(|f| f.visitors.count(&rollup.budget))
            .collect();
        let whole = |of: &dyn Fn(&Figures) -> u64| -> ArrayRef {
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|f| of(f))))
        };
        let timed = |of: &dyn Fn(&Durations) -> f64| -> ArrayRef {
            let values = rows.iter().map(|f| f.durations.as_deref().map(of));
            Arc::new(values.collect::<Float64Array>())
        };
        let exact = visitors.iter().map(|&(_, exact)| Some(exact));
        let counts = visitors.iter().map(|&(count, _)| count);
        Table::new([
            ("key", Arc::new(keys) as ArrayRef),
            ("hits", whole(&|f| f.hits)),
            ("visitors", Arc::new(UInt64Array::from_iter_values(counts))),
            ("exact", Arc::new(exact.collect::<BooleanArray>())),
            ("bytes", whole(&|f| f.bytes)),
            ("largest", whole(&|f| f.largest)),
            ("errors_4xx", whole(&|f| f.errors_4xx)),
            ("errors_5xx", whole(&|f| f.errors_5xx)),
            ("bots", whole(&|f| f.marked)),
            ("mean_s", timed(&|d| d.sum / d.count as f64)),
            ("p50_s", timed(&|d| d.quantile(0.5))),
            ("p95_s", timed(&|d| d.quantile(0.95))),
            ("p99_s", timed(&|d| d.quantile(0.99))),
            ("max_s", timed(&|d| d.max)),
        ])
    }

    /// The logarithmic buckets of all durations: (upper end in seconds, hits), in order.
    fn durations(&self) -> Vec<(f64, u64)> {
        let rollup = self.lock();
        let mut all = Durations::default();
        let rows = rollup.rows.iter().map(|row| &row.figures);
        for figures in rows.chain([&rollup.other]) {
            if let Some(durations) = &figures.durations {
                all.merge(durations);
            }
        }
        let upper = |bucket: i16| crate::rollup::GAMMA.powi(i32::from(bucket));
        all.buckets
            .iter()
            .map(|&(b, count)| (upper(b), count))
            .collect()
    }

    /// Distinct keys, hits that a key may have more than it shows, and of how many visitors
    /// in small counts one was kept.
    fn bounds(&self) -> (u64, u64, u64) {
        let rollup = self.lock();
        let keys = match rollup.dropped {
            0 => rollup.rows.len() as u64,
            _ => rollup.keys.count(&rollup.budget).0,
        };
        (keys, rollup.error, 1 << rollup.budget.level())
    }
}

impl PyRollup {
    fn lock(&self) -> std::sync::MutexGuard<'_, Rollup> {
        self.rollup.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the last segment of a path ends with one of some extensions.
fn has_extension(path: &str, extensions: &HashSet<String>) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = name.split(';').next().unwrap_or(name);
    let Some((_, extension)) = name.rsplit_once('.') else {
        return false;
    };
    extension.len() <= 16 && extensions.contains(&extension.to_ascii_lowercase())
}

/// The hits whose status counts.
fn counted(hits: &[(u32, Hit)], statuses: Option<(i64, i64)>) -> impl Iterator<Item = &(u32, Hit)> {
    let (from, to) = statuses.unwrap_or((i64::MIN, i64::MAX));
    hits.iter()
        .filter(move |(_, hit)| (from..=to).contains(&hit.status))
}
