//! One text column under construction: distinct values, each known by its code.

use crate::text;
use crate::texts::Texts;
use crate::vocabulary::Vocabulary;
use hashing::lookup_hash;
use prefetch::{prefetch, prefetch_at};
use std::borrow::Cow;
use std::sync::{Arc, RwLockWriteGuard};

/// Code of a row that has no value.
pub const NULL: u32 = u32::MAX;

/// Values, or bytes of them, beyond which none are added to those that are known. There may be more
/// as long as most come again.
const FEW_VALUES: usize = 1 << 14;
const MOST_VALUES: usize = 1 << 16;
const MOST_BYTES: usize = 8 << 20;

/// The bit of a code that says that what is written so is this value, and surely of its type.
const PLAIN: u32 = 1 << 31;

/// A value that is known. Most are short: these are compared without a look at the texts, which
/// would have to come from memory.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Entry {
    key: Key,
    tag: u32,
    /// With `PLAIN`, where that is so; `NULL` in a slot that is free.
    code: u32,
}

/// What tells values apart: of a short one itself, of others where it stands among the texts.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key([u64; 2]);

/// Bytes of a short value, less than 16: in the last byte of its key is one more than how many.
const SHORT: usize = 15;

impl Key {
    /// The key of a short value.
    #[inline(always)]
    fn short(value: &[u8]) -> Option<Self> {
        let length = value.len();
        let both = match (value.first_chunk::<8>(), value.last_chunk::<8>()) {
            _ if length > SHORT => return None,
            // Bytes that are in both ends are the same in both.
            (Some(first), Some(last)) => {
                let behind = u128::from(u64::from_le_bytes(*last)) << (8 * (length - 8));
                u128::from(u64::from_le_bytes(*first)) | behind
            }
            _ => match (value.first_chunk::<4>(), value.last_chunk::<4>()) {
                (Some(first), Some(last)) => {
                    let behind = u64::from(u32::from_le_bytes(*last)) << (8 * (length - 4));
                    u128::from(u64::from(u32::from_le_bytes(*first)) | behind)
                }
                _ => {
                    let byte = |at: usize| u32::from(value.get(at).copied().unwrap_or(0));
                    u128::from(byte(0) | byte(1) << 8 | byte(2) << 16)
                }
            },
        };
        let both = both | (length as u128 + 1) << 120;
        Some(Self([both as u64, (both >> 64) as u64]))
    }

    /// The key of a value that stands among the texts, from one place on and so long.
    const fn long(start: usize, length: usize) -> Self {
        Self([start as u64, length as u64])
    }

    /// Where the text of a value begins that is not short.
    #[inline]
    const fn start(self) -> Option<usize> {
        let [start, length] = self.0;
        if length >> 56 == 0 {
            Some(start as usize)
        } else {
            None
        }
    }

    #[inline]
    fn is(&self, value: &[u8], texts: &Texts) -> bool {
        let [start, length] = self.0.map(|number| number as usize);
        length == value.len() && text::are_equal(&texts.bytes()[start..start + length], value)
    }
}

impl Entry {
    const FREE: Self = Self {
        key: Key([0; 2]),
        tag: 0,
        code: NULL,
    };

    const fn code(&self) -> u32 {
        self.code & !PLAIN
    }
}

/// The part of a hash that entries have.
const fn tag(hash: u64) -> u32 {
    (hash >> 16) as u32
}

/// Slots of the smallest table.
const LEAST_SLOTS: usize = 64;

/// Where values are found by their hashes: in the slot that the hash names, or behind it.
#[derive(Default)]
struct Table {
    /// A power of two of them, at least half of them free.
    slots: Vec<Entry>,
    length: usize,
}

impl Table {
    fn clear(&mut self) {
        // As many as there were will mostly come again, but not after a large batch many small ones.
        let room = (self.length * 4).next_power_of_two().max(LEAST_SLOTS);
        self.slots.truncate(room);
        self.slots.fill(Entry::FREE);
        self.length = 0;
    }

    /// The slot that a hash names.
    #[inline]
    fn first(&self, hash: u64) -> usize {
        hash as usize & self.slots.len().wrapping_sub(1)
    }

    #[inline]
    fn find(&self, hash: u64, is: impl Fn(&Entry) -> bool) -> Option<usize> {
        let mut at = self.first(hash);
        loop {
            let entry = self.slots.get(at)?;
            if entry.code == NULL {
                return None;
            }
            if is(entry) {
                return Some(at);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Add a value that is not there. Arguments: its hash; the value; the hash of a code.
    fn insert(&mut self, hash: u64, entry: Entry, hash_of: impl Fn(u32) -> u64) {
        if self.length * 2 >= self.slots.len() {
            let larger = (self.slots.len() * 2).max(LEAST_SLOTS);
            let known = std::mem::replace(&mut self.slots, vec![Entry::FREE; larger]);
            for entry in known.into_iter().filter(|entry| entry.code != NULL) {
                self.put(hash_of(entry.code()), entry);
            }
        }
        self.put(hash, entry);
        self.length += 1;
    }

    fn put(&mut self, hash: u64, entry: Entry) {
        let mut at = self.first(hash);
        while self.slots[at].code != NULL {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = entry;
    }
}

/// A vocabulary, and where its values are found: what batches leave to those that follow.
#[derive(Default)]
pub struct Known {
    vocabulary: Arc<Vocabulary>,
    table: Table,
    /// Rows that have been looked up.
    rows: usize,
}

impl Known {
    /// The vocabulary, to be added to: nobody can read it meanwhile.
    pub fn open(&mut self) -> Dictionary<'_> {
        Dictionary {
            texts: self.vocabulary.write(),
            table: &mut self.table,
        }
    }

    /// The vocabulary.
    pub fn vocabulary(&self) -> Arc<Vocabulary> {
        self.vocabulary.clone()
    }

    /// Begin anew, in the same memory as far as nobody else has it.
    pub fn clear(&mut self) {
        let room = self.vocabulary.read().room();
        self.vocabulary = Arc::new(Vocabulary::from(room));
        self.table.clear();
        self.rows = 0;
    }

    /// Rows have been looked up.
    pub const fn note(&mut self, rows: usize) {
        self.rows += rows;
    }

    /// Whether there are too many values to add to them.
    pub fn is_full(&self) -> bool {
        let texts = self.vocabulary.read();
        // Where nearly every row has a value of its own, nothing is found however many are known.
        let come_again = self.rows - self.rows / 16 > texts.len();
        let most = if come_again { MOST_VALUES } else { FEW_VALUES };
        texts.len() > most || texts.bytes().len() > MOST_BYTES
    }
}

/// Distinct byte strings in order of first appearance. Values are valid UTF-8: invalid bytes
/// are written out as `\xHH`, so that nothing of the line is lost.
pub struct Dictionary<'v> {
    texts: RwLockWriteGuard<'v, Texts>,
    table: &'v mut Table,
}

impl Dictionary<'_> {
    /// The code of a value, adding it when it is new.
    #[inline]
    pub fn code(&mut self, value: &[u8]) -> u32 {
        self.code_by_hash(lookup_hash(value), value)
    }

    /// The same, of a value whose `lookup_hash` is known.
    #[inline]
    pub fn code_by_hash(&mut self, hash: u64, value: &[u8]) -> u32 {
        match self.find(hash, value) {
            Some(code) => code,
            None => self.add(hash, value),
        }
    }

    /// The code of what is written in a line, where it has been said to be plain.
    #[inline]
    pub fn find_plain(&self, hash: u64, written: &[u8]) -> Option<u32> {
        let entry = self.table.slots[self.slot(hash, written)?];
        (entry.code & PLAIN != 0).then_some(entry.code())
    }

    /// Say that what is written so is this value, and surely of its type; its code, unless it has
    /// bytes that are no text.
    pub fn add_plain(&mut self, hash: u64, written: &[u8]) -> u32 {
        let code = self.code_by_hash(hash, written);
        let known = self.table.find(hash, |entry| entry.code() == code);
        if let Some(slot) = known {
            self.table.slots[slot].code |= PLAIN;
        }
        code
    }

    /// Where a value is among those that are known.
    #[inline]
    fn slot(&self, hash: u64, value: &[u8]) -> Option<usize> {
        let tag = tag(hash);
        match Key::short(value) {
            Some(key) => self.table.find(hash, |entry| entry.key == key),
            None => self.table.find(hash, |entry| {
                entry.tag == tag && entry.key.is(value, &self.texts)
            }),
        }
    }

    #[inline]
    fn find(&self, hash: u64, value: &[u8]) -> Option<u32> {
        let slot = self.slot(hash, value)?;
        Some(self.table.slots[slot].code())
    }

    /// A value of this hash will be looked up soon.
    #[inline]
    pub fn announce(&self, hash: u64) {
        prefetch_at(&self.table.slots, self.table.first(hash));
    }

    /// The same, a little later: what is known of it is at hand now, and its text is wanted.
    #[inline]
    pub fn announce_text(&self, hash: u64) {
        if let Some(entry) = self.table.slots.get(self.table.first(hash))
            && let Some(start) = entry.key.start()
            && let Some(text) = self.texts.bytes().get(start..)
        {
            text.first().map(prefetch);
            text.get(64).map(prefetch);
        }
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
        let long = || Key::long(self.texts.bytes().len(), text.len());
        let entry = Entry {
            key: Key::short(text.as_bytes()).unwrap_or_else(long),
            tag: tag(hash),
            code: self.texts.len() as u32,
        };
        self.texts.push(hash, text);
        let hashes = self.texts.hashes();
        self.table.insert(hash, entry, |code| hashes[code as usize]);
        entry.code
    }
}
