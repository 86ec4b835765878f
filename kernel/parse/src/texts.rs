//! The distinct texts of a column, each known by its code.

use arrow_array::LargeStringArray;
use arrow_buffer::{Buffer, OffsetBuffer};
use hashing::{lookup_hash, stable_hash};

/// Distinct texts in the order of their codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    text: String,
    /// Where each ends in `text`.
    ends: Vec<usize>,
    hashes: Vec<u64>,
    /// By which texts are counted, of as many as somebody asked for.
    stable_hashes: Vec<u64>,
}

impl Texts {
    /// Room for so many texts, and for so many bytes of them.
    fn with_capacity(texts: usize, bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            ends: Vec::with_capacity(texts),
            hashes: Vec::with_capacity(texts),
            stable_hashes: Vec::new(),
        }
    }

    /// None yet, with room for as many as there are here.
    pub fn room(&self) -> Self {
        Self::with_capacity(self.len(), self.text.len())
    }

    /// Number of texts.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of all texts.
    pub const fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Add a text, which gets the next code. Arguments: its hash by `lookup_hash`; the text.
    pub fn push(&mut self, hash: u64, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
        self.hashes.push(hash);
    }

    /// The text of a code.
    #[inline]
    pub fn get(&self, code: usize) -> &str {
        let start = code.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[code]]
    }

    /// By code, the hash by which the text is looked up.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// The same by which they are counted, of those up to the last call of `hash_all`.
    pub fn stable_hashes(&self) -> &[u64] {
        &self.stable_hashes
    }

    /// Hash the texts that have been added.
    pub fn hash_all(&mut self) {
        for code in self.stable_hashes.len()..self.len() {
            let hash = stable_hash(self.get(code).as_bytes());
            self.stable_hashes.push(hash);
        }
    }

    /// All texts, in the order of their codes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|code| self.get(code))
    }

    /// The same as an Arrow array.
    pub fn to_arrow(&self) -> LargeStringArray {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let lengths = starts.zip(&self.ends).map(|(start, end)| end - start);
        let bytes = Buffer::from_slice_ref(self.text.as_bytes());
        LargeStringArray::new(OffsetBuffer::from_lengths(lengths), bytes, None)
    }
}

impl<'a> FromIterator<&'a str> for Texts {
    fn from_iter<T: IntoIterator<Item = &'a str>>(texts: T) -> Self {
        let mut found = Self::default();
        for text in texts {
            found.push(lookup_hash(text.as_bytes()), text);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_by_its_code() {
        let texts: Texts = ["b", "", "é"].into_iter().collect();
        assert_eq!(texts.len(), 3);
        assert_eq!((texts.get(0), texts.get(1), texts.get(2)), ("b", "", "é"));
        assert_eq!(texts.hashes()[1], lookup_hash(b""));
        let arrow = texts.to_arrow();
        assert_eq!(arrow.iter().flatten().collect::<Vec<_>>(), ["b", "", "é"]);
        assert!(Texts::default().to_arrow().iter().next().is_none());
    }
}
