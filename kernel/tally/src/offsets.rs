//! What the clocks of a time zone show.

#[cfg(test)]
mod tests;

use std::ops::Range;

/// Offsets of a zone: (from this instant, microseconds east of UTC), in order of time.
#[derive(Clone, Debug, Default)]
pub struct Offsets(Vec<(i64, i64)>);

impl Offsets {
    /// Argument: the same in seconds; UTC where there are none.
    pub fn new(seconds: Vec<(i64, i64)>) -> Self {
        let micros = |(from, offset): (i64, i64)| (from, offset.saturating_mul(1_000_000));
        Self(seconds.into_iter().map(micros).collect())
    }

    /// The cell that holds an instant, where what the clocks show is cut into cells of a width.
    ///
    /// Returns the number of the cell, which is 0 at the beginning of 1970, and instants around
    /// the one given that are in it; those on the other side of a change of offset are not among
    /// them. Of the last instants of all there may be none.
    pub fn cell(&self, instant: i64, width: i64) -> (i64, Range<i64>) {
        let next = self.0.partition_point(|&(from, _)| from <= instant);
        let offset = |place: usize| self.0.get(place).map_or(0, |&(_, offset)| offset);
        // What comes before the first has its offset.
        let current = offset(next.saturating_sub(1));
        let cell = instant.saturating_add(current).div_euclid(width);
        let begin = cell.saturating_mul(width).saturating_sub(current);
        let end = begin.saturating_add(width);
        let since = match next {
            0 | 1 => i64::MIN,
            next => self.0[next - 1].0,
        };
        let until = self.0.get(next.max(1)).map_or(i64::MAX, |&(from, _)| from);
        (cell, begin.max(since)..end.min(until))
    }
}
