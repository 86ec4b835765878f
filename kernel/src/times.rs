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
const DAY: i64 = 86_400 * MICROS;

/// How much older than a line before it one may be: servers write lines when requests end.
const DISORDER: i64 = 3 * 3_600 * MICROS;

/// The years 1 to 9998: what other programs can hold whatever their zone.
const LOGGED: std::ops::Range<i64> = -62_135_596_800 * MICROS..253_370_764_800 * MICROS;

/// Offsets of a time zone, for times that carry none: (from this instant, seconds east).
#[derive(Clone, Debug, Default)]
pub struct Zone(pub Vec<(i64, i64)>);

impl Zone {
    /// The instant of a wall-clock time, and the later one where there are two; of a time that
    /// a clock change skipped the instant that the clocks before the change would give.
    fn instants(&self, wall: i64) -> (i64, Option<i64>) {
        let mut before = 0;
        for (index, &(start, offset)) in self.0.iter().enumerate() {
            let next = self.0.get(index + 1);
            if next.is_none_or(|&(end, _)| wall < end + offset * MICROS) {
                let skipped = index > 0 && wall < start + offset * MICROS;
                let used = if skipped { before } else { offset };
                let again = next.filter(|&&(end, after)| wall >= end + after * MICROS);
                let later = again.map(|&(_, after)| wall - after * MICROS);
                return (wall - used * MICROS, later);
            }
            before = offset;
        }
        (wall, None)
    }
}

/// What is known of the times of all lines of a log.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    pub zone: Zone,
    /// The year of times that carry none.
    pub year: Option<i64>,
    /// When the log was begun, as it says itself: the day of times that carry none.
    pub begun: Option<i64>,
}

impl Calendar {
    /// Whether what a time means may depend on the lines before it.
    pub fn has_course(&self) -> bool {
        self.begun.is_some() || self.zone.0.len() > 1
    }
}

/// What the times of the lines so far tell of the next ones.
///
/// Lines of a log are nearly in the order of time. A clock that goes back has passed midnight
/// where lines have no date, and has been set back where the hour comes twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// The latest wall-clock time of lines without a date.
    pub wall: Option<i64>,
    /// The latest instant.
    pub latest: Option<i64>,
}

impl Course {
    /// Take in the time of another line.
    #[inline]
    pub fn see(&mut self, moment: Moment) {
        // What is much older begins another log in the same file.
        let known = |latest: &i64| *latest - DISORDER <= moment.instant;
        let latest = self.latest.filter(known);
        self.latest = Some(latest.map_or(moment.instant, |latest| latest.max(moment.instant)));
        if let Some(wall) = moment.wall {
            self.wall = Some(self.wall.map_or(wall, |latest| latest.max(wall)));
        }
    }

    /// When a clock that carries no day shows a time, in a log begun then.
    fn day(&self, clock: i64, begun: i64) -> i64 {
        let midnight = |wall: i64| wall - wall.rem_euclid(DAY);
        match self.wall {
            // The first day on which it is not much older than the line before it.
            Some(latest) => {
                let earliest = midnight(latest) - DAY + clock;
                let days = (latest - DISORDER - earliest).max(0);
                earliest + (days + DAY - 1) / DAY * DAY
            }
            // A clock far behind the one that the log's head shows has passed midnight.
            None if clock < begun.rem_euclid(DAY) - DAY / 2 => midnight(begun) + DAY + clock,
            None => midnight(begun) + clock,
        }
    }

    /// Which of two instants a line is of whose clock shows the same at both: the one nearer to
    /// the line before it, so that a little disorder counts for nothing; without any the first.
    fn pass(&self, first: i64, second: i64) -> i64 {
        let back = |latest: i64| latest - first >= second - latest;
        if self.latest.is_some_and(back) {
            second
        } else {
            first
        }
    }
}

/// The time of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub instant: i64,
    /// What the clock showed, where the line does not say on which day.
    wall: Option<i64>,
    /// Whether the clock showed it at two instants, so that other lines must tell.
    pub twice: bool,
}

impl Parts {
    /// The instant, where it has been taken over.
    #[inline]
    pub fn known(&self) -> Option<i64> {
        self.instant.map(|instant| instant + self.micros)
    }

    /// The instant, when enough is known to name one.
    pub fn resolve(&self, calendar: &Calendar, course: &Course) -> Option<Moment> {
        let moment = |instant| Moment {
            instant,
            wall: None,
            twice: false,
        };
        if let Some(instant) = self.instant {
            return Some(moment(instant + self.micros));
        }
        let hour = match (self.afternoon, self.hour) {
            (Some(false), 12) => 0,
            (Some(true), hour) if hour < 12 => hour + 12,
            (_, hour) => hour,
        };
        let seconds =
            i64::from(hour) * 3_600 + i64::from(self.minute) * 60 + i64::from(self.second);
        let clock = seconds * MICROS + self.micros;
        let dated = self.day.is_some() || self.month.is_some() || self.day_of_year.is_some();
        let (wall, bare) = match calendar.begun {
            Some(begun) if !dated && self.year.is_none() => {
                let wall = course.day(clock, begun);
                (wall, Some(wall))
            }
            _ => (self.days(calendar.year)? * DAY + clock, None),
        };
        let (instant, later) = match self.offset {
            Some(offset) => (wall - offset * MICROS, None),
            None => calendar.zone.instants(wall),
        };
        let instant = later.map_or(instant, |later| course.pass(instant, later));
        LOGGED.contains(&instant).then_some(Moment {
            wall: bare,
            twice: later.is_some(),
            ..moment(instant)
        })
    }

    /// Days since 1970-01-01.
    fn days(&self, year_hint: Option<i64>) -> Option<i64> {
        let year = self.year.or(year_hint)?;
        match (self.day_of_year, self.month, self.day) {
            (Some(day), _, _) => {
                let last = if is_leap(year) { 366 } else { 365 };
                (i64::from(day) <= last).then(|| days_from_civil(year, 1, 1) + i64::from(day) - 1)
            }
            (None, Some(month), Some(day)) => {
                (day <= days_in_month(year, month)).then(|| days_from_civil(year, month, day))
            }
            _ => None,
        }
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
            return self.read_clf_with_zone(text);
        };
        self.day = Some(in_range(two(d1, d2)?, 1, 31)?);
        self.month = Some(month_number([m1, m2, m3])?);
        self.year = Some(i64::from(two(y1, y2)?) * 100 + i64::from(two(y3, y4)?));
        self.clock(two(h1, h2)?, two(n1, n2)?, two(s1, s2)?)?;
        self.offset = Some(offset_seconds(sign, two(z1, z2)?, two(z3, z4)?)?);
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
        let zone = self.fraction(zone)?;
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
        self.fraction(fraction)?.is_empty().then_some(())
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
        let moment = parts.resolve(&Calendar::default(), &Course::default())?;
        Some(moment.instant)
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
    fn names_of_zones_are_offsets_where_they_are_certain() {
        let iso = |text| read(text, &TimeFormat::Iso);
        let known = Some(971_211_336 * MICROS);
        assert_eq!(iso("2000-10-10 20:55:36 UTC"), known);
        assert_eq!(iso("2000-10-10 13:55:36 -0700 MST"), known);
        assert_eq!(iso("2000-10-10 20:55:36 toolong"), None);
        assert_eq!(iso("2000-10-10 20:55:36 UTC?"), None);
        assert_eq!(read("10/Oct/2000:20:55:36 GMT", &TimeFormat::Clf), known);
        assert_eq!(read("10/Oct/2000:13:55:36 -07:00", &TimeFormat::Clf), known);
        let fraction = read("10/Oct/2000:13:55:36.250 -0700", &TimeFormat::Clf);
        assert_eq!(fraction, known.map(|at| at + 250_000));
        assert_eq!(read("10/Oct/2000:13:55:36 -2500", &TimeFormat::Clf), None);
        // EST is -5 in New York and was +10 in Sydney: only the user knows.
        let mut parts = Parts::default();
        parts
            .read(b"2000-10-10 20:55:36 EST", &TimeFormat::Iso)
            .unwrap();
        assert_eq!(parts.offset, None);
    }

    /// Berlin, 2024: +1 until 31 March 01:00 UTC, then +2 until 27 October 01:00 UTC.
    fn berlin() -> Calendar {
        Calendar {
            zone: Zone(vec![
                (i64::MIN, 3_600),
                (1_711_846_800 * MICROS, 7_200),
                (1_729_990_800 * MICROS, 3_600),
            ]),
            ..Calendar::default()
        }
    }

    /// Seconds since 1970 of lines one behind the other.
    fn places(calendar: &Calendar, format: &TimeFormat, lines: &[&str]) -> Vec<i64> {
        let mut course = Course::default();
        let place = |text: &&str| {
            let mut parts = Parts::default();
            parts.read(text.as_bytes(), format).unwrap();
            let moment = parts.resolve(calendar, &course).unwrap();
            course.see(moment);
            moment.instant / MICROS
        };
        lines.iter().map(place).collect()
    }

    #[test]
    fn wall_clocks_are_placed_by_their_zone() {
        let place = |text| places(&berlin(), &TimeFormat::Iso, &[text])[0];
        assert_eq!(place("2024-01-01 01:00:00"), 1_704_067_200);
        assert_eq!(place("2024-07-01 02:00:00"), 1_719_792_000);
        assert_eq!(place("2024-03-31 02:30:00"), 1_711_848_600);
        assert_eq!(place("2024-10-27 02:30:00"), 1_729_989_000);
    }

    #[test]
    fn a_clock_that_is_set_back_is_in_its_second_pass() {
        let night = [
            "2024-10-27 02:59:58",
            "2024-10-27 02:00:03",
            // Written late: it ended after the clock was set back.
            "2024-10-27 02:59:59",
            "2024-10-27 02:00:04",
            "2024-10-27 02:29:59",
            "2024-10-27 02:59:59",
            "2024-10-27 03:00:00",
            "2024-10-27 02:59:59",
        ];
        let change = 1_729_990_800;
        let wanted = [-2, 3, -1, 4, 1799, 3599, 3600, 3599].map(|second| change + second);
        assert_eq!(places(&berlin(), &TimeFormat::Iso, &night), wanted);
    }

    #[test]
    fn a_long_request_is_no_clock_set_back() {
        let night = [
            "2024-10-27 02:50:00",
            "2024-10-27 02:25:00",
            "2024-10-27 02:50:01",
        ];
        let before = 1_729_990_800 - 3600;
        let wanted = [3000, 1500, 3001].map(|second| before + second);
        assert_eq!(places(&berlin(), &TimeFormat::Iso, &night), wanted);
    }

    #[test]
    fn a_clock_without_a_date_that_goes_back_has_passed_midnight() {
        let clock = TimeFormat::Pattern(vec![
            Item::Hour,
            Item::Literal(b':'),
            Item::Minute,
            Item::Literal(b':'),
            Item::Second,
        ]);
        let begun = |seconds: i64| Calendar {
            begun: Some((15_916 * 86_400 + seconds) * MICROS),
            ..Calendar::default()
        };
        let place = |begun: &Calendar, lines: &[&str]| -> Vec<i64> {
            let placed = places(begun, &clock, lines);
            placed.iter().map(|s| s - 15_916 * 86_400).collect()
        };
        let day = 86_400;
        assert_eq!(
            place(
                &begun(0),
                &[
                    "23:59:58", "00:00:03", "23:59:59", "00:00:04", "20:00:00", "09:00:00"
                ]
            ),
            [
                day - 2,
                day + 3,
                day - 1,
                day + 4,
                day + 72_000,
                2 * day + 32_400
            ]
        );
        // The head was written before midnight, the first line after it.
        assert_eq!(place(&begun(day - 10), &["00:00:03"]), [day + 3]);
        assert_eq!(place(&begun(10), &["13:00:00"]), [46_800]);
    }
}
