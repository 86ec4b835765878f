//! Numbers and durations as servers write them.

use crate::program::Unit;
use memchr::{memchr, memchr2};

/// A whole number; the inner `None` is a value left out: `-`, or a negative number.
#[inline]
pub fn parse_integer(raw: &[u8]) -> Option<Option<i64>> {
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
fn parse_decimal(raw: &[u8]) -> Option<f64> {
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

/// A duration, or the sum of a list of them, in seconds; the inner `None` as in `parse_integer`.
#[inline]
pub fn duration(raw: &[u8], unit: Unit, list: bool) -> Option<Option<f64>> {
    match list {
        true => sum_seconds(raw, unit),
        false => parse_seconds(raw, unit),
    }
}

/// A duration in seconds; the inner `None` as in `parse_integer`.
#[inline]
pub fn parse_seconds(raw: &[u8], unit: Unit) -> Option<Option<f64>> {
    let (whole, fraction) = match memchr(b'.', raw) {
        Some(at) => (&raw[..at], Some(&raw[at + 1..])),
        None => (raw, None),
    };
    let Some(fraction) = fraction else {
        if whole.last().is_some_and(u8::is_ascii_alphabetic) {
            return parse_with_unit(whole).map(plausible);
        }
        let per_second = match unit {
            Unit::PerSecond(count) | Unit::ByPoint(count) => count,
        };
        if let Some(number) = parse_integer(whole) {
            return Some(number.and_then(|number| plausible(number as f64 / per_second)));
        }
        // 5e-7, as Python writes half a microsecond.
        let number: f64 = parse_exponential(whole)?;
        return Some(plausible(number / per_second));
    };
    if raw.last().is_some_and(u8::is_ascii_alphabetic) {
        return parse_with_unit(raw).map(plausible);
    }
    let number = match parse_decimal(raw) {
        Some(number) => number,
        None if whole.is_empty() && fraction.is_empty() => return None,
        None => parse_float(raw)?,
    };
    let per_second = match unit {
        Unit::PerSecond(count) => count,
        Unit::ByPoint(_) => 1.0,
    };
    Some(plausible(number / per_second))
}

/// nginx lists one time for each upstream tried, `,` between tries and `:` between redirects.
pub fn sum_seconds(raw: &[u8], unit: Unit) -> Option<Option<f64>> {
    let mut sum = None;
    for item in raw.split(|&b| b == b',' || b == b':') {
        if let Some(value) = parse_seconds(item.trim_ascii(), unit)? {
            sum = Some(sum.unwrap_or(0.0) + value);
        }
    }
    Some(sum)
}

/// A number that has a sign, an exponent or many digits.
#[cold]
fn parse_float(raw: &[u8]) -> Option<f64> {
    let plain = |b: &u8| b.is_ascii_digit() || b"+-.eE".contains(b);
    if !raw.iter().all(plain) {
        return None;
    }
    std::str::from_utf8(raw).ok()?.parse().ok()
}

/// A number that is written with an exponent and without a point.
#[cold]
fn parse_exponential(raw: &[u8]) -> Option<f64> {
    let has_digits = raw.first()?.is_ascii_digit() && memchr2(b'e', b'E', raw).is_some();
    let text = std::str::from_utf8(raw).ok()?;
    if has_digits { text.parse().ok() } else { None }
}

/// No request takes three years: such a number is something else, a point in time.
fn plausible(seconds: f64) -> Option<f64> {
    (0.0..1e8).contains(&seconds).then_some(seconds)
}

/// `247ms`, `1m2.5s`, `0.25 ms`: durations as Go and people write them.
fn parse_with_unit(raw: &[u8]) -> Option<f64> {
    let mut rest = raw;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest
            .iter()
            .position(|b| !b.is_ascii_digit() && *b != b'.')?;
        let number = parse_decimal(&rest[..digits]).or_else(|| parse_float(&rest[..digits]))?;
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
