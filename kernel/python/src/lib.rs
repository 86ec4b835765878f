//! The door to Python: programs come in as plain dictionaries, batches go out as Arrow.

mod agents;
mod counting;
mod framing;
mod labels;
mod program;

use crate::agents::Agents;
use crate::counting::{Finder, HitBatch, PyBudget, PyRollup, PySeries, ValueFlags, arrivals};
use crate::labels::Label;
use crate::program::ProgramSpec;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::types::{TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, ArrayRef, PrimitiveArray, RecordBatch, RecordBatchIterator};
use arrow_schema::{Field as ArrowField, Schema};
use parse::batch::Finished;
use parse::edit;
use parse::program::Program;
use parse::scan::{self, Reason, Scratch};
use parse::times::Course;
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule};
use std::sync::{Arc, Mutex, PoisonError};

/// A compiled format, ready to parse.
#[pyclass(name = "Program", frozen, module = "hitwatch._kernel")]
struct PyProgram {
    program: Program,
    scratch: Mutex<Vec<Scratch>>,
}

#[pymethods]
impl PyProgram {
    #[new]
    fn new(spec: ProgramSpec) -> PyResult<Self> {
        Ok(Self {
            program: spec.compile()?,
            scratch: Mutex::default(),
        })
    }

    /// Parse whole lines without holding the interpreter's lock; `course` is that of the batch
    /// before it.
    #[pyo3(signature = (data, first_line, keep_rejects, course = (None, None)))]
    fn parse(
        &self,
        py: Python<'_>,
        data: &Bound<'_, PyBytes>,
        first_line: usize,
        keep_rejects: usize,
        course: (Option<i64>, Option<i64>),
    ) -> Batch {
        let bytes = data.as_bytes();
        let (wall, latest) = course;
        let course = Course { wall, latest };
        let parsed = py.detach(|| {
            let mut scratch = self.borrow_scratch();
            let keep = keep_rejects;
            let parsed = scan::parse(&self.program, bytes, first_line, keep, course, &mut scratch);
            self.scratch
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(scratch);
            parsed
        });
        let names = self.program.columns.iter().map(|(name, _)| name.clone());
        Batch {
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
            columns: names.zip(parsed.columns).collect(),
        }
    }
}

impl PyProgram {
    /// Several threads may parse at once; each works in memory of its own.
    fn borrow_scratch(&self) -> Scratch {
        let mut free = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        free.pop().unwrap_or_default()
    }
}

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
struct Batch {
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
    rejects: Vec<scan::Reject>,
    columns: Arc<[(String, Finished)]>,
}

#[pymethods]
impl Batch {
    /// The hits as figures need them.
    ///
    /// Arguments: a byte a row: whether it counts; which values of a column are marked.
    #[pyo3(signature = (chosen = None, flags = None))]
    fn hit_batch(
        &self,
        py: Python<'_>,
        chosen: Option<&[u8]>,
        flags: Option<&ValueFlags>,
    ) -> PyResult<HitBatch> {
        let rows = self.rows();
        py.detach(|| HitBatch::new(self.columns.clone(), rows, chosen, flags))
    }

    /// Values of a text column of which nobody has said whether they are marked.
    fn unflagged(&self, py: Python<'_>, flags: &ValueFlags) -> Vec<String> {
        py.detach(|| flags.unknown(&self.columns))
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
        if !self.columns.iter().any(|(name, _)| name == column) {
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
        let mut held = self.columns.iter().filter(|(name, _)| name == column);
        held.any(|(_, c)| rows > 0 && c.rows.null_count() < rows)
    }

    /// The texts of a column, in the order of the lines.
    fn texts(&self, column: &str) -> PyResult<Vec<Option<String>>> {
        let found = self.columns.iter().find(|(name, _)| name == column);
        let text = found.and_then(|(_, finished)| finished.text());
        let (codes, values) = text.ok_or_else(|| PyKeyError::new_err(column.to_owned()))?;
        let texts = codes.iter().map(|code| {
            let place = usize::try_from(code?).ok()?;
            Some(values.value(place).to_owned())
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
        let found = self.columns.iter().find(|(name, _)| name == "time");
        let times = found.and_then(|(_, c)| c.numbers::<TimestampMicrosecondType>());
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
        self.text_table(column, |finished| finished.values.clone())
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
        let found = self.columns.iter().find(|(name, _)| name == column);
        let array = found.and_then(|(_, finished)| part(finished));
        let array = array.ok_or_else(|| PyKeyError::new_err(column.to_owned()))?;
        Table::new([(column, array)])
    }
}

/// The hashes of a text column's distinct values.
fn hashes_of(column: &Finished) -> Option<ArrayRef> {
    let (_, values) = column.text()?;
    let texts = values.iter().map(|value| value.unwrap_or(""));
    let hashes = texts.map(|text| tally::text::hash(text.as_bytes()));
    let hashes = PrimitiveArray::<UInt64Type>::from_iter_values(hashes);
    Some(Arc::new(hashes))
}

/// An Arrow table that other libraries can take over without copying.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct Table {
    batch: RecordBatch,
}

impl Table {
    pub fn new<'a>(columns: impl IntoIterator<Item = (&'a str, ArrayRef)>) -> PyResult<Self> {
        let columns: Vec<_> = columns.into_iter().collect();
        let fields: Vec<_> = columns
            .iter()
            .map(|(name, array)| ArrowField::new(*name, array.data_type().clone(), true))
            .collect();
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
            .map(|batch| Self { batch })
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }
}

#[pymethods]
impl Table {
    /// The Arrow PyCapsule interface. A requested schema may be left aside, says its protocol.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        let batches = [Ok(self.batch.clone())];
        let reader = RecordBatchIterator::new(batches, self.batch.schema());
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }
}

/// The compiled half of `hitwatch.hits`.
#[pymodule]
pub fn _kernel(module: &Bound<'_, PyModule>) -> PyResult<()> {
    framing::register(module)?;
    module.add_class::<PyProgram>()?;
    module.add_class::<Batch>()?;
    module.add_class::<HitBatch>()?;
    module.add_function(wrap_pyfunction!(arrivals, module)?)?;
    module.add_class::<PyBudget>()?;
    module.add_class::<Finder>()?;
    module.add_class::<PySeries>()?;
    module.add_class::<Agents>()?;
    module.add_class::<Label>()?;
    module.add_class::<ValueFlags>()?;
    module.add_class::<PyRollup>()?;
    module.add_class::<Table>()
}
