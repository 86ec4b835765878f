//! Times as they are written: CLF, ISO 8601, counts since the epoch, and what looks like one.

use super::Parts;
use super::calendar::{LOGGED, MICROS};
use super::pattern::month_number;

impl Parts {
    pub(super) fn read_any(&mut self, text: &[u8]) -> Option<()> {
        let text = match text {
            [b'[', inner @ .., b']'] => inner,
            _ => text,
        };
        match (leading_digits(text), text.get(2)) {
            // Nanoseconds of today have 19 digits, microseconds 16, milliseconds 13.
            (17..=19, _) => self.read_epoch(text, 1e-3),
            (14..=16, _) => self.read_epoch(text, 1.0),
            (11..=13, _) => self.read_epoch(text, 1e3),
            (8..=10, _) => self.read_epoch(text, 1e6),
            (2, Some(b'/')) => {
                let written = *self;
                self.read_clf(text).or_else(|| {
                    *self = written;
                    self.read_clf_without_zone(text)
                })
            }
            _ => self.read_iso(text),
        }
    }

    #[inline]
    pub(super) fn read_clf(&mut self, text: &[u8]) -> Option<()> {
        let &[
            d1,
            d2,
            b'/',
            m1,
            m2,
            m3,
            b'/',
            y1,
            y2,
            y3,
            y4,
            b':',
            h1,
            h2,
            b':',
            n1,
            n2,
            b':',
            s1,
            s2,
            b' ',
            sign,
            z1,
            z2,
            z3,
            z4,
        ] = text
        else {
            return self.read_clf_with_zone(text);
        };
        self.day = Some(in_range(two_digits(d1, d2)?, 1, 31)?);
        self.month = Some(month_number([m1, m2, m3])?);
        self.year = Some(i64::from(two_digits(y1, y2)?) * 100 + i64::from(two_digits(y3, y4)?));
        self.set_clock(
            two_digits(h1, h2)?,
            two_digits(n1, n2)?,
            two_digits(s1, s2)?,
        )?;
        self.offset = Some(offset_seconds(
            sign,
            two_digits(z1, z2)?,
            two_digits(z3, z4)?,
        )?);
        Some(())
    }

    /// A time whose offset is written in another way.
    #[cold]
    fn read_clf_with_zone(&mut self, text: &[u8]) -> Option<()> {
        const OFFSET: &[u8; 6] = b" +0000";
        let (clock, zone) = text.split_first_chunk::<20>()?;
        let mut usual = [0; 26];
        usual[..20].copy_from_slice(clock);
        usual[20..].copy_from_slice(OFFSET);
        if zone.len() == OFFSET.len() {
            return None;
        }
        self.read_clf(&usual)?;
        // Apache's %{msec_frac}t and Tomcat's patterns put a fraction in front of the offset.
        let zone = self.read_fraction(zone)?;
        self.read_zone(zone.strip_prefix(b" ")?)
    }

    /// A time of the zone that the server is in: HAProxy's, Python's.
    #[cold]
    fn read_clf_without_zone(&mut self, text: &[u8]) -> Option<()> {
        let (clock, fraction) = text.split_first_chunk::<20>()?;
        let mut usual = *b"00/Jan/2000:00:00:00 +0000";
        usual[..20].copy_from_slice(clock);
        if usual[11] == b' ' {
            usual[11] = b':';
        }
        self.read_clf(&usual)?;
        self.offset = None;
        self.read_fraction(fraction)?.is_empty().then_some(())
    }

    fn set_clock(&mut self, hour: u8, minute: u8, second: u8) -> Option<()> {
        self.hour = in_range(hour, 0, 23)?;
        self.minute = in_range(minute, 0, 59)?;
        // A leap second is written as 60.
        self.second = in_range(second, 0, 60)?;
        Some(())
    }

    pub(super) fn read_iso(&mut self, text: &[u8]) -> Option<()> {
        let (
            &[
                y1,
                y2,
                y3,
                y4,
                b'-' | b'/',
                m1,
                m2,
                b'-' | b'/',
                d1,
                d2,
                b'T' | b't' | b' ',
                h1,
                h2,
                b':',
                n1,
                n2,
                b':',
                s1,
                s2,
            ],
            rest,
        ) = text.split_first_chunk::<19>()?
        else {
            return None;
        };
        self.year = Some(i64::from(two_digits(y1, y2)?) * 100 + i64::from(two_digits(y3, y4)?));
        self.month = Some(in_range(two_digits(m1, m2)?, 1, 12)?);
        self.day = Some(in_range(two_digits(d1, d2)?, 1, 31)?);
        self.set_clock(
            two_digits(h1, h2)?,
            two_digits(n1, n2)?,
            two_digits(s1, s2)?,
        )?;
        let rest = self.read_fraction(rest)?;
        if rest.is_empty() {
            return Some(());
        }
        let rest = rest.strip_prefix(b" ").unwrap_or(rest);
        match self.read_offset(rest) {
            Some([]) => Some(()),
            _ => self.read_zone(rest),
        }
    }

    /// An offset, the name of a zone, or both (`+0000 UTC`, as Go writes). A name that stands
    /// for several zones, such as `EST`, leaves the offset open.
    #[cold]
    fn read_zone(&mut self, text: &[u8]) -> Option<()> {
        let name = match text.first()? {
            b'+' | b'-' => {
                let rest = self.read_offset(text)?;
                if rest.is_empty() {
                    return Some(());
                }
                rest.strip_prefix(b" ")?
            }
            _ => {
                self.offset = matches!(text, b"Z" | b"z" | b"UTC" | b"UT" | b"GMT").then_some(0);
                text
            }
        };
        let named = (1..=5).contains(&name.len()) && name.iter().all(u8::is_ascii_alphabetic);
        named.then_some(())
    }

    /// A fraction with its point, when there is one; digits beyond microseconds are cut.
    pub(super) fn read_fraction<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let [b'.' | b',', rest @ ..] = text else {
            return Some(text);
        };
        let digits = leading_digits(rest);
        if digits == 0 {
            return None;
        }
        self.micros += fraction_micros(&rest[..digits]);
        Some(&rest[digits..])
    }

    pub(super) fn read_offset<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let (offset, rest) = match text {
            [b'Z' | b'z', rest @ ..] => (0, rest),
            [sign, h1, h2, b':', m1, m2, rest @ ..] | [sign, h1, h2, m1, m2, rest @ ..] => (
                offset_seconds(*sign, two_digits(*h1, *h2)?, two_digits(*m1, *m2)?)?,
                rest,
            ),
            [sign, h1, h2] => (offset_seconds(*sign, two_digits(*h1, *h2)?, 0)?, &text[3..]),
            _ => return None,
        };
        self.offset = Some(offset);
        Some(rest)
    }

    pub(super) fn read_epoch(&mut self, text: &[u8], microseconds: f64) -> Option<()> {
        let digits = leading_digits(text);
        if digits == 0 || digits > 19 {
            return None;
        }
        let whole: i64 = std::str::from_utf8(&text[..digits]).ok()?.parse().ok()?;
        let instant = if microseconds >= 1.0 {
            whole.checked_mul(microseconds as i64)?
        } else {
            whole / (1.0 / microseconds).round() as i64
        };
        let fraction = match &text[digits..] {
            [] => 0,
            [b'.', rest @ ..] if leading_digits(rest) == rest.len() && !rest.is_empty() => {
                let parts = fraction_micros(rest) as f64;
                (parts * microseconds / MICROS as f64).round() as i64
            }
            _ => return None,
        };
        let instant = instant.checked_add(fraction)?;
        LOGGED
            .contains(&instant)
            .then(|| self.instant = Some(instant))
    }
}

pub(super) fn leading_digits(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// Microseconds of the digits after a decimal point.
pub(super) fn fraction_micros(digits: &[u8]) -> i64 {
    let six = digits.iter().map(|b| i64::from(b - b'0'));
    six.chain(std::iter::repeat(0))
        .take(6)
        .fold(0, |sum, digit| sum * 10 + digit)
}

#[inline]
fn two_digits(tens: u8, ones: u8) -> Option<u8> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| tens * 10 + ones)
}

#[inline]
fn in_range(number: u8, low: u8, high: u8) -> Option<u8> {
    (low..=high).contains(&number).then_some(number)
}

fn offset_seconds(sign: u8, hours: u8, minutes: u8) -> Option<i64> {
    let seconds =
        i64::from(in_range(hours, 0, 23)?) * 3_600 + i64::from(in_range(minutes, 0, 59)?) * 60;
    match sign {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}
