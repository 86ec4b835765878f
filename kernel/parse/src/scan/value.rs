//! What the text of a field says, by its kind, and the columns it fills.

use super::{Reason, Scanner};
use crate::dictionary::NULL;
use crate::escape::{self, Escape};
use crate::numbers::{duration, parse_integer};
use crate::program::{Kind, Part, Slot, Unit};
use crate::request;
use crate::text::are_equal;
use crate::typed::{self, Check, Class, Verdict};
use memchr::memrchr;

/// A field's text on the line before, and what became of it: many are the same line after line.
#[derive(Clone, Copy)]
pub(super) struct Repeated<'a> {
    raw: &'a [u8],
    escape: Escape,
    /// `NULL` where the column was left as it was.
    code: u32,
    port: Option<i64>,
    doubtful: bool,
}

impl<'a> Repeated<'a> {
    /// No line holds a line feed.
    pub(super) const NONE: Self = Self {
        raw: b"\n",
        escape: Escape::None,
        code: NULL,
        port: None,
        doubtful: false,
    };

    #[inline(always)]
    fn is(&self, raw: &[u8], escape: Escape) -> bool {
        self.escape == escape && are_equal(self.raw, raw)
    }
}

impl<'a> Scanner<'a> {
    /// Take over the value of a field.
    #[inline]
    pub(super) fn take_value(
        &mut self,
        raw: &'a [u8],
        index: usize,
        escape: Escape,
    ) -> Result<(), Reason> {
        let field = &self.program.fields[index];
        match &field.kind {
            Kind::Skip => {}
            Kind::Text(None) if field.check == Check::None => {}
            // All that may be left out is so on most lines.
            Kind::Text(_) if raw == b"-" && field.check != Check::VirtualHost => {}
            Kind::Text(slot) => return self.take_text(raw, index, escape, *slot),
            Kind::Request => {
                if self.strict && raw != b"-" && !request::split(raw).regular {
                    return Err(Reason::NotARequest);
                }
                self.take_request(raw, escape);
            }
            // Values that stand one place further on than a layout says.
            Kind::Part(Part::Method) if typed::is_ipv4(raw) => return Err(Reason::WrongType),
            Kind::Part(part) => {
                self.parts[*part as usize] = Some((raw, escape));
                self.has_parts = true;
            }
            Kind::Integer { slot, dash_is_zero } => {
                let number = parse_integer(raw).ok_or(Reason::NotANumber)?;
                if field.check == Check::Status && !is_status(raw, number) {
                    return Err(Reason::WrongType);
                }
                let zero = (*dash_is_zero && self.has_status()).then_some(0);
                self.set_integer(*slot, number.or(zero));
            }
            Kind::Seconds { slot, unit, list } => {
                let seconds = duration(raw, *unit, *list).ok_or(Reason::NotANumber)?;
                self.has_open_unit |= leaves_unit_open(raw, *unit, seconds);
                self.set_float(*slot, seconds);
            }
            Kind::Time(format) => self.read_time(raw, format)?,
            Kind::Coded { word, number } => {
                let (code, digits) = match memrchr(b'/', raw) {
                    Some(slash) => (&raw[..slash], &raw[slash + 1..]),
                    None => (&raw[..0], raw),
                };
                let value = parse_integer(digits).ok_or(Reason::NotANumber)?;
                self.set_text(*word, code, escape);
                self.set_integer(*number, value);
            }
            Kind::Address { .. } => return self.take_address(raw, index, escape),
        }
        Ok(())
    }

    #[inline(always)]
    fn take_text(
        &mut self,
        raw: &'a [u8],
        index: usize,
        escape: Escape,
        slot: Slot,
    ) -> Result<(), Reason> {
        if self.repeated[index].is(raw, escape) {
            self.repeat(index, slot, None);
            return Ok(());
        }
        let (text, verdict) = typed::text(raw, self.program.fields[index].check);
        self.believe(verdict)?;
        self.repeated[index] = Repeated {
            raw,
            escape,
            code: self.set_text(slot, text, escape),
            port: None,
            doubtful: verdict == Verdict::Doubtful,
        };
        Ok(())
    }

    #[inline(always)]
    fn take_address(&mut self, raw: &'a [u8], index: usize, escape: Escape) -> Result<(), Reason> {
        let Kind::Address {
            host,
            port,
            class,
            list,
            lenient,
        } = self.program.fields[index].kind
        else {
            return Ok(());
        };
        // As most lines have it.
        if class == Class::Client
            && let Some((name, number)) = typed::ipv4_and_port(raw)
        {
            self.set_text(host, name, Escape::None);
            self.set_port(port, number);
            return Ok(());
        }
        if self.repeated[index].is(raw, escape) {
            self.repeat(index, host, port);
            return Ok(());
        }
        let found = typed::first_address(raw, class, list);
        match (found.verdict, lenient) {
            (Verdict::Wrong, true) => return Ok(()),
            (_, true) => {}
            (verdict, false) => self.believe(verdict)?,
        }
        let code = self.set_text(host, found.name, Escape::None);
        self.set_port(port, found.port);
        self.repeated[index] = Repeated {
            raw,
            escape,
            code,
            port: found.port,
            doubtful: !lenient && found.verdict == Verdict::Doubtful,
        };
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
    fn has_status(&self) -> bool {
        let slot = self.program.status;
        slot.is_none_or(|slot| self.columns[slot].pending_integer().is_some())
    }

    /// Fill a text column, and say with which code; `NULL`: there is no text.
    #[inline]
    fn set_text(&mut self, slot: Slot, raw: &[u8], escape: Escape) -> u32 {
        match slot {
            Some(slot) if raw != b"-" && !raw.is_empty() => {
                let column = &mut self.columns[slot];
                let code = column.code(&escape::decode(raw, escape));
                column.set_code(code);
                code
            }
            _ => NULL,
        }
    }

    #[inline]
    pub(super) fn set_integer(&mut self, slot: Slot, value: Option<i64>) {
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
}

/// Whether a number is a status: three digits, or 0 where no answer was given. No server writes
/// nothing in its place: the text in front of it went too far.
#[inline]
pub(super) fn is_status(raw: &[u8], number: Option<i64>) -> bool {
    let has_three_digits = |number| number == 0 || (100..=999).contains(&number);
    !raw.is_empty() && number.is_none_or(has_three_digits)
}

/// Whether nothing but other lines can say in which unit a duration is. Zero is zero in every
/// unit, and one that is written out is told.
#[inline]
pub(super) fn leaves_unit_open(raw: &[u8], unit: Unit, seconds: Option<f64>) -> bool {
    matches!(unit, Unit::ByPoint(_))
        && seconds.is_some_and(|seconds| seconds > 0.0)
        && raw.first().is_some_and(u8::is_ascii_digit)
        && raw.last().is_some_and(|&b| b.is_ascii_digit() || b == b'.')
}
