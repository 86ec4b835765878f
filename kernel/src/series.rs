//! Sums by bucket of time and key over a stretch of time that moves on, in bounded memory.
//!
//! A bucket is exact while it has few keys; beyond that those with the least give way to
//! `other`. What made a sum grow is among the largest, hence it stays.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// Sums of one bucket.
#[derive(Default)]
struct Bucket {
    sums: HashMap<Box<str>, u64>,
    other: u64,
}

/// Sums by start of bucket and key.
pub struct Series {
    capacity: usize,
    buckets: BTreeMap<i64, Bucket>,
}

impl Series {
    /// Argument: keys of a bucket that are kept for certain; twice as many are exact.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            buckets: BTreeMap::new(),
        }
    }

    /// Add to the sum of a key in the bucket that begins at an instant.
    pub fn add(&mut self, start: i64, key: &str, amount: u64) {
        let bucket = self.buckets.entry(start).or_default();
        match bucket.sums.get_mut(key) {
            Some(sum) => *sum += amount,
            None => {
                bucket.sums.insert(key.into(), amount);
                if bucket.sums.len() > 2 * self.capacity {
                    bucket.keep_largest(self.capacity);
                }
            }
        }
    }

    /// The sums of all buckets that begin from an instant on and before another, and what
    /// gave way in them.
    pub fn sums(&self, from: i64, to: i64) -> (HashMap<&str, u64>, u64) {
        let mut total: HashMap<&str, u64> = HashMap::new();
        let mut other = 0;
        for bucket in self
            .buckets
            .range(from..to.max(from))
            .map(|(_, bucket)| bucket)
        {
            other += bucket.other;
            for (key, amount) in &bucket.sums {
                *total.entry(key).or_default() += amount;
            }
        }
        (total, other)
    }

    /// Drop all buckets that begin before an instant.
    pub fn forget(&mut self, before: i64) {
        self.buckets = self.buckets.split_off(&before);
    }
}

impl Bucket {
    fn keep_largest(&mut self, count: usize) {
        let mut all: Vec<(Box<str>, u64)> = self.sums.drain().collect();
        // By name too, so that the order of lines with equal sums makes no difference.
        all.sort_unstable_by(|one, two| (Reverse(one.1), &one.0).cmp(&(Reverse(two.1), &two.0)));
        self.other += all.drain(count..).map(|(_, amount)| amount).sum::<u64>();
        self.sums = all.into_iter().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_stretch_that_is_asked_for() {
        let mut series = Series::new(10);
        for (start, key, amount) in [(0, "a", 1), (10, "a", 2), (10, "b", 5), (20, "a", 7)] {
            series.add(start, key, amount);
        }
        let (sums, other) = series.sums(10, 20);
        assert_eq!((sums["a"], sums["b"], sums.len(), other), (2, 5, 2, 0));
        series.forget(20);
        assert_eq!(series.sums(0, 30).0["a"], 7);
    }

    #[test]
    fn the_largest_keys_stay_however_many_there_are() {
        let mut series = Series::new(50);
        for key in 0..10_000_u64 {
            series.add(0, &key.to_string(), 1);
            series.add(0, "surge", 1);
        }
        let (sums, other) = series.sums(0, 1);
        assert!(sums.len() <= 100);
        assert_eq!(sums["surge"], 10_000);
        assert_eq!(sums.values().sum::<u64>() + other, 20_000);
    }
}
