//! Hits under keys that are codes of a column's values.

use super::Rollup;
use super::waiting::AT_ONCE;
use crate::codes::Key;
use crate::figures::{Hit, NO_HIT};

/// A slot that is not known.
const NO_SLOT: u32 = u32::MAX;

/// Vocabularies of which the slots are kept: one a thread that counts, and one before it.
const KEPT: usize = 8;

/// Where the keys of codes have their slots, by vocabulary: a key is looked up once, not once a
/// batch.
#[derive(Default)]
pub struct CodeSlots {
    /// The one used last is the last.
    by_vocabulary: Vec<(u64, Vec<u32>)>,
}

impl CodeSlots {
    /// Slots are no longer valid.
    pub fn forget(&mut self) {
        self.by_vocabulary.clear();
    }

    /// Take those of a vocabulary, to be kept again.
    fn take(&mut self, vocabulary: u64) -> Vec<u32> {
        let mut known = self.by_vocabulary.iter();
        let found = known.position(|(known, _)| *known == vocabulary);
        found.map_or_else(Vec::new, |at| self.by_vocabulary.remove(at).1)
    }

    fn keep(&mut self, vocabulary: u64, slots: Vec<u32>) {
        if self.by_vocabulary.len() == KEPT {
            self.by_vocabulary.remove(0);
        }
        self.by_vocabulary.push((vocabulary, slots));
    }
}

impl Rollup {
    /// Count hits under the keys of their codes.
    ///
    /// Arguments: what they are codes of, where others will be of the same; the hits, each with its
    /// code; the key of a code.
    pub fn add_coded<'a>(
        &mut self,
        vocabulary: Option<u64>,
        hits: impl Iterator<Item = (&'a Hit, u32)>,
        key: impl Fn(usize) -> Key<'a>,
    ) {
        let mut slots = vocabulary.map_or_else(Vec::new, |known| self.slots.take(known));
        let mut ready = [(0, &NO_HIT); AT_ONCE];
        let mut hits = hits.peekable();
        while hits.peek().is_some() {
            let mut count = 0;
            for (ready, (hit, code)) in ready.iter_mut().zip(&mut hits) {
                let code = code as usize;
                let slot = match slots.get(code) {
                    Some(&slot) if slot != NO_SLOT => slot,
                    _ => self.learn_slot(code, &mut slots, &key),
                };
                *ready = (slot, hit);
                count += 1;
            }
            self.add_together(&ready[..count]);
        }
        if let Some(vocabulary) = vocabulary {
            self.slots.keep(vocabulary, slots);
        }
    }

    #[cold]
    fn learn_slot<'a>(
        &mut self,
        code: usize,
        slots: &mut Vec<u32>,
        key: impl Fn(usize) -> Key<'a>,
    ) -> u32 {
        let key = key(code);
        let slot = self.slot_by_hash(key.hash, &key.text) as u32;
        if slots.len() <= code {
            slots.resize(code + 1, NO_SLOT);
        }
        slots[code] = slot;
        slot
    }
}
