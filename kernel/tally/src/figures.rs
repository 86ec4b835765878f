//! What is counted of the hits of one key.

use crate::budget::MemoryUsed;
use crate::codec::{Damage, Reader, Writer};
use crate::distinct::Distinct;
use crate::quantiles::{self, QuantileSketch};

/// One hit, as far as figures need it.
#[derive(Clone, Copy)]
pub struct Hit {
    pub bytes: u64,
    /// Hash of the visitor; 0: there is none.
    pub visitor: u64,
    /// Duration, where there is a `bucket`.
    pub seconds: f64,
    pub row: u32,
    pub status: i16,
    /// Finest bucket of the duration, or `quantiles::NONE`.
    pub bucket: i16,
    pub flagged: bool,
    /// Whether its bytes are known.
    pub has_bytes: bool,
}

/// Figures of some hits.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub hits: u64,
    pub bytes: u64,
    pub largest: u64,
    pub errors_4xx: u64,
    pub errors_5xx: u64,
    /// Hits that were flagged, by bots for instance.
    pub flagged: u64,
    pub visitors: Distinct,
    pub durations: Option<Box<QuantileSketch>>,
}

impl Figures {
    /// Add a hit.
    #[inline]
    pub fn add(&mut self, hit: &Hit, used: &mut MemoryUsed) {
        self.add_sums(hit);
        self.add_sketches(hit, used);
    }

    /// Add all of a hit but its visitor and its duration.
    #[inline]
    pub fn add_sums(&mut self, hit: &Hit) {
        self.hits += 1;
        self.bytes += hit.bytes;
        self.flagged += u64::from(hit.flagged);
        self.largest = self.largest.max(hit.bytes);
        if hit.status >= 400 {
            self.errors_4xx += u64::from(hit.status < 500);
            self.errors_5xx += u64::from((500..600).contains(&hit.status));
        }
    }

    /// Add the visitor and the duration of a hit alone.
    #[inline]
    pub fn add_sketches(&mut self, hit: &Hit, used: &mut MemoryUsed) {
        if hit.visitor != 0 {
            self.visitors.add(hit.visitor, used);
        }
        if hit.bucket != quantiles::NONE {
            self.timed(used).add(hit.seconds, hit.bucket, used);
        }
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

    pub fn shrink(&mut self, (precision, buckets): (u8, usize), used: &mut MemoryUsed) {
        self.visitors.shrink(precision, used);
        if let Some(durations) = &mut self.durations {
            durations.shrink(buckets, used);
        }
    }

    /// Memory of visitors and durations, bytes.
    pub fn size(&self) -> usize {
        self.visitors.size() + self.durations.as_ref().map_or(0, |d| d.size())
    }

    pub fn write(&self, to: &mut Writer) {
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

    pub fn read(from: &mut Reader<'_>) -> Result<Self, Damage> {
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

    pub fn free(&mut self, used: &mut MemoryUsed) {
        self.visitors.free(used);
        if let Some(durations) = self.durations.take() {
            used.0 = used.0.saturating_sub(durations.size());
        }
    }
}
