//! Lines to rows: every line becomes one row or one reject, and none stops the rest.

use crate::batch::{Column, Finished};
use crate::dictionary::{Dictionary, NULL};
use crate::program::{Field, Kind, Program, Slot, Unit};
use crate::request;
use crate::text::{self, Escape};
use crate::times::{Parts, TimeFormat};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use memchr::{memchr, memchr2};
use std::hash::BuildHasher;

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
    pub rejected: usize,
    pub rejects: Vec<Reject>,
    pub reasons: Vec<((Reason, usize), usize)>,
    pub columns: Vec<Finished>,
}

/// A request line seen before, and the codes of its parts in the order of `RequestSlots`.
struct KnownRequest<'a> {
    hash: u64,
    line: &'a [u8],
    codes: [u32; 7],
}

struct Failure {
    reason: Reason,
    field: usize,
    at: usize,
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
    scratch: &mut Scratch,
) -> Parsed {
    let mut scanner = Scanner::new(program, first_line, scratch);
    let mut start = 0;
    while start < data.len() {
        let end = memchr(b'\n', &data[start..]).map_or(data.len(), |at| start + at);
        let line = &data[start..end];
        scanner.line(
            line.strip_suffix(b"\r").unwrap_or(line),
            start,
            keep_rejects,
        );
        start = end + 1;
    }
    scanner.finish(scratch)
}

struct Scanner<'a> {
    program: &'a Program,
    first_line: usize,
    lines: usize,
    rejected: usize,
    rejects: Vec<Reject>,
    reasons: Vec<((Reason, usize), usize)>,
    columns: Vec<Column>,
    hasher: RandomState,
    wants_request: bool,
    requests: HashTable<KnownRequest<'a>>,
    last_time: Option<(&'a [u8], i64)>,
    time: Parts,
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
            rejected: 0,
            rejects: Vec::new(),
            reasons: Vec::new(),
            columns,
            hasher,
            wants_request: program.request.slots().iter().any(Option::is_some),
            requests: HashTable::new(),
            last_time: None,
            time: Parts::default(),
        }
    }

    #[inline]
    fn line(&mut self, line: &'a [u8], start: usize, keep_rejects: usize) {
        self.lines += 1;
        match self.fields(line) {
            Ok(()) => self.keep(),
            Err(failure) => self.reject(line, start, &failure, keep_rejects),
        }
    }

    #[inline]
    fn keep(&mut self) {
        let number = (self.first_line + self.lines - 1) as i64;
        self.set_integer(self.program.line_number, Some(number));
        for column in &mut self.columns {
            column.commit();
        }
    }

    #[cold]
    fn reject(&mut self, line: &[u8], start: usize, failure: &Failure, keep: usize) {
        for column in &mut self.columns {
            column.discard();
        }
        self.rejected += 1;
        let key = (failure.reason, failure.field);
        match self.reasons.iter_mut().find(|(known, _)| *known == key) {
            Some((_, count)) => *count += 1,
            None => self.reasons.push((key, 1)),
        }
        if self.rejects.len() < keep {
            self.rejects.push(Reject {
                line: self.first_line + self.lines - 1,
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
        let finished = self.columns.into_iter().map(Column::finish);
        let (columns, dictionaries) = finished.unzip();
        scratch.dictionaries = dictionaries;
        Parsed {
            lines: self.lines,
            rejected: self.rejected,
            rejects: self.rejects,
            reasons: self.reasons,
            columns,
        }
    }

    fn fields(&mut self, line: &'a [u8]) -> Result<(), Failure> {
        let program = self.program;
        if line.is_empty() {
            return Err(Failure {
                reason: Reason::Empty,
                field: 0,
                at: 0,
            });
        }
        if !line.starts_with(&program.prefix) {
            return Err(Failure {
                reason: Reason::Prefix,
                field: 0,
                at: 0,
            });
        }
        self.time = Parts::default();
        let mut at = program.prefix.len();
        let mut ended = false;
        for (index, field) in program.fields.iter().enumerate() {
            let rest = &line[at..];
            let last = index + 1 == program.fields.len() && !program.ignore_rest;
            let found = if field.quoted {
                quoted(rest, field, last)
            } else {
                plain(rest, field)
            };
            let (length, next) = found.map_err(|reason| Failure {
                reason,
                field: index,
                at,
            })?;
            self.value(&rest[..length], field)
                .map_err(|reason| Failure {
                    reason,
                    field: index,
                    at,
                })?;
            match next {
                Some(next) => at += next,
                None => {
                    ended = true;
                    break;
                }
            }
        }
        if !ended && at < line.len() && !program.ignore_rest {
            let field = program.fields.len().saturating_sub(1);
            return Err(Failure {
                reason: Reason::TrailingText,
                field,
                at,
            });
        }
        self.resolve_time(line.len())
    }

    fn resolve_time(&mut self, at: usize) -> Result<(), Failure> {
        if self.program.time.is_none() {
            return Ok(());
        }
        let instant = self.time.resolve(&self.program.zone, self.program.year);
        if instant.is_none() {
            let field = self.program.fields.len().saturating_sub(1);
            return Err(Failure {
                reason: Reason::NoTime,
                field,
                at,
            });
        }
        self.set_integer(self.program.time, instant);
        Ok(())
    }

    #[inline]
    fn value(&mut self, raw: &'a [u8], field: &Field) -> Result<(), Reason> {
        match &field.kind {
            Kind::Skip => {}
            Kind::Text(slot) => self.set_text(*slot, raw, field.escape),
            Kind::Request => self.request(raw, field.escape),
            Kind::Integer { slot, dash_is_zero } => {
                let number = integer(raw).ok_or(Reason::NotANumber)?;
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
                self.set_float(*slot, seconds);
            }
            Kind::Time(format) => self.read_time(raw, format)?,
            Kind::Address { host, port } => {
                let (name, number) = split_address(raw);
                self.set_text(*host, name, Escape::None);
                self.set_integer(*port, number);
            }
        }
        Ok(())
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
        let whole = matches!(format, TimeFormat::Clf | TimeFormat::Iso);
        if let Some((text, instant)) = self.last_time
            && whole
            && raw == text
        {
            self.time.set_instant(instant);
            return Ok(());
        }
        self.time.read(raw, format).ok_or(Reason::NotATime)?;
        if whole {
            let instant = self.time.resolve(&self.program.zone, self.program.year);
            let instant = instant.ok_or(Reason::NotATime)?;
            self.last_time = Some((raw, instant));
            self.time = Parts::default();
            self.time.set_instant(instant);
        }
        Ok(())
    }

    #[inline]
    fn set_text(&mut self, slot: Slot, raw: &[u8], escape: Escape) {
        let Some(slot) = slot else { return };
        if raw != b"-" && !raw.is_empty() {
            let column = &mut self.columns[slot];
            let code = column.code(&text::decode(raw, escape));
            column.set_code(code);
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
        if !self.wants_request {
            return;
        }
        let hash = self.hasher.hash_one(raw);
        let same = |known: &KnownRequest| known.hash == hash && known.line == raw;
        let codes = match self.requests.find(hash, same) {
            Some(known) => known.codes,
            None => {
                let codes = self.take_apart(raw, escape);
                let known = KnownRequest {
                    hash,
                    line: raw,
                    codes,
                };
                self.requests.insert_unique(hash, known, |known| known.hash);
                codes
            }
        };
        for (slot, code) in self.program.request.slots().into_iter().zip(codes) {
            if let Some(slot) = slot {
                self.columns[slot].set_code(code);
            }
        }
    }

    fn take_apart(&mut self, raw: &[u8], escape: Escape) -> [u32; 7] {
        let line = request::split(raw);
        let target = line.target.map(|target| text::decode(target, escape));
        let place = request::locate(line.method, target.as_deref(), self.program.section_depth);
        let raw = (!line.regular).then_some(raw);
        let parts = [
            line.method,
            target.as_deref(),
            place.path,
            place.query,
            Some(place.section),
            line.protocol,
            raw,
        ];
        let slots = self.program.request.slots();
        std::array::from_fn(|part| match (slots[part], parts[part]) {
            (Some(slot), Some(value)) => self.columns[slot].code(value),
            _ => NULL,
        })
    }
}

/// Length of an unquoted field, and where the next begins; `None`: the line ended.
#[inline]
fn plain(rest: &[u8], field: &Field) -> Result<(usize, Option<usize>), Reason> {
    let found = match field.until.as_slice() {
        [] => return Ok((rest.len(), Some(rest.len()))),
        [byte] => find_near(rest, *byte),
        until => find_text_near(rest, until),
    };
    match (found, &field.end) {
        (Some(length), _) => Ok((length, Some(length + field.until.len()))),
        (None, Some(end)) => match rest.strip_suffix(end.as_slice()) {
            Some(value) => Ok((value.len(), None)),
            None => Err(Reason::Unended),
        },
        (None, None) => Err(Reason::Unended),
    }
}

/// Find a byte that is expected within a few words: cheaper there than a call of `memchr`,
/// which takes over when it is not.
#[inline]
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
#[inline]
fn find_text_near(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = find_near(&text[at..], wanted[0]) {
        if text[at + found..].starts_with(wanted) {
            return Some(at + found);
        }
        at += found + 1;
    }
    None
}

/// Length of a field in quotes, and where the next begins; `None`: the line ended.
fn quoted(rest: &[u8], field: &Field, last: bool) -> Result<(usize, Option<usize>), Reason> {
    let mut from = 0;
    loop {
        let at = match field.escape {
            Escape::Backslash => memchr2(b'"', b'\\', &rest[from..]),
            _ => memchr(b'"', &rest[from..]),
        };
        let at = from + at.ok_or(Reason::Unquoted)?;
        if rest[at] == b'\\' {
            from = (at + 2).min(rest.len());
            continue;
        }
        if field.escape == Escape::Doubled && rest.get(at + 1) == Some(&b'"') {
            from = at + 2;
            continue;
        }
        let after = &rest[at..];
        let closes = after.starts_with(&field.until) && (!last || after.len() == field.until.len());
        if closes {
            return Ok((at, Some(at + field.until.len())));
        }
        if field.end.as_deref() == Some(after) {
            return Ok((at, None));
        }
        // A server that escapes never leaves a bare quote inside; one that does not, may.
        if field.escape != Escape::None {
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

/// A duration in seconds; the inner `None` as in `integer`.
#[inline]
fn seconds(raw: &[u8], unit: Unit) -> Option<Option<f64>> {
    let (whole, fraction) = match memchr(b'.', raw) {
        Some(at) => (&raw[..at], Some(&raw[at + 1..])),
        None => (raw, None),
    };
    let Some(fraction) = fraction else {
        let per_second = match unit {
            Unit::PerSecond(count) => count,
            Unit::ByPoint => 1e6,
        };
        return integer(whole).map(|number| number.map(|number| number as f64 / per_second));
    };
    let text = std::str::from_utf8(raw).ok()?;
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.".contains(&b));
    if !plain || fraction.is_empty() && whole.is_empty() {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    let per_second = match unit {
        Unit::PerSecond(count) => count,
        Unit::ByPoint => 1.0,
    };
    Some((number >= 0.0).then_some(number / per_second))
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

/// Host and port; the brackets of an IPv6 address with a port are taken off.
fn split_address(raw: &[u8]) -> (&[u8], Option<i64>) {
    let Some(colon) = memchr::memrchr(b':', raw) else {
        return (raw, None);
    };
    let (host, port) = (&raw[..colon], &raw[colon + 1..]);
    let bare = host.strip_prefix(b"[").and_then(|h| h.strip_suffix(b"]"));
    let plain_ipv6 = bare.is_none() && memchr(b':', host).is_some();
    if plain_ipv6 || port.is_empty() || !port.iter().all(u8::is_ascii_digit) {
        return (raw, None);
    }
    (bare.unwrap_or(host), integer(port).flatten())
}
