//! Figures by key over many batches, in bounded memory; knows no panel by name.
//!
//! Exact while there are fewer keys than its bound, and what is shared of memory lasts. Beyond
//! that the keys with the fewest hits give way; what they had goes to `other`, and how much any key may lack is known. Counts of
//! visitors and durations are as exact as can be for the rows with the most hits; when memory
//! runs short, those of the other rows become estimates with a larger error, which is known too.

use crate::budget::{Budget, Share};
use crate::codec::{Damage, Reader, Writer};
use crate::distinct::{Distinct, MemoryUsed};
use crate::durations::{self, QuantileSketch};
use crate::text;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Rows with the most hits whose counts stay as exact as can be.
const EXACT: usize = 1000;

/// Memory of a key beside its text, visitors and durations, bytes.
const PER_KEY: usize = size_of::<Key>() + size_of::<Figures>() + 2 * size_of::<usize>();

/// How much is read before the bounds are looked at again, bytes of memory.
const SETTLE: usize = 1 << 20;

/// Bytes of a row that is written, at least.
const LEAST_ROW: usize = 12;

/// A figure that rows are ordered by.
type Of = fn(&Figures) -> u64;

/// How small the counts of other rows are made, one after the other: registers as a power of
/// two, buckets of durations.
const SMALLER: [(u8, usize); 3] = [(10, 64), (9, 32), (8, 16)];

/// Figures of some hits.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub hits: u64,
    pub bytes: u64,
    pub largest: u64,
    pub errors_4xx: u64,
    pub errors_5xx: u64,
    /// Hits that were marked, by bots for instance.
    pub flagged: u64,
    pub visitors: Distinct,
    pub durations: Option<Box<QuantileSketch>>,
}

/// One hit, as far as figures need it.
#[derive(Clone, Copy)]
pub struct Hit {
    pub bytes: u64,
    /// Hash of the visitor; 0: there is none.
    pub visitor: u64,
    pub row: u32,
    pub status: i16,
    /// Finest bucket of the duration, or `durations::NONE`.
    pub bucket: i16,
    pub flagged: bool,
    /// Whether its bytes are known.
    pub sized: bool,
}

impl Figures {
    #[inline]
    fn add<'a>(
        &mut self,
        hits: impl IntoIterator<Item = &'a Hit>,
        seconds: &[f64],
        used: &mut MemoryUsed,
    ) {
        let (mut count, mut bytes, mut flagged, mut largest) = (0, 0, 0, self.largest);
        for hit in hits {
            count += 1;
            bytes += hit.bytes;
            flagged += u64::from(hit.flagged);
            largest = largest.max(hit.bytes);
            if hit.status >= 400 {
                self.errors_4xx += u64::from(hit.status < 500);
                self.errors_5xx += u64::from((500..600).contains(&hit.status));
            }
            if hit.visitor != 0 {
                self.visitors.add(hit.visitor, used);
            }
            if hit.bucket != durations::NONE {
                let seconds = seconds.get(hit.row as usize).copied().unwrap_or(0.0);
                self.timed(used).add(seconds, hit.bucket, used);
            }
        }
        self.hits += count;
        self.bytes += bytes;
        self.flagged += flagged;
        self.largest = largest;
    }

    fn timed(&mut self, used: &mut MemoryUsed) -> &mut QuantileSketch {
        self.durations.get_or_insert_with(|| {
            used.0 += size_of::<QuantileSketch>();
            Box::default()
        })
    }

    /// Add another's figures.
    pub fn merge(&mut self, other: &Self, used: &mut MemoryUsed) {
        self.hits += other.hits;
        self.bytes += other.bytes;
        self.largest = self.largest.max(other.largest);
        self.errors_4xx += other.errors_4xx;
        self.errors_5xx += other.errors_5xx;
        self.flagged += other.flagged;
        self.visitors.merge(&other.visitors, used);
        if let Some(durations) = &other.durations {
            self.timed(used).merge(durations, used);
        }
    }

    fn shrink(&mut self, (precision, buckets): (u8, usize), used: &mut MemoryUsed) {
        self.visitors.shrink(precision, used);
        if let Some(durations) = &mut self.durations {
            durations.shrink(buckets, used);
        }
    }

    /// Memory of visitors and durations, bytes.
    fn size(&self) -> usize {
        self.visitors.size() + self.durations.as_ref().map_or(0, |d| d.size())
    }

    fn write(&self, to: &mut Writer) {
        to.number(self.hits);
        to.number(self.bytes);
        to.number(self.largest);
        to.number(self.errors_4xx);
        to.number(self.errors_5xx);
        to.number(self.flagged);
        self.visitors.write(to);
        to.byte(u8::from(self.durations.is_some()));
        if let Some(durations) = &self.durations {
            durations.write(to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            hits: from.number()?,
            bytes: from.number()?,
            largest: from.number()?,
            errors_4xx: from.number()?,
            errors_5xx: from.number()?,
            flagged: from.number()?,
            visitors: Distinct::read(from)?,
            durations: match from.byte()? {
                0 => None,
                1 => Some(Box::new(QuantileSketch::read(from)?)),
                _ => return Err(Damage("there are durations or there are none")),
            },
        })
    }

    fn free(&mut self, used: &mut MemoryUsed) {
        self.visitors.free(used);
        if let Some(durations) = self.durations.take() {
            used.0 = used.0.saturating_sub(durations.size());
        }
    }
}

/// A key.
#[derive(Clone, Debug)]
pub struct Key {
    pub text: Box<str>,
    hash: u64,
    /// Hits that it may have had before it was met last.
    pub undercount: u64,
}

/// What has left a rollup, for another one to count under other keys.
pub type Rows = Vec<(Box<str>, Figures)>;

/// Figures by key.
pub struct Rollup {
    pub keys: Vec<Key>,
    /// In the order of `keys`.
    pub figures: Vec<Figures>,
    pub other: Figures,
    /// No key that is missing had more hits than this.
    pub evicted_max: u64,
    distinct: Distinct,
    has_evicted: bool,
    /// Rows that gave way, where somebody wants them.
    evicted: Option<Rows>,
    used: MemoryUsed,
    share: Share,
    key_bytes: usize,
    table: HashTable<usize>,
    hasher: RandomState,
    capacity: usize,
}

impl Rollup {
    /// Arguments: how many keys are kept while memory lasts; whether rows that give way are kept
    /// for somebody who asks for them; the memory that this shares with others.
    pub fn new(capacity: usize, keep_evicted: bool, budget: Arc<Budget>) -> Self {
        Self {
            keys: Vec::new(),
            figures: Vec::new(),
            other: Figures::default(),
            evicted_max: 0,
            distinct: Distinct::default(),
            has_evicted: false,
            evicted: keep_evicted.then(Vec::new),
            used: MemoryUsed::default(),
            share: Share::of(budget),
            key_bytes: 0,
            table: HashTable::new(),
            hasher: RandomState::default(),
            capacity: capacity.max(1),
        }
    }

    /// The place of a key, which is added when it is new.
    pub fn place(&mut self, key: &str) -> usize {
        let hash = self.hasher.hash_one(key.as_bytes());
        let same = |&at: &usize| self.keys[at].hash == hash && &*self.keys[at].text == key;
        if let Some(&at) = self.table.find(hash, same) {
            return at;
        }
        let at = self.keys.len();
        let mut apart = MemoryUsed::default();
        self.distinct.add(text::hash(key.as_bytes()), &mut apart);
        self.key_bytes += key.len();
        self.keys.push(Key {
            text: key.into(),
            hash,
            undercount: self.evicted_max,
        });
        self.figures.push(Figures::default());
        let keys = &self.keys;
        self.table.insert_unique(hash, at, |&at| keys[at].hash);
        at
    }

    /// Count hits under the key of a place.
    #[inline]
    pub fn add<'a>(
        &mut self,
        place: usize,
        hits: impl IntoIterator<Item = &'a Hit>,
        seconds: &[f64],
    ) {
        self.figures[place].add(hits, seconds, &mut self.used);
    }

    /// Keep to the bounds. Places are no longer valid afterwards.
    pub fn enforce_limits(&mut self) {
        if self.keys.len() > 2 * self.capacity {
            self.evict(self.capacity);
        }
        if let Some(most) = self.share.resize(self.size()) {
            // A little more, so that it need not be done again at once.
            self.reduce(most / 8 * 7);
            self.share.resize(self.size());
        }
    }

    /// Memory used, bytes.
    fn size(&self) -> usize {
        self.used.0 + self.key_bytes + self.keys.capacity() * PER_KEY
    }

    /// Use no more memory than this, as far as one row does not need more.
    ///
    /// Where visitors and durations take the most of it, those of the rows with the fewest hits
    /// are made smaller first, then such rows give way; rows with the most hits stay, with
    /// smaller counts, as long as these take the most.
    fn reduce(&mut self, most: usize) {
        for size in SMALLER {
            if self.size() > most && self.is_mostly_sketches() {
                self.shrink(size, EXACT);
            }
        }
        let mut smaller = SMALLER.iter();
        let mut left = self.keys.len();
        while self.size() > most && left > 1 {
            let sketches = self.is_mostly_sketches();
            if sketches
                && left <= EXACT
                && let Some(&size) = smaller.next()
            {
                self.shrink(size, 0);
                continue;
            }
            left = match sketches && left > EXACT {
                true => (left / 2).max(EXACT),
                false => left / 2,
            };
            self.evict(left);
        }
    }

    /// Whether visitors and durations take the most of its memory.
    fn is_mostly_sketches(&self) -> bool {
        self.used.0 > self.size() / 2
    }

    /// Make the counts of rows smaller. Arguments: to which size; how many rows, those with the
    /// most hits, are left as they are.
    fn shrink(&mut self, size: (u8, usize), spared: usize) {
        let mut hits: Vec<u64> = self.figures.iter().map(|figures| figures.hits).collect();
        let least = match hits.len() {
            rows if spared == 0 || rows == 0 => u64::MAX,
            rows if rows <= spared => 0,
            _ => {
                *hits
                    .select_nth_unstable_by_key(spared, |&h| std::cmp::Reverse(h))
                    .1
            }
        };
        for figures in self.figures.iter_mut().filter(|f| f.hits <= least) {
            figures.shrink(size, &mut self.used);
        }
    }

    /// Keep the keys with the most hits, and those with the most and the largest bytes.
    fn evict(&mut self, kept: usize) {
        let few = (kept / 20).max(1);
        let mut evicted: Vec<usize> = (0..self.keys.len()).collect();
        let orders: [(usize, Of); 3] = [
            (kept, |figures| figures.hits),
            (few, |figures| figures.bytes),
            (few, |figures| figures.largest),
        ];
        let mut staying = vec![false; self.keys.len()];
        for (count, of) in orders {
            if evicted.len() <= count {
                return;
            }
            evicted
                .select_nth_unstable_by_key(count, |&at| std::cmp::Reverse(of(&self.figures[at])));
            for at in evicted.drain(..count) {
                staying[at] = true;
            }
        }
        self.evicted_max += evicted
            .iter()
            .map(|&at| self.figures[at].hits)
            .max()
            .unwrap_or(0);
        self.has_evicted = true;
        self.table.clear();
        let mut kept = 0;
        for at in (0..staying.len()).filter(|&at| staying[at]) {
            self.keys.swap(kept, at);
            self.figures.swap(kept, at);
            let (keys, hash) = (&self.keys, self.keys[kept].hash);
            self.table.insert_unique(hash, kept, |&at| keys[at].hash);
            kept += 1;
        }
        let has_evicted = self.keys.drain(kept..).zip(self.figures.drain(kept..));
        for (key, mut figures) in has_evicted {
            self.key_bytes -= key.text.len();
            self.other.merge(&figures, &mut self.used);
            match &mut self.evicted {
                None => figures.free(&mut self.used),
                Some(evicted) => {
                    self.used.0 = self.used.0.saturating_sub(figures.size());
                    figures.shrink(SMALLER[0], &mut MemoryUsed::default());
                    evicted.push((key.text, figures));
                }
            }
        }
        let room = kept.next_power_of_two();
        self.keys.shrink_to(room);
        self.figures.shrink_to(room);
    }

    /// Rows that gave way since somebody asked last.
    pub fn take_evicted(&mut self) -> Rows {
        self.evicted
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Count rows of another rollup under other names; those without one are left out.
    pub fn add_rows<'a>(
        &mut self,
        rows: impl IntoIterator<Item = &'a Figures>,
        names: impl IntoIterator<Item = Option<impl AsRef<str>>>,
    ) {
        for (figures, name) in rows.into_iter().zip(names) {
            if let Some(name) = name {
                let place = self.place(name.as_ref());
                self.figures[place].merge(figures, &mut self.used);
            }
        }
        self.enforce_limits();
    }

    /// Add what another has counted.
    pub fn merge(&mut self, other: &Self) {
        let own_error = self.evicted_max;
        if other.evicted_max > 0 {
            for key in &mut self.keys {
                // What the other let go may have been of a key that it does not have.
                if other.find(&key.text).is_none() {
                    key.undercount += other.evicted_max;
                }
            }
        }
        for (key, figures) in other.keys.iter().zip(&other.figures) {
            let known = self.find(&key.text).is_some();
            let place = self.place(&key.text);
            self.figures[place].merge(figures, &mut self.used);
            let own = if known {
                self.keys[place].undercount
            } else {
                own_error
            };
            self.keys[place].undercount = own + key.undercount;
        }
        self.other.merge(&other.other, &mut self.used);
        self.distinct
            .merge(&other.distinct, &mut MemoryUsed::default());
        self.has_evicted |= other.has_evicted;
        self.evicted_max += other.evicted_max;
        self.enforce_limits();
    }

    /// The place of a key that has been met.
    pub fn find(&self, key: &str) -> Option<usize> {
        let hash = self.hasher.hash_one(key.as_bytes());
        let same = |&at: &usize| &*self.keys[at].text == key;
        self.table.find(hash, same).copied()
    }

    /// How many distinct keys there have been; an estimate once any has given way.
    pub fn distinct_keys(&self) -> u64 {
        match self.has_evicted {
            false => self.keys.len() as u64,
            true => self.distinct.count().max(self.keys.len() as u64),
        }
    }

    /// All figures together.
    pub fn total(&self) -> Figures {
        let mut total = Figures::default();
        for figures in self.figures.iter().chain([&self.other]) {
            total.merge(figures, &mut MemoryUsed::default());
        }
        total
    }

    /// Everything that has been counted, the rows in the order of their keys: the same rows make
    /// the same bytes, whatever order they were met in. Of a key only what it does not share
    /// with the one before is written.
    ///
    /// Rows that gave way are somebody else's, who must have taken them.
    pub fn write(&self, to: &mut Writer) {
        to.number(self.evicted_max);
        to.byte(u8::from(self.has_evicted));
        if self.has_evicted {
            // While none has gone, the keys say how many there are.
            self.distinct.write(to);
        }
        self.other.write(to);
        let keys = self.keys.iter().enumerate();
        let mut order: Vec<(&[u8], usize)> =
            keys.map(|(at, key)| (key.text.as_bytes(), at)).collect();
        order.sort_unstable();
        to.number(order.len() as u64);
        let mut before: &[u8] = &[];
        for (key, at) in order {
            let same = before.iter().zip(key).take_while(|(one, two)| one == two);
            // A byte, so that few bytes cannot ask for many long keys.
            let shared = same.take(usize::from(u8::MAX)).count();
            to.byte(shared as u8);
            to.text(&key[shared..]);
            to.number(self.keys[at].undercount);
            self.figures[at].write(to);
            before = key;
        }
    }

    /// Become what has been written; this must be empty.
    ///
    /// The bounds are kept from row to row, whatever is said to come.
    pub fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Damage> {
        self.evicted_max = from.number()?;
        self.has_evicted = match from.byte()? {
            0 => false,
            1 => true,
            _ => return Err(Damage("keys have been evicted or they have not")),
        };
        let distinct = match self.has_evicted {
            true => Distinct::read(from)?,
            false => Distinct::default(),
        };
        self.other = Figures::read(from)?;
        self.used.0 += self.other.size();
        let mut text: Vec<u8> = Vec::new();
        let mut enforced = 0;
        for row in 0..from.count(LEAST_ROW)? {
            let shared = usize::from(from.byte()?);
            let rest = from.text()?;
            let after = text.get(shared..).ok_or(Damage("a key shares too much"))?;
            if row > 0 && rest <= after {
                return Err(Damage("keys are not in order"));
            }
            text.truncate(shared);
            text.extend_from_slice(rest);
            let key = std::str::from_utf8(&text).map_err(|_| Damage("a key is no text"))?;
            let undercount = from.number()?;
            let figures = Figures::read(from)?;
            let place = self.place(key);
            self.used.0 += figures.size();
            self.keys[place].undercount = undercount;
            self.figures[place] = figures;
            if self.size() - enforced.min(self.size()) > SETTLE {
                self.enforce_limits();
                enforced = self.size();
            }
        }
        self.distinct.merge(&distinct, &mut MemoryUsed::default());
        self.enforce_limits();
        Ok(())
    }

    #[cfg(test)]
    fn sketches(&self) -> usize {
        let all = self.figures.iter().chain([&self.other]);
        all.map(Figures::size).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

    fn hit(visitor: u64) -> Hit {
        Hit {
            bytes: 10,
            visitor,
            row: 0,
            status: 200,
            bucket: durations::bucket_of(0.5),
            flagged: false,
            sized: true,
        }
    }

    fn rollup(capacity: usize, keep_evicted: bool, memory: usize) -> Rollup {
        Rollup::new(capacity, keep_evicted, Arc::new(Budget::new(memory)))
    }

    fn count(rollup: &mut Rollup, key: u64, visitor: u64) {
        let place = rollup.place(&key.to_string());
        let hit = hit(text::hash(&visitor.to_le_bytes()));
        rollup.add(place, [&hit], &[0.5]);
    }

    #[test]
    fn no_hit_is_lost_and_no_key_lacks_more_than_is_said() {
        let mut rollup = rollup(100, false, 1 << 30);
        for round in 0..50u64 {
            for key in 0..100 {
                count(&mut rollup, key * (1 + round * key / 7), round);
            }
            rollup.enforce_limits();
        }
        let sum: u64 = rollup.figures.iter().map(|figures| figures.hits).sum();
        assert_eq!(sum + rollup.other.hits, 5000);
        assert!(rollup.keys.len() <= 200 && rollup.evicted_max > 0);
        let place = rollup.place("0");
        assert_eq!(
            (rollup.figures[place].hits, rollup.keys[place].undercount),
            (50, 0)
        );
    }

    #[test]
    fn memory_is_bounded_and_accounted_for() {
        const MEMORY: usize = 32 << 20;
        let mut rollup = rollup(20_000, false, MEMORY);
        for visitor in 0..3_000_000u64 {
            count(&mut rollup, visitor % 30_000, visitor);
            if visitor % 50_000 == 0 {
                rollup.enforce_limits();
                assert_eq!(rollup.used.0, rollup.sketches());
                assert!(rollup.size() <= MEMORY);
            }
        }
        let first = rollup.place("7");
        let found = rollup.figures[first].visitors.count();
        assert!((90..=110).contains(&found), "{found}");
    }

    fn written(rollup: &Rollup) -> Vec<u8> {
        let mut writer = Writer::default();
        rollup.write(&mut writer);
        writer.bytes
    }

    fn read(bytes: &[u8], capacity: usize, memory: usize) -> Result<Rollup, Damage> {
        let mut found = rollup(capacity, false, memory);
        let mut reader = Reader::new(bytes);
        found.read(&mut reader)?;
        reader.end()?;
        Ok(found)
    }

    #[test]
    fn what_is_written_is_read_back_and_goes_on_alike() {
        for (capacity, memory) in [(1000, 1 << 30), (100, 1 << 30), (1000, 1 << 20)] {
            let mut rollup = rollup(capacity, false, memory);
            for number in 0..40_000u64 {
                count(&mut rollup, number % 7 * (number % 150), number);
                if number % 1000 == 0 {
                    rollup.enforce_limits();
                }
            }
            rollup.enforce_limits();
            let bytes = written(&rollup);
            let mut found = read(&bytes, capacity, memory).unwrap();
            assert_eq!(written(&found), bytes);
            assert_eq!(found.used.0, found.sketches());
            assert!(found.size() <= rollup.size());
            assert_eq!(found.distinct_keys(), rollup.distinct_keys());
            let mut more = Rollup::new(capacity, false, Arc::new(Budget::new(1 << 30)));
            (0..50).for_each(|key| count(&mut more, key * 3, key));
            let mut twice = [read(&bytes, 10_000, 1 << 30).unwrap(), more];
            let (one, two) = twice.split_at_mut(1);
            one[0].merge(&two[0]);
            two[0].capacity = 10_000;
            two[0].merge(&found);
            assert_eq!(written(&one[0]), written(&two[0]));
            found.merge(&read(&bytes, capacity, memory).unwrap());
            assert_eq!(found.total().hits, 80_000);
        }
    }

    #[test]
    fn the_order_in_which_keys_were_met_makes_no_difference() {
        let (mut one, mut two) = (rollup(100, false, 1 << 30), rollup(100, false, 1 << 30));
        (0..100).for_each(|key| count(&mut one, key, key));
        (0..100).rev().for_each(|key| count(&mut two, key, key));
        assert_eq!(written(&one), written(&two));
    }

    #[test]
    fn what_is_read_keeps_to_the_bounds_it_is_read_into() {
        let mut large = rollup(50_000, false, 1 << 30);
        for number in 0..200_000u64 {
            count(&mut large, number % 50_000, number);
        }
        let bytes = written(&large);
        let small = read(&bytes, 50_000, 1 << 20).unwrap();
        assert!(small.size() <= 1 << 20 && small.evicted_max > 0);
        assert_eq!(small.total().hits, 200_000);
        assert_eq!(small.used.0, small.sketches());
        // While it is read, too: what has no end is as far as it was.
        let mut begun = rollup(50_000, false, 1 << 20);
        let cut = &bytes[..bytes.len() - 1];
        assert!(begun.read(&mut Reader::new(cut)).is_err());
        assert!(begun.size() <= (1 << 20) + 2 * SETTLE);
        let few = read(&bytes, 100, 1 << 30).unwrap();
        assert!(few.keys.len() <= 200);
        assert_eq!(few.total().hits, 200_000);
    }

    #[test]
    fn damage_is_refused_or_harmless() {
        let mut rollup = rollup(5, false, 1 << 30);
        for key in 0..40 {
            count(&mut rollup, key % 20, key);
            rollup.enforce_limits();
        }
        let bytes = written(&rollup);
        for cut in 0..bytes.len() {
            assert!(read(&bytes[..cut], 100, 1 << 20).is_err());
        }
        assert!(read(&[&bytes[..], &[0]].concat(), 100, 1 << 20).is_err());
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut other = bytes.clone();
                other[place] ^= 1 << bit;
                if let Ok(found) = read(&other, 100, 1 << 20) {
                    assert!(found.size() <= (1 << 20) + other.len() * codec::MOST);
                    let again = read(&written(&found), 100, 1 << 20).unwrap();
                    assert_eq!(written(&again), written(&found));
                }
            }
        }
    }

    #[test]
    fn few_keys_stay_however_many_visitors_they_have() {
        let mut rollup = rollup(1000, false, 1 << 20);
        for visitor in 0..300_000u64 {
            count(&mut rollup, visitor % 300, visitor);
            if visitor % 10_000 == 0 {
                rollup.enforce_limits();
            }
        }
        rollup.enforce_limits();
        assert!(rollup.size() <= 1 << 20);
        assert_eq!((rollup.keys.len(), rollup.other.hits), (300, 0));
        assert!(rollup.figures.iter().all(|figures| figures.hits == 1000));
    }

    #[test]
    fn what_gives_way_is_handed_on() {
        let mut rollup = rollup(10, true, 1 << 30);
        for key in 0..100 {
            count(&mut rollup, key, key);
            rollup.enforce_limits();
        }
        let hits: u64 = rollup.take_evicted().iter().map(|(_, f)| f.hits).sum();
        assert_eq!(hits, rollup.other.hits);
        assert!(hits > 0 && rollup.take_evicted().is_empty());
    }
}
