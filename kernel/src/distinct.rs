//! How many distinct hashes there were: all of them while they are few, then an estimate.
//!
//! The estimate is HyperLogLog's with 2^14 registers (standard error 0.8 %), worked out as
//! Ertl does (https://arxiv.org/abs/1702.01284). When the small sets of a whole rollup grow
//! beyond its budget, all keep only every second hash of what is still to come and of what
//! they have, then every fourth, and so on, and count what is left so many times.

const REGISTERS: usize = 1 << 14;
const MOST: usize = 1024;

/// Memory that the small sets of a rollup share, in slots of eight bytes.
#[derive(Clone, Debug)]
pub struct Budget {
    slots: usize,
    used: usize,
    level: u32,
}

impl Budget {
    pub const fn new(slots: usize) -> Self {
        Self {
            slots,
            used: 0,
            level: 0,
        }
    }

    pub const fn exceeded(&self) -> bool {
        self.used > self.slots && self.level < 32
    }

    /// Of so many hashes one is kept, as a power of two.
    pub const fn level(&self) -> u32 {
        self.level
    }

    pub fn coarsen(&mut self) {
        self.level += 1;
    }

    pub fn reach(&mut self, level: u32) {
        self.level = self.level.max(level);
    }
}

/// A count of distinct hashes.
#[derive(Clone, Debug)]
pub enum Distinct {
    /// Hashes in an open-addressed table; 0 marks a free slot.
    Few { slots: Vec<u64>, length: usize },
    /// Registers, of the hashes kept at some level.
    Many { registers: Box<[u8]>, level: u32 },
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Few {
            slots: Vec::new(),
            length: 0,
        }
    }
}

const fn kept(hash: u64, level: u32) -> bool {
    hash & ((1 << level) - 1) == 0
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

fn register(registers: &mut [u8], hash: u64) {
    // The lowest bits say what is kept; those above them are as good as new.
    let place = (hash >> 50) as usize;
    let rank = ((hash << 14) | (1 << 13)).leading_zeros() as u8 + 1;
    registers[place] = registers[place].max(rank);
}

impl Distinct {
    #[inline]
    pub fn add(&mut self, hash: u64, budget: &mut Budget) {
        let hash = hash.max(1);
        match self {
            Self::Many { registers, level } => {
                if kept(hash, *level) {
                    register(registers, hash);
                }
            }
            Self::Few { slots, length } => {
                if !kept(hash, budget.level) {
                    return;
                }
                if *length * 2 >= slots.len() {
                    grow(slots, budget);
                }
                if insert(slots, hash) {
                    *length += 1;
                    if *length > MOST {
                        self.become_many(budget);
                    }
                }
            }
        }
    }

    fn become_many(&mut self, budget: &mut Budget) {
        let Self::Few { slots, .. } = self else {
            return;
        };
        let mut registers = vec![0; REGISTERS].into_boxed_slice();
        for &hash in slots.iter().filter(|&&hash| hash != 0) {
            register(&mut registers, hash);
        }
        budget.used -= slots.len();
        *self = Self::Many {
            registers,
            level: budget.level,
        };
    }

    /// Give the memory of a small set back.
    pub fn free(&mut self, budget: &mut Budget) {
        if let Self::Few { slots, .. } = self {
            budget.used -= slots.len();
        }
        *self = Self::default();
    }

    /// Keep only the hashes of the budget's level.
    pub fn coarsen(&mut self, budget: &mut Budget) {
        if let Self::Few { slots, length } = self {
            budget.used -= slots.len();
            let left: Vec<u64> = slots
                .iter()
                .copied()
                .filter(|&hash| hash != 0 && kept(hash, budget.level))
                .collect();
            *length = left.len();
            let size = if left.is_empty() {
                0
            } else {
                (left.len() * 2 + 1).next_power_of_two()
            };
            *slots = vec![0; size];
            for hash in left {
                insert(slots, hash);
            }
            budget.used += slots.len();
        }
    }

    pub fn merge(&mut self, other: &Self, budget: &mut Budget) {
        match other {
            Self::Few { slots, .. } => {
                for &hash in slots.iter().filter(|&&hash| hash != 0) {
                    self.add(hash, budget);
                }
            }
            Self::Many { registers, level } => {
                self.become_many(budget);
                let own_count = self.count(budget).0;
                if let Self::Many {
                    registers: own,
                    level: own_level,
                } = self
                {
                    if own_level == level {
                        for (one, two) in own.iter_mut().zip(registers) {
                            *one = (*one).max(*two);
                        }
                    } else if other.count(budget).0 > own_count {
                        // Of two levels there is no union; the larger one is nearest to it.
                        (*own, *own_level) = (registers.clone(), *level);
                    }
                }
            }
        }
    }

    /// How many there were, and whether that is exact.
    pub fn count(&self, budget: &Budget) -> (u64, bool) {
        match self {
            Self::Few { length, .. } => ((*length as u64) << budget.level, budget.level == 0),
            Self::Many { registers, level } => {
                let estimate = estimate(registers) * f64::from(1u32 << level.min(&31));
                (estimate.round() as u64, false)
            }
        }
    }
}

fn grow(slots: &mut Vec<u64>, budget: &mut Budget) {
    let size = (slots.len() * 2).max(4);
    budget.used += size - slots.len();
    let old = std::mem::replace(slots, vec![0; size]);
    for hash in old.into_iter().filter(|&hash| hash != 0) {
        insert(slots, hash);
    }
}

/// Ertl's improved estimate, algorithm 6.
fn estimate(registers: &[u8]) -> f64 {
    const Q: usize = 50;
    let mut counts = [0u32; Q + 2];
    for &rank in registers {
        counts[usize::from(rank).min(Q + 1)] += 1;
    }
    let m = REGISTERS as f64;
    let mut z = m * tau(1.0 - f64::from(counts[Q + 1]) / m);
    for count in counts[1..=Q].iter().rev() {
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

    fn counted(distinct: u64, slots: usize) -> (f64, bool) {
        let mut budget = Budget::new(slots);
        let mut count = Distinct::default();
        for _ in 0..2 {
            for number in 0..distinct {
                count.add(text::hash(&number.to_le_bytes()), &mut budget);
                while budget.exceeded() {
                    budget.coarsen();
                    count.coarsen(&mut budget);
                }
            }
        }
        let (found, exact) = count.count(&budget);
        (found as f64 / distinct as f64, exact)
    }

    #[test]
    fn few_are_exact_and_many_within_three_standard_errors() {
        for distinct in [1, 7, 1000, 1024] {
            assert_eq!(counted(distinct, usize::MAX), (1.0, true));
        }
        for distinct in [1025, 5_000, 50_000, 1_000_000] {
            let (ratio, exact) = counted(distinct, usize::MAX);
            assert!((ratio - 1.0).abs() < 0.025, "{distinct}: {ratio}");
            assert!(!exact);
        }
    }

    #[test]
    fn a_small_budget_still_gives_an_estimate() {
        let (ratio, exact) = counted(20_000, 256);
        assert!((ratio - 1.0).abs() < 0.5, "{ratio}");
        assert!(!exact);
    }
}
