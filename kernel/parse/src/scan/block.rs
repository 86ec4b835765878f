//! Lines of a fixed order of fields, many at a time.
//!
//! Most lines are as the format says in its simplest way. Of a block of these all fields are found
//! first, then all values of a field are read, one after the other: the processor then waits for
//! the memory of many at once. A line that is otherwise is read by itself, in its turn.

use super::plan::{Place, Plan, Use};
use super::requests::Requests;
use super::value::{is_status, leaves_unit_open};
use super::{Scanner, lines_of};
use crate::batch::Column;
use crate::dictionary::{Dictionary, NULL};
use crate::escape::{self, Escape};
use crate::numbers::{parse_integer, parse_seconds, sum_seconds};
use crate::program::{Kind, Quotes};
use crate::times::Parts;
use crate::typed::{self, Check, Verdict};
use hashing::lookup_hash;
use memchr::memchr;

/// Lines that are read at once.
pub(super) const LINES: usize = 128;

/// The values of a block's lines in a column.
pub enum Staged {
    /// `NULL` where there is none.
    Codes(Vec<u32>),
    Integers(Vec<Option<i64>>),
    Floats(Vec<Option<f64>>),
}

impl Staged {
    fn of(column: &Column<'_>) -> Self {
        match column {
            Column::Text { .. } => Self::Codes(vec![NULL; LINES]),
            Column::Integer { .. } => Self::Integers(vec![None; LINES]),
            Column::Float { .. } => Self::Floats(vec![None; LINES]),
        }
    }

    #[inline]
    pub(super) fn set_code(&mut self, row: usize, code: u32) {
        if let Self::Codes(codes) = self {
            codes[row] = code;
        }
    }

    #[inline]
    fn set_integer(&mut self, row: usize, value: Option<i64>) {
        if let Self::Integers(values) = self {
            values[row] = value;
        }
    }

    #[inline]
    fn set_float(&mut self, row: usize, value: Option<f64>) {
        if let Self::Floats(values) = self {
            values[row] = value;
        }
    }

    fn integer(&self, row: usize) -> Option<i64> {
        match self {
            Self::Integers(values) => values[row],
            _ => None,
        }
    }
}

/// What is known of a line of a block.
#[derive(Clone, Copy, Default)]
pub(super) struct Known {
    /// Whether it is as the plan says; else it is read by itself.
    pub(super) planned: bool,
    in_doubt: bool,
    has_open_unit: bool,
}

/// A block of lines.
pub(super) struct Block<'a> {
    /// The lines, and where they begin.
    lines: Vec<(&'a [u8], usize)>,
    pub(super) known: Vec<Known>,
    /// By line and place, what is written.
    found: Vec<Option<&'a [u8]>>,
    places: usize,
    /// By column.
    pub(super) staged: Vec<Staged>,
    /// Of texts that are looked up.
    hashes: Vec<Option<u64>>,
}

impl<'a> Block<'a> {
    fn new(places: usize, columns: &[Column<'_>]) -> Self {
        Self {
            lines: Vec::with_capacity(LINES),
            known: Vec::with_capacity(LINES),
            found: vec![None; places * LINES],
            places,
            staged: columns.iter().map(Staged::of).collect(),
            hashes: vec![None; LINES],
        }
    }

    /// What is written in a place of each line that is as the plan says.
    pub(super) fn written(&self, number: usize) -> impl Iterator<Item = Option<&'a [u8]>> {
        let found = self.found[number..].iter().step_by(self.places);
        let known = self.known.iter().zip(found);
        known.map(|(known, found)| found.filter(|_| known.planned))
    }
}

impl<'a> Scanner<'a> {
    /// Read lines in blocks.
    pub(super) fn read_blocks(&mut self, data: &'a [u8], plan: &Plan<'a>, keep: usize) {
        let places = plan.places.len();
        let mut block = Block::new(places, &self.columns);
        let mut requests = Requests::default();
        let mut lines = lines_of(data).peekable();
        while lines.peek().is_some() {
            block.lines.clear();
            block.known.clear();
            for (row, (line, start)) in lines.by_ref().take(LINES).enumerate() {
                let found = &mut block.found[row * places..(row + 1) * places];
                block.lines.push((line, start));
                block.known.push(Known {
                    planned: !self.is_directive(line) && plan.find(line, found),
                    ..Known::default()
                });
            }
            for (number, place) in plan.places.iter().enumerate() {
                match place.what {
                    Use::None => {}
                    Use::Check => self.check(&mut block, number, place),
                    Use::Text(slot) => self.look_texts_up(&mut block, number, place, slot),
                    Use::Integer(slot) => {
                        let zero = self.dash_is_zero(place, &plan.places[..number]);
                        read_integers(&mut block, number, place, slot, zero);
                    }
                    Use::Seconds(slot) => read_seconds(&mut block, number, place, slot),
                    Use::Time => self.read_times(&mut block, number, place),
                    Use::Request => self.look_requests_up(&mut block, number, &mut requests),
                }
            }
            self.commit_block(&block, keep);
        }
    }

    /// Check values that nobody asked for.
    fn check(&mut self, block: &mut Block<'a>, number: usize, place: &Place<'a>) {
        for row in 0..block.lines.len() {
            let Some(raw) = block.found[row * block.places + number] else {
                continue;
            };
            (self.in_doubt, self.has_open_unit) = (false, false);
            let known = &mut block.known[row];
            known.planned &= self.take_value(raw, place.index, place.escape()).is_ok();
            known.in_doubt |= self.in_doubt;
            known.has_open_unit |= self.has_open_unit;
        }
    }

    /// Whether `-` is 0 in a place. Argument: the places in front of it, of which one may have the
    /// status.
    fn dash_is_zero(&self, place: &Place<'_>, before: &[Place<'_>]) -> Zero {
        let is_zero = matches!(
            place.field.kind,
            Kind::Integer {
                dash_is_zero: true,
                ..
            }
        );
        match self.program.status {
            _ if !is_zero => Zero::Never,
            None => Zero::Always,
            Some(status) => {
                let has_status =
                    |place: &Place<'_>| matches!(place.what, Use::Integer(slot) if slot == status);
                match before.iter().any(has_status) {
                    true => Zero::With(status),
                    false => Zero::Never,
                }
            }
        }
    }

    fn read_times(&mut self, block: &mut Block<'a>, number: usize, place: &Place<'a>) {
        let Kind::Time(format) = &place.field.kind else {
            return;
        };
        for row in 0..block.lines.len() {
            let raw = block.found[row * block.places + number];
            self.time = Parts::default();
            let read = raw.is_some_and(|raw| self.read_time(raw, format).is_ok());
            // What a clock shows twice is looked at by itself.
            let instant = self.time.known().filter(|_| read);
            block.known[row].planned &= instant.is_some();
            if let Some(slot) = self.program.time {
                block.staged[slot].set_integer(row, instant);
            }
        }
    }

    fn look_texts_up(
        &mut self,
        block: &mut Block<'a>,
        number: usize,
        place: &Place<'a>,
        slot: usize,
    ) {
        let Column::Text { dictionary, .. } = &mut self.columns[slot] else {
            return;
        };
        let rows = block.lines.len();
        let may_lack = place.may_lack();
        let is_value = |raw: Option<&[u8]>| match raw {
            None => false,
            Some(b"-") => !may_lack,
            Some(b"") => !may_lack || place.field.check != Check::None,
            Some(_) => true,
        };
        for row in 0..rows {
            let raw = block.found[row * block.places + number];
            let wanted = raw.filter(|_| block.known[row].planned && is_value(raw));
            let hash = wanted.map(lookup_hash);
            if let Some(hash) = hash {
                dictionary.announce(hash);
            }
            block.hashes[row] = hash;
        }
        for &hash in block.hashes[..rows].iter().flatten() {
            dictionary.announce_text(hash);
        }
        if let Kind::Address {
            port: Some(slot), ..
        } = place.field.kind
        {
            (0..rows).for_each(|row| block.staged[slot].set_integer(row, None));
        }
        for row in 0..rows {
            let code = match block.hashes[row] {
                None => NULL,
                Some(hash) => {
                    let raw = block.found[row * block.places + number].unwrap_or_default();
                    let plain = dictionary.find_plain(hash, raw);
                    plain.unwrap_or_else(|| place.read(raw, hash, dictionary, block, row))
                }
            };
            block.staged[slot].set_code(row, code);
        }
    }

    /// Make rows or rejects of the lines, in their order.
    fn commit_block(&mut self, block: &Block<'a>, keep: usize) {
        if block.known.iter().all(|known| known.planned) {
            self.commit_rows(block);
            return;
        }
        for (row, known) in block.known.iter().enumerate() {
            if known.planned {
                for (column, staged) in self.columns.iter_mut().zip(&block.staged) {
                    column.set_staged(staged, row);
                }
                (self.in_doubt, self.has_open_unit) = (known.in_doubt, known.has_open_unit);
                self.lines += 1;
                self.commit();
            } else {
                let (line, start) = block.lines[row];
                self.read_line(line, start, keep);
            }
        }
    }

    /// Make rows of all lines.
    fn commit_rows(&mut self, block: &Block<'a>) {
        let (before, rows) = (self.lines - self.rejected, block.lines.len());
        let first = self.first_line + self.lines + self.directives;
        for (column, staged) in self.columns.iter_mut().zip(&block.staged) {
            column.extend(staged, before, rows);
        }
        if let Some(slot) = self.program.line_number {
            self.columns[slot].extend_by_numbers(first as i64, before, rows);
        }
        self.lines += rows;
        for known in &block.known {
            self.doubtful += usize::from(known.in_doubt);
            self.open_units |= known.has_open_unit;
        }
    }

    fn is_directive(&self, line: &[u8]) -> bool {
        let directives = &self.program.directives;
        !directives.is_empty() && directives.iter().any(|d| line.starts_with(d))
    }
}

/// When `-` is 0.
#[derive(Clone, Copy)]
enum Zero {
    Never,
    Always,
    /// On lines that have a value in a column.
    With(usize),
}

fn read_integers(block: &mut Block<'_>, number: usize, place: &Place<'_>, slot: usize, zero: Zero) {
    let is_status_place = place.field.check == Check::Status;
    for row in 0..block.lines.len() {
        let raw = block.found[row * block.places + number];
        let value = match raw.map(|raw| (raw, parse_integer(raw))) {
            None => None,
            Some((raw, Some(value))) if !is_status_place || is_status(raw, value) => {
                value.or_else(|| {
                    let is_zero = match zero {
                        Zero::Never => false,
                        Zero::Always => true,
                        Zero::With(slot) => block.staged[slot].integer(row).is_some(),
                    };
                    is_zero.then_some(0)
                })
            }
            Some(_) => {
                block.known[row].planned = false;
                None
            }
        };
        block.staged[slot].set_integer(row, value);
    }
}

fn read_seconds(block: &mut Block<'_>, number: usize, place: &Place<'_>, slot: usize) {
    let Kind::Seconds { unit, list, .. } = place.field.kind else {
        return;
    };
    for row in 0..block.lines.len() {
        let raw = block.found[row * block.places + number];
        let seconds = raw.map(|raw| match list {
            true => sum_seconds(raw, unit),
            false => parse_seconds(raw, unit),
        });
        let known = &mut block.known[row];
        known.planned &= seconds != Some(None);
        let seconds = seconds.flatten().flatten();
        known.has_open_unit |= leaves_unit_open(raw.unwrap_or_default(), unit, seconds);
        block.staged[slot].set_float(row, seconds);
    }
}

impl Place<'_> {
    /// Whether `-` and nothing at all stand for no value.
    fn may_lack(&self) -> bool {
        matches!(self.field.kind, Kind::Text(_)) && self.field.check != Check::VirtualHost
    }

    /// How what is written has been escaped: in quotes nothing has, for there is no backslash.
    fn escape(&self) -> Escape {
        match self.field.quotes {
            Quotes::Always => Escape::None,
            _ => self.field.escape,
        }
    }

    /// Read a text that is met for the first time, or is no plain one, and say which code it has.
    #[cold]
    fn read(
        &self,
        raw: &[u8],
        hash: u64,
        dictionary: &mut Dictionary<'_>,
        block: &mut Block<'_>,
        row: usize,
    ) -> u32 {
        let known = &mut block.known[row];
        let (text, verdict, port) = match self.field.kind {
            Kind::Address { class, list, .. } => {
                let first = match list {
                    true => raw[..memchr(b',', raw).unwrap_or(raw.len())].trim_ascii(),
                    false => raw,
                };
                let found = typed::address(first, class);
                (found.name, found.verdict, found.port)
            }
            _ => match self.field.check {
                Check::User => {
                    let (text, verdict) = typed::user(raw);
                    (text, verdict, None)
                }
                Check::VirtualHost => (raw, typed::virtual_host(raw), None),
                Check::Forwarded => (raw, typed::forwarded(raw), None),
                Check::Status | Check::None => (raw, Verdict::Sure, None),
            },
        };
        let (lenient, port_slot) = match self.field.kind {
            Kind::Address { lenient, port, .. } => (lenient, port),
            _ => (false, None),
        };
        match verdict {
            Verdict::Wrong if lenient => return NULL,
            Verdict::Wrong => known.planned = false,
            Verdict::Doubtful => known.in_doubt |= !lenient,
            Verdict::Sure => {}
        }
        if !known.planned || text.is_empty() || text == b"-" {
            return NULL;
        }
        if let Some(slot) = port_slot {
            block.staged[slot].set_integer(row, port);
        }
        let escape = match self.field.kind {
            Kind::Address { .. } => Escape::None,
            _ => self.escape(),
        };
        let value = escape::decode(text, escape);
        match verdict == Verdict::Sure && port.is_none() && *value == *raw {
            true => dictionary.add_plain(hash, raw),
            false => dictionary.code(&value),
        }
    }
}
