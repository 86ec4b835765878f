//! Timestamps, as microseconds since 1970-01-01T00:00:00Z.

mod calendar;
mod formats;
mod pattern;
#[cfg(test)]
mod tests;

pub use calendar::{Calendar, Course, Moment, Zone};
use calendar::{DAY, LOGGED, MICROS, days_from_civil, days_in_month, is_leap};

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
                let wall = course.place(clock, begun);
                (wall, Some(wall))
            }
            _ => (self.day_number(calendar.year)? * DAY + clock, None),
        };
        let offset = self.offset.filter(|_| !calendar.without_offsets);
        let (instant, later) = match offset {
            Some(offset) => (wall - offset * MICROS, None),
            None => calendar.zone.instants(wall),
        };
        let instant = later.map_or(instant, |later| course.choose_pass(instant, later));
        LOGGED.contains(&instant).then_some(Moment {
            wall: bare,
            twice: later.is_some(),
            ..moment(instant)
        })
    }

    /// Days since 1970-01-01.
    fn day_number(&self, year_hint: Option<i64>) -> Option<i64> {
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

    /// Take over an instant that is known already.
    pub fn set_instant(&mut self, instant: i64) {
        self.instant = Some(instant);
    }
}
