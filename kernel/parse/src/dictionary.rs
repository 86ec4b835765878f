//! One string column under construction: distinct values, each known by its code.

use crate::text;
use hashbrown::HashTable;
use hashing::lookup_hash;

/// Code of a row that has no value.
pub const NULL: u32 = u32::MAX;

/// Distinct byte strings in order of first appearance. Values are valid UTF-8: invalid bytes
/// are written out as `\xHH`, so that nothing of the line is lost.
#[derive(Default)]
pub struct Dictionary {
    bytes: Vec<u8>,
    ends: Vec<i64>,
    /// By code.
    hashes: Vec<u64>,
    table: HashTable<Entry>,
}

/// Where a value stands in `bytes`, beside its hash: a look-up touches the table, then the
/// value, and nothing else.
#[derive(Clone, Copy)]
struct Entry {
    hash: u64,
    start: usize,
    length: u32,
    code: u32,
}

impl Dictionary {
    /// Forget all values but keep the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.hashes.clear();
        self.table.clear();
    }

    /// The code of a value, adding it when it is new.
    #[inline]
    pub fn code(&mut self, value: &[u8]) -> u32 {
        let hash = lookup_hash(value);
        match self.find(hash, value) {
            Some(code) => code,
            None => self.add(hash, value),
        }
    }

    #[inline]
    fn find(&self, hash: u64, value: &[u8]) -> Option<u32> {
        let same = |entry: &Entry| {
            let known = entry.start..entry.start + entry.length as usize;
            entry.hash == hash && text::are_equal(&self.bytes[known], value)
        };
        self.table.find(hash, same).map(|entry| entry.code)
    }

    #[cold]
    fn add(&mut self, hash: u64, value: &[u8]) -> u32 {
        let Some(readable) = text::escape_invalid_bytes(value) else {
            return self.insert(hash, value);
        };
        let hash = lookup_hash(&readable);
        match self.find(hash, &readable) {
            Some(code) => code,
            None => self.insert(hash, &readable),
        }
    }

    fn insert(&mut self, hash: u64, value: &[u8]) -> u32 {
        let entry = Entry {
            hash,
            start: self.bytes.len(),
            length: value.len() as u32,
            code: self.ends.len() as u32,
        };
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len() as i64);
        self.hashes.push(hash);
        self.table.insert_unique(hash, entry, |known| known.hash);
        entry.code
    }

    /// By code, the hash by which its value is looked up.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// The bytes of all values, one after the other, and where each begins and ends.
    pub fn values(&self) -> (Vec<u8>, Vec<i64>) {
        let mut offsets = Vec::with_capacity(self.ends.len() + 1);
        offsets.push(0);
        offsets.extend_from_slice(&self.ends);
        (self.bytes.clone(), offsets)
    }
}
