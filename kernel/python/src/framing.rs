//! The door to Python for what stands around lines, and for regular expressions.

use crate::program::{KeySpec, escape_by_name, key_tree, unknown};
use parse::framing::{Frame, MemberFrame, TextFrame, Unframer};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use regex::bytes::{Regex, RegexBuilder};
use regex_automata::meta;
use regex_automata::util::syntax;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The most memory that a compiled regular expression may take, in bytes.
const MAX_REGEX_BYTES: usize = 4 << 20;

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct FrameSpec {
    kind: String,
    head: String,
    kept: usize,
    time_as: Option<(Vec<u8>, Vec<u8>)>,
    part: Option<String>,
    tail: Vec<u8>,
    ends: Vec<u8>,
    escape: String,
    keys: Vec<HashMap<Vec<u8>, KeySpec>>,
    ended: bool,
    lists: Vec<Vec<u8>>,
}

/// A regular expression that matches from a text's beginning. It works on bytes, in time
/// that grows with the text alone.
pub fn regex(pattern: &str) -> PyResult<Regex> {
    // A comment of an extended pattern ends with its line.
    let end = if pattern.contains("(?x") { "\n" } else { "" };
    anywhere(&format!("\\A(?:{pattern}{end})"))
}

/// A regular expression that matches anywhere, otherwise as `regex`.
pub fn anywhere(pattern: &str) -> PyResult<Regex> {
    RegexBuilder::new(pattern)
        .unicode(false)
        .size_limit(MAX_REGEX_BYTES)
        .build()
        .map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Regular expressions as `regex` takes them, in one: of those that match the first counts.
fn heads(patterns: &[&str]) -> PyResult<meta::Regex> {
    let limited = meta::Config::new()
        .utf8_empty(false)
        .nfa_size_limit(Some(MAX_REGEX_BYTES));
    meta::Builder::new()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .configure(limited)
        .build_many(patterns)
        .map_err(|error| PyValueError::new_err(error.to_string()))
}

/// An envelope, ready to be taken off.
#[pyclass(name = "Frame", frozen, module = "hitwatch._kernel")]
struct PyFrame {
    frame: Arc<Frame>,
}

#[pymethods]
impl PyFrame {
    #[new]
    fn new(spec: FrameSpec) -> PyResult<Self> {
        let frame = match spec.kind.as_str() {
            "text" => Frame::Text(TextFrame {
                heads: match &spec.part {
                    Some(part) => heads(&[part, &spec.head])?,
                    None => heads(&[&spec.head])?,
                },
                kept: spec.kept,
                time_as: spec.time_as,
                tail: spec.tail,
                ends: spec.ends,
                escape: escape_by_name(&spec.escape)?,
            }),
            "member" => Frame::Member(MemberFrame {
                keys: key_tree(spec.keys, false, usize::MAX)?,
                ended: spec.ended,
            }),
            "records" => Frame::Records(spec.lists),
            other => return Err(unknown("frame", other)),
        };
        Ok(Self {
            frame: Arc::new(frame),
        })
    }

    /// Whether lines can be told from nothing but themselves.
    #[getter]
    fn is_line_by_line(&self) -> bool {
        self.frame.is_line_by_line()
    }
}

/// Frames being undone in one stream of lines.
#[pyclass(name = "Unframer", frozen, module = "hitwatch._kernel")]
struct PyUnframer {
    unframer: Mutex<Unframer>,
}

#[pymethods]
impl PyUnframer {
    #[new]
    fn new(frames: Vec<Py<PyFrame>>) -> Self {
        let frames = frames.iter().map(|frame| frame.get().frame.clone());
        Self {
            unframer: Mutex::new(Unframer::new(frames)),
        }
    }

    /// Take more lines in; give those that are whole now.
    fn feed<'py>(&self, py: Python<'py>, data: &Bound<'py, PyBytes>) -> Bound<'py, PyBytes> {
        let bytes = data.as_bytes();
        let lines = py.detach(|| self.locked(|unframer| unframer.feed(bytes)));
        PyBytes::new(py, &lines)
    }

    /// Give what is held of lines whose rest will not come.
    fn finish<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.locked(Unframer::finish))
    }

    /// How many lines the outermost frame has held whole, and how many there were.
    #[getter]
    fn counts(&self) -> (usize, usize) {
        self.locked(|unframer| unframer.counts())
    }
}

impl PyUnframer {
    fn locked<T>(&self, work: impl FnOnce(&mut Unframer) -> T) -> T {
        work(&mut self.unframer.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How many line ends a text has; Python's own count looks at every byte by itself.
#[pyfunction]
fn line_ends(data: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', data).count()
}

/// Some of many lines, chosen by chance.
///
/// Arguments: the lines; one in how many; the same seed chooses the same lines; the first byte of
/// lines that all stay.
#[pyfunction]
#[pyo3(signature = (lines, one_in, seed, kept = None))]
fn sample<'py>(
    py: Python<'py>,
    lines: &[u8],
    one_in: u64,
    seed: u64,
    kept: Option<u8>,
) -> Bound<'py, PyBytes> {
    let chosen = py.detach(|| parse::sample::sample(lines, one_in, seed, kept));
    PyBytes::new(py, &chosen)
}

/// What is wrong with a regular expression, and at which byte; `None`: nothing.
#[pyfunction]
fn pattern_error(pattern: &str) -> Option<(String, usize)> {
    let mut parser = regex_syntax::ParserBuilder::new()
        .utf8(false)
        .unicode(false)
        .build();
    match parser.parse(pattern) {
        Ok(_) => regex(pattern).err().map(|error| (error.to_string(), 0)),
        Err(regex_syntax::Error::Parse(error)) => {
            Some((error.kind().to_string(), error.span().start.offset))
        }
        Err(regex_syntax::Error::Translate(error)) => {
            Some((error.kind().to_string(), error.span().start.offset))
        }
        Err(error) => Some((error.to_string(), 0)),
    }
}

/// The names of a regular expression's groups, in their order.
#[pyfunction]
fn pattern_groups(pattern: &str) -> PyResult<Vec<String>> {
    let regex = regex(pattern)?;
    Ok(regex.capture_names().flatten().map(str::to_owned).collect())
}

/// Add what is here to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyFrame>()?;
    module.add_class::<PyUnframer>()?;
    module.add_function(wrap_pyfunction!(line_ends, module)?)?;
    module.add_function(wrap_pyfunction!(sample, module)?)?;
    module.add_function(wrap_pyfunction!(pattern_error, module)?)?;
    module.add_function(wrap_pyfunction!(pattern_groups, module)?)
}
