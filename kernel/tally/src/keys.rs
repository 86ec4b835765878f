//! Distinct texts, each in a slot of its own, in the order in which they were met.
//!
//! All texts stand in one piece of memory: a text of its own for each key costs more time than
//! looking it up, when a log has as many keys as lines.

#[cfg(test)]
mod tests;

use hashbrown::HashTable;

/// Where a text stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    hash: u64,
    start: usize,
    length: u32,
}

/// Distinct texts.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    texts: String,
    /// By slot; texts stand in this order.
    places: Vec<Place>,
    /// Slots by hash.
    table: HashTable<u32>,
}

impl Keys {
    pub const fn len(&self) -> usize {
        self.places.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The text of a slot.
    #[inline]
    pub fn text(&self, slot: usize) -> &str {
        let Place { start, length, .. } = self.places[slot];
        &self.texts[start..start + length as usize]
    }

    /// The hash by which the text of a slot is looked up.
    pub fn hash(&self, slot: usize) -> u64 {
        self.places[slot].hash
    }

    /// All texts, in the order of their slots.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|slot| self.text(slot))
    }

    /// The slot of a text. Arguments: the hash by which it is looked up; the text.
    #[inline]
    pub fn find(&self, hash: u64, text: &str) -> Option<usize> {
        let same = |&slot: &u32| {
            self.places[slot as usize].hash == hash && self.text(slot as usize) == text
        };
        self.table.find(hash, same).map(|&slot| slot as usize)
    }

    /// Add a text that has no slot, and say which it has now.
    pub fn add(&mut self, hash: u64, text: &str) -> usize {
        let slot = self.places.len();
        self.places.push(Place {
            hash,
            start: self.texts.len(),
            length: text.len() as u32,
        });
        self.texts.push_str(text);
        let places = &self.places;
        self.table
            .insert_unique(hash, slot as u32, |&slot| places[slot as usize].hash);
        slot
    }

    /// Keep some texts, in their order: those that stay have the first slots afterwards.
    ///
    /// Argument: of each slot whether its text stays.
    pub fn retain(&mut self, staying: &[bool]) {
        let before = std::mem::take(self);
        let kept = (0..before.len()).filter(|&slot| staying[slot]);
        let count = kept.clone().count();
        // As many as there were will mostly come again; far fewer stay when memory is short.
        let room = match count < before.len() / 4 {
            true => count,
            false => before.len(),
        };
        self.places.reserve(room);
        self.table = HashTable::with_capacity(room);
        self.texts
            .reserve(before.texts.len() / before.len().max(1) * room);
        for slot in kept {
            self.add(before.hash(slot), before.text(slot));
        }
    }

    /// Memory used, bytes: by what there is, whatever there was before. Room beyond it that was
    /// never written to is none that the system has given.
    pub fn size(&self) -> usize {
        let buckets = (self.len() * 8 / 7).next_power_of_two();
        self.texts.len() + self.len() * size_of::<Place>() + buckets * (size_of::<u32>() + 1)
    }
}
