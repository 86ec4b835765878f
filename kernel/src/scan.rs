//! Lines to rows: every line becomes one row or one reject, and none stops the rest.

use crate::batch::{Column, Finished};
use crate::dictionary::{Dictionary, NULL};
use crate::keyed::{self, Expected};
use crate::program::{
    Field, Keyed, Kind, Layout, Line, Part, Pattern, Program, Quotes, REQUEST_PARTS, Slot, Unit,
};
use crate::request;
use crate::table::Table;
use crate::text::{self, Escape};
use crate::times::{Course, Parts, TimeFormat};
use crate::typed::{self, Check, Class, Verdict};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use memchr::{memchr, memchr2};
use regex::bytes::CaptureLocations;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::ops::Range;

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

/// More values than this are not told apart when they are counted.
const MOST_VALUES: usize = 999;

/// How often the rest of a line may be tried again behind a longer value.
const MOST_TRIES: usize = 256;

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

/// Codes of the parts of a request, in the order of `RequestSlots`.
type Codes = [u32; REQUEST_PARTS];

/// A request line seen before, and the codes of its parts in the order of `RequestSlots`.
struct KnownRequest {
    hash: u64,
    /// Where it stands among the lines seen before. There they are close together: in the data
    /// most would have left the processor's caches when they come again.
    place: Range<usize>,
    codes: Codes,
    regular: bool,
}

#[derive(Clone, Copy)]
struct Failure {
    reason: Reason,
    field: usize,
    at: usize,
}

impl From<usize> for Failure {
    /// Where a line of named values stops being one.
    fn from(at: usize) -> Self {
        Self {
            reason: Reason::Syntax,
            field: 0,
            at,
        }
    }
}

/// A field that was found: where its value stands, how that is escaped, where the next one
/// begins (`None`: the line ended).
struct Found {
    start: usize,
    end: usize,
    escape: Escape,
    next: Option<usize>,
}

/// A field's text on the line before, and what became of it: many are the same line after line.
#[derive(Clone, Copy)]
struct Repeated<'a> {
    raw: &'a [u8],
    escape: Escape,
    /// `NULL` where the column was left as it was.
    code: u32,
    port: Option<i64>,
    doubtful: bool,
}

impl<'a> Repeated<'a> {
    /// No line holds a line feed.
    const NONE: Self = Self {
        raw: b"\n",
        escape: Escape::None,
        code: NULL,
        port: None,
        doubtful: false,
    };

    #[inline(always)]
    fn is(&self, raw: &[u8], escape: Escape) -> bool {
        self.escape == escape && text::are_equal(self.raw, raw)
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
            seen: vec![
                0;
                program
                    .fields
                    .iter()
                    .map(|f| f.group + 1)
                    .max()
                    .unwrap_or(0)
            ],
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
            return Err(Failure {
                reason: Reason::Empty,
                field: 0,
                at: 0,
            });
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
    fn first_that_fits(&mut self, line: &'a [u8], lines: &[Line]) -> Result<(), Failure> {
        let mut furthest: Option<Failure> = None;
        for written in lines {
            let Err(failure) = self.positional(line, written) else {
                return Ok(());
            };
            if furthest.is_none_or(|known| failure.at > known.at) {
                furthest = Some(failure);
            }
            if lines.len() > 1 {
                self.discard();
            }
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

    #[inline]
    fn positional(&mut self, line: &'a [u8], written: &Line) -> Result<(), Failure> {
        if let Some(table) = &written.table {
            return self.counted(line, written, table);
        }
        if !begins_with(line, &written.prefix) {
            return Err(Failure {
                reason: Reason::Prefix,
                field: written.fields.start,
                at: 0,
            });
        }
        // A request line that nothing marks off is taken for one as long as it can be.
        self.strict = written.unmarked_request;
        let read = self.tried(line, written);
        if read.is_err() && self.strict {
            self.strict = false;
            self.discard();
            return self.tried(line, written);
        }
        read
    }

    #[inline]
    fn tried(&mut self, line: &'a [u8], written: &Line) -> Result<(), Failure> {
        self.begin();
        let mut longer = std::mem::take(&mut self.longer);
        longer.clear();
        let read = self.tried_again(line, written, &mut longer);
        self.longer = longer;
        read?;
        self.compose();
        self.resolve_time(line.len())
    }

    #[inline]
    fn tried_again(
        &mut self,
        line: &'a [u8],
        written: &Line,
        longer: &mut Vec<(usize, usize, usize)>,
    ) -> Result<(), Failure> {
        let mut tries = 0;
        let mut furthest: Option<Failure> = None;
        let (mut index, mut at, mut least) = (written.fields.start, written.prefix.len(), 0);
        loop {
            let failure = match self.rest(line, written, index, at, least, longer) {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            if furthest.is_none_or(|known| failure.at > known.at) {
                furthest = Some(failure);
            }
            tries += 1;
            match longer.pop() {
                Some(point) if tries < MOST_TRIES => (index, at, least) = point,
                _ => return Err(furthest.unwrap_or(failure)),
            }
            self.begin_again(written, index, failure.field);
        }
    }

    /// Forget what the fields from one to another have given.
    #[cold]
    fn begin_again(&mut self, written: &Line, index: usize, last: usize) {
        let timed = |field: &Field| matches!(field.kind, Kind::Time(_));
        let earlier = &self.program.fields[written.fields.start..index];
        if !earlier.iter().any(timed) {
            self.time = Parts::default();
        }
        for field in &self.program.fields[index..=last] {
            for slot in field.slots().into_iter().flatten() {
                if earlier.iter().all(|field| field.slots()[0] != Some(slot)) {
                    self.columns[slot].discard();
                }
            }
        }
    }

    /// Whether a field that shares its column has nothing to say on this line.
    #[cold]
    fn yields(&self, raw: &[u8], field: &Field) -> bool {
        let empty = raw.is_empty() || raw == b"-";
        match field.kind {
            Kind::Request => return self.told_request && (empty || field.spare),
            Kind::Time(_) => return empty || field.spare && self.time.is_known(),
            _ => {}
        }
        let pending = field.slots()[0].is_some_and(|s| self.columns[s].is_pending());
        let zero = matches!(
            field.kind,
            Kind::Integer {
                dash_is_zero: true,
                ..
            }
        );
        pending && field.spare || empty && (pending || !zero)
    }

    /// Read the fields from one on.
    #[inline]
    fn rest(
        &mut self,
        line: &'a [u8],
        written: &Line,
        first: usize,
        mut at: usize,
        mut least: usize,
        longer: &mut Vec<(usize, usize, usize)>,
    ) -> Result<(), Failure> {
        let program = self.program;
        for index in first..written.fields.end {
            let field = &program.fields[index];
            let last = index + 1 == written.fields.end && !written.ignore_rest;
            if field.simple
                && !last
                && least == 0
                && let Some((length, escape)) = simple_end(&line[at..], field)
            {
                let raw = &line[at..at + length];
                if let Err(reason) = self.value(raw, index, escape) {
                    return Err(Failure {
                        reason,
                        field: index,
                        at,
                    });
                }
                at += length + field.until.len();
                continue;
            }
            if field.padded {
                at += line[at..].iter().take_while(|&&b| b == b' ').count();
            }
            let rest = &line[at..];
            let failed = |reason| Failure {
                reason,
                field: index,
                at,
            };
            let found = find(rest, field, last, least).map_err(failed)?;
            if field.elastic && found.next.is_some() {
                longer.push((index, at, found.end + 1));
            }
            if let Some(byte) = field.forbids
                && find_near(&rest[found.start..found.end], byte).is_some()
                && &rest[found.start..found.end] != b"\"\""
            {
                return Err(failed(Reason::Forbidden));
            }
            least = 0;
            let raw = &rest[found.start..found.end];
            if !(field.shared && self.yields(raw, field)) {
                self.value(raw, index, found.escape).map_err(failed)?;
            }
            match found.next {
                Some(next) => at += next,
                None => return Ok(()),
            }
        }
        if at < line.len() && !written.ignore_rest {
            return Err(Failure {
                reason: Reason::TrailingText,
                field: written.fields.end.saturating_sub(1),
                at,
            });
        }
        Ok(())
    }

    /// Read a line that has as many values as there are fields.
    #[inline(never)]
    fn counted(&mut self, line: &'a [u8], written: &Line, table: &Table) -> Result<(), Failure> {
        self.begin();
        let program = self.program;
        let fields = &program.fields[written.fields.clone()];
        let mut values = std::mem::take(&mut self.values);
        let counted = table.split(line, fields.len(), &mut values);
        let mut read = counted.map_err(|found| Failure {
            reason: Reason::Values,
            field: found.values.min(MOST_VALUES),
            at: found.at,
        });
        for (place, (field, &(start, end))) in fields.iter().zip(&values).enumerate() {
            if read.is_err() {
                break;
            }
            let (raw, escape) = bared(&line[start..end], field);
            let forbidden = field.forbids.is_some_and(|byte| raw.contains(&byte));
            let value = match forbidden {
                true => Err(Reason::Forbidden),
                false => self.value(raw, written.fields.start + place, escape),
            };
            read = value.map_err(|reason| Failure {
                reason,
                field: written.fields.start + place,
                at: start,
            });
        }
        self.values = values;
        read?;
        self.compose();
        self.resolve_time(line.len())
    }

    #[inline(never)]
    fn keyed(&mut self, line: &'a [u8], layout: &Keyed) -> Result<(), Failure> {
        self.begin();
        self.seen.fill(0);
        let program = self.program;
        let mut expected = std::mem::take(&mut self.expected);
        let (syntax, keys) = (layout.syntax, &layout.keys);
        let read = keyed::read(syntax, keys, line, &mut expected, &mut |named| {
            let mut reading = Some((named.field, named.rank));
            while let Some((place, rank)) = reading {
                let field = &program.fields[place];
                let escape = match (named.escape, field.escape) {
                    (Escape::None, own) => own,
                    (Escape::Json, Escape::Percent) => Escape::JsonPercent,
                    (escape, _) => escape,
                };
                // What does not read as it should is as good as absent, as long as the line says
                // without it what it must.
                if self.named(named.raw, place, rank, escape) {
                    return Ok(());
                }
                // Each way stands behind the one before it.
                reading = field.otherwise.filter(|(next, _)| *next > place);
            }
            Ok::<(), Failure>(())
        });
        self.expected = expected;
        let telling = read?;
        if telling.count_ones() < layout.told_by {
            return Err(Failure {
                reason: Reason::Untold,
                field: 0,
                at: 0,
            });
        }
        for wanted in &layout.required {
            let had = |&field: &usize| self.seen[program.fields[field].group] != 0;
            if !wanted.iter().any(had) {
                return Err(Failure {
                    reason: Reason::Missing,
                    field: wanted.first().copied().unwrap_or(0),
                    at: 0,
                });
            }
        }
        self.compose();
        self.resolve_time(line.len())
    }

    /// Read what the groups of a pattern match; a group that took no part has no value.
    #[inline(never)]
    fn matched(&mut self, line: &'a [u8], pattern: &'a Pattern) -> Result<(), Failure> {
        self.begin();
        self.seen.fill(0);
        let program = self.program;
        let known = self.places.take();
        let mut places = match known {
            Some((of, places)) if std::ptr::eq(of, pattern) => places,
            _ => pattern.regex.capture_locations(),
        };
        if pattern.regex.captures_read(&mut places, line).is_none() {
            return Err(Failure {
                reason: Reason::Unmatched,
                field: pattern.groups.first().map_or(0, |(_, field)| *field),
                at: 0,
            });
        }
        for &(group, index) in &pattern.groups {
            let field = &program.fields[index];
            let Some((at, end)) = places.get(group) else {
                continue;
            };
            if self.seen[field.group] != 0 {
                continue;
            }
            let raw = &line[at..end];
            self.value(raw, index, field.escape)
                .map_err(|reason| Failure {
                    reason,
                    field: index,
                    at,
                })?;
            if !raw.is_empty() && raw != b"-" && !matches!(field.kind, Kind::Time(_)) {
                self.seen[field.group] = 1;
            }
        }
        self.places = Some((pattern, places));
        self.compose();
        self.resolve_time(line.len())
    }

    /// Take over a named value; whether it is settled, or another way to read it may be tried.
    #[inline]
    fn named(&mut self, raw: &'a [u8], place: usize, rank: u16, escape: Escape) -> bool {
        let field = &self.program.fields[place];
        let seen = self.seen[field.group];
        let worse = seen != 0 && seen <= rank;
        if worse || raw.is_empty() || raw == b"-" {
            return true;
        }
        let read = match &field.kind {
            Kind::Time(_) => {
                let before = std::mem::take(&mut self.time);
                let read = self.value(raw, place, escape).is_ok();
                if !read {
                    self.time = before;
                }
                read
            }
            Kind::Request => match part_alone(raw) {
                Some(part) => {
                    self.pieces[part as usize] = Some((raw, escape));
                    self.in_pieces = true;
                    true
                }
                None => self.value(raw, place, escape).is_ok(),
            },
            // A route: `GET /pets/{id}`.
            Kind::Part(Part::Target | Part::Path) => {
                self.value(without_method(raw), place, escape).is_ok()
            }
            // Some programs write every number with a point.
            Kind::Integer { .. } => {
                let whole = raw.strip_suffix(b".0").unwrap_or(raw);
                self.value(whole, place, escape).is_ok()
            }
            _ => self.value(raw, place, escape).is_ok(),
        };
        if read {
            self.seen[field.group] = rank;
        }
        read
    }

    #[inline(always)]
    fn resolve_time(&mut self, at: usize) -> Result<(), Failure> {
        if !self.program.timed {
            return Ok(());
        }
        match self.time.known() {
            Some(instant) if !self.has_course => {
                self.set_integer(self.program.time, Some(instant));
                Ok(())
            }
            _ => self.resolve_parts(at),
        }
    }

    fn resolve_parts(&mut self, at: usize) -> Result<(), Failure> {
        let moment = self.time.resolve(&self.program.calendar, &self.course);
        let Some(moment) = moment else {
            let timed = |field: &Field| matches!(field.kind, Kind::Time(_));
            return Err(Failure {
                reason: Reason::NoTime,
                field: self.program.fields.iter().position(timed).unwrap_or(0),
                at,
            });
        };
        if self.has_course {
            self.course.see(moment);
            self.twice += usize::from(moment.twice);
        }
        self.set_integer(self.program.time, Some(moment.instant));
        Ok(())
    }

    #[inline]
    fn value(&mut self, raw: &'a [u8], index: usize, escape: Escape) -> Result<(), Reason> {
        let field = &self.program.fields[index];
        match &field.kind {
            Kind::Skip => {}
            Kind::Text(None) if field.check == Check::None => {}
            // All that may be left out is so on most lines.
            Kind::Text(_) if raw == b"-" && field.check != Check::VirtualHost => {}
            Kind::Text(slot) => {
                if self.repeated[index].is(raw, escape) {
                    self.repeat(index, *slot, None);
                    return Ok(());
                }
                let (text, verdict) = match field.check {
                    Check::User => typed::user(raw),
                    Check::VirtualHost => (raw, typed::virtual_host(raw)),
                    Check::Forwarded => (raw, typed::forwarded(raw)),
                    Check::Status | Check::None => (raw, Verdict::Sure),
                };
                self.believe(verdict)?;
                self.repeated[index] = Repeated {
                    raw,
                    escape,
                    code: self.set_text(*slot, text, escape),
                    port: None,
                    doubtful: verdict == Verdict::Doubtful,
                };
            }
            Kind::Request => {
                if self.strict && raw != b"-" && !request::split(raw).regular {
                    return Err(Reason::NotARequest);
                }
                self.request(raw, escape);
            }
            // Values that stand one place further on than a layout says.
            Kind::Part(Part::Method) if typed::is_ipv4(raw) => return Err(Reason::WrongType),
            Kind::Part(part) => {
                self.pieces[*part as usize] = Some((raw, escape));
                self.in_pieces = true;
            }
            Kind::Integer { slot, dash_is_zero } => {
                let number = integer(raw).ok_or(Reason::NotANumber)?;
                let answered = |number: &i64| *number == 0 || (100..=999).contains(number);
                // No server writes nothing in its place: the text in front of it went too far.
                let wrong = raw.is_empty() || !number.as_ref().is_none_or(answered);
                if field.check == Check::Status && wrong {
                    return Err(Reason::WrongType);
                }
                let zero = (*dash_is_zero && self.answered()).then_some(0);
                self.set_integer(*slot, number.or(zero));
            }
            Kind::Seconds { slot, unit, list } => {
                let seconds = if *list {
                    sum_of_list(raw, *unit)
                } else {
                    seconds(raw, *unit)
                };
                let seconds = seconds.ok_or(Reason::NotANumber)?;
                // Zero is zero in every unit, and one that is written out is told.
                self.has_open_unit |= matches!(unit, Unit::ByPoint(_))
                    && seconds.is_some_and(|seconds| seconds > 0.0)
                    && raw.first().is_some_and(u8::is_ascii_digit)
                    && raw.last().is_some_and(|&b| b.is_ascii_digit() || b == b'.');
                self.set_float(*slot, seconds);
            }
            Kind::Time(format) => self.read_time(raw, format)?,
            Kind::Coded { word, number } => {
                let (code, digits) = match memchr::memrchr(b'/', raw) {
                    Some(slash) => (&raw[..slash], &raw[slash + 1..]),
                    None => (&raw[..0], raw),
                };
                let value = integer(digits).ok_or(Reason::NotANumber)?;
                self.set_text(*word, code, escape);
                self.set_integer(*number, value);
            }
            Kind::Address {
                host,
                port,
                class,
                list,
                lenient,
            } => {
                // As most lines have it.
                if *class == Class::Client
                    && let Some((name, number)) = typed::ipv4_and_port(raw)
                {
                    self.set_text(*host, name, Escape::None);
                    self.set_port(*port, number);
                    return Ok(());
                }
                if self.repeated[index].is(raw, escape) {
                    self.repeat(index, *host, *port);
                    return Ok(());
                }
                let first = match list {
                    true => raw[..memchr(b',', raw).unwrap_or(raw.len())].trim_ascii(),
                    false => raw,
                };
                let found = typed::address(first, *class);
                match (found.verdict, lenient) {
                    (Verdict::Wrong, true) => return Ok(()),
                    (_, true) => {}
                    (verdict, false) => self.believe(verdict)?,
                }
                let code = self.set_text(*host, found.name, Escape::None);
                self.set_port(*port, found.port);
                self.repeated[index] = Repeated {
                    raw,
                    escape,
                    code,
                    port: found.port,
                    doubtful: !lenient && found.verdict == Verdict::Doubtful,
                };
            }
        }
        Ok(())
    }

    /// Give columns what they had from the same text on the line before.
    #[inline]
    fn repeat(&mut self, index: usize, text: Slot, number: Slot) {
        let Repeated {
            code,
            port,
            doubtful,
            ..
        } = self.repeated[index];
        self.in_doubt |= doubtful;
        if let Some(slot) = text
            && code != NULL
        {
            self.columns[slot].set_code(code);
        }
        self.set_port(number, port);
    }

    /// An address without a port says nothing of one that stands elsewhere.
    #[inline]
    fn set_port(&mut self, slot: Slot, port: Option<i64>) {
        if port.is_some() {
            self.set_integer(slot, port);
        }
    }

    /// Take a value that is of its type, remembering a doubt.
    #[inline]
    fn believe(&mut self, verdict: Verdict) -> Result<(), Reason> {
        self.in_doubt |= verdict == Verdict::Doubtful;
        match verdict {
            Verdict::Wrong => Err(Reason::WrongType),
            _ => Ok(()),
        }
    }

    /// Whether the line has a status; a request nobody answered has no size either.
    #[inline]
    fn answered(&self) -> bool {
        let slot = self.program.status;
        slot.is_none_or(|slot| self.columns[slot].pending_integer().is_some())
    }

    #[inline]
    fn read_time(&mut self, raw: &'a [u8], format: &TimeFormat) -> Result<(), Reason> {
        // Lines of one second carry the same text, and there are many of them.
        let whole = matches!(format, TimeFormat::Clf | TimeFormat::Iso | TimeFormat::Any);
        if let Some((known, instant)) = self.last_time
            && whole
            && text::are_equal(known, raw)
        {
            self.time.set_instant(instant);
            return Ok(());
        }
        self.time.read(raw, format).ok_or(Reason::NotATime)?;
        if whole {
            let moment = self.time.resolve(&self.program.calendar, &self.course);
            let moment = moment.ok_or(Reason::NotATime)?;
            // What a clock shows twice is told by the lines before each.
            if !moment.twice {
                self.last_time = Some((raw, moment.instant));
                self.time = Parts::default();
                self.time.set_instant(moment.instant);
            }
        }
        Ok(())
    }

    /// Fill a text column, and say with which code; `NULL`: there is no text.
    #[inline]
    fn set_text(&mut self, slot: Slot, raw: &[u8], escape: Escape) -> u32 {
        match slot {
            Some(slot) if raw != b"-" && !raw.is_empty() => {
                let column = &mut self.columns[slot];
                let code = column.code(&text::decode(raw, escape));
                column.set_code(code);
                code
            }
            _ => NULL,
        }
    }

    #[inline]
    fn set_integer(&mut self, slot: Slot, value: Option<i64>) {
        if let Some(slot) = slot {
            self.columns[slot].set_integer(value);
        }
    }

    #[inline]
    fn set_float(&mut self, slot: Slot, value: Option<f64>) {
        if let Some(slot) = slot {
            self.columns[slot].set_float(value);
        }
    }

    /// One look-up a line: the parts of a request seen before are known by their codes.
    #[inline]
    fn request(&mut self, raw: &'a [u8], escape: Escape) {
        self.told_request = raw != b"-";
        if !self.wants_request {
            return;
        }
        let hash = self.hasher.hash_one(raw);
        let lines = &self.request_lines;
        let same = |known: &KnownRequest| known.hash == hash && lines[known.place.clone()] == *raw;
        let (codes, regular) = match self.requests.find(hash, same) {
            Some(known) => (known.codes, known.regular),
            None => {
                let (codes, regular) = self.take_apart(raw, escape);
                let start = self.request_lines.len();
                self.request_lines.extend_from_slice(raw);
                let known = KnownRequest {
                    hash,
                    place: start..self.request_lines.len(),
                    codes,
                    regular,
                };
                self.requests.insert_unique(hash, known, |known| known.hash);
                (codes, regular)
            }
        };
        self.has_request = regular;
        self.set_request(codes);
    }

    #[inline]
    fn set_request(&mut self, codes: Codes) {
        let slots = self.program.request.slots();
        for (slot, code) in slots.into_iter().zip(codes).take(REQUEST_PARTS - 1) {
            if let Some(slot) = slot {
                self.columns[slot].set_code(code);
            }
        }
        let host = codes[REQUEST_PARTS - 1];
        if let Some(slot) = self.program.request.host
            && host != NULL
            && !self.columns[slot].is_pending()
        {
            self.columns[slot].set_code(host);
        }
    }

    /// Put a request together whose parts stood in fields of their own.
    #[inline(always)]
    fn compose(&mut self) {
        if self.in_pieces && self.wants_request && !self.has_request {
            self.compose_pieces();
        }
    }

    fn compose_pieces(&mut self) {
        let mut key = std::mem::take(&mut self.composing);
        key.clear();
        for (raw, escape) in self.pieces.iter().map(|p| p.unwrap_or((b"", Escape::None))) {
            key.extend_from_slice(raw);
            // No line holds a line feed.
            key.extend_from_slice(&[b'\n', escape as u8]);
        }
        if let Some(&codes) = self.composed.get(&key) {
            self.composing = key;
            self.set_request(codes);
            return;
        }
        let pieces = self.pieces;
        let piece = |part: Part| {
            let (raw, escape) = pieces[part as usize]?;
            let value = text::decode(raw, escape);
            (!raw.is_empty() && raw != b"-").then_some(value)
        };
        let said = |part| piece(part).filter(|word| request::said(word).is_some());
        let (method, protocol) = (said(Part::Method), said(Part::Protocol));
        let mut target = piece(Part::Target).or_else(|| piece(Part::Path));
        if let (Some(path), Some(query)) = (&target, piece(Part::Query))
            && memchr(b'?', path).is_none()
        {
            let query = query.strip_prefix(b"?").unwrap_or(&query);
            target = Some([path, b"?".as_slice(), query].concat().into());
        }
        let place = request::locate(
            method.as_deref(),
            target.as_deref(),
            self.program.section_depth,
        );
        let codes = self.codes_of([
            method.as_deref(),
            target.as_deref(),
            place.path,
            place.query,
            Some(place.section),
            protocol.as_deref(),
            None,
            place.host,
        ]);
        self.composed.insert(key, codes);
        self.set_request(codes);
    }

    fn take_apart(&mut self, raw: &[u8], escape: Escape) -> (Codes, bool) {
        let line = request::split(raw);
        let target = line.target.map(|target| text::decode(target, escape));
        let place = request::locate(line.method, target.as_deref(), self.program.section_depth);
        let raw = (!line.regular).then_some(raw);
        let codes = self.codes_of([
            line.method,
            target.as_deref(),
            place.path,
            place.query,
            Some(place.section),
            line.protocol,
            raw,
            place.host,
        ]);
        (codes, line.method.is_some())
    }

    /// Codes of the parts of a request, in the order of `RequestSlots`.
    fn codes_of(&mut self, parts: [Option<&[u8]>; REQUEST_PARTS]) -> Codes {
        let slots = self.program.request.slots();
        std::array::from_fn(|part| match (slots[part], parts[part]) {
            (Some(slot), Some(value)) => self.columns[slot].code(value),
            _ => NULL,
        })
    }
}

/// A value without the quotes that may stand around it, and what is escaped in it.
fn bared<'a>(raw: &'a [u8], field: &Field) -> (&'a [u8], Escape) {
    match raw {
        // A server that has another way to write blanks quotes nothing without one.
        [b'"', inner @ .., b'"'] if field.quotes == Quotes::Optional || inner.contains(&b' ') => {
            (inner, Escape::Doubled)
        }
        _ => match field.escape {
            Escape::Percent | Escape::Plus => (raw, field.escape),
            _ => (raw, Escape::None),
        },
    }
}

/// Compare with a few bytes: cheaper than a call that compares many.
#[inline(always)]
fn begins_with(text: &[u8], wanted: &[u8]) -> bool {
    text.len() >= wanted.len() && wanted.iter().zip(text).all(|(one, other)| one == other)
}

/// Where the value of a simple field ends, and what is escaped in it; `None`: it takes a
/// closer look.
#[inline(always)]
fn simple_end(rest: &[u8], field: &Field) -> Option<(usize, Escape)> {
    match (field.quotes, field.until.as_slice()) {
        (Quotes::Never, [byte]) => Some((find_near(rest, *byte)?, field.escape)),
        (Quotes::Never, until) => Some((find_text_near(rest, until)?, field.escape)),
        (_, until) => {
            let end = memchr2(b'"', b'\\', rest)?;
            let ends = rest[end] == b'"' && begins_with(&rest[end..], until);
            ends.then_some((end, Escape::None))
        }
    }
}

/// Find a field at the beginning of a text.
#[inline]
fn find(rest: &[u8], field: &Field, last: bool, least: usize) -> Result<Found, Reason> {
    match field.quotes {
        Quotes::Never => plain(rest, field, least, field.escape),
        Quotes::Always => quoted(rest, field, last, least),
        Quotes::Optional if rest.first() == Some(&b'"') => {
            optionally_quoted(rest, field, last, least)
        }
        // Without quotes it is one word, and holds none.
        Quotes::Optional if field.elastic && least > 0 => Err(Reason::Unended),
        Quotes::Optional => {
            let escape = match field.escape {
                Escape::Percent | Escape::Plus => field.escape,
                _ => Escape::None,
            };
            let found = plain(rest, field, least, escape)?;
            match find_near(&rest[..found.end], b'"') {
                // The quote of the next field; the blank before it is missing.
                Some(end) if field.glued => Ok(Found {
                    end,
                    next: Some(end),
                    ..found
                }),
                Some(_) if field.elastic => Err(Reason::Forbidden),
                _ => Ok(found),
            }
        }
    }
}

#[inline]
fn plain(rest: &[u8], field: &Field, least: usize, escape: Escape) -> Result<Found, Reason> {
    let found = |end, next| {
        Ok(Found {
            start: 0,
            end,
            escape,
            next,
        })
    };
    let searched = rest.get(least..).ok_or(Reason::Unended)?;
    let until = match field.until.as_slice() {
        [] => return found(rest.len(), Some(rest.len())),
        [byte] => find_near(searched, *byte),
        until => find_text_near(searched, until),
    };
    // A target is no list, whatever it ends with.
    if field.elastic
        && !matches!(field.kind, Kind::Part(_) | Kind::Request)
        && let Some(length) = until
        && in_list(rest, least + length, field.until.len())
    {
        return longer(rest, field, least + length + 1, escape);
    }
    match (until, &field.end) {
        (Some(length), _) => found(least + length, Some(least + length + field.until.len())),
        (None, Some(end)) => match rest.strip_suffix(end.as_slice()) {
            Some(value) => found(value.len(), None),
            None => Err(Reason::Unended),
        },
        (None, None) => Err(Reason::Unended),
    }
}

/// A field whose value goes on behind a place that ends it only at first sight.
#[cold]
fn longer(rest: &[u8], field: &Field, least: usize, escape: Escape) -> Result<Found, Reason> {
    plain(rest, field, least, escape)
}

/// Whether a place is between two items of a list such as `a, b : c`.
fn in_list(rest: &[u8], end: usize, gap: usize) -> bool {
    let (before, after) = (&rest[..end], &rest[end + gap..]);
    before.ends_with(b",") || before.ends_with(b" :") || after.starts_with(b": ")
}

/// A field whose first byte is a quote that is not part of the literal text around it.
fn optionally_quoted(
    rest: &[u8],
    field: &Field,
    last: bool,
    least: usize,
) -> Result<Found, Reason> {
    let escape = match field.escape {
        escape if escape.by_backslash() => escape,
        _ => Escape::Doubled,
    };
    let mut from = least.max(1);
    while let Some(end) = quote_end(rest, from, escape) {
        let after = &rest[end + 1..];
        let next = if !last && begins_with(after, &field.until) {
            Some(Some(end + 1 + field.until.len()))
        } else if after == field.until || field.end.as_deref() == Some(after) {
            Some(None)
        } else if !last && field.glued && is_glued(after, field) {
            Some(Some(end + 1))
        } else {
            None
        };
        if let Some(next) = next {
            return Ok(Found {
                start: 1,
                end,
                escape,
                next,
            });
        }
        from = end + 1;
    }
    if least > 0 {
        return Err(Reason::Unquoted);
    }
    // A quote that is never closed is part of the value.
    plain(rest, field, 0, Escape::None)
}

/// Whether what stands behind a quote is the next field, the blank between them missing, and
/// the quote not part of the value.
fn is_glued(after: &[u8], field: &Field) -> bool {
    match after {
        [b'"', next, ..] => !b" \"".contains(next),
        [next, ..] => field.forbids == Some(b'"') && next.is_ascii_alphanumeric(),
        [] => false,
    }
}

/// Where a quoted text ends that goes on from a place.
#[inline]
fn quote_end(text: &[u8], mut from: usize, escape: Escape) -> Option<usize> {
    loop {
        let rest = text.get(from..)?;
        let at = from
            + match escape {
                Escape::Backslash | Escape::Json => memchr2(b'"', b'\\', rest)?,
                _ => memchr(b'"', rest)?,
            };
        if text[at] == b'\\' || escape == Escape::Doubled && text.get(at + 1) == Some(&b'"') {
            from = at + 2;
        } else {
            return Some(at);
        }
    }
}

/// Find a byte that is expected within a few words: cheaper there than a call of `memchr`,
/// which takes over when it is not.
#[inline(always)]
fn find_near(text: &[u8], byte: u8) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut at = 0;
    while let (true, Some(word)) = (at < 32, text[at..].first_chunk::<8>()) {
        let differing = u64::from_le_bytes(*word) ^ (ONES * u64::from(byte));
        // The lowest byte that is zero is the lowest whose top bit comes out set.
        let zeros = differing.wrapping_sub(ONES) & !differing & (ONES << 7);
        if zeros != 0 {
            return Some(at + zeros.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    memchr(byte, &text[at..]).map(|found| at + found)
}

/// Find a short text that is expected near.
#[inline(always)]
fn find_text_near(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = find_near(&text[at..], wanted[0]) {
        if begins_with(&text[at + found..], wanted) {
            return Some(at + found);
        }
        at += found + 1;
    }
    None
}

/// A field between quotes that are part of the literal text around it.
#[inline]
fn quoted(rest: &[u8], field: &Field, last: bool, least: usize) -> Result<Found, Reason> {
    let mut from = least;
    loop {
        let at = quote_end(rest, from, field.escape).ok_or(Reason::Unquoted)?;
        let found = |next| {
            Ok(Found {
                start: 0,
                end: at,
                escape: field.escape,
                next,
            })
        };
        let after = &rest[at..];
        if begins_with(after, &field.until) && (!last || after.len() == field.until.len()) {
            return found(Some(at + field.until.len()));
        }
        if field.end.as_ref().is_some_and(|end| *end == after) {
            return found(None);
        }
        // A server that escapes never leaves a bare quote inside; one that does not, may.
        if !field.escape.leaves_quotes() {
            return Err(if last {
                Reason::TrailingText
            } else {
                Reason::Unquoted
            });
        }
        from = at + 1;
    }
}

/// A whole number; the inner `None` is a value left out: `-`, or a negative number.
#[inline]
fn integer(raw: &[u8]) -> Option<Option<i64>> {
    let (negative, digits) = match raw {
        b"-" | b"" => return Some(None),
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut sum = 0i64;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        sum = sum * 10 + i64::from(digit);
    }
    Some((!negative).then_some(sum))
}

/// A number of up to 15 digits that may have a point among them. It and the power of ten are
/// exact as floats, so that their quotient is the float nearest to what is written.
#[inline]
fn decimal(raw: &[u8]) -> Option<f64> {
    const POWERS: [f64; 16] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ];
    let (mut number, mut digits, mut behind) = (0u64, 0, None);
    if raw.len() > POWERS.len() {
        return None;
    }
    for &byte in raw {
        match byte {
            b'0'..=b'9' => {
                number = number * 10 + u64::from(byte - b'0');
                digits += 1;
            }
            b'.' if behind.is_none() => behind = Some(digits),
            _ => return None,
        }
    }
    let places = digits - behind.unwrap_or(digits);
    (1..POWERS.len())
        .contains(&digits)
        .then(|| number as f64 / POWERS[places])
}

/// A duration in seconds; the inner `None` as in `integer`.
#[inline]
fn seconds(raw: &[u8], unit: Unit) -> Option<Option<f64>> {
    let (whole, fraction) = match memchr(b'.', raw) {
        Some(at) => (&raw[..at], Some(&raw[at + 1..])),
        None => (raw, None),
    };
    let Some(fraction) = fraction else {
        if whole.last().is_some_and(u8::is_ascii_alphabetic) {
            return with_unit(whole).map(plausible);
        }
        let per_second = match unit {
            Unit::PerSecond(count) | Unit::ByPoint(count) => count,
        };
        if let Some(number) = integer(whole) {
            return Some(number.and_then(|number| plausible(number as f64 / per_second)));
        }
        // 5e-7, as Python writes half a microsecond.
        let number: f64 = exponential(whole)?;
        return Some(plausible(number / per_second));
    };
    if raw.last().is_some_and(u8::is_ascii_alphabetic) {
        return with_unit(raw).map(plausible);
    }
    let number = match decimal(raw) {
        Some(number) => number,
        None if whole.is_empty() && fraction.is_empty() => return None,
        None => number_in_full(raw)?,
    };
    let per_second = match unit {
        Unit::PerSecond(count) => count,
        Unit::ByPoint(_) => 1.0,
    };
    Some(plausible(number / per_second))
}

/// A number that has a sign, an exponent or many digits.
#[cold]
fn number_in_full(raw: &[u8]) -> Option<f64> {
    let plain = |b: &u8| b.is_ascii_digit() || b"+-.eE".contains(b);
    if !raw.iter().all(plain) {
        return None;
    }
    std::str::from_utf8(raw).ok()?.parse().ok()
}

/// A number that is written with an exponent and without a point.
#[cold]
fn exponential(raw: &[u8]) -> Option<f64> {
    let has_digits = raw.first()?.is_ascii_digit() && memchr2(b'e', b'E', raw).is_some();
    let text = std::str::from_utf8(raw).ok()?;
    if has_digits { text.parse().ok() } else { None }
}

/// No request takes three years: such a number is something else, a point in time.
fn plausible(seconds: f64) -> Option<f64> {
    (0.0..1e8).contains(&seconds).then_some(seconds)
}

/// `247ms`, `1m2.5s`, `0.25 ms`: durations as Go and people write them.
fn with_unit(raw: &[u8]) -> Option<f64> {
    let mut rest = raw;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest
            .iter()
            .position(|b| !b.is_ascii_digit() && *b != b'.')?;
        let number = decimal(&rest[..digits]).or_else(|| number_in_full(&rest[..digits]))?;
        let unit = &rest[digits..];
        let end = unit.iter().position(u8::is_ascii_digit);
        let (unit, behind) = unit.split_at(end.unwrap_or(unit.len()));
        sum += match unit.trim_ascii() {
            b"h" => number * 3600.0,
            b"m" => number * 60.0,
            b"s" => number,
            b"ms" => number / 1e3,
            b"us" => number / 1e6,
            micro if micro == "µs".as_bytes() || micro == "μs".as_bytes() => number / 1e6,
            b"ns" => number / 1e9,
            _ => return None,
        };
        rest = behind;
    }
    Some(sum)
}

/// The part of a request that stands alone where a request line could: Logstash keeps the
/// target under `request`, some of Fastly's formats the method.
fn part_alone(raw: &[u8]) -> Option<Part> {
    let starts = |text: &[u8]| raw.starts_with(text);
    if raw.len() <= LONGEST_METHOD && raw.iter().all(u8::is_ascii_uppercase) {
        return Some(Part::Method);
    }
    let target = starts(b"/") || starts(b"http://") || starts(b"https://");
    (target && memchr(b' ', raw).is_none()).then_some(Part::Target)
}

const LONGEST_METHOD: usize = 16;

/// A target without the method before it.
#[inline]
fn without_method(raw: &[u8]) -> &[u8] {
    if !raw.first().is_some_and(u8::is_ascii_uppercase) {
        return raw;
    }
    match memchr(b' ', &raw[..raw.len().min(LONGEST_METHOD + 1)]) {
        Some(end) if raw[..end].iter().all(u8::is_ascii_uppercase) => &raw[end + 1..],
        _ => raw,
    }
}

/// nginx lists one time for each upstream tried, `,` between tries and `:` between redirects.
fn sum_of_list(raw: &[u8], unit: Unit) -> Option<Option<f64>> {
    let mut sum = None;
    for item in raw.split(|&b| b == b',' || b == b':') {
        if let Some(value) = seconds(item.trim_ascii(), unit)? {
            sum = Some(sum.unwrap_or(0.0) + value);
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests;
