//! One text column under construction: distinct values, each known by its code.

use crate::text;
use crate::texts::Texts;
use hashbrown::HashTable;
use hashing::lookup_hash;
use std::borrow::Cow;

/// Code of a row that has no value.
pub const NULL: u32 = u32::MAX;

/// Distinct byte strings in order of first appearance. Values are valid UTF-8: invalid bytes
/// are written out as `\xHH`, so that nothing of the line is lost.
#[derive(Default)]
pub struct Dictionary {
    texts: Texts,
    table: HashTable<Entry>,
}

/// Where a value stands among the texts, beside its hash: a look-up touches the table, then the
/// value, and nothing else.
#[derive(Clone, Copy)]
struct Entry {
    hash: u64,
    start: usize,
    length: u32,
    code: u32,
}

impl Dictionary {
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
            entry.hash == hash && text::are_equal(&self.texts.bytes()[known], value)
        };
        self.table.find(hash, same).map(|entry| entry.code)
    }

    #[cold]
    fn add(&mut self, hash: u64, value: &[u8]) -> u32 {
        let text = match text::escape_invalid_bytes(value) {
            Cow::Borrowed(text) => return self.insert(hash, text),
            Cow::Owned(text) => text,
        };
        let hash = lookup_hash(text.as_bytes());
        match self.find(hash, text.as_bytes()) {
            Some(code) => code,
            None => self.insert(hash, &text),
        }
    }

    fn insert(&mut self, hash: u64, text: &str) -> u32 {
        let entry = Entry {
            hash,
            start: self.texts.bytes().len(),
            length: text.len() as u32,
            code: self.texts.len() as u32,
        };
        self.texts.push(hash, text);
        self.table.insert_unique(hash, entry, |known| known.hash);
        entry.code
    }

    /// Give the values away, and begin anew with room for as many.
    pub fn take(&mut self) -> Texts {
        self.table.clear();
        let room = Texts::with_capacity(self.texts.len(), self.texts.bytes().len());
        std::mem::replace(&mut self.texts, room)
    }
}
