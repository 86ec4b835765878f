//! Timestamps, as microseconds since 1970-01-01T00:00:00Z.

/// How a field writes (its part of) the time.
#[derive(Clone, Debug, PartialEq)]
pub enum TimeFormat {
    /// `10/Oct/2000:13:55:36 -0700`
    Clf,
    /// ISO 8601 / RFC 3339, with or without fraction and offset.
    Iso,
    /// A count since the epoch; the number says how many microseconds one is.
    Epoch { microseconds: f64 },
    /// Whatever of these it looks like; of a number the unit is told by its size.
    Any,
    /// Items in the manner of strftime.
    Pattern(Vec<Item>),
}

/// One item of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Literal(u8),
    /// Any run of blanks, none included.
    Blanks,
    Year,
    /// Two digits: 69 to 99 are 1969 to 1999 (POSIX).
    ShortYear,
    Month,
    MonthName,
    /// One or two digits, a leading blank allowed.
    Day,
    Weekday,
    WeekdayNumber,
    DayOfYear,
    Hour,
    Hour12,
    HalfOfDay,
    Minute,
    Second,
    /// Digits after the second, with the point or comma before them; may be missing.
    Fraction,
    /// Digits that are a fraction of a second, without a point, as many as given.
    FractionDigits(u8),
    Offset,
    ZoneName,
    EpochSeconds,
}

/// What has been read of a line's time so far; fields may each give a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    instant: Option<i64>,
    year: Option<i64>,
    month: Option<u8>,
    day: Option<u8>,
    day_of_year: Option<u16>,
    hour: u8,
    minute: u8,
    second: u8,
    afternoon: Option<bool>,
    micros: i64,
    offset: Option<i64>,
}

const MICROS: i64 = 1_000_000;

/// The years 1 to 9998: what other programs can hold whatever their zone.
const LOGGED: std::ops::Range<i64> = -62_135_596_800 * MICROS..253_370_764_800 * MICROS;

/// Offsets of a time zone, for times that carry none: (from this instant, seconds east).
#[derive(Clone, Debug, Default)]
pub struct Zone(pub Vec<(i64, i64)>);

impl Zone {
    /// The instant of a wall-clock time; of an ambiguous one the earlier, and of one that
    /// a clock change skipped the instant that the clocks before the change would give.
    fn instant(&self, wall: i64) -> i64 {
        let mut before = 0;
        for (index, &(_, offset)) in self.0.iter().enumerate() {
            let end = self.0.get(index + 1).map(|&(next, _)| next);
            let last = end.is_none_or(|end| wall < end + offset * MICROS);
            if last {
                let start = self.0[index].0;
                let skipped = index > 0 && wall < start + offset * MICROS;
                let used = if skipped { before } else { offset };
                return wall - used * MICROS;
            }
            before = offset;
        }
        wall
    }
}

impl Parts {
    /// The instant, when enough is known to name one.
    pub fn resolve(&self, zone: &Zone, year_hint: Option<i64>) -> Option<i64> {
        if let Some(instant) = self.instant {
            return Some(instant + self.micros);
        }
        let year = self.year.or(year_hint)?;
        let days = match (self.day_of_year, self.month, self.day) {
            (Some(day), _, _) => {
                if i64::from(day) > if is_leap(year) { 366 } else { 365 } {
                    return None;
                }
                days_from_civil(year, 1, 1) + i64::from(day) - 1
            }
            (None, Some(month), Some(day)) => {
                if day > days_in_month(year, month) {
                    return None;
                }
                days_from_civil(year, month, day)
            }
            _ => return None,
        };
        let hour = match (self.afternoon, self.hour) {
            (Some(false), 12) => 0,
            (Some(true), hour) if hour < 12 => hour + 12,
            (_, hour) => hour,
        };
        let seconds = days * 86_400
            + i64::from(hour) * 3_600
            + i64::from(self.minute) * 60
            + i64::from(self.second);
        let wall = seconds * MICROS + self.micros;
        let instant = match self.offset {
            Some(offset) => wall - offset * MICROS,
            None => zone.instant(wall),
        };
        LOGGED.contains(&instant).then_some(instant)
    }

    /// Whether one field alone has named the instant.
    pub const fn is_known(&self) -> bool {
        self.instant.is_some()
    }

    /// Read one field; `None` when it is not a time of that format.
    #[inline]
    pub fn read(&mut self, text: &[u8], format: &TimeFormat) -> Option<()> {
        match format {
            TimeFormat::Clf => self.read_clf(text),
            TimeFormat::Iso => self.read_iso(text),
            TimeFormat::Epoch { microseconds } => self.read_epoch(text, *microseconds),
            TimeFormat::Any => self.read_any(text),
            TimeFormat::Pattern(items) => self.read_pattern(text, items),
        }
    }

    fn read_any(&mut self, text: &[u8]) -> Option<()> {
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
            (2, Some(b'/')) => self.read_clf(text),
            _ => self.read_iso(text),
        }
    }

    /// The parts of a line whose day is known from elsewhere.
    pub fn on(date: Option<(i64, u8, u8)>) -> Self {
        Self {
            year: date.map(|(year, _, _)| year),
            month: date.map(|(_, month, _)| month),
            day: date.map(|(_, _, day)| day),
            ..Self::default()
        }
    }

    /// Take over an instant that is known already.
    pub fn set_instant(&mut self, instant: i64) {
        self.instant = Some(instant);
    }

    #[inline]
    fn read_clf(&mut self, text: &[u8]) -> Option<()> {
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
            return None;
        };
        self.day = Some(in_range(two(d1, d2)?, 1, 31)?);
        self.month = Some(month_number([m1, m2, m3])?);
        self.year = Some(i64::from(two(y1, y2)?) * 100 + i64::from(two(y3, y4)?));
        self.clock(two(h1, h2)?, two(n1, n2)?, two(s1, s2)?)?;
        self.offset = Some(offset_seconds(sign, two(z1, z2)?, two(z3, z4)?)?);
        Some(())
    }

    fn clock(&mut self, hour: u8, minute: u8, second: u8) -> Option<()> {
        self.hour = in_range(hour, 0, 23)?;
        self.minute = in_range(minute, 0, 59)?;
        // A leap second is written as 60.
        self.second = in_range(second, 0, 60)?;
        Some(())
    }

    fn read_iso(&mut self, text: &[u8]) -> Option<()> {
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
        self.year = Some(i64::from(two(y1, y2)?) * 100 + i64::from(two(y3, y4)?));
        self.month = Some(in_range(two(m1, m2)?, 1, 12)?);
        self.day = Some(in_range(two(d1, d2)?, 1, 31)?);
        self.clock(two(h1, h2)?, two(n1, n2)?, two(s1, s2)?)?;
        let rest = self.fraction(rest)?;
        if rest.is_empty() {
            return Some(());
        }
        let rest = rest.strip_prefix(b" ").unwrap_or(rest);
        self.read_offset(rest)?.is_empty().then_some(())
    }

    /// A fraction with its point, when there is one; digits beyond microseconds are cut.
    fn fraction<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
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

    fn read_offset<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let (offset, rest) = match text {
            [b'Z' | b'z', rest @ ..] => (0, rest),
            [sign, h1, h2, b':', m1, m2, rest @ ..] | [sign, h1, h2, m1, m2, rest @ ..] => {
                (offset_seconds(*sign, two(*h1, *h2)?, two(*m1, *m2)?)?, rest)
            }
            [sign, h1, h2] => (offset_seconds(*sign, two(*h1, *h2)?, 0)?, &text[3..]),
            _ => return None,
        };
        self.offset = Some(offset);
        Some(rest)
    }

    fn read_epoch(&mut self, text: &[u8], microseconds: f64) -> Option<()> {
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

    fn read_pattern(&mut self, text: &[u8], items: &[Item]) -> Option<()> {
        let mut rest = text;
        for item in items {
            rest = self.read_item(rest, item)?;
        }
        rest.is_empty().then_some(())
    }

    fn read_item<'a>(&mut self, text: &'a [u8], item: &Item) -> Option<&'a [u8]> {
        match item {
            Item::Literal(byte) => return (text.first() == Some(byte)).then(|| &text[1..]),
            Item::Blanks => return Some(text.trim_ascii_start()),
            Item::Fraction => return self.fraction(text),
            Item::Offset => return self.read_offset(text),
            Item::EpochSeconds => {
                let digits = leading_digits(text);
                self.read_epoch(&text[..digits], 1e6)?;
                return Some(&text[digits..]);
            }
            Item::MonthName => {
                // Written out (%B) or not (%b), the first three letters tell.
                let letters = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
                self.month = Some(month_number(*text.first_chunk::<3>()?)?);
                return Some(&text[letters..]);
            }
            Item::WeekdayNumber => {
                return (leading_digits(&text[..text.len().min(1)]) == 1).then(|| &text[1..]);
            }
            Item::Weekday => {
                let letters = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
                return (letters >= 3).then(|| &text[letters..]);
            }
            Item::ZoneName => {
                let letters = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
                self.offset = zone_offset(&text[..letters]).or(self.offset);
                return (letters > 0).then(|| &text[letters..]);
            }
            Item::HalfOfDay => {
                let (half, rest) = text.split_first_chunk::<2>()?;
                self.afternoon = Some(match half {
                    b"AM" | b"am" => false,
                    b"PM" | b"pm" => true,
                    _ => return None,
                });
                return Some(rest);
            }
            _ => {}
        }
        self.read_number(text, item)
    }

    fn read_number<'a>(&mut self, text: &'a [u8], item: &Item) -> Option<&'a [u8]> {
        let (least, most) = match item {
            Item::Year => (4, 4),
            Item::DayOfYear => (3, 3),
            Item::Month | Item::Day | Item::Hour | Item::Hour12 => (1, 2),
            Item::FractionDigits(count) => (usize::from(*count), usize::from(*count)),
            _ => (2, 2),
        };
        let text = match (item, text) {
            (Item::Day | Item::Hour | Item::Hour12, [b' ', rest @ ..]) => rest,
            _ => text,
        };
        let digits = leading_digits(text).min(most);
        if digits < least {
            return None;
        }
        let number = text[..digits]
            .iter()
            .fold(0i64, |sum, &b| sum * 10 + i64::from(b - b'0'));
        let within = |low: i64, high: i64| (low..=high).contains(&number).then_some(number as u8);
        match item {
            Item::Year => self.year = Some(number),
            Item::ShortYear => self.year = Some(number + if number < 69 { 2000 } else { 1900 }),
            Item::Month => self.month = Some(within(1, 12)?),
            Item::Day => self.day = Some(within(1, 31)?),
            Item::DayOfYear => {
                self.day_of_year = Some((1..=366).contains(&number).then_some(number as u16)?);
            }
            Item::Hour => self.hour = within(0, 23)?,
            Item::Hour12 => self.hour = within(1, 12)?,
            Item::Minute => self.minute = within(0, 59)?,
            Item::Second => self.second = within(0, 60)?,
            Item::FractionDigits(_) => self.micros += fraction_micros(&text[..digits]),
            _ => return None,
        }
        Some(&text[digits..])
    }
}

fn leading_digits(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// Microseconds of the digits after a decimal point.
fn fraction_micros(digits: &[u8]) -> i64 {
    let six = digits.iter().map(|b| i64::from(b - b'0'));
    six.chain(std::iter::repeat(0))
        .take(6)
        .fold(0, |sum, digit| sum * 10 + digit)
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<u8> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then_some(tens * 10 + ones)
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

/// English month names only: a local name is not guessed at.
#[inline]
/// Seconds east of the zones that RFC 5322 (section 4.3) names; other names are ambiguous.
fn zone_offset(name: &[u8]) -> Option<i64> {
    let hours = match name {
        b"UTC" | b"UT" | b"GMT" | b"Z" => 0,
        b"EDT" => -4,
        b"EST" | b"CDT" => -5,
        b"CST" | b"MDT" => -6,
        b"MST" | b"PDT" => -7,
        b"PST" => -8,
        _ => return None,
    };
    Some(hours * 3600)
}

fn month_number(name: [u8; 3]) -> Option<u8> {
    Some(match &name {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    })
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in_month(year: i64, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date in the Gregorian calendar, by counting years from March.
const fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month as i64 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i64 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, format: &TimeFormat) -> Option<i64> {
        let mut parts = Parts::default();
        parts.read(text.as_bytes(), format)?;
        parts.resolve(&Zone::default(), None)
    }

    #[test]
    fn common_log_times_honour_their_offset() {
        let at = |text| read(text, &TimeFormat::Clf);
        assert_eq!(at("10/Oct/2000:13:55:36 -0700"), Some(971_211_336 * MICROS));
        assert_eq!(at("29/Feb/2023:00:00:00 +0000"), None);
        assert_eq!(
            at("29/Feb/2024:00:00:00 +0000"),
            Some(1_709_164_800 * MICROS)
        );
        assert_eq!(at("10/Okt/2000:13:55:36 -0700"), None);
        assert_eq!(at("10/Oct/2000:24:55:36 -0700"), None);
    }

    #[test]
    fn iso_times_have_fractions_and_offsets() {
        let at = |text| read(text, &TimeFormat::Iso);
        assert_eq!(at("2000-10-10T20:55:36Z"), Some(971_211_336 * MICROS));
        assert_eq!(
            at("2000-10-10 13:55:36.1234567-07:00"),
            Some(971_211_336 * MICROS + 123_456)
        );
        assert_eq!(at("2000-10-10T20:55:36+0000x"), None);
    }

    #[test]
    fn epochs_come_in_several_units() {
        let epoch = |microseconds| TimeFormat::Epoch { microseconds };
        assert_eq!(
            read("1525344856.899", &epoch(1e6)),
            Some(1_525_344_856_899_000)
        );
        assert_eq!(
            read("1525344856899", &epoch(1e3)),
            Some(1_525_344_856_899_000)
        );
        assert_eq!(read("99999999999999999999", &epoch(1e6)), None);
        assert_eq!(read("9223372036854775807", &epoch(1e6)), None);
    }

    #[test]
    fn wall_clocks_are_placed_by_their_zone() {
        // Berlin, 2024: +1 until 31 March 01:00 UTC, then +2 until 27 October 01:00 UTC.
        let zone = Zone(vec![
            (i64::MIN, 3_600),
            (1_711_846_800 * MICROS, 7_200),
            (1_729_990_800 * MICROS, 3_600),
        ]);
        let place = |text: &str| {
            let mut parts = Parts::default();
            parts.read(text.as_bytes(), &TimeFormat::Iso).unwrap();
            parts.resolve(&zone, None).unwrap() / MICROS
        };
        assert_eq!(place("2024-01-01 01:00:00"), 1_704_067_200);
        assert_eq!(place("2024-07-01 02:00:00"), 1_719_792_000);
        assert_eq!(place("2024-03-31 02:30:00"), 1_711_848_600);
        assert_eq!(place("2024-10-27 02:30:00"), 1_729_989_000);
    }
}
