//! Lines to rows: every line becomes one row or one reject, and none stops the rest.

use crate::batch::{Column, Finished};
use crate::dictionary::Known;
use crate::escape::Escape;
use crate::key_value::PreviousKeys;
use crate::program::{ColumnType, Layout, Pattern, Program};
use crate::text;
use crate::times::{Course, Parts};
use crate::vocabulary::Vocabulary;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use memchr::memchr;
use regex::bytes::CaptureLocations;
use std::collections::HashMap;
use std::sync::Arc;

mod block;
mod counted;
mod ends;
mod key_value;
mod pattern;
mod plan;
mod positional;
mod request;
mod requests;
mod staged;
#[cfg(test)]
mod tests;
mod time;
mod value;

use plan::Plan;
use request::{Codes, KnownRequest};
pub(crate) use staged::Staged;
use value::Repeated;

/// Why a line was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Reason {
    Empty,
    Prefix,
    Unended,
    Unquoted,
    NotANumber,
    NotATime,
    NoTime,
    TrailingText,
    /// It stops being JSON, logfmt or LTSV.
    Syntax,
    /// It holds a byte that cannot be part of it.
    Forbidden,
    /// It is no request line, where one must be told from what follows.
    NotARequest,
    /// A value is missing without which a line says nothing.
    Missing,
    /// It is not of the type that it should be of.
    WrongType,
    /// The names that tell the format are not there.
    Untold,
    /// It does not match the pattern.
    Unmatched,
    /// It has more or fewer values than there are fields: so many, in place of a field.
    Values,
}

/// A rejected line: where it stands in the data, and where in it reading failed.
#[derive(Clone, Debug)]
pub struct Reject {
    pub line: usize,
    pub column: usize,
    pub reason: Reason,
    pub field: usize,
    pub start: usize,
    pub end: usize,
}

/// What became of some lines.
pub struct Parsed {
    pub lines: usize,
    /// Lines that are no log lines but say something about them, not among `lines`.
    pub directives: usize,
    pub rejected: usize,
    /// Hits of which a value is seldom what it was taken for.
    pub doubtful: usize,
    /// Whether a hit has a duration whose unit is open: a plain number above zero.
    pub open_units: bool,
    pub rejects: Vec<Reject>,
    pub reasons: Vec<((Reason, usize), usize)>,
    pub columns: Vec<Finished>,
    /// What the times tell of those that follow.
    pub course: Course,
    /// Hits whose clock showed what it shows at two instants.
    pub twice: usize,
}

/// Why a line is none, in which field, and at which of its bytes.
#[derive(Clone, Copy)]
struct Failure {
    reason: Reason,
    field: usize,
    at: usize,
}

impl Failure {
    const fn new(reason: Reason, field: usize, at: usize) -> Self {
        Self { reason, field, at }
    }
}

impl From<usize> for Failure {
    /// Where a line of named values stops being one.
    fn from(at: usize) -> Self {
        Self::new(Reason::Syntax, 0, at)
    }
}

/// What one batch leaves to the next: its memory, and where that is asked for its values.
#[derive(Default)]
pub struct Scratch {
    known: Vec<Known>,
    keeps_values: bool,
    /// By code of a path, that of its section.
    sections: Vec<u32>,
    /// Rows of the batch before.
    rows: usize,
}

impl Scratch {
    /// One that keeps values, so that those which come again have the same code in all batches,
    /// until there are too many of a column.
    pub fn keeping_values() -> Self {
        Self {
            keeps_values: true,
            ..Self::default()
        }
    }

    /// Make ready for a batch; by column, what texts will be codes of.
    fn prepare(&mut self, program: &Program) -> Vec<Option<Arc<Vocabulary>>> {
        self.known
            .resize_with(program.columns.len(), Known::default);
        for known in &mut self.known {
            if !self.keeps_values || known.is_full() {
                known.clear();
                self.sections.clear();
            }
        }
        let columns = program.columns.iter().zip(&self.known);
        let values = columns.map(|((_, kind), known)| {
            let is_text = *kind == ColumnType::Text;
            is_text.then(|| known.vocabulary())
        });
        values.collect()
    }
}

/// Parse whole lines. The last one may lack its line end.
pub fn parse(
    program: &Program,
    data: &[u8],
    first_line: usize,
    keep_rejects: usize,
    course: Course,
    scratch: &mut Scratch,
) -> Parsed {
    let values = scratch.prepare(program);
    let mut scanner = Scanner::new(program, first_line, scratch);
    scanner.course = course;
    match Plan::of(program) {
        Some(plan) => scanner.read_blocks(data, &plan, keep_rejects),
        None => scanner.read_lines(data, keep_rejects),
    }
    let parsed = scanner.finish(values);
    scratch.rows = parsed.lines - parsed.rejected;
    for known in &mut scratch.known {
        known.note(scratch.rows);
    }
    parsed
}

/// Lines without their ends, and where they begin.
fn lines_of(data: &[u8]) -> impl Iterator<Item = (&[u8], usize)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = data.get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr(b'\n', rest).unwrap_or(rest.len());
        let line = (text::strip_returns(&rest[..length]), start);
        start += length + 1;
        Some(line)
    })
}

/// What reading the lines of a batch needs to know of those before.
struct Scanner<'a> {
    program: &'a Program,
    first_line: usize,
    lines: usize,
    directives: usize,
    rejected: usize,
    doubtful: usize,
    /// Whether a value of this line is doubtful.
    in_doubt: bool,
    open_units: bool,
    /// Whether this line has a duration whose unit is open.
    has_open_unit: bool,
    rejects: Vec<Reject>,
    reasons: Vec<((Reason, usize), usize)>,
    columns: Vec<Column<'a>>,
    wants_request: bool,
    requests: HashTable<KnownRequest>,
    request_lines: Vec<u8>,
    /// By code of a path, that of its section.
    sections: &'a mut Vec<u32>,
    /// Whether the line has a request line from which method and target could be read.
    has_request: bool,
    /// Whether the line has a request line at all, well-formed or not.
    saw_request: bool,
    /// Parts of the request that have fields of their own, in the order of `Part`.
    parts: [Option<(&'a [u8], Escape)>; 5],
    has_parts: bool,
    composed: HashMap<Vec<u8>, Codes, RandomState>,
    /// Memory for a key of these.
    composing: Vec<u8>,
    /// Rank of the value that each group of fields has had on this line; 0: none.
    seen: Vec<u16>,
    /// Whether a request that nothing marks off must be a regular one.
    strict: bool,
    previous_keys: PreviousKeys<'a>,
    /// The text of each field on the line before.
    repeated: Vec<Repeated<'a>>,
    /// Memory for where a pattern's groups match.
    captures: Option<(&'a Pattern, CaptureLocations)>,
    /// Greedy fields that may hold more: the field, its start, its least length.
    retries: Vec<(usize, usize, usize)>,
    last_time: Option<(&'a [u8], i64)>,
    time: Parts,
    /// Memory for where the values of a counted line stand.
    values: Vec<(usize, usize)>,
    course: Course,
    has_course: bool,
    twice: usize,
}

impl<'a> Scanner<'a> {
    fn new(program: &'a Program, first_line: usize, scratch: &'a mut Scratch) -> Self {
        let Scratch {
            known,
            sections,
            rows,
            ..
        } = scratch;
        let columns = program.columns.iter().zip(known);
        let columns = columns.map(|((_, kind), known)| Column::new(*kind, *rows, known));
        let groups = program.fields.iter().map(|field| field.group + 1);
        Self {
            program,
            first_line,
            lines: 0,
            directives: 0,
            rejected: 0,
            doubtful: 0,
            in_doubt: false,
            open_units: false,
            has_open_unit: false,
            rejects: Vec::new(),
            reasons: Vec::new(),
            columns: columns.collect(),
            wants_request: program.request.slots().iter().any(Option::is_some),
            requests: HashTable::new(),
            request_lines: Vec::new(),
            sections,
            has_request: false,
            saw_request: false,
            parts: [None; 5],
            has_parts: false,
            composed: HashMap::default(),
            composing: Vec::new(),
            seen: vec![0; groups.max().unwrap_or(0)],
            strict: false,
            previous_keys: PreviousKeys::default(),
            repeated: vec![Repeated::NONE; program.fields.len()],
            captures: None,
            retries: Vec::new(),
            last_time: None,
            time: Parts::default(),
            values: Vec::new(),
            course: Course::default(),
            has_course: program.calendar.has_course(),
            twice: 0,
        }
    }

    /// Read lines one by one.
    fn read_lines(&mut self, data: &'a [u8], keep_rejects: usize) {
        for (line, start) in lines_of(data) {
            self.read_line(line, start, keep_rejects);
        }
    }

    /// Whether a line is none, but says something about those that follow.
    #[inline]
    fn is_directive(&self, line: &[u8]) -> bool {
        let directives = &self.program.directives;
        !directives.is_empty() && directives.iter().any(|d| line.starts_with(d))
    }

    #[inline]
    fn read_line(&mut self, line: &'a [u8], start: usize, keep_rejects: usize) {
        if self.is_directive(line) {
            self.directives += 1;
            return;
        }
        self.lines += 1;
        match self.read(line) {
            Ok(()) => self.commit(),
            Err(failure) => self.reject(line, start, &failure, keep_rejects),
        }
    }

    #[inline]
    fn commit(&mut self) {
        let number = (self.first_line + self.lines + self.directives - 1) as i64;
        self.set_integer(self.program.line_number, Some(number));
        self.doubtful += usize::from(self.in_doubt);
        self.open_units |= self.has_open_unit;
        let row = self.lines - self.rejected - 1;
        for column in &mut self.columns {
            column.commit(row);
        }
    }

    #[cold]
    fn reject(&mut self, line: &[u8], start: usize, failure: &Failure, keep: usize) {
        self.discard();
        self.rejected += 1;
        let key = (failure.reason, failure.field);
        match self.reasons.iter_mut().find(|(known, _)| *known == key) {
            Some((_, count)) => *count += 1,
            None => self.reasons.push((key, 1)),
        }
        if self.rejects.len() < keep {
            self.rejects.push(Reject {
                line: self.first_line + self.lines + self.directives - 1,
                column: failure.at + 1,
                reason: failure.reason,
                field: failure.field,
                start,
                end: start + line.len(),
            });
        }
    }

    /// Argument: by column, what its rows are codes of.
    fn finish(self, values: Vec<Option<Arc<Vocabulary>>>) -> Parsed {
        let rows = self.lines - self.rejected;
        let columns = self.columns.into_iter().zip(values);
        let columns = columns.map(|(column, values)| Finished {
            rows: column.finish(rows),
            values,
        });
        Parsed {
            lines: self.lines,
            directives: self.directives,
            rejected: self.rejected,
            doubtful: self.doubtful,
            open_units: self.open_units,
            rejects: self.rejects,
            reasons: self.reasons,
            columns: columns.collect(),
            course: self.course,
            twice: self.twice,
        }
    }

    fn discard(&mut self) {
        for column in &mut self.columns {
            column.discard();
        }
    }

    #[inline]
    fn read(&mut self, line: &'a [u8]) -> Result<(), Failure> {
        if line.is_empty() {
            return Err(Failure::new(Reason::Empty, 0, 0));
        }
        let [only] = self.program.layouts.as_slice() else {
            return self.try_layouts(line);
        };
        self.read_layout(line, only)
    }

    #[inline]
    fn read_layout(&mut self, line: &'a [u8], layout: &'a Layout) -> Result<(), Failure> {
        match layout {
            Layout::Positional(lines) => self.try_lines(line, lines),
            Layout::KeyValue(keyed) => self.read_key_values(line, keyed),
            Layout::Pattern(pattern) => self.read_pattern(line, pattern),
        }
    }

    fn try_layouts(&mut self, line: &'a [u8]) -> Result<(), Failure> {
        let mut furthest: Option<Failure> = None;
        let program = self.program;
        for layout in &program.layouts {
            let Err(failure) = self.read_layout(line, layout) else {
                return Ok(());
            };
            if furthest.is_none_or(|known| failure.at > known.at) {
                furthest = Some(failure);
            }
            self.discard();
        }
        Err(furthest.unwrap_or(Failure::from(0)))
    }

    #[inline]
    fn begin_line(&mut self) {
        self.time = Parts::default();
        self.has_request = false;
        self.in_doubt = false;
        self.has_open_unit = false;
        self.saw_request = false;
        if self.has_parts {
            self.parts = [None; 5];
            self.has_parts = false;
        }
    }
}
