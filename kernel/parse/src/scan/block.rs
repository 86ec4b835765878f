//! Lines of a fixed order of fields, many at a time.
//!
//! Most lines are as the format says in its simplest way. Of a block of these all fields are found
//! first, then all values of a field are read, one after the other: the processor then waits for
//! the memory of many at once. A line that is otherwise is read by itself, in its turn.

use super::plan::{Place, Plan, Use};
use super::requests::Requests;
use super::staged::Staged;
use super::value::{is_status, leaves_unit_open};
use super::{Scanner, lines_of};
use crate::batch::Column;
use crate::dictionary::{Dictionary, NULL};
use crate::escape::{self, Escape};
use crate::numbers::{duration, parse_integer};
use crate::program::{Kind, Quotes};
use crate::times::Parts;
use crate::typed::{self, Check, Verdict};
use hashing::lookup_hash;

/// Lines that are read at once.
pub(super) const LINES: usize = 128;

/// What is known of a line of a block.
#[derive(Clone, Copy, Default)]
pub(super) struct Known {
    /// Whether it is as the plan says; else it is read by itself.
    pub(super) planned: bool,
    in_doubt: bool,
    has_open_unit: bool,
}

/// What is written in a place, by line; `None` behind the end of the line.
pub(super) type Written<'a> = [Option<&'a [u8]>; LINES];

/// A block of lines.
pub(super) struct Block<'a> {
    /// The lines, and where they begin.
    lines: Vec<(&'a [u8], usize)>,
    pub(super) known: Vec<Known>,
    /// By column.
    pub(super) staged: Vec<Staged>,
    /// Of texts that are looked up.
    hashes: [Option<u64>; LINES],
}

impl<'a> Scanner<'a> {
    /// Read lines in blocks.
    pub(super) fn read_blocks(&mut self, data: &'a [u8], plan: &Plan<'a>, keep: usize) {
        let mut block = Block {
            lines: Vec::with_capacity(LINES),
            known: Vec::with_capacity(LINES),
            staged: self.columns.iter().map(Staged::of).collect(),
            hashes: [None; LINES],
        };
        let mut found: Vec<Written<'a>> = vec![[None; LINES]; plan.places.len()];
        let mut requests = Requests::default();
        let mut lines = lines_of(data).peekable();
        while lines.peek().is_some() {
            block.lines.clear();
            block.known.clear();
            for (row, (line, start)) in lines.by_ref().take(LINES).enumerate() {
                block.lines.push((line, start));
                block.known.push(Known {
                    planned: !self.is_directive(line) && plan.find(line, row, &mut found),
                    ..Known::default()
                });
            }
            for (number, (place, found)) in plan.places.iter().zip(&found).enumerate() {
                match place.what {
                    Use::None => {}
                    Use::Check => self.check(&mut block, found, place),
                    Use::Text(slot) => self.look_texts_up(&mut block, found, place, slot),
                    Use::Integer(slot) => {
                        let zero = self.dash_is_zero(place, &plan.places[..number]);
                        read_integers(&mut block, found, place, slot, zero);
                    }
                    Use::Seconds(slot) => read_seconds(&mut block, found, place, slot),
                    Use::Time => self.read_times(&mut block, found, place),
                    Use::Request => self.look_requests_up(&mut block, found, &mut requests),
                }
            }
            self.commit_block(&block, keep);
        }
    }

    /// Check values that nobody asked for.
    fn check(&mut self, block: &mut Block<'a>, found: &Written<'a>, place: &Place<'a>) {
        for (known, found) in block.known.iter_mut().zip(found) {
            let Some(raw) = found.filter(|_| known.planned) else {
                continue;
            };
            (self.in_doubt, self.has_open_unit) = (false, false);
            known.planned = self.take_value(raw, place.index, place.escape()).is_ok();
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
        let has = |status: usize| {
            let mut places = before.iter();
            places.any(|place| matches!(place.what, Use::Integer(slot) if slot == status))
        };
        match self.program.status {
            _ if !is_zero => Zero::Never,
            None => Zero::Always,
            Some(status) if has(status) => Zero::With(status),
            Some(_) => Zero::Never,
        }
    }

    fn read_times(&mut self, block: &mut Block<'a>, found: &Written<'a>, place: &Place<'a>) {
        let Kind::Time(format) = &place.field.kind else {
            return;
        };
        let slot = self.program.time;
        let mut times = slot.and_then(|slot| block.staged[slot].integers());
        for (row, (known, found)) in block.known.iter_mut().zip(found).enumerate() {
            let Some(raw) = found.filter(|_| known.planned) else {
                known.planned = false;
                continue;
            };
            self.time = Parts::default();
            let read = self.read_time(raw, format);
            // What a clock shows twice is looked at by itself.
            let instant = self.time.known().filter(|_| read.is_ok());
            known.planned = instant.is_some();
            if let Some(times) = &mut times {
                times[row] = instant;
            }
        }
    }

    fn look_texts_up(
        &mut self,
        block: &mut Block<'a>,
        found: &Written<'a>,
        place: &Place<'a>,
        slot: usize,
    ) {
        let Column::Text { dictionary, .. } = &mut self.columns[slot] else {
            return;
        };
        let may_lack = place.may_lack();
        let may_be_empty = may_lack && place.field.check == Check::None;
        let lines = block.known.iter().zip(found);
        for ((known, found), to) in lines.zip(&mut block.hashes) {
            let wanted = found.filter(|raw| match raw {
                _ if !known.planned => false,
                [b'-'] => !may_lack,
                [] => !may_be_empty,
                _ => true,
            });
            *to = wanted.map(|raw| {
                let hash = lookup_hash(raw);
                dictionary.announce(hash);
                hash
            });
        }
        let hashes = &block.hashes[..block.lines.len()];
        for &hash in hashes.iter().flatten() {
            dictionary.announce_text(hash);
        }
        if let Kind::Address {
            port: Some(slot), ..
        } = place.field.kind
            && let Some(ports) = block.staged[slot].integers()
        {
            ports.fill(None);
        }
        let mut codes = [NULL; LINES];
        for (row, code) in codes.iter_mut().enumerate().take(block.lines.len()) {
            if let (Some(hash), Some(raw)) = (block.hashes[row], found[row]) {
                let plain = dictionary.find_plain(hash, raw);
                *code = plain.unwrap_or_else(|| place.read(raw, hash, dictionary, block, row));
            }
        }
        block.staged[slot] = Staged::Codes(codes);
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
}

/// When `-` is 0.
#[derive(Clone, Copy)]
enum Zero {
    Never,
    Always,
    /// On lines that have a value in a column.
    With(usize),
}

fn read_integers(
    block: &mut Block<'_>,
    found: &Written<'_>,
    place: &Place<'_>,
    slot: usize,
    zero: Zero,
) {
    let answered = match zero {
        Zero::Never => [false; LINES],
        Zero::Always => [true; LINES],
        Zero::With(status) => match block.staged[status].integers() {
            Some(statuses) => statuses.map(|status| status.is_some()),
            None => return,
        },
    };
    let Some(to) = block.staged[slot].integers() else {
        return;
    };
    let is_status_place = place.field.check == Check::Status;
    let lines = block.known.iter_mut().zip(found).zip(answered);
    for (((known, found), answered), to) in lines.zip(to) {
        *to = None;
        let Some(raw) = found else { continue };
        match parse_integer(raw) {
            Some(number) if !is_status_place || is_status(raw, number) => {
                *to = number.or_else(|| answered.then_some(0));
            }
            _ => known.planned = false,
        }
    }
}

fn read_seconds(block: &mut Block<'_>, found: &Written<'_>, place: &Place<'_>, slot: usize) {
    let Kind::Seconds { unit, list, .. } = place.field.kind else {
        return;
    };
    let Some(to) = block.staged[slot].floats() else {
        return;
    };
    for ((known, found), to) in block.known.iter_mut().zip(found).zip(to) {
        *to = None;
        let Some(raw) = found else { continue };
        match duration(raw, unit, list) {
            Some(seconds) => {
                known.has_open_unit |= leaves_unit_open(raw, unit, seconds);
                *to = seconds;
            }
            None => known.planned = false,
        }
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
                let found = typed::first_address(raw, class, list);
                (found.name, found.verdict, found.port)
            }
            _ => {
                let (text, verdict) = typed::text(raw, self.field.check);
                (text, verdict, None)
            }
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
        let ports = port_slot.and_then(|slot| block.staged[slot].integers());
        if let Some(ports) = ports {
            ports[row] = port;
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
