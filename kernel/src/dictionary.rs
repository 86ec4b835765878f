//! One string column under construction: distinct values, each known by its code.

use crate::text;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Code of a row that has no value.
pub const NULL: u32 = u32::MAX;

/// Distinct byte strings in order of first appearance. Values are valid UTF-8: stray bytes
/// are written out as `\xHH`, so that nothing of the line is lost.
pub struct Dictionary {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    table: HashTable<(u64, u32)>,
    hasher: RandomState,
}

impl Dictionary {
    /// The hasher is seeded at random by the caller, so that nobody can write colliding lines.
    pub fn new(hasher: RandomState) -> Self {
        Self {
            bytes: Vec::new(),
            ends: Vec::new(),
            table: HashTable::new(),
            hasher,
        }
    }

    /// The code of a value, adding it when it is new.
    #[inline]
    pub fn code(&mut self, value: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(value);
        match self.find(hash, value) {
            Some(code) => code,
            None => self.add(hash, value),
        }
    }

    #[inline]
    fn find(&self, hash: u64, value: &[u8]) -> Option<u32> {
        self.table
            .find(hash, |&(known, code)| {
                known == hash && self.value(code) == value
            })
            .map(|&(_, code)| code)
    }

    fn add(&mut self, hash: u64, value: &[u8]) -> u32 {
        if let Some(readable) = text::spell_out_stray_bytes(value) {
            let hash = self.hasher.hash_one(readable.as_slice());
            return match self.find(hash, &readable) {
                Some(code) => code,
                None => self.insert(hash, &readable),
            };
        }
        self.insert(hash, value)
    }

    fn insert(&mut self, hash: u64, value: &[u8]) -> u32 {
        let code = self.ends.len() as u32;
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len());
        self.table
            .insert_unique(hash, (hash, code), |&(known, _)| known);
        code
    }

    #[inline]
    fn value(&self, code: u32) -> &[u8] {
        let code = code as usize;
        let start = if code == 0 { 0 } else { self.ends[code - 1] };
        &self.bytes[start..self.ends[code]]
    }

    /// The bytes of all values, one after the other, and where each ends.
    pub fn into_parts(self) -> (Vec<u8>, Vec<usize>) {
        (self.bytes, self.ends)
    }
}
