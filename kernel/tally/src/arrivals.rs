//! The order in which hits of several origins arrive, and which buckets are closed by then.
//!
//! Each origin's hits stay in the order in which they were logged. Which buckets are closed when
//! a hit arrives depends on those before it alone, not on how they were cut into batches.

#[cfg(test)]
mod tests;

use crate::figures::Hit;

/// Hits of one origin, ordered by the latest time up to each of them.
pub struct Origin<'a> {
    pub hits: &'a [Hit],
    /// By row.
    pub times: &'a [i64],
    /// The next hit to arrive.
    pub next: usize,
    /// The latest time of those that have arrived, `i64::MIN` before there are any.
    pub latest: i64,
}

impl Origin<'_> {
    /// The time by which the next hit is in order; `None`: there is none.
    fn next_key(&self) -> Option<i64> {
        let hit = self.hits.get(self.next)?;
        Some(self.latest.max(self.times[hit.row as usize]))
    }
}

/// What closes buckets and display periods as time goes on.
pub struct Clock {
    /// How far the watermark is behind the latest time.
    pub lateness: i64,
    /// Width of the buckets.
    pub width: i64,
    /// Width of the display periods; `None`: the caller ends them.
    pub period: Option<i64>,
    /// The latest time of the slowest origin that is followed and has no hits here: it holds the
    /// watermark back.
    pub slowest: Option<i64>,
    /// Hits that are older are late; it never goes back.
    pub watermark: i64,
}

impl Clock {
    /// Advance to a time. Returns the start of the display period and the end of the last closed
    /// bucket.
    fn advance(&mut self, time: i64) -> (i64, i64) {
        let reached = self.slowest.map_or(time, |slowest| time.min(slowest));
        self.watermark = self.watermark.max(reached.saturating_sub(self.lateness));
        let shown = self.watermark.saturating_add(self.lateness);
        let start = |time: i64, width: i64| time.div_euclid(width) * width;
        (
            self.period.map_or(0, |period| start(shown, period)),
            start(self.watermark, self.width),
        )
    }
}

/// Hits between which no bucket and no display period closes.
#[derive(Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Start of the display period; 0 where the caller ends them.
    pub period: i64,
    /// End of the last closed bucket.
    pub closed: i64,
    /// How many of the hits are late.
    pub late: u64,
    /// Of each origin that has any: its index, the first of its hits and the end of them.
    pub parts: Vec<(usize, usize, usize)>,
}

/// Let the hits of several origins arrive in the order of time, as far as it is known.
///
/// Where an origin runs out, the order of what lies behind it is not known: the rest of the
/// others waits. The origins and the clock are left where they stand then.
pub fn arrive(origins: &mut [Origin<'_>], clock: &mut Clock) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    while let Some((index, until)) = choose_next(origins) {
        let origin = &mut origins[index];
        while let Some(key) = origin.next_key().filter(|&key| key <= until) {
            let at = origin.next;
            let time = origin.times[origin.hits[at].row as usize];
            (origin.latest, origin.next) = (key, at + 1);
            let (period, closed) = clock.advance(key);
            if stretches
                .last()
                .is_none_or(|last| (last.period, last.closed) != (period, closed))
            {
                stretches.push(Stretch {
                    period,
                    closed,
                    late: 0,
                    parts: Vec::new(),
                });
            }
            if let Some(stretch) = stretches.last_mut() {
                stretch.late += u64::from(time < clock.watermark);
                stretch.add(index, at, at + 1);
            }
        }
    }
    stretches
}

/// The same with stretches joined that follow each other and have no late hit: such hits are in
/// buckets that were open, so that they may be added before any of those closes. Of a quiet log
/// there would else be one for each hit. The very first one says where time begins, and is
/// left alone.
pub fn joined(stretches: Vec<Stretch>, is_begun: bool) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    for stretch in stretches {
        let is_first = !is_begun && found.len() == 1;
        let last = found.last_mut().filter(|_| !is_first);
        match last.filter(|last| last.may_join(&stretch)) {
            Some(last) => last.join(stretch),
            None => found.push(stretch),
        }
    }
    found
}

impl Stretch {
    fn may_join(&self, next: &Self) -> bool {
        self.period == next.period && self.late == 0 && next.late == 0
    }

    fn join(&mut self, next: Self) {
        self.closed = next.closed;
        for (index, begin, end) in next.parts {
            self.add(index, begin, end);
        }
    }

    /// Add hits of an origin, which follow those that are here.
    fn add(&mut self, index: usize, begin: usize, end: usize) {
        match self.parts.iter_mut().find(|part| part.0 == index) {
            Some(part) => part.2 = end,
            None => self.parts.push((index, begin, end)),
        }
    }
}

/// The origin whose hit is next, and up to which time its hits come before those of the others;
/// `None` where one has run out. Of equal times the first origin's comes first.
fn choose_next(origins: &[Origin<'_>]) -> Option<(usize, i64)> {
    let mut first: Option<(i64, usize)> = None;
    let mut second = i64::MAX;
    for (index, origin) in origins.iter().enumerate() {
        let key = origin.next_key()?;
        match first {
            Some((least, _)) if least <= key => second = second.min(key),
            Some((least, _)) => {
                second = second.min(least);
                first = Some((key, index));
            }
            None => first = Some((key, index)),
        }
    }
    first.map(|(_, index)| (index, second))
}
