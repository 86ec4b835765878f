//! Lines of a fixed order of fields, many at a time.
//!
//! Most lines are as the format says in its simplest way. Of a block of these all fields are found
//! first, then all texts of a field are looked up, one after the other: the processor then waits
//! for the memory of several at once. A line that is otherwise is read by itself, in its turn.

use super::ends::{begins_with, find_near, find_text_near};
use super::requests::Requests;
use super::{Failure, Scanner, lines_of};
use crate::batch::Column;
use crate::dictionary::NULL;
use crate::escape::{self, Escape};
use crate::program::{Field, Kind, Layout, Line, Program, Quotes};
use crate::times::TimeFormat;
use crate::typed::{self, Check, Verdict};
use hashing::lookup_hash;
use memchr::memchr2;

/// Lines that are read at once.
const LINES: usize = 128;

/// Code of a text that has to be looked at by itself.
const ODD: u32 = NULL - 1;

/// What becomes of a field's value.
#[derive(Clone, Copy)]
enum Use {
    /// Nobody asked for it.
    None,
    /// It is read in its turn: a number, a time, or what nobody asked for and has to be checked.
    Value,
    /// A text, or an address, and its column.
    Text(usize),
    Request,
}

/// A field of a plan.
struct Place<'a> {
    field: &'a Field,
    index: usize,
    what: Use,
}

/// How the lines of a format are read many at a time.
pub(super) struct Plan<'a> {
    prefix: &'a [u8],
    ignore_rest: bool,
    places: Vec<Place<'a>>,
}

impl<'a> Plan<'a> {
    /// The plan of a format; `None`: each of its lines takes a look by itself.
    pub(super) fn of(program: &'a Program) -> Option<Self> {
        let [Layout::Positional(lines)] = program.layouts.as_slice() else {
            return None;
        };
        let line = lines.first()?;
        let told = line.counted.is_none() && !line.unmarked_request;
        if !told || program.calendar.has_course() {
            return None;
        }
        let fields = line.fields.clone();
        let places: Option<Vec<_>> = fields.map(|index| Place::of(program, index)).collect();
        let plan = Self {
            prefix: &line.prefix,
            ignore_rest: line.ignore_rest,
            places: places?,
        };
        plan.is_clear(program, line).then_some(plan)
    }

    /// Whether no column is filled by two fields, and the time by one.
    fn is_clear(&self, program: &Program, line: &Line) -> bool {
        let fields = &program.fields[line.fields.clone()];
        let mut slots: Vec<usize> = fields.iter().flat_map(Field::slots).flatten().collect();
        let requests = fields.iter().filter(|f| matches!(f.kind, Kind::Request));
        let times = fields.iter().filter(|f| matches!(f.kind, Kind::Time(_)));
        let (requests, times) = (requests.count(), times.count());
        if requests > 0 {
            let host = program.request.host;
            let parts = program.request.slots().into_iter().flatten();
            slots.extend(parts.filter(|&slot| Some(slot) != host));
        }
        slots.extend(program.time);
        let all = slots.len();
        slots.sort_unstable();
        slots.dedup();
        slots.len() == all && requests < 2 && times == usize::from(program.timed)
    }

    /// Find the fields of a line. Returns whether it is as the plan says.
    #[inline]
    fn find<'l>(&self, line: &'l [u8], found: &mut [Option<&'l [u8]>]) -> bool {
        if !begins_with(line, self.prefix) {
            return false;
        }
        let mut at = self.prefix.len();
        for (number, place) in self.places.iter().enumerate() {
            let (field, rest) = (place.field, &line[at..]);
            let last = number + 1 == self.places.len();
            let end = match field.quotes {
                Quotes::Always => match memchr2(b'"', b'\\', rest) {
                    Some(end) if rest[end] == b'"' => end,
                    _ => return false,
                },
                _ => match field.until.as_slice() {
                    [] => rest.len(),
                    [byte] => match find_near(rest, *byte) {
                        Some(end) => end,
                        None => match rest.strip_suffix(field.end.as_deref().unwrap_or(b"\n")) {
                            Some(value) => value.len(),
                            None => return false,
                        },
                    },
                    until => match find_text_near(rest, until) {
                        Some(end) => end,
                        None => match rest.strip_suffix(field.end.as_deref().unwrap_or(b"\n")) {
                            Some(value) => value.len(),
                            None => return false,
                        },
                    },
                },
            };
            found[number] = Some(&rest[..end]);
            let after = &rest[end..];
            if begins_with(after, &field.until) {
                at += end + field.until.len();
                if last {
                    return at == line.len() || self.ignore_rest;
                }
            } else if field.end.as_deref() == Some(after) {
                found[number + 1..].fill(None);
                return true;
            } else {
                return false;
            }
        }
        true
    }
}

impl<'a> Place<'a> {
    /// Where a field stands in a plan; `None`: it takes a closer look.
    fn of(program: &'a Program, index: usize) -> Option<Self> {
        let field = &program.fields[index];
        let told = field.forbids.is_none() && !field.greedy && !field.leading_blanks;
        let ends = match field.quotes {
            Quotes::Never => true,
            Quotes::Always => field.escape.by_backslash(),
            Quotes::Optional => false,
        };
        if !told || !ends || field.shared {
            return None;
        }
        let what = match &field.kind {
            Kind::Skip | Kind::Text(None) if field.check == Check::None => Use::None,
            Kind::Integer { .. } | Kind::Seconds { .. } => Use::Value,
            Kind::Time(TimeFormat::Clf | TimeFormat::Iso | TimeFormat::Any) => Use::Value,
            Kind::Text(None) | Kind::Address { host: None, .. } => Use::Value,
            Kind::Text(Some(slot)) => Use::Text(*slot),
            Kind::Address {
                host: Some(slot), ..
            } => Use::Text(*slot),
            Kind::Request if field.quotes == Quotes::Always => Use::Request,
            _ => return None,
        };
        Some(Self { field, index, what })
    }

    /// Whether what is written is the text that it stands for, and surely of its type.
    fn is_plain(&self, raw: &[u8]) -> bool {
        // What could be escaped, in any field but one with quotes: those have been looked at.
        let escape = match self.field.quotes {
            Quotes::Always => Escape::None,
            _ => self.field.escape,
        };
        let verdict = match (&self.field.kind, self.field.check) {
            (Kind::Address { class, list, .. }, _) => {
                let found = typed::address(raw, *class);
                if *list || found.port.is_some() || found.name != raw {
                    return false;
                }
                found.verdict
            }
            (_, Check::User) if typed::user(raw).0 == raw => typed::user(raw).1,
            (_, Check::User) => return false,
            (_, Check::VirtualHost) => typed::virtual_host(raw),
            (_, Check::Forwarded) => typed::forwarded(raw),
            (_, Check::Status | Check::None) => Verdict::Sure,
        };
        let is_value = !raw.is_empty() && raw != b"-";
        is_value && verdict == Verdict::Sure && *escape::decode(raw, escape) == *raw
    }
}

/// A block of lines.
pub(super) struct Block<'a> {
    plan: Plan<'a>,
    /// The lines, where they begin, and whether they are as the plan says.
    lines: Vec<(&'a [u8], usize, bool)>,
    /// By place and line, what is written.
    found: Vec<Option<&'a [u8]>>,
    /// By place and line, the codes of texts.
    codes: Vec<Vec<u32>>,
    hashes: Vec<u64>,
    requests: Requests<'a>,
}

impl<'a> Block<'a> {
    pub(super) fn new(plan: Plan<'a>) -> Self {
        let places = plan.places.len();
        Self {
            plan,
            lines: Vec::with_capacity(LINES),
            found: vec![None; places * LINES],
            codes: vec![vec![NULL; LINES]; places],
            hashes: vec![0; LINES],
            requests: Requests::default(),
        }
    }
}

impl<'a> Scanner<'a> {
    /// Read lines in blocks.
    pub(super) fn read_blocks(&mut self, data: &'a [u8], plan: Plan<'a>, keep: usize) {
        let places = plan.places.len();
        let mut block = Block::new(plan);
        let mut lines = lines_of(data).peekable();
        while lines.peek().is_some() {
            block.lines.clear();
            for (row, (line, start)) in lines.by_ref().take(LINES).enumerate() {
                let found = &mut block.found[row * places..(row + 1) * places];
                let told = !self.is_directive(line) && block.plan.find(line, found);
                block.lines.push((line, start, told));
            }
            for number in 0..places {
                self.look_up(&mut block, number);
            }
            self.commit_block(&block, keep);
        }
    }

    /// Look the texts of a place up.
    fn look_up(&mut self, block: &mut Block<'a>, number: usize) {
        let place = &block.plan.places[number];
        let places = block.plan.places.len();
        match place.what {
            Use::None | Use::Value => {}
            Use::Request if !self.wants_request => {}
            Use::Request => {
                let requests = block.lines.iter().enumerate();
                let requests = requests.map(|(row, (_, _, told))| {
                    block.found[row * places + number].filter(|_| *told)
                });
                self.look_requests_up(requests, &mut block.requests);
            }
            Use::Text(slot) => {
                let Column::Text { dictionary, .. } = &mut self.columns[slot] else {
                    return;
                };
                // Of an address or a virtual host, not even these are left out.
                let may_lack = matches!(place.field.kind, Kind::Text(_))
                    && place.field.check != Check::VirtualHost;
                let codes = &mut block.codes[number];
                for (row, (_, _, told)) in block.lines.iter().enumerate() {
                    codes[row] = match block.found[row * places + number].filter(|_| *told) {
                        None => NULL,
                        Some(b"-") if may_lack => NULL,
                        Some(b"") if may_lack && place.field.check == Check::None => NULL,
                        Some(raw) => {
                            block.hashes[row] = lookup_hash(raw);
                            0
                        }
                    };
                }
                for (row, code) in codes.iter_mut().enumerate().take(block.lines.len()) {
                    if *code == NULL {
                        continue;
                    }
                    let raw = block.found[row * places + number].unwrap_or_default();
                    let hash = block.hashes[row];
                    *code = match dictionary.find_plain(hash, raw) {
                        Some(code) => code,
                        None if place.is_plain(raw) => dictionary.add_plain(hash, raw),
                        None => ODD,
                    };
                }
            }
        }
    }

    /// Make rows or rejects of the lines, in their order.
    fn commit_block(&mut self, block: &Block<'a>, keep: usize) {
        let places = block.plan.places.len();
        for row in 0..block.lines.len() {
            let (line, start, told) = block.lines[row];
            let found = &block.found[row * places..(row + 1) * places];
            if told && self.take_row(block, row, found, line.len()).is_ok() {
                self.lines += 1;
                self.commit();
                continue;
            }
            self.discard();
            self.read_line(line, start, keep);
        }
    }

    /// Take over what a line says.
    #[inline]
    fn take_row(
        &mut self,
        block: &Block<'a>,
        row: usize,
        found: &[Option<&'a [u8]>],
        length: usize,
    ) -> Result<(), ()> {
        self.begin_line();
        for (number, place) in block.plan.places.iter().enumerate() {
            let Some(raw) = found[number] else { break };
            match place.what {
                Use::None => {}
                Use::Value => {
                    let read = self.take_value(raw, place.index, place.field.escape);
                    read.map_err(drop)?;
                }
                Use::Text(slot) => match block.codes[number][row] {
                    NULL => {}
                    ODD => {
                        let escape = match place.field.quotes {
                            Quotes::Always => Escape::None,
                            _ => place.field.escape,
                        };
                        let read = self.take_value(raw, place.index, escape);
                        read.map_err(drop)?;
                    }
                    code => self.columns[slot].set_code(code),
                },
                Use::Request if !self.wants_request => {}
                Use::Request => self.set_request(block.requests.codes(row).ok_or(())?),
            }
        }
        self.resolve_time(length).map_err(|_: Failure| ())
    }

    fn is_directive(&self, line: &[u8]) -> bool {
        let directives = &self.program.directives;
        !directives.is_empty() && directives.iter().any(|d| line.starts_with(d))
    }
}
