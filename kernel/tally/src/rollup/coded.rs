//! The slots of keys that are codes of a column's values: each is looked up once, not once a batch.

use super::Rollup;
use super::joint::NO_SLOT;
use crate::codes::Key;

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
}
