//! Hits and bytes by bucket of time, for a rule to be judged by.

use crate::figures::Hit;
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// The sums of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When the bucket begins.
    pub start: i64,
    pub hits: u64,
    pub bytes: u64,
    pub hits_with_bytes: u64,
}

/// The sums of each bucket that has a hit, in the order in which the first of each arrived.
///
/// Arguments: the hits with their times; the width of a bucket, at least 1.
pub fn sum_by_bucket<'a>(hits: impl Iterator<Item = (i64, &'a Hit)>, width: i64) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut known: HashMap<i64, usize, RandomState> = HashMap::default();
    for (time, hit) in hits {
        let start = time.div_euclid(width) * width;
        let at = match steps.last() {
            Some(last) if last.start == start => steps.len() - 1,
            _ => *known.entry(start).or_insert_with(|| {
                steps.push(Step {
                    start,
                    hits: 0,
                    bytes: 0,
                    hits_with_bytes: 0,
                });
                steps.len() - 1
            }),
        };
        let step = &mut steps[at];
        step.hits += 1;
        step.bytes += hit.bytes;
        step.hits_with_bytes += u64::from(hit.has_bytes);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(bytes: Option<u64>) -> Hit {
        Hit {
            bytes: bytes.unwrap_or(0),
            has_bytes: bytes.is_some(),
            ..Hit::default()
        }
    }

    #[test]
    fn a_bucket_has_one_step_wherever_its_hits_stand() {
        let hits = [Some(5), None, Some(0), Some(7), Some(1)].map(hit);
        let times = [19, 10, 20, -1, 11];
        let steps = sum_by_bucket(times.into_iter().zip(&hits), 10);
        let sums = |step: &Step| (step.start, step.hits, step.bytes, step.hits_with_bytes);
        let found: Vec<_> = steps.iter().map(sums).collect();
        assert_eq!(found, [(10, 3, 6, 2), (20, 1, 0, 1), (-10, 1, 7, 1)]);
    }
}
