//! Where a field ends: before a literal text, at a quote, with the line.

use super::Reason;
use crate::escape::Escape;
use crate::program::{Field, Kind, Quotes};
use memchr::{memchr, memchr2};

/// A field that was found: where its value stands, how that is escaped, where the next one
/// begins (`None`: the line ended).
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) escape: Escape,
    pub(super) next: Option<usize>,
}

/// Compare with a few bytes: cheaper than a call that compares many.
#[inline(always)]
pub(super) fn begins_with(text: &[u8], wanted: &[u8]) -> bool {
    text.len() >= wanted.len() && wanted.iter().zip(text).all(|(one, other)| one == other)
}

/// Where the value of a field ends that has no more to it than a text behind it, and what is
/// escaped in it; `None`: it takes a closer look.
#[inline(always)]
pub(super) fn first_sight_end(rest: &[u8], field: &Field) -> Option<(usize, Escape)> {
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
pub(super) fn find_field(
    rest: &[u8],
    field: &Field,
    last: bool,
    least: usize,
) -> Result<Found, Reason> {
    match field.quotes {
        Quotes::Never => find_end(rest, field, least, field.escape),
        Quotes::Always => find_closing_quote(rest, field, last, least),
        Quotes::Optional if rest.first() == Some(&b'"') => {
            find_optional_quotes(rest, field, last, least)
        }
        // Without quotes it is one word, and holds none.
        Quotes::Optional if field.greedy && least > 0 => Err(Reason::Unended),
        Quotes::Optional => {
            let escape = match field.escape {
                Escape::Percent | Escape::Plus => field.escape,
                _ => Escape::None,
            };
            let found = find_end(rest, field, least, escape)?;
            match find_near(&rest[..found.end], b'"') {
                // The quote of the next field; the blank before it is missing.
                Some(end) if field.glued => Ok(Found {
                    end,
                    next: Some(end),
                    ..found
                }),
                Some(_) if field.greedy => Err(Reason::Forbidden),
                _ => Ok(found),
            }
        }
    }
}

/// A value that goes on to a literal text, or to the end of the line.
#[inline]
fn find_end(rest: &[u8], field: &Field, least: usize, escape: Escape) -> Result<Found, Reason> {
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
    if field.greedy
        && !matches!(field.kind, Kind::Part(_) | Kind::Request)
        && let Some(length) = until
        && in_list(rest, least + length, field.until.len())
    {
        return find_longer(rest, field, least + length + 1, escape);
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
fn find_longer(rest: &[u8], field: &Field, least: usize, escape: Escape) -> Result<Found, Reason> {
    find_end(rest, field, least, escape)
}

/// Whether a place is between two items of a list such as `a, b : c`.
fn in_list(rest: &[u8], end: usize, gap: usize) -> bool {
    let (before, after) = (&rest[..end], &rest[end + gap..]);
    before.ends_with(b",") || before.ends_with(b" :") || after.starts_with(b": ")
}

/// A value that begins with a quote of its own.
fn find_optional_quotes(
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
    find_end(rest, field, 0, Escape::None)
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

/// A value between quotes that are literal text of the line.
#[inline]
fn find_closing_quote(
    rest: &[u8],
    field: &Field,
    last: bool,
    least: usize,
) -> Result<Found, Reason> {
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
pub(super) fn find_near(text: &[u8], byte: u8) -> Option<usize> {
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
pub(super) fn find_text_near(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = find_near(&text[at..], wanted[0]) {
        if begins_with(&text[at + found..], wanted) {
            return Some(at + found);
        }
        at += found + 1;
    }
    None
}
