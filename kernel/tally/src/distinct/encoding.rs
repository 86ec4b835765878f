//! A count of distinct hashes as bytes, and back.

use super::registers::is_possible;
use super::{Distinct, MOST, PRECISION};
use crate::budget::MemoryUsed;
use crate::codec::{Damage, MOST as MOST_A_BYTE, Reader, Writer};

/// The fewest registers that are read, as a power of two.
const LEAST_PRECISION: u8 = 4;

/// How a count is written.
pub(super) const FEW: u8 = 0;
/// Registers that are set: how many are skipped, and the register.
pub(super) const SPARSE: u8 = 1;
/// Of each register half a byte for how far its rank is above the least, then its two bits; ranks
/// that are `HIGH` above the least or more follow, a byte each.
pub(super) const DENSE: u8 = 2;

/// The most that half a byte says.
const HIGH: u8 = 15;

impl Distinct {
    /// The same hashes and registers make the same bytes.
    pub fn write(&self, to: &mut Writer) {
        match self {
            Self::One(_) | Self::Few { .. } => {
                to.byte(FEW);
                to.number(self.count());
                let hashes = self.hashes().unwrap_or_default().iter();
                let mut hashes: Vec<u64> = hashes.copied().filter(|&h| h != 0).collect();
                hashes.sort_unstable();
                hashes.into_iter().for_each(|hash| to.fixed(hash));
            }
            Self::Many {
                registers,
                precision,
            } => {
                let set = registers.iter().filter(|&&register| register > 0).count();
                // So many at least that what is read takes no more memory than it may.
                let sparse = set * 4 <= registers.len() && set * 2 * MOST_A_BYTE >= registers.len();
                to.byte(if sparse { SPARSE } else { DENSE });
                to.byte(*precision);
                match sparse {
                    true => write_sparse(registers, set, to),
                    false => write_dense(registers, to),
                }
            }
        }
    }

    pub fn read(from: &mut Reader<'_>) -> Result<Self, Damage> {
        let form = from.byte()?;
        if form == FEW {
            return read_few(from);
        }
        let precision = from.byte()?;
        if !(LEAST_PRECISION..=PRECISION).contains(&precision) {
            return Err(Damage("a count has an unknown number of registers"));
        }
        let registers = match form {
            SPARSE => read_sparse(from, 1 << precision)?,
            DENSE => read_dense(from, 1 << precision)?,
            _ => return Err(Damage("a count is written in an unknown way")),
        };
        let possible = |&register: &u8| is_possible(register, precision);
        if !registers.iter().all(possible) {
            return Err(Damage("no hashes make such a register"));
        }
        Ok(Self::Many {
            registers,
            precision,
        })
    }
}

fn read_few(from: &mut Reader<'_>) -> Result<Distinct, Damage> {
    let length = from.count(8)?;
    if length > MOST as usize {
        return Err(Damage("there are too many hashes"));
    }
    let (mut found, mut before) = (Distinct::default(), 0);
    for _ in 0..length {
        let hash = from.fixed()?;
        if hash <= before {
            return Err(Damage("hashes are not in order"));
        }
        found.add(hash, &mut MemoryUsed::default());
        before = hash;
    }
    Ok(found)
}

fn write_sparse(registers: &[u8], set: usize, to: &mut Writer) {
    to.number(set as u64);
    let mut next = 0;
    let all = registers.iter().enumerate();
    for (place, &register) in all.filter(|(_, register)| **register > 0) {
        to.number((place - next) as u64);
        to.byte(register);
        next = place + 1;
    }
}

fn read_sparse(from: &mut Reader<'_>, size: usize) -> Result<Box<[u8]>, Damage> {
    let set = from.count(2)?;
    if set * 2 * MOST_A_BYTE < size {
        return Err(Damage("too few registers are set"));
    }
    let mut registers = vec![0; size].into_boxed_slice();
    let mut next = 0usize;
    for _ in 0..set {
        let skipped = from.number()?;
        let read = from.byte()?;
        let place = usize::try_from(skipped)
            .ok()
            .and_then(|s| next.checked_add(s));
        let register = place.and_then(|place| registers.get_mut(place));
        let (Some(place), Some(register)) = (place, register) else {
            return Err(Damage("there is no such register"));
        };
        *register = read;
        next = place + 1;
    }
    Ok(registers)
}

fn write_dense(registers: &[u8], to: &mut Writer) {
    let ranks = registers.iter().map(|register| register >> 2);
    let least = ranks.clone().min().unwrap_or(0);
    to.byte(least);
    let half = |register: u8| ((register >> 2) - least).min(HIGH);
    for pair in registers.chunks_exact(2) {
        to.byte(half(pair[0]) | half(pair[1]) << 4);
    }
    for four in registers.chunks_exact(4) {
        let bits = four.iter().rev();
        to.byte(bits.fold(0, |byte, register| byte << 2 | register & 3));
    }
    for rank in ranks.filter(|rank| rank - least >= HIGH) {
        to.byte(rank);
    }
}

fn read_dense(from: &mut Reader<'_>, size: usize) -> Result<Box<[u8]>, Damage> {
    // Higher ranks are in no register, which is told afterwards.
    let least = from.byte()?.min(63);
    let halves = from.bytes(size / 2)?.iter();
    let bits = from.bytes(size / 4)?.iter();
    let halves = halves.flat_map(|byte| [byte & HIGH, byte >> 4]);
    let bits = bits.flat_map(|byte| [0, 2, 4, 6].map(|place| byte >> place & 3));
    let registers = halves.zip(bits).map(|(half, bits)| {
        let rank = match half {
            HIGH => from.byte()?,
            _ => least + half,
        };
        Ok(rank.min(63) << 2 | bits)
    });
    registers.collect()
}
