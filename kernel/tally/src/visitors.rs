//! Who a visitor is: a client with a user agent on a day.

use crate::offsets::Offsets;
use hashing::mix;
use std::ops::Range;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Hashes of visitors, for hits of which most are of the same day as the one before.
pub struct Visitors<'a> {
    /// Whose days they are.
    zone: &'a Offsets,
    /// Instants of the last hit's day.
    known: Range<i64>,
    day: u64,
}

impl<'a> Visitors<'a> {
    /// Argument: the zone whose days are meant.
    pub const fn new(zone: &'a Offsets) -> Self {
        Self {
            zone,
            known: 0..0,
            day: 0,
        }
    }

    /// The hash of a visitor, never 0.
    ///
    /// Arguments: hashes of the client, and of the user agent where one is known; the time in
    /// microseconds.
    #[inline]
    pub fn hash(&mut self, client: u64, agent: Option<u64>, time: i64) -> u64 {
        // A division is dear.
        if !self.known.contains(&time) {
            let (day, known) = self.zone.cell(time, DAY);
            self.known = known;
            self.day = mix(day.wrapping_mul(DAY) as u64);
        }
        mix(client ^ mix(agent.unwrap_or(1) ^ self.day)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn hash_in(zone: &Offsets, client: u64, agent: Option<u64>, time: i64) -> u64 {
        Visitors::new(zone).hash(client, agent, time)
    }

    #[test]
    fn a_visitor_is_a_client_with_an_agent_on_a_day() {
        let utc = Offsets::default();
        let hash = |client, agent, time| hash_in(&utc, client, agent, time);
        let same = hash(7, Some(8), 0);
        assert_eq!(hash(7, Some(8), DAY - 1), same);
        let others = [
            hash(8, Some(7), 0),
            hash(9, Some(8), 0),
            hash(7, Some(9), 0),
            hash(7, None, 0),
            hash(7, Some(8), DAY),
            hash(7, Some(8), -1),
        ];
        let distinct: HashSet<u64> = others.into_iter().chain([same]).collect();
        assert_eq!(distinct.len(), 7);
    }

    #[test]
    fn days_may_come_in_any_order() {
        let utc = Offsets::default();
        let mut visitors = Visitors::new(&utc);
        for day in [0, 1, 0, -1, 1] {
            for time in [day * DAY, day * DAY + DAY - 1] {
                assert_eq!(visitors.hash(7, None, time), hash_in(&utc, 7, None, time));
            }
        }
    }

    #[test]
    fn a_day_is_that_of_the_zone() {
        let east = Offsets::new(vec![(i64::MIN, 7_200)]);
        let hash = |time| hash_in(&east, 7, None, time);
        let midnight = DAY - 2 * 3_600_000_000;
        assert_eq!(hash(midnight), hash(midnight + DAY - 1));
        assert_ne!(hash(midnight), hash(midnight - 1));
    }
}
