//! How lines are read many at a time: where their fields end, and what becomes of each.

use super::block::Written;
use super::ends::{begins_with, find_near, find_text_near};
use crate::program::{Field, Kind, Layout, Line, Program, Quotes};
use crate::times::TimeFormat;
use crate::typed::Check;
use memchr::memchr2;

/// What becomes of a field's value.
#[derive(Clone, Copy)]
pub(super) enum Use {
    /// Nobody asked for it, and any text will do.
    None,
    /// Nobody asked for it, but it must be of its type.
    Check,
    /// A text, or an address and its port.
    Text(usize),
    /// A whole number.
    Integer(usize),
    /// A duration.
    Seconds(usize),
    Time,
    Request,
}

/// Where a field ends.
#[derive(Clone, Copy)]
enum End {
    /// In front of a quote; a backslash takes a closer look.
    Quote,
    /// In front of a byte.
    Byte(u8),
    /// In front of several.
    Text,
    /// With the line.
    Line,
}

/// The text behind a field, as a number to be compared with the bytes of a line.
#[derive(Clone, Copy)]
struct Behind {
    word: u64,
    mask: u64,
    length: usize,
}

impl Behind {
    /// `None`: it is too long.
    fn of(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; 8];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        let mask = match text.len() {
            0 => 0,
            length => u64::MAX >> (64 - 8 * length),
        };
        Some(Self {
            word: u64::from_le_bytes(bytes),
            mask,
            length: text.len(),
        })
    }

    #[inline(always)]
    fn begins(&self, text: &[u8]) -> bool {
        match text.first_chunk::<8>() {
            Some(word) => (u64::from_le_bytes(*word) ^ self.word) & self.mask == 0,
            None => text.starts_with(&self.word.to_le_bytes()[..self.length]),
        }
    }
}

/// A field of a plan.
pub(super) struct Place<'a> {
    pub(super) field: &'a Field,
    pub(super) index: usize,
    pub(super) what: Use,
    end: End,
    behind: Behind,
}

/// How the lines of a format are read many at a time.
pub(super) struct Plan<'a> {
    prefix: &'a [u8],
    ignore_rest: bool,
    pub(super) places: Vec<Place<'a>>,
}

impl<'a> Plan<'a> {
    /// The plan of a format; `None`: each of its lines takes a look by itself.
    pub(super) fn of(program: &'a Program) -> Option<Self> {
        let [Layout::Positional(lines)] = program.layouts.as_slice() else {
            return None;
        };
        let line = lines.first()?;
        if line.counted.is_some() || line.unmarked_request || program.calendar.has_course() {
            return None;
        }
        let fields = line.fields.clone();
        let places: Option<Vec<_>> = fields.map(|index| Place::of(program, index)).collect();
        let plan = Self {
            prefix: &line.prefix,
            ignore_rest: line.ignore_rest,
            places: places?,
        };
        is_clear(program, line).then_some(plan)
    }

    /// Find the fields of a line; those behind its end are `None`. Returns whether it is as the
    /// plan says.
    ///
    /// Arguments: the line; its number in the block; by place, what is found.
    #[inline]
    pub(super) fn find<'l>(&self, line: &'l [u8], row: usize, found: &mut [Written<'l>]) -> bool {
        if !begins_with(line, self.prefix) {
            return false;
        }
        let mut rest = &line[self.prefix.len()..];
        let mut places = self.places.iter().zip(found);
        while let Some((place, found)) = places.next() {
            let Some(length) = place.length(rest) else {
                return false;
            };
            let (value, after) = rest.split_at(length);
            found[row] = Some(value);
            if place.behind.begins(after) {
                rest = &after[place.behind.length..];
            } else if place.field.end.as_deref() == Some(after) {
                places.for_each(|(_, found)| found[row] = None);
                return true;
            } else {
                return false;
            }
        }
        rest.is_empty() || self.ignore_rest
    }
}

/// Whether no column is filled by two fields, and the time by one.
fn is_clear(program: &Program, line: &Line) -> bool {
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
    slots.extend(program.line_number);
    let all = slots.len();
    slots.sort_unstable();
    slots.dedup();
    slots.len() == all && requests < 2 && times == usize::from(program.timed)
}

impl<'a> Place<'a> {
    /// Where a field stands in a plan; `None`: it takes a closer look.
    fn of(program: &'a Program, index: usize) -> Option<Self> {
        let field = &program.fields[index];
        let is_told = field.forbids.is_none() && !field.greedy && !field.leading_blanks;
        if !is_told || field.shared {
            return None;
        }
        let end = match (field.quotes, field.until.as_slice()) {
            (Quotes::Always, _) if field.escape.by_backslash() => End::Quote,
            (Quotes::Never, []) => End::Line,
            (Quotes::Never, [byte]) => End::Byte(*byte),
            (Quotes::Never, _) => End::Text,
            _ => return None,
        };
        let what = match &field.kind {
            Kind::Skip => Use::None,
            Kind::Text(None) if field.check == Check::None => Use::None,
            Kind::Text(Some(slot)) => Use::Text(*slot),
            Kind::Address {
                host: Some(slot), ..
            } => Use::Text(*slot),
            Kind::Address { port: None, .. } | Kind::Text(None) => Use::Check,
            Kind::Integer {
                slot: Some(slot), ..
            } => Use::Integer(*slot),
            Kind::Seconds {
                slot: Some(slot), ..
            } => Use::Seconds(*slot),
            Kind::Integer { .. } | Kind::Seconds { .. } => Use::Check,
            Kind::Time(TimeFormat::Clf | TimeFormat::Iso | TimeFormat::Any) => Use::Time,
            Kind::Request if field.quotes == Quotes::Always => Use::Request,
            _ => return None,
        };
        Some(Self {
            field,
            index,
            what,
            end,
            behind: Behind::of(&field.until)?,
        })
    }

    /// How long the field is with which a text begins; `None`: it takes a closer look.
    #[inline(always)]
    fn length(&self, rest: &[u8]) -> Option<usize> {
        let found = match self.end {
            End::Quote => return memchr2(b'"', b'\\', rest).filter(|&end| rest[end] == b'"'),
            End::Line => return Some(rest.len()),
            End::Byte(byte) => find_near(rest, byte),
            End::Text => find_text_near(rest, &self.field.until),
        };
        found.or_else(|| Some(rest.strip_suffix(self.field.end.as_deref()?)?.len()))
    }
}
