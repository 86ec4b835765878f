//! Hits under keys that are codes of a column's values, so that each key is looked up once.

#[cfg(test)]
mod tests;

use crate::figures::Hit;
use crate::rollup::Rollup;
use hashing::lookup_hash;
use std::borrow::Cow;
use std::collections::HashMap;

/// Code of a hit that is not counted.
pub const NO_CODE: u32 = u32::MAX;

/// So few keys have all their metrics in the processor's cache.
const FEW: usize = 64;

/// A key, and the hash by which it is looked up.
pub struct Key<'a> {
    pub hash: u64,
    pub text: Cow<'a, str>,
}

impl<'a, T: Into<Cow<'a, str>>> From<T> for Key<'a> {
    fn from(text: T) -> Self {
        let text = text.into();
        let hash = lookup_hash(text.as_bytes());
        Self { hash, text }
    }
}

/// Codes of numbers that are divided, such as times by an hour.
pub struct Quotients {
    divisor: i64,
    codes: HashMap<i64, u32>,
    /// By code.
    quotients: Vec<i64>,
    /// The numbers that have the code last given.
    begin: i64,
    end: i64,
    last: u32,
}

impl Quotients {
    /// Argument: what numbers are divided by, rounding down; what is less than 1 is 1.
    pub fn new(divisor: i64) -> Self {
        Self {
            divisor: divisor.max(1),
            codes: HashMap::new(),
            quotients: Vec::new(),
            begin: 0,
            end: 0,
            last: NO_CODE,
        }
    }

    /// The code of a number.
    #[inline]
    pub fn code(&mut self, number: i64) -> u32 {
        // Times follow each other, and a division and a look-up are dear.
        if !(self.begin..self.end).contains(&number) {
            let quotient = number.div_euclid(self.divisor);
            self.begin = quotient.saturating_mul(self.divisor);
            self.end = self.begin.saturating_add(self.divisor);
            let quotients = &mut self.quotients;
            self.last = *self.codes.entry(quotient).or_insert_with(|| {
                quotients.push(quotient);
                quotients.len() as u32 - 1
            });
        }
        self.last
    }

    /// The key of a code: the quotient in decimal.
    pub fn key(&self, code: usize) -> String {
        self.quotients[code].to_string()
    }
}

impl Rollup {
    fn slot_of(&mut self, key: &Key<'_>) -> usize {
        self.slot_by_hash(key.hash, &key.text)
    }

    /// Count hits under the keys of their codes.
    ///
    /// Arguments: the hits; of each its code, or `NO_CODE`; durations by row; the key of a code.
    pub fn add_coded<'a>(
        &mut self,
        hits: &[Hit],
        codes: &[u32],
        seconds: &[f64],
        key: impl Fn(usize) -> Key<'a>,
    ) {
        let counted = codes.iter().filter(|&&code| code != NO_CODE);
        let Some(most) = counted.max().map(|&code| code as usize) else {
            return;
        };
        if most < FEW {
            self.add_few_keys(hits, codes, seconds, key);
        } else if hits.len() < most / 4 {
            self.add_each(hits, codes, seconds, key);
        } else {
            self.add_by_key(hits, codes, seconds, most, key);
        }
    }

    fn add_few_keys<'a>(
        &mut self,
        hits: &[Hit],
        codes: &[u32],
        seconds: &[f64],
        key: impl Fn(usize) -> Key<'a>,
    ) {
        let mut slots = [None; FEW];
        for (hit, &code) in hits.iter().zip(codes) {
            if code != NO_CODE {
                let slot = &mut slots[code as usize];
                let slot = *slot.get_or_insert_with(|| self.slot_of(&key(code as usize)));
                self.add(slot, [hit], seconds);
            }
        }
    }

    /// For a few of the hits of a large batch: most of its keys are not met.
    fn add_each<'a>(
        &mut self,
        hits: &[Hit],
        codes: &[u32],
        seconds: &[f64],
        key: impl Fn(usize) -> Key<'a>,
    ) {
        for (hit, &code) in hits.iter().zip(codes) {
            if code != NO_CODE {
                let slot = self.slot_of(&key(code as usize));
                self.add(slot, [hit], seconds);
            }
        }
    }

    /// One key after the other, so that its metrics stay in the cache while they are added to.
    fn add_by_key<'a>(
        &mut self,
        hits: &[Hit],
        codes: &[u32],
        seconds: &[f64],
        most: usize,
        key: impl Fn(usize) -> Key<'a>,
    ) {
        let (order, ends) = sort_by_code(codes, most + 1);
        // All slots first: look-ups that wait for memory then wait for it together.
        let begins = std::iter::once(0).chain(ends.iter().copied());
        let groups = begins.zip(&ends).enumerate();
        let groups: Vec<(usize, std::ops::Range<usize>)> = groups
            .filter(|(_, (begin, end))| begin < end)
            .map(|(code, (begin, &end))| (self.slot_of(&key(code)), begin..end))
            .collect();
        for (slot, group) in groups {
            let group = order[group].iter().map(|&at| &hits[at as usize]);
            self.add(slot, group, seconds);
        }
    }
}

/// Indices in the order of their codes, and where those of each code end.
fn sort_by_code(codes: &[u32], count: usize) -> (Vec<u32>, Vec<usize>) {
    let mut ends = vec![0; count];
    for &code in codes.iter().filter(|&&code| code != NO_CODE) {
        ends[code as usize] += 1;
    }
    // From how many there are of each to where the first of each goes.
    let mut sum = 0;
    for end in &mut ends {
        sum += std::mem::replace(end, sum);
    }
    let mut order = vec![0; sum];
    for (index, &code) in codes.iter().enumerate() {
        if code != NO_CODE {
            let at = &mut ends[code as usize];
            order[*at] = index as u32;
            *at += 1;
        }
    }
    (order, ends)
}
