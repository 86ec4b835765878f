//! Lines of named values: JSON, logfmt and LTSV.

use super::{Failure, Reason, Scanner};
use crate::escape::Escape;
use crate::key_value;
use crate::program::{KeyValue, Kind, Part};
use memchr::memchr;

impl<'a> Scanner<'a> {
    #[inline(never)]
    pub(super) fn read_key_values(
        &mut self,
        line: &'a [u8],
        layout: &KeyValue,
    ) -> Result<(), Failure> {
        self.begin_line();
        self.seen.fill(0);
        let program = self.program;
        let mut previous_keys = std::mem::take(&mut self.previous_keys);
        let (syntax, keys) = (layout.syntax, &layout.keys);
        let read = key_value::read(syntax, keys, line, &mut previous_keys, &mut |named| {
            let mut next = Some((named.field, named.rank));
            while let Some((place, rank)) = next {
                let field = &program.fields[place];
                let escape = match (named.escape, field.escape) {
                    (Escape::None, own) => own,
                    (Escape::Json, Escape::Percent) => Escape::JsonPercent,
                    (escape, _) => escape,
                };
                // What does not read as it should is as good as absent, as long as the line says
                // without it what it must.
                if self.take_named(named.raw, place, rank, escape) {
                    return Ok(());
                }
                // Each way stands behind the one before it.
                next = field.otherwise.filter(|(other, _)| *other > place);
            }
            Ok::<(), Failure>(())
        });
        self.previous_keys = previous_keys;
        let telling = read?;
        if telling.count_ones() < layout.told_by {
            return Err(Failure::new(Reason::Untold, 0, 0));
        }
        for wanted in &layout.required {
            let had = |&field: &usize| self.seen[program.fields[field].group] != 0;
            if !wanted.iter().any(had) {
                let first = wanted.first().copied().unwrap_or(0);
                return Err(Failure::new(Reason::Missing, first, 0));
            }
        }
        self.compose();
        self.resolve_time(line.len())
    }

    /// Take over a named value; `false` where it does not read as the field should,
    /// and may be read in another way.
    #[inline]
    fn take_named(&mut self, raw: &'a [u8], place: usize, rank: u16, escape: Escape) -> bool {
        let field = &self.program.fields[place];
        let seen = self.seen[field.group];
        let worse = seen != 0 && seen <= rank;
        if worse || raw.is_empty() || raw == b"-" {
            return true;
        }
        let read = match &field.kind {
            Kind::Time(_) => {
                let before = std::mem::take(&mut self.time);
                let read = self.take_value(raw, place, escape).is_ok();
                if !read {
                    self.time = before;
                }
                read
            }
            Kind::Request => match lone_part(raw) {
                Some(part) => {
                    self.parts[part as usize] = Some((raw, escape));
                    self.has_parts = true;
                    true
                }
                None => self.take_value(raw, place, escape).is_ok(),
            },
            // A route: `GET /pets/{id}`.
            Kind::Part(Part::Target | Part::Path) => {
                self.take_value(strip_method(raw), place, escape).is_ok()
            }
            // Some programs write every number with a point.
            Kind::Integer { .. } => {
                let whole = raw.strip_suffix(b".0").unwrap_or(raw);
                self.take_value(whole, place, escape).is_ok()
            }
            _ => self.take_value(raw, place, escape).is_ok(),
        };
        if read {
            self.seen[field.group] = rank;
        }
        read
    }
}

/// The part of a request that stands alone where a request line could: Logstash keeps the
/// target under `request`, some of Fastly's formats the method.
fn lone_part(raw: &[u8]) -> Option<Part> {
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
fn strip_method(raw: &[u8]) -> &[u8] {
    if !raw.first().is_some_and(u8::is_ascii_uppercase) {
        return raw;
    }
    match memchr(b' ', &raw[..raw.len().min(LONGEST_METHOD + 1)]) {
        Some(end) if raw[..end].iter().all(u8::is_ascii_uppercase) => &raw[end + 1..],
        _ => raw,
    }
}
