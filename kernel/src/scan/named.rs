//! Lines of named values: JSON, logfmt and LTSV.

use super::{Failure, Reason, Scanner};
use crate::escape::Escape;
use crate::keyed;
use crate::program::{Keyed, Kind, Part};
use memchr::memchr;

impl<'a> Scanner<'a> {
    #[inline(never)]
    pub(super) fn keyed(&mut self, line: &'a [u8], layout: &Keyed) -> Result<(), Failure> {
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
            return Err(Failure::new(Reason::Untold, 0, 0));
        }
        for wanted in &layout.required {
            let had = |&field: &usize| self.seen[program.fields[field].group] != 0;
            if !wanted.iter().any(had) {
                return Err(Failure::new(
                    Reason::Missing,
                    wanted.first().copied().unwrap_or(0),
                    0,
                ));
            }
        }
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
