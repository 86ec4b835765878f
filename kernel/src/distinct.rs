//! How many distinct hashes there were: all of them while they are few, then an estimate.
//!
//! The estimate is HyperLogLog's with 2^14 registers (standard error 0.8 %), worked out as
//! Ertl does (<https://arxiv.org/abs/1702.01284>). One that has to be smaller is folded to
//! fewer registers, which gives what they would have held from the start; hence any two merge.

/// Registers of a count that nobody has made smaller, as a power of two.
const PRECISION: u8 = 14;

/// Hashes that are kept one by one.
const MOST: u32 = 1024;

/// Memory that the parts of a whole use together, bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used(pub usize);

impl Used {
    /// Something has become as large as it is now.
    fn resize(&mut self, before: usize, after: usize) {
        self.0 = (self.0 + after).saturating_sub(before);
    }
}

/// A count of distinct hashes.
#[derive(Clone, Debug)]
pub enum Distinct {
    /// Hashes in an open-addressed table; 0 marks a free slot.
    Few { slots: Box<[u64]>, length: u32 },
    /// The highest rank of each register; there are `2^precision`.
    Many { registers: Box<[u8]>, precision: u8 },
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Few {
            slots: Box::default(),
            length: 0,
        }
    }
}

impl Distinct {
    /// Memory used, bytes.
    pub fn size(&self) -> usize {
        match self {
            Self::Few { slots, .. } => size_of_val::<[u64]>(slots),
            Self::Many { registers, .. } => registers.len(),
        }
    }

    #[inline]
    pub fn add(&mut self, hash: u64, used: &mut Used) {
        let hash = hash.max(1);
        match self {
            Self::Many {
                registers,
                precision,
            } => register(registers, *precision, hash),
            Self::Few { slots, length } => {
                if *length as usize * 2 >= slots.len() {
                    grow(slots, used);
                }
                if insert(slots, hash) {
                    *length += 1;
                    if *length > MOST {
                        self.estimate_from_now_on(PRECISION, used);
                    }
                }
            }
        }
    }

    fn estimate_from_now_on(&mut self, precision: u8, used: &mut Used) {
        let Self::Few { slots, .. } = self else {
            return;
        };
        let mut registers = vec![0; 1 << precision].into_boxed_slice();
        for &hash in slots.iter().filter(|&&hash| hash != 0) {
            register(&mut registers, precision, hash);
        }
        used.resize(size_of_val::<[u64]>(slots), registers.len());
        *self = Self::Many {
            registers,
            precision,
        };
    }

    /// Give the memory back.
    pub fn free(&mut self, used: &mut Used) {
        used.resize(self.size(), 0);
        *self = Self::default();
    }

    /// Use no more than `2^precision` bytes; a count that is smaller stays as exact as it is.
    pub fn shrink(&mut self, precision: u8, used: &mut Used) {
        let before = self.size();
        if before <= 1 << precision {
            return;
        }
        self.estimate_from_now_on(precision, used);
        if let Self::Many {
            registers,
            precision: own,
        } = self
        {
            let before = registers.len();
            while *own > precision {
                *registers = folded(registers);
                *own -= 1;
            }
            used.resize(before, registers.len());
        }
    }

    /// Add all that another has counted.
    pub fn merge(&mut self, other: &Self, used: &mut Used) {
        match other {
            Self::Few { slots, .. } => {
                for &hash in slots.iter().filter(|&&hash| hash != 0) {
                    self.add(hash, used);
                }
            }
            Self::Many {
                registers: theirs,
                precision,
            } => {
                self.estimate_from_now_on(*precision, used);
                self.shrink(*precision, used);
                let Self::Many {
                    registers: own,
                    precision: level,
                } = self
                else {
                    return;
                };
                if *level == *precision {
                    raise(own, theirs);
                    return;
                }
                let mut smaller = folded(theirs);
                for _ in *level + 1..*precision {
                    smaller = folded(&smaller);
                }
                raise(own, &smaller);
            }
        }
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        match self {
            Self::Few { length, .. } => u64::from(*length),
            Self::Many {
                registers,
                precision,
            } => estimate(registers, *precision).round() as u64,
        }
    }

    /// The standard error of the count, as a share of it; 0: it is exact.
    pub fn error(&self) -> f64 {
        match self {
            Self::Few { .. } => 0.0,
            Self::Many { registers, .. } => 1.04 / (registers.len() as f64).sqrt(),
        }
    }
}

#[inline]
fn insert(slots: &mut [u64], hash: u64) -> bool {
    let mask = slots.len() - 1;
    let mut at = (hash >> 40) as usize & mask;
    loop {
        if slots[at] == hash {
            return false;
        }
        if slots[at] == 0 {
            slots[at] = hash;
            return true;
        }
        at = (at + 1) & mask;
    }
}

fn grow(slots: &mut Box<[u64]>, used: &mut Used) {
    let size = (slots.len() * 2).max(4);
    used.resize(slots.len() * 8, size * 8);
    let old = std::mem::replace(slots, vec![0; size].into_boxed_slice());
    for &hash in old.iter().filter(|&&hash| hash != 0) {
        insert(slots, hash);
    }
}

#[inline]
fn register(registers: &mut [u8], precision: u8, hash: u64) {
    let place = (hash >> (64 - precision)) as usize;
    let rank = ((hash << precision) | (1 << (precision - 1))).leading_zeros() as u8 + 1;
    if let Some(known) = registers.get_mut(place) {
        *known = rank.max(*known);
    }
}

fn raise(own: &mut [u8], theirs: &[u8]) {
    for (one, two) in own.iter_mut().zip(theirs) {
        *one = (*one).max(*two);
    }
}

/// Half as many registers: the last bit of a place becomes the first of what ranks count.
fn folded(registers: &[u8]) -> Box<[u8]> {
    let pairs = registers.chunks_exact(2);
    pairs
        .map(|pair| {
            let even = if pair[0] > 0 { pair[0] + 1 } else { 0 };
            let odd = u8::from(pair[1] > 0);
            even.max(odd)
        })
        .collect()
}

/// Ertl's improved estimate, algorithm 6.
fn estimate(registers: &[u8], precision: u8) -> f64 {
    let last = usize::from(64 - precision);
    let mut counts = vec![0u32; last + 2];
    for &rank in registers {
        counts[usize::from(rank).min(last + 1)] += 1;
    }
    let m = registers.len() as f64;
    let mut z = m * tau(1.0 - f64::from(counts[last + 1]) / m);
    for count in counts[1..=last].iter().rev() {
        z = 0.5 * (z + f64::from(*count));
    }
    z += m * sigma(f64::from(counts[0]) / m);
    m * m / (2.0 * std::f64::consts::LN_2 * z)
}

fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    fn counted(numbers: std::ops::Range<u64>, used: &mut Used) -> Distinct {
        let mut count = Distinct::default();
        for number in numbers.clone().chain(numbers) {
            count.add(text::hash(&number.to_le_bytes()), used);
        }
        count
    }

    #[test]
    fn few_are_exact_and_many_within_three_standard_errors() {
        for distinct in [1, 7, 1000, 1024] {
            let count = counted(0..distinct, &mut Used::default());
            assert_eq!((count.count(), count.error()), (distinct, 0.0));
        }
        for distinct in [1025, 5_000, 50_000, 1_000_000] {
            let count = counted(0..distinct, &mut Used::default());
            let ratio = count.count() as f64 / distinct as f64;
            assert!(
                (ratio - 1.0).abs() < 3.0 * count.error(),
                "{distinct}: {ratio}"
            );
            assert!(count.error() > 0.0 && count.error() < 0.01);
        }
    }

    #[test]
    fn a_smaller_count_is_what_it_would_have_been_from_the_start() {
        for precision in 8..14 {
            let mut used = Used::default();
            let mut late = counted(0..30_000, &mut used);
            late.shrink(precision, &mut used);
            let mut early = Distinct::default();
            early.estimate_from_now_on(precision, &mut Used::default());
            for number in 0..30_000u64 {
                early.add(text::hash(&number.to_le_bytes()), &mut Used::default());
            }
            assert_eq!(late.count(), early.count());
            assert_eq!(used.0, 1 << precision);
            let ratio = late.count() as f64 / 30_000.0;
            assert!(
                (ratio - 1.0).abs() < 3.0 * late.error(),
                "{precision}: {ratio}"
            );
        }
    }

    #[test]
    fn counts_of_any_two_sizes_merge_to_the_count_of_both() {
        for (one, other) in [(14, 14), (14, 10), (9, 14), (8, 11)] {
            for few in [false, true] {
                let mut used = Used::default();
                let mut own = counted(0..if few { 100 } else { 20_000 }, &mut used);
                own.shrink(one, &mut used);
                let mut theirs = counted(10_000..40_000, &mut Used::default());
                theirs.shrink(other, &mut Used::default());
                own.merge(&theirs, &mut used);
                let all = if few { 30_100.0 } else { 40_000.0 };
                let ratio = own.count() as f64 / all;
                assert!(
                    (ratio - 1.0).abs() < 4.0 * own.error(),
                    "{one} {other}: {ratio}"
                );
                assert_eq!(used.0, own.size());
            }
        }
    }
}
