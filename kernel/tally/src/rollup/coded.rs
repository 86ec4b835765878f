//! Hits under keys that are codes of a column's values.

use super::Rollup;
use super::joint::NO_SLOT;
use super::waiting::AT_ONCE;
use crate::codes::Key;
use crate::figures::{Hit, NO_HIT};

/// Vocabularies of which the slots are kept: one a thread that counts.
const KEPT: usize = 4;

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
    /// The slots of the keys of codes.
    ///
    /// Arguments: what they are codes of, where others will be of the same; the codes, `None` of
    /// what does not count; the key of a code.
    pub fn slots_of<'a>(
        &mut self,
        vocabulary: Option<u64>,
        codes: impl Iterator<Item = Option<u32>>,
        key: impl Fn(usize) -> Key<'a>,
    ) -> Vec<u32> {
        let mut known = vocabulary.map_or_else(Vec::new, |known| self.slots.take(known));
        let slot = |code: Option<u32>| {
            let Some(code) = code else { return NO_SLOT };
            match known.get(code as usize) {
                Some(&slot) if slot != NO_SLOT => slot,
                _ => self.learn_slot(code as usize, &mut known, &key),
            }
        };
        let slots = codes.map(slot).collect();
        if let Some(vocabulary) = vocabulary {
            self.slots.keep(vocabulary, known);
        }
        slots
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

    /// Count hits under the keys of their slots.
    pub fn add_all(&mut self, hits: &[Hit], slots: &[u32]) {
        let counted = hits.iter().zip(slots);
        let mut counted = counted.filter(|(_, slot)| **slot != NO_SLOT);
        let mut together = [(0, &NO_HIT); AT_ONCE];
        loop {
            let mut count = 0;
            for (to, (hit, &slot)) in together.iter_mut().zip(&mut counted) {
                *to = (slot, hit);
                count += 1;
            }
            if count == 0 {
                return;
            }
            self.add_together(&together[..count]);
        }
    }
}
