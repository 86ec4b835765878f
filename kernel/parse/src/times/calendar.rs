//! Which instant a clock shows: zones, years that are not written, clocks that go back.

pub(super) const MICROS: i64 = 1_000_000;
pub(super) const DAY: i64 = 86_400 * MICROS;

/// How much older than a line before it one may be: servers write lines when requests end.
const DISORDER: i64 = 3 * 3_600 * MICROS;

/// The years 1 to 9998: what other programs can hold whatever their zone.
pub(super) const LOGGED: std::ops::Range<i64> = -62_135_596_800 * MICROS..253_370_764_800 * MICROS;

/// Offsets of a time zone, for times that carry none: (from this instant, seconds east).
#[derive(Clone, Debug, Default)]
pub struct Zone(pub Vec<(i64, i64)>);

impl Zone {
    /// The instant of a wall-clock time, and the later one where there are two; of a time that
    /// a clock change skipped the instant that the clocks before the change would give.
    pub(super) fn instants(&self, wall: i64) -> (i64, Option<i64>) {
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
    /// Whether offsets that times carry are ignored, as if they carried none.
    pub without_offsets: bool,
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
    pub fn observe(&mut self, moment: Moment) {
        // What is much older begins another log in the same file.
        let known = |latest: &i64| *latest - DISORDER <= moment.instant;
        let latest = self.latest.filter(known);
        self.latest = Some(latest.map_or(moment.instant, |latest| latest.max(moment.instant)));
        if let Some(wall) = moment.wall {
            self.wall = Some(self.wall.map_or(wall, |latest| latest.max(wall)));
        }
    }

    /// When a clock that carries no day shows a time, in a log begun then.
    pub(super) fn place(&self, clock: i64, begun: i64) -> i64 {
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
    pub(super) fn choose_pass(&self, first: i64, second: i64) -> i64 {
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
    pub(super) wall: Option<i64>,
    /// Whether the clock showed it at two instants, so that other lines must tell.
    pub twice: bool,
}

pub(super) const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(super) const fn days_in_month(year: i64, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date in the Gregorian calendar, by counting years from March.
pub(super) const fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month as i64 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i64 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
