//! Durations of some hits: counts by logarithmic bucket, of which any two merge.
//!
//! This is DDSketch (Masson, Rim and Lee, VLDB 2019); one that has to be smaller collapses
//! pairs of neighbouring buckets, as UDDSketch does (Epicoco et al., 2020).

#[cfg(test)]
mod tests;

use crate::budget::MemoryUsed;
use crate::codec::{Damage, Reader, Writer};

/// A value lies within 1 % of the middle of its bucket.
const GAMMA: f64 = 1.02;

/// The lowest and the highest bucket.
const EDGE: i16 = 2000;

/// How often neighbours are collapsed at most: all are in one bucket or two then.
const COLLAPSED: u8 = 11;

/// The bucket of no duration.
pub const NONE: i16 = i16::MIN;

/// Durations, seconds.
#[derive(Clone, Debug, Default)]
pub struct QuantileSketch {
    pub count: u64,
    /// Nanoseconds, whole: parts that are added in any order make the same sum.
    nanoseconds: u128,
    pub max: f64,
    /// How often neighbours were collapsed: a bucket is as wide as `2^collapsed` of the finest.
    collapsed: u8,
    /// Hits by bucket, in order; bucket `i` reaches up to `GAMMA^(i * 2^collapsed)`.
    buckets: Vec<(i16, u64)>,
}

/// The finest bucket of a duration; what is shorter than a nanosecond goes to the lowest.
pub fn bucket_of(seconds: f64) -> i16 {
    (seconds.max(1e-9).ln() / GAMMA.ln())
        .ceil()
        .clamp(f64::from(-EDGE), f64::from(EDGE)) as i16
}

/// The bucket that holds a finer one.
const fn coarser(bucket: i16, collapsed: u8) -> i16 {
    let all = bucket as i32 + (1 << collapsed) - 1;
    (all >> collapsed) as i16
}

impl QuantileSketch {
    /// Memory used, bytes.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.buckets.capacity() * size_of::<(i16, u64)>()
    }

    /// Add one, whose finest bucket is known.
    pub fn add(&mut self, seconds: f64, bucket: i16, used: &mut MemoryUsed) {
        self.count += 1;
        self.nanoseconds += u128::from((seconds * 1e9 + 0.5) as u64);
        self.max = self.max.max(seconds);
        self.put(coarser(bucket, self.collapsed), 1, used);
    }

    fn put(&mut self, bucket: i16, count: u64, used: &mut MemoryUsed) {
        match self
            .buckets
            .binary_search_by_key(&bucket, |&(known, _)| known)
        {
            Ok(at) => self.buckets[at].1 += count,
            Err(at) => {
                let before = self.size();
                self.buckets.insert(at, (bucket, count));
                used.0 = used.0 + self.size() - before;
            }
        }
    }

    fn collapse(&mut self, to: u8, used: &mut MemoryUsed) {
        if to <= self.collapsed {
            return;
        }
        let more = to - self.collapsed;
        let before = self.size();
        let old = std::mem::take(&mut self.buckets);
        self.collapsed = to;
        let mut found: Vec<(i16, u64)> = Vec::new();
        for (bucket, count) in old {
            let bucket = coarser(bucket, more);
            match found.last_mut() {
                Some((known, sum)) if *known == bucket => *sum += count,
                _ => found.push((bucket, count)),
            }
        }
        found.shrink_to_fit();
        self.buckets = found;
        used.0 = (used.0 + self.size()).saturating_sub(before);
    }

    /// Keep no more than so many buckets.
    pub fn shrink(&mut self, most: usize, used: &mut MemoryUsed) {
        while self.buckets.len() > most.max(2) && self.collapsed < COLLAPSED {
            self.collapse(self.collapsed + 1, used);
        }
    }

    /// Add all that another has.
    pub fn merge(&mut self, other: &Self, used: &mut MemoryUsed) {
        self.count += other.count;
        self.nanoseconds = self.nanoseconds.saturating_add(other.nanoseconds);
        self.max = self.max.max(other.max);
        self.collapse(other.collapsed, used);
        let more = self.collapsed - other.collapsed;
        for &(bucket, count) in &other.buckets {
            self.put(coarser(bucket, more), count, used);
        }
    }

    /// Not to be asked for where there are none.
    pub fn mean(&self) -> f64 {
        self.total() / self.count as f64
    }

    /// All durations together.
    pub fn total(&self) -> f64 {
        self.nanoseconds as f64 / 1e9
    }

    fn upper(&self, bucket: i16) -> f64 {
        self.width().powi(i32::from(bucket))
    }

    fn width(&self) -> f64 {
        GAMMA.powi(1 << self.collapsed)
    }

    /// How far a quantile may be from the true one, as a share of it.
    pub fn error(&self) -> f64 {
        (self.width() - 1.0) / (self.width() + 1.0)
    }

    /// The value below which a share of the durations lie.
    pub fn quantile(&self, share: f64) -> f64 {
        let wanted = (share * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for &(bucket, count) in &self.buckets {
            seen += count;
            if seen >= wanted {
                return (2.0 * self.upper(bucket) / (self.width() + 1.0)).min(self.max);
            }
        }
        self.max
    }

    /// Their number is that of all buckets.
    pub fn write(&self, to: &mut Writer) {
        to.number((self.nanoseconds >> 64) as u64);
        to.number(self.nanoseconds as u64);
        to.fixed(self.max.to_bits());
        to.byte(self.collapsed);
        to.number(self.buckets.len() as u64);
        let mut before = 0;
        for &(bucket, count) in &self.buckets {
            to.signed(i64::from(bucket) - i64::from(before));
            to.number(count);
            before = bucket;
        }
    }

    pub fn read(from: &mut Reader<'_>) -> Result<Self, Damage> {
        let nanoseconds = u128::from(from.number()?) << 64 | u128::from(from.number()?);
        let max = f64::from_bits(from.fixed()?);
        let collapsed = from.byte()?;
        if !(0.0..f64::INFINITY).contains(&max) || collapsed > COLLAPSED {
            return Err(Damage("durations are none"));
        }
        let length = from.count(2)?;
        let mut buckets: Vec<(i16, u64)> = Vec::with_capacity(length);
        let (mut count, mut before) = (0u64, 0);
        for slot in 0..length {
            let step = from.signed()?;
            // In order, so that they can be searched.
            let bucket = i64::checked_add(before, step)
                .filter(|_| slot == 0 || step > 0)
                .and_then(|bucket| i16::try_from(bucket).ok())
                .filter(|bucket| (-EDGE..=EDGE).contains(bucket))
                .ok_or(Damage("buckets of durations are not in order"))?;
            let hits = from.number()?;
            buckets.push((bucket, hits));
            count = count.wrapping_add(hits);
            before = i64::from(bucket);
        }
        Ok(Self {
            count,
            nanoseconds,
            max,
            collapsed,
            buckets,
        })
    }

    /// Hits that took up to each of some durations, in order, and longer than the one before; at the
    /// end those that took longer than all.
    pub fn up_to(&self, edges: &[f64]) -> Vec<u64> {
        let mut found = vec![0; edges.len() + 1];
        for &(bucket, count) in &self.buckets {
            // A bucket that ends at an edge may end a little behind it.
            let end = self.upper(bucket) / (1.0 + self.error());
            found[edges.partition_point(|&edge| edge < end)] += count;
        }
        found
    }

    /// Hits by bucket, as (upper end in seconds, hits), in order.
    pub fn histogram(&self) -> Vec<(f64, u64)> {
        let buckets = self.buckets.iter();
        buckets.map(|&(b, count)| (self.upper(b), count)).collect()
    }
}
