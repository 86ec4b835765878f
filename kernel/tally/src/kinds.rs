//! Hits, bytes and visitors by the kind of program that asked, kinds being numbers.
//!
//! A visitor is of one kind, as its agent is: the visitors of all kinds are all visitors. Most keys
//! are asked for by programs of one kind, or by far the most by one; what is known of all hits
//! together is known of that kind without counting it.

#[cfg(test)]
mod tests;

use crate::budget::MemoryUsed;
use crate::codec::{Damage, Reader, Writer};
use crate::distinct::Distinct;

/// The first kind of programs that are neither a human's browser nor unknown.
pub const FIRST_BOT: u8 = 2;

/// Kinds there may be; numbers are lower.
pub const MOST: u8 = 32;

/// The kind before there was any hit.
const NONE: u8 = u8::MAX;

/// What was counted of a kind.
#[derive(Clone, Debug, Default)]
pub struct OfKind {
    pub kind: u8,
    pub hits: u64,
    pub bytes: u64,
    pub visitors: Distinct,
}

/// What was counted, by kind.
#[derive(Clone, Debug)]
pub struct Kinds {
    /// The kind that was met first: its hits are those that are of no other.
    first: u8,
    /// Those of the first.
    visitors: Distinct,
    others: Option<Box<Others>>,
}

/// What was counted of all kinds but the first, in the order of kinds.
#[derive(Clone, Debug, Default)]
struct Others {
    counts: Vec<OfKind>,
}

impl Default for Kinds {
    fn default() -> Self {
        Self {
            first: NONE,
            visitors: Distinct::default(),
            others: None,
        }
    }
}

impl Others {
    /// Memory beside that of visitors, bytes.
    fn own_size(&self) -> usize {
        size_of::<Self>() + self.counts.capacity() * size_of::<OfKind>()
    }
}

impl Kinds {
    /// Memory used, bytes.
    pub fn size(&self) -> usize {
        let own = self.others.as_ref().map_or(0, |others| others.own_size());
        let visitors = self.others().iter().map(|of| of.visitors.size());
        own + self.visitors.size() + visitors.sum::<usize>()
    }

    fn others(&self) -> &[OfKind] {
        self.others.as_ref().map_or(&[], |others| &others.counts)
    }

    /// Those of a kind that is not the first.
    fn other(&mut self, kind: u8, used: &mut MemoryUsed) -> &mut OfKind {
        let others = self.others.get_or_insert_with(|| {
            used.0 += size_of::<Others>();
            Box::default()
        });
        let at = others.counts.partition_point(|of| of.kind < kind);
        if others.counts.get(at).is_none_or(|of| of.kind != kind) {
            let before = others.own_size();
            others.counts.reserve_exact(1);
            let new = OfKind {
                kind,
                ..OfKind::default()
            };
            others.counts.insert(at, new);
            used.resize(before, others.own_size());
        }
        &mut others.counts[at]
    }

    /// Count a hit that is counted together with those of all kinds as well.
    ///
    /// Arguments: the kind; the bytes; the hash of the visitor, 0 where there is none.
    #[inline]
    pub fn add(&mut self, kind: u8, bytes: u64, visitor: u64, used: &mut MemoryUsed) {
        if kind != self.first {
            self.add_other(kind, bytes, visitor, used);
        } else if visitor != 0 {
            self.visitors.add(visitor, used);
        }
    }

    #[inline(never)]
    fn add_other(&mut self, kind: u8, bytes: u64, visitor: u64, used: &mut MemoryUsed) {
        if self.first == NONE {
            self.first = kind;
            return self.add(kind, bytes, visitor, used);
        }
        let of = self.other(kind, used);
        of.hits += 1;
        of.bytes += bytes;
        if visitor != 0 {
            of.visitors.add(visitor, used);
        }
    }

    /// A hit by a visitor will be added soon.
    #[inline]
    pub fn announce(&self, kind: u8, visitor: u64) {
        if kind == self.first {
            self.visitors.announce(visitor);
        }
    }

    /// Add another's. Arguments: all hits and bytes of the other.
    pub fn merge(&mut self, other: &Self, (hits, bytes): (u64, u64), used: &mut MemoryUsed) {
        if other.first == NONE {
            return;
        }
        if self.first == NONE {
            self.first = other.first;
        }
        let (hits, bytes) = other.left_to_first(hits, bytes);
        self.merge_one(other.first, (hits, bytes), &other.visitors, used);
        for of in other.others() {
            self.merge_one(of.kind, (of.hits, of.bytes), &of.visitors, used);
        }
    }

    fn merge_one(
        &mut self,
        kind: u8,
        (hits, bytes): (u64, u64),
        visitors: &Distinct,
        used: &mut MemoryUsed,
    ) {
        if kind == self.first {
            self.visitors.merge(visitors, used);
            return;
        }
        let of = self.other(kind, used);
        of.hits += hits;
        of.bytes += bytes;
        of.visitors.merge(visitors, used);
    }

    /// What of all hits and bytes is of no other kind than the first.
    fn left_to_first(&self, hits: u64, bytes: u64) -> (u64, u64) {
        self.others()
            .iter()
            .fold((hits, bytes), |(hits, bytes), of| {
                (hits.saturating_sub(of.hits), bytes.saturating_sub(of.bytes))
            })
    }

    /// Make the counts of visitors smaller.
    pub fn shrink(&mut self, precision: u8, used: &mut MemoryUsed) {
        self.visitors.shrink(precision, used);
        for of in self.others.iter_mut().flat_map(|others| &mut others.counts) {
            of.visitors.shrink(precision, used);
        }
    }

    /// Give the memory back.
    pub fn free(&mut self, used: &mut MemoryUsed) {
        used.resize(self.size(), 0);
        *self = Self::default();
    }

    /// How many visitors there were.
    pub fn visitors(&self) -> u64 {
        let others = self.others().iter().map(|of| of.visitors.count());
        self.visitors.count() + others.sum::<u64>()
    }

    /// The standard error of the visitors, as a share of them; 0: they are exact.
    ///
    /// Counts of kinds are independent of each other: the squares of their errors add up.
    pub fn visitors_error(&self) -> f64 {
        if self.others().is_empty() {
            return self.visitors.error();
        }
        let all = self.others().iter().map(|of| &of.visitors);
        let squares = all.chain([&self.visitors]).map(|visitors| {
            let error = visitors.error() * visitors.count() as f64;
            error * error
        });
        squares.sum::<f64>().sqrt() / self.visitors().max(1) as f64
    }

    /// Hits by programs that are no human's browser. Argument: all hits.
    pub fn bots(&self, hits: u64) -> u64 {
        if self.first != NONE && self.first >= FIRST_BOT {
            let no_bots = self.others().iter().filter(|of| of.kind < FIRST_BOT);
            return hits.saturating_sub(no_bots.map(|of| of.hits).sum());
        }
        let bots = self.others().iter().filter(|of| of.kind >= FIRST_BOT);
        bots.map(|of| of.hits).sum()
    }

    /// What was counted of each kind, in the order of kinds: kind, hits, bytes and visitors.
    ///
    /// Arguments: all hits and bytes.
    pub fn all(&self, hits: u64, bytes: u64) -> Vec<(u8, u64, u64, u64)> {
        if self.first == NONE {
            return Vec::new();
        }
        let (hits, bytes) = self.left_to_first(hits, bytes);
        let first = (self.first, hits, bytes, self.visitors.count());
        let others = self.others().iter();
        let others = others.map(|of| (of.kind, of.hits, of.bytes, of.visitors.count()));
        let mut all: Vec<_> = others.chain([first]).collect();
        all.sort_unstable_by_key(|of| of.0);
        all
    }

    /// The lowest kind is written as the first, whichever was met first. Arguments: all hits and
    /// bytes.
    pub fn write(&self, (hits, bytes): (u64, u64), to: &mut Writer) {
        let all = self.all(hits, bytes);
        to.byte(all.len() as u8);
        for (place, (kind, hits, bytes, _)) in all.into_iter().enumerate() {
            to.byte(kind);
            if place > 0 {
                to.number(hits);
                to.number(bytes);
            }
            let mut others = self.others().iter();
            let other = others.find(|of| of.kind == kind);
            other.map_or(&self.visitors, |of| &of.visitors).write(to);
        }
    }

    pub fn read(from: &mut Reader<'_>) -> Result<Self, Damage> {
        let mut found = Self::default();
        let mut counts = Vec::new();
        let mut before = None;
        for place in 0..from.byte()? {
            let kind = from.byte()?;
            if kind >= MOST || before.is_some_and(|before| kind <= before) {
                return Err(Damage("kinds of programs are not in order"));
            }
            before = Some(kind);
            if place == 0 {
                found.first = kind;
                found.visitors = Distinct::read(from)?;
                continue;
            }
            counts.push(OfKind {
                kind,
                hits: from.number()?,
                bytes: from.number()?,
                visitors: Distinct::read(from)?,
            });
        }
        if !counts.is_empty() {
            counts.shrink_to_fit();
            found.others = Some(Box::new(Others { counts }));
        }
        Ok(found)
    }
}
