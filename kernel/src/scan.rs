//! Lines to rows: every line becomes one row or one reject, and none stops the rest.

use crate::batch::{Column, Finished};
use crate::dictionary::Dictionary;
use crate::escape::Escape;
use crate::keyed::Expected;
use crate::program::{Layout, Pattern, Program};
use crate::text;
use crate::times::{Course, Parts};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use memchr::memchr;
use regex::bytes::CaptureLocations;
use std::collections::HashMap;

mod counted;
mod ends;
mod matched;
mod named;
mod positional;
mod requests;
#[cfg(test)]
mod tests;
mod time;
mod value;

use requests::{Codes, KnownRequest};
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

/// Memory that one batch leaves to the next.
#[derive(Default)]
pub struct Scratch {
    dictionaries: Vec<Dictionary>,
    rows: usize,
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
    let mut scanner = Scanner::new(program, first_line, scratch);
    scanner.course = course;
    let mut start = 0;
    while start < data.len() {
        let end = memchr(b'\n', &data[start..]).map_or(data.len(), |at| start + at);
        let line = &data[start..end];
        scanner.line(text::without_returns(line), start, keep_rejects);
        start = end + 1;
    }
    scanner.finish(scratch)
}

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
    columns: Vec<Column>,
    hasher: RandomState,
    wants_request: bool,
    requests: HashTable<KnownRequest>,
    request_lines: Vec<u8>,
    /// Whether the line has a request line from which method and target could be read.
    has_request: bool,
    /// Whether the line has a request line at all, be it a good one.
    told_request: bool,
    /// Parts of the request that have fields of their own, in the order of `Part`.
    pieces: [Option<(&'a [u8], Escape)>; 5],
    in_pieces: bool,
    composed: HashMap<Vec<u8>, Codes, RandomState>,
    /// Memory for a key of these.
    composing: Vec<u8>,
    /// Rank of the value that each group of fields has had on this line; 0: none.
    seen: Vec<u16>,
    /// Whether a request that nothing marks off must be a regular one.
    strict: bool,
    expected: Expected<'a>,
    /// Of each field.
    repeated: Vec<Repeated<'a>>,
    /// Memory for the places of a pattern's groups.
    places: Option<(&'a Pattern, CaptureLocations)>,
    /// Where a longer value may still be tried: the field, its start, its least length.
    longer: Vec<(usize, usize, usize)>,
    last_time: Option<(&'a [u8], i64)>,
    time: Parts,
    /// Where the values of the line stand whose number tells which is which.
    values: Vec<(usize, usize)>,
    course: Course,
    has_course: bool,
    twice: usize,
}

impl<'a> Scanner<'a> {
    fn new(program: &'a Program, first_line: usize, scratch: &mut Scratch) -> Self {
        let hasher = RandomState::default();
        let mut columns: Vec<Column> = program
            .columns
            .iter()
            .map(|(_, kind)| Column::new(*kind, scratch.rows))
            .collect();
        for (column, lent) in columns.iter_mut().zip(scratch.dictionaries.drain(..)) {
            column.lend(lent, &hasher);
        }
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
            columns,
            wants_request: program.request.slots().iter().any(Option::is_some),
            requests: HashTable::new(),
            request_lines: Vec::new(),
            has_request: false,
            told_request: false,
            pieces: [None; 5],
            in_pieces: false,
            composed: HashMap::with_hasher(hasher.clone()),
            composing: Vec::new(),
            hasher,
            seen: vec![0; groups.max().unwrap_or(0)],
            strict: false,
            expected: Expected::default(),
            repeated: vec![Repeated::NONE; program.fields.len()],
            places: None,
            longer: Vec::new(),
            last_time: None,
            time: Parts::default(),
            values: Vec::new(),
            course: Course::default(),
            has_course: program.calendar.has_course(),
            twice: 0,
        }
    }

    #[inline]
    fn line(&mut self, line: &'a [u8], start: usize, keep_rejects: usize) {
        let directives = &self.program.directives;
        if !directives.is_empty() && directives.iter().any(|d| line.starts_with(d)) {
            self.directives += 1;
            return;
        }
        self.lines += 1;
        match self.read(line) {
            Ok(()) => self.keep(),
            Err(failure) => self.reject(line, start, &failure, keep_rejects),
        }
    }

    #[inline]
    fn keep(&mut self) {
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

    fn finish(self, scratch: &mut Scratch) -> Parsed {
        scratch.rows = self.lines - self.rejected;
        let finished = self.columns.into_iter();
        let finished = finished.map(|column| column.finish(scratch.rows));
        let (columns, dictionaries) = finished.unzip();
        scratch.dictionaries = dictionaries;
        Parsed {
            lines: self.lines,
            directives: self.directives,
            rejected: self.rejected,
            doubtful: self.doubtful,
            open_units: self.open_units,
            rejects: self.rejects,
            reasons: self.reasons,
            columns,
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
            return self.first_layout_that_fits(line);
        };
        self.laid_out(line, only)
    }

    #[inline]
    fn laid_out(&mut self, line: &'a [u8], layout: &'a Layout) -> Result<(), Failure> {
        match layout {
            Layout::Positional(lines) => self.first_that_fits(line, lines),
            Layout::Keyed(keyed) => self.keyed(line, keyed),
            Layout::Matched(pattern) => self.matched(line, pattern),
        }
    }

    fn first_layout_that_fits(&mut self, line: &'a [u8]) -> Result<(), Failure> {
        let mut furthest: Option<Failure> = None;
        let program = self.program;
        for layout in &program.layouts {
            let Err(failure) = self.laid_out(line, layout) else {
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
    fn begin(&mut self) {
        self.time = Parts::default();
        self.has_request = false;
        self.in_doubt = false;
        self.has_open_unit = false;
        self.told_request = false;
        if self.in_pieces {
            self.pieces = [None; 5];
            self.in_pieces = false;
        }
    }
}
