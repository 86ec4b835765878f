//! UltraLogLog: the registers, how they join and fold, and the estimate that they give.
//!
//! Ertl, "UltraLogLog", <https://arxiv.org/abs/2308.16862>. Where HyperLogLog keeps the highest
//! rank of a register's hashes, this keeps in the same byte whether the two ranks below it have been
//! met as well: a quarter less error in the same memory. The estimate is that of the
//! maximum likelihood.

/// Bits of a register that say which of the two ranks below the highest have been met: the
/// higher one of the two is the higher bit.
const BELOW: u8 = 3;

/// The standard error of the estimate, times the root of the number of registers.
pub const ERROR: f64 = 0.761;

/// Which register a hash is counted in.
#[inline]
pub const fn place(precision: u8, hash: u64) -> usize {
    (hash >> (64 - precision)) as usize
}

#[inline]
pub fn register(registers: &mut [u8], precision: u8, hash: u64) {
    let rank = ((hash << precision) | (1 << (precision - 1))).leading_zeros() as u8 + 1;
    let Some(known) = registers.get_mut(place(precision, hash)) else {
        return;
    };
    // Most hashes change nothing, and what is not written need not go back to memory.
    let joined = joined(*known, rank << 2);
    if joined != *known {
        *known = joined;
    }
}

/// What both registers have met; without a branch, for which way it went could not be foretold.
#[inline]
fn joined(one: u8, other: u8) -> u8 {
    let (high, low) = (one.max(other), one.min(other));
    let above = (high >> 2) - (low >> 2);
    // The highest rank of the lower one stands above the bits of those below it.
    let met = u64::from(low > 0) << 2 | u64::from(low & BELOW);
    high | (met >> above) as u8 & BELOW
}

pub fn raise(own: &mut [u8], theirs: &[u8]) {
    for (one, two) in own.iter_mut().zip(theirs) {
        *one = joined(*one, *two);
    }
}

/// Half as many registers: the last bit of a place becomes the first of what ranks count.
pub fn folded(registers: &[u8]) -> Box<[u8]> {
    let pairs = registers.chunks_exact(2);
    pairs
        .map(|pair| {
            let even = if pair[0] > 0 { pair[0] + (1 << 2) } else { 0 };
            let odd = u8::from(pair[1] > 0) << 2;
            joined(even, odd)
        })
        .collect()
}

/// The highest rank: there are no more bits that could be zero.
const fn last_rank(precision: u8) -> u8 {
    65 - precision
}

/// Whether hashes can have made a register what it is.
pub const fn is_possible(register: u8, precision: u8) -> bool {
    let (rank, below) = (register >> 2, register & BELOW);
    match rank {
        0 | 1 => below == 0,
        2 => below & 1 == 0,
        _ => rank <= last_rank(precision),
    }
}

/// How many distinct hashes there were, by the maximum likelihood.
pub fn estimate(registers: &[u8], precision: u8) -> f64 {
    let mut counts = [0u32; 256];
    for &register in registers {
        counts[usize::from(register)] += 1;
    }
    let likelihood = Likelihood::of(&counts, last_rank(precision));
    registers.len() as f64 * likelihood.most_likely()
}

/// How likely registers are, by how many hashes each has met: of that number x, the logarithm is
/// the sum over all ranks of `met * ln(1 - exp(-x * chance))`, less `x * missed`.
struct Likelihood {
    /// Chances of all ranks that have not been met, summed over the registers.
    missed: f64,
    /// By rank, its chance, and how many registers have met it.
    met: Vec<(f64, f64)>,
}

impl Likelihood {
    fn of(counts: &[u32; 256], last: u8) -> Self {
        let chance = |rank: u8| 0.5f64.powi(i32::from(rank.min(last - 1)));
        let mut missed = 0.0;
        let mut met = vec![0.0; usize::from(last) + 1];
        for (register, &count) in (0..=u8::MAX).zip(counts).filter(|(_, count)| **count > 0) {
            let (rank, count) = (register >> 2, f64::from(count));
            // The chance of a rank is that of all above it.
            missed += if rank < last {
                count * chance(rank)
            } else {
                0.0
            };
            for (below, bit) in [(0, 4), (1, 2), (2, 1)] {
                let Some(rank) = rank.checked_sub(below).filter(|&rank| rank > 0) else {
                    continue;
                };
                match below == 0 || register & bit != 0 {
                    true => met[usize::from(rank)] += count,
                    false => missed += count * chance(rank),
                }
            }
        }
        let ranks = (0..=last).zip(met).filter(|(_, count)| *count > 0.0);
        Self {
            missed,
            met: ranks.map(|(rank, count)| (chance(rank), count)).collect(),
        }
    }

    /// The number of hashes by register for which it is greatest.
    ///
    /// There `missed` equals the sum of `met * chance / (exp(x * chance) - 1)`, which falls the less
    /// the greater x is: from below Newton's steps never pass it.
    fn most_likely(&self) -> f64 {
        if self.met.is_empty() {
            return 0.0;
        }
        if self.missed == 0.0 {
            return f64::INFINITY;
        }
        let count: f64 = self.met.iter().map(|(_, count)| count).sum();
        let weighted: f64 = self.met.iter().map(|(chance, count)| chance * count).sum();
        // y / (exp(y) - 1) is never less than 1 - y / 2.
        let mut x = count / (self.missed + weighted / 2.0);
        for _ in 0..100 {
            let (mut excess, mut slope) = (-self.missed, 0.0);
            for &(chance, count) in &self.met {
                let grown = (x * chance).exp_m1();
                let term = count * chance / grown;
                excess += term;
                slope += term * chance * (1.0 + 1.0 / grown);
            }
            let step = excess / slope;
            x += step;
            if step <= x * 1e-6 {
                break;
            }
        }
        x
    }
}
