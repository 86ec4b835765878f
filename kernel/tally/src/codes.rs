//! Codes that stand for keys.

#[cfg(test)]
mod tests;

use crate::offsets::Offsets;
use foldhash::fast::RandomState;
use hashing::lookup_hash;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

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
pub struct Quotients<'a> {
    divisor: i64,
    /// What is added to times before.
    zone: &'a Offsets,
    codes: HashMap<i64, u32, RandomState>,
    /// By code.
    quotients: Vec<i64>,
    /// The numbers that have the code last given.
    known: Range<i64>,
    last: u32,
}

impl<'a> Quotients<'a> {
    /// Arguments: what numbers are divided by, rounding down; what is less than 1 is 1. The zone
    /// of times: they are divided as its clocks show them; none of other numbers.
    pub fn new(divisor: i64, zone: &'a Offsets) -> Self {
        Self {
            divisor: divisor.max(1),
            zone,
            codes: HashMap::default(),
            quotients: Vec::new(),
            known: 0..0,
            last: 0,
        }
    }

    /// The code of a number.
    #[inline]
    pub fn code(&mut self, number: i64) -> u32 {
        // Times follow each other, and a division and a look-up are dear.
        if !self.known.contains(&number) {
            let (quotient, known) = self.zone.cell(number, self.divisor);
            self.known = known;
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
