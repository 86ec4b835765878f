//! Some of many lines, chosen by chance.

#[cfg(test)]
mod tests;

use memchr::memchr;

/// Lines, each with the chance of one in so many, and all that begin with a byte.
///
/// The same seed chooses the same lines. Arguments: the lines; one in how many; the seed; the
/// first byte of lines that all stay, for others are read by them.
pub fn sample(lines: &[u8], one_in: u64, seed: u64, kept: Option<u8>) -> Vec<u8> {
    let mut chance = Chance(seed);
    let below = u64::MAX / one_in.max(1);
    let mut chosen = Vec::with_capacity(lines.len() / one_in.max(1) as usize * 2);
    let mut rest = lines;
    while let Some(&first) = rest.first() {
        let end = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let (line, behind) = rest.split_at(end);
        if kept == Some(first) || chance.next() <= below {
            chosen.extend_from_slice(line);
        }
        rest = behind;
    }
    chosen
}

/// Random numbers: SplitMix64 (Steele, Lea and Flood, 2014).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
