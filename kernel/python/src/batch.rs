//! The door to parsed lines: columns of those that parsed, and the rejects.

use crate::columns::{Columns, find, find_numbers, find_text};
use crate::hit_batch::{Clock, HitBatch};
use crate::kinds::AgentKinds;
use crate::table::Table;
use arrow_array::types::{TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use parse::batch::Finished;
use parse::edit;
use parse::scan::{Parsed, Reason, Reject};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::sync::Arc;

fn reason_name(reason: Reason) -> &'static str {
    match reason {
        Reason::Empty => "empty",
        Reason::Prefix => "prefix",
        Reason::Unended => "unended",
        Reason::Unquoted => "unquoted",
        Reason::NotANumber => "not_a_number",
        Reason::NotATime => "not_a_time",
        Reason::NoTime => "no_time",
        Reason::TrailingText => "trailing_text",
        Reason::Syntax => "syntax",
        Reason::Forbidden => "forbidden",
        Reason::NotARequest => "not_a_request",
        Reason::Missing => "missing",
        Reason::WrongType => "wrong_type",
        Reason::Untold => "untold",
        Reason::Unmatched => "unmatched",
        Reason::Values => "values",
    }
}

/// What became of some lines: columns of those that parsed, and the rejects.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct Batch {
    #[pyo3(get)]
    lines: usize,
    #[pyo3(get)]
    directives: usize,
    #[pyo3(get)]
    rejected: usize,
    /// Hits of which a value is seldom what it was taken for.
    #[pyo3(get)]
    doubtful: usize,
    /// Whether a hit has a duration whose unit is open: a plain number above zero.
    #[pyo3(get)]
    open_units: bool,
    #[pyo3(get)]
    excluded: usize,
    /// What the times tell of the next batch.
    #[pyo3(get)]
    course: (Option<i64>, Option<i64>),
    /// Lines whose clock showed what it shows at two instants.
    #[pyo3(get)]
    twice: usize,
    reasons: Vec<((Reason, usize), usize)>,
    rejects: Vec<Reject>,
    columns: Columns,
}

#[pymethods]
impl Batch {
    /// The hits as figures need them.
    ///
    /// Arguments: a byte a row: whether it counts; what tells the kinds of agents; the clock that
    /// tells on which day visitors came, and when hits were.
    #[pyo3(signature = (chosen = None, kinds = None, clock = None))]
    fn hit_batch(
        &self,
        py: Python<'_>,
        chosen: Option<&[u8]>,
        kinds: Option<&AgentKinds>,
        clock: Option<&Clock>,
    ) -> PyResult<HitBatch> {
        let rows = self.rows();
        if let Some(kinds) = kinds {
            kinds.learn(py, &self.columns)?;
        }
        let utc = Clock::default();
        let clock = clock.unwrap_or(&utc);
        py.detach(|| HitBatch::new(self.columns.clone(), rows, chosen, kinds, clock))
    }

    /// The same hits with other texts in a text column.
    ///
    /// Arguments: the column; of each row the index of its text, as native `u32`, beyond all
    /// texts where it has none; the texts, which need not be distinct.
    fn replace_texts(
        &self,
        py: Python<'_>,
        column: &str,
        places: &[u8],
        texts: Vec<Option<String>>,
    ) -> PyResult<Self> {
        let (places, rest) = places.as_chunks::<4>();
        if places.len() != self.rows() || !rest.is_empty() {
            return Err(PyValueError::new_err("there must be a place for each row"));
        }
        if find(&self.columns, column).is_none() {
            return Err(PyKeyError::new_err(column.to_owned()));
        }
        Ok(py.detach(|| {
            let places = places.iter().map(|place| u32::from_ne_bytes(*place));
            let made = edit::replace_texts(places, &texts);
            self.with_columns(self.excluded, |name, old| {
                if name == column {
                    made.clone()
                } else {
                    old.clone()
                }
            })
        }))
    }

    /// The hits that are chosen, a byte a row; the others are counted as excluded.
    fn select(&self, py: Python<'_>, chosen: &[u8]) -> PyResult<Self> {
        if chosen.len() != self.rows() {
            return Err(PyValueError::new_err("the mask has another number of rows"));
        }
        Ok(py.detach(|| {
            let left_out = chosen.iter().filter(|&&chosen| chosen == 0).count();
            self.with_columns(self.excluded + left_out, |_, old| {
                edit::select_rows(old, chosen)
            })
        }))
    }

    /// Number of columns that hold a value in any row.
    #[getter]
    fn columns_present(&self) -> usize {
        let rows = self.rows();
        let present = |(_, c): &&(String, Finished)| rows > 0 && c.rows.null_count() < rows;
        self.columns.iter().filter(present).count()
    }

    /// Whether a column holds a value in any row.
    fn holds(&self, column: &str) -> bool {
        let rows = self.rows();
        find(&self.columns, column).is_some_and(|c| rows > 0 && c.rows.null_count() < rows)
    }

    /// The texts of a column, in the order of the lines.
    fn texts(&self, column: &str) -> PyResult<Vec<Option<String>>> {
        let text = find_text(&self.columns, column);
        let (codes, values) = text.ok_or_else(|| PyKeyError::new_err(column.to_owned()))?;
        let values = values.read();
        let texts = codes.iter().map(|code| {
            let code = usize::try_from(code?).ok()?;
            Some(values.get(code).to_owned())
        });
        Ok(texts.collect())
    }

    /// (reason, index of the field, number of lines)
    #[getter]
    fn reasons(&self) -> Vec<(&'static str, usize, usize)> {
        self.reasons
            .iter()
            .map(|((reason, field), count)| (reason_name(*reason), *field, *count))
            .collect()
    }

    /// (line number, column, reason, index of the field, start and end of the line in the data)
    #[getter]
    #[allow(clippy::type_complexity)] // one flat row, as Python reads it
    fn rejects(&self) -> Vec<(usize, usize, &'static str, usize, usize, usize)> {
        self.rejects
            .iter()
            .map(|r| {
                (
                    r.line,
                    r.column,
                    reason_name(r.reason),
                    r.field,
                    r.start,
                    r.end,
                )
            })
            .collect()
    }

    /// The column `time`, microseconds since 1970.
    fn times(&self) -> PyResult<Vec<i64>> {
        let times = find_numbers::<TimestampMicrosecondType>(&self.columns, "time");
        let times = times.ok_or_else(|| PyKeyError::new_err("time"))?;
        Ok(times.values().to_vec())
    }

    /// The rows; of a text column the codes of its values.
    fn codes(&self) -> PyResult<Table> {
        Table::new(
            self.columns
                .iter()
                .map(|(name, c)| (name.as_str(), c.rows.clone())),
        )
    }

    /// The distinct values of a text column, in the order of their codes.
    fn values(&self, column: &str) -> PyResult<Table> {
        self.text_table(column, |finished| {
            Some(Arc::new(finished.text()?.1.read().to_arrow()))
        })
    }

    /// A 64-bit hash of each distinct value, the same in every run and release.
    fn hashes(&self, column: &str) -> PyResult<Table> {
        self.text_table(column, hashes_of)
    }

    /// The rows as Arrow, text dictionary-encoded.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        Table::new(
            self.columns
                .iter()
                .map(|(name, c)| (name.as_str(), c.encoded())),
        )?
        .__arrow_c_stream__(py, requested_schema)
    }
}

impl Batch {
    /// Argument: the names of the columns beside what became of lines.
    pub fn new<'a>(names: impl Iterator<Item = &'a str>, parsed: Parsed) -> Self {
        Self {
            lines: parsed.lines,
            directives: parsed.directives,
            rejected: parsed.rejected,
            doubtful: parsed.doubtful,
            open_units: parsed.open_units,
            excluded: 0,
            course: (parsed.course.wall, parsed.course.latest),
            twice: parsed.twice,
            reasons: parsed.reasons,
            rejects: parsed.rejects,
            columns: names.map(str::to_owned).zip(parsed.columns).collect(),
        }
    }

    /// Number of hits.
    fn rows(&self) -> usize {
        self.lines - self.rejected - self.excluded
    }

    fn with_columns(&self, excluded: usize, of: impl Fn(&str, &Finished) -> Finished) -> Self {
        let columns = self.columns.iter();
        Self {
            excluded,
            course: self.course,
            twice: self.twice,
            reasons: self.reasons.clone(),
            rejects: self.rejects.clone(),
            columns: columns
                .map(|(name, old)| (name.clone(), of(name, old)))
                .collect(),
            ..*self
        }
    }

    fn text_table(
        &self,
        column: &str,
        part: impl Fn(&Finished) -> Option<ArrayRef>,
    ) -> PyResult<Table> {
        let array = find(&self.columns, column).and_then(part);
        let array = array.ok_or_else(|| PyKeyError::new_err(column.to_owned()))?;
        Table::new([(column, array)])
    }
}

/// The hashes of a text column's distinct values.
fn hashes_of(column: &Finished) -> Option<ArrayRef> {
    let (_, values) = column.text()?;
    let hashes = values.hashed().stable_hashes().to_vec();
    let hashes = PrimitiveArray::<UInt64Type>::from(hashes);
    Some(Arc::new(hashes))
}
