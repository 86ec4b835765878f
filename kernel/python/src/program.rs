//! The door to formats: plain dictionaries become programs, and programs parse.

mod fields;
mod layouts;
mod times;

pub use fields::escape_by_name;
pub use layouts::{KeySpec, key_tree};

use crate::batch::Batch;
use fields::FieldSpec;
use layouts::LayoutSpec;
use parse::program::{ColumnType, Program, RequestSlots};
use parse::scan::{self, Scratch};
use parse::times::{Calendar, Course, Zone};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// A compiled format, ready to parse.
#[pyclass(name = "Program", frozen, module = "hitwatch._kernel")]
pub struct PyProgram {
    program: Program,
    scratch: Mutex<Vec<Scratch>>,
    /// By thread, that of those which keep values.
    kept: Mutex<HashMap<ThreadId, Scratch>>,
}

#[pymethods]
impl PyProgram {
    #[new]
    fn new(spec: ProgramSpec) -> PyResult<Self> {
        Ok(Self {
            program: spec.compile()?,
            scratch: Mutex::default(),
            kept: Mutex::default(),
        })
    }

    /// Parse whole lines without holding the interpreter's lock; `course` is that of the batch
    /// before it. Where values are kept, they have one code in all batches of the thread: it is
    /// for threads that count what they parse.
    #[pyo3(signature = (data, first_line, keep_rejects, course = (None, None), keep_values = false))]
    fn parse(
        &self,
        py: Python<'_>,
        data: &Bound<'_, PyBytes>,
        first_line: usize,
        keep_rejects: usize,
        course: (Option<i64>, Option<i64>),
        keep_values: bool,
    ) -> Batch {
        let bytes = data.as_bytes();
        let (wall, latest) = course;
        let course = Course { wall, latest };
        let parsed = py.detach(|| {
            let mut scratch = self.borrow_scratch(keep_values);
            let keep = keep_rejects;
            let parsed = scan::parse(&self.program, bytes, first_line, keep, course, &mut scratch);
            self.give_back(scratch, keep_values);
            parsed
        });
        let names = self.program.columns.iter().map(|(name, _)| name.as_str());
        Batch::new(names, parsed)
    }
}

impl PyProgram {
    /// Several threads may parse at once; each works in memory of its own.
    fn borrow_scratch(&self, keep_values: bool) -> Scratch {
        if keep_values {
            let kept = lock(&self.kept).remove(&thread::current().id());
            return kept.unwrap_or_else(Scratch::keeping_values);
        }
        lock(&self.scratch).pop().unwrap_or_default()
    }

    fn give_back(&self, scratch: Scratch, keep_values: bool) {
        if keep_values {
            lock(&self.kept).insert(thread::current().id(), scratch);
        } else {
            lock(&self.scratch).push(scratch);
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn unknown(what: &str, value: &str) -> PyErr {
    PyValueError::new_err(format!("unknown {what}: {value}"))
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct ProgramSpec {
    layouts: Vec<LayoutSpec>,
    fields: Vec<FieldSpec>,
    directives: Vec<Vec<u8>>,
    columns: Vec<(String, String)>,
    section_depth: usize,
    host_in_target: bool,
    timed: bool,
    zone: Vec<(i64, i64)>,
    without_offsets: bool,
    year: Option<i64>,
    begun: Option<i64>,
}

impl ProgramSpec {
    pub fn compile(self) -> PyResult<Program> {
        let layouts = self
            .layouts
            .into_iter()
            .map(|layout| layout.compile(&self.fields))
            .collect::<PyResult<Vec<_>>>()?;
        let columns = self
            .columns
            .into_iter()
            .map(|(name, kind)| Ok((name, column_type(&kind)?)))
            .collect::<PyResult<Vec<_>>>()?;
        let slot = |name: &str| columns.iter().position(|(known, _)| known == name);
        let request = RequestSlots {
            method: slot("method"),
            target: slot("target"),
            path: slot("path"),
            query: slot("query"),
            section: slot("section"),
            protocol: slot("protocol"),
            request_raw: slot("request_raw"),
            host: self.host_in_target.then(|| slot("host")).flatten(),
        };
        let fields = self.fields.len();
        let beyond = |field: &FieldSpec| field.otherwise.is_some_and(|(other, _)| other >= fields);
        if let Some(wrong) = self.fields.iter().find(|field| beyond(field)) {
            return Err(unknown("other reading", &wrong.kind));
        }
        let fields = self
            .fields
            .into_iter()
            .map(|field| field.compile(&slot))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(Program {
            layouts,
            fields,
            directives: self.directives,
            request,
            time: slot("time"),
            timed: self.timed,
            status: slot("status"),
            line_number: slot("line_number"),
            columns,
            section_depth: self.section_depth,
            calendar: Calendar {
                zone: Zone(self.zone),
                without_offsets: self.without_offsets,
                year: self.year,
                begun: self.begun,
            },
        })
    }
}

fn column_type(name: &str) -> PyResult<ColumnType> {
    Ok(match name {
        "text" => ColumnType::Text,
        "integer" => ColumnType::Integer,
        "float" => ColumnType::Float,
        "time" => ColumnType::Time,
        other => return Err(unknown("column type", other)),
    })
}
