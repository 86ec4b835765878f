//! Who a visitor is: a client with a user agent on a day of UTC.

use hashing::mix;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Hashes of visitors, for hits of which most are of the same day as the one before.
#[derive(Default)]
pub struct Visitors {
    /// When the last hit's day began; `None` before there is one.
    begin: Option<i64>,
    day: u64,
}

impl Visitors {
    /// The hash of a visitor, never 0.
    ///
    /// Arguments: hashes of the client, and of the user agent where one is known; the time in
    /// microseconds.
    #[inline]
    pub fn hash(&mut self, client: u64, agent: Option<u64>, time: i64) -> u64 {
        // A division is dear.
        if self.begin.is_none_or(|begin| !is_within(begin, time)) {
            let begin = time.div_euclid(DAY) * DAY;
            self.begin = Some(begin);
            self.day = mix(begin as u64);
        }
        mix(client ^ mix(agent.unwrap_or(1) ^ self.day)).max(1)
    }
}

#[inline]
fn is_within(begin: i64, time: i64) -> bool {
    (begin..begin + DAY).contains(&time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_visitor_is_a_client_with_an_agent_on_a_day() {
        let hash = |client, agent, time| Visitors::default().hash(client, agent, time);
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
        let mut visitors = Visitors::default();
        for day in [0, 1, 0, -1, 1] {
            for time in [day * DAY, day * DAY + DAY - 1] {
                let alone = Visitors::default().hash(7, None, time);
                assert_eq!(visitors.hash(7, None, time), alone);
            }
        }
    }
}
