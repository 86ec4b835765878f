//! What is counted of the hits of one key.

use crate::budget::MemoryUsed;
use crate::codec::{Damage, Reader, Writer};
use crate::kinds::Kinds;
use crate::quantiles::{self, QuantileSketch};
use crate::trend;

/// One hit, as far as figures need it.
#[derive(Clone, Copy)]
pub struct Hit {
    pub bytes: u64,
    /// Bytes of the request.
    pub received: u64,
    /// Hash of the visitor; 0: there is none.
    pub visitor: u64,
    /// Duration, where there is a `bucket`.
    pub seconds: f64,
    /// That of the server behind, where there is an `upstream_bucket`.
    pub upstream_seconds: f64,
    pub row: u32,
    /// When it was, or `trend::NONE`.
    pub tick: i32,
    pub status: i16,
    /// Finest bucket of the duration, or `quantiles::NONE`.
    pub bucket: i16,
    pub upstream_bucket: i16,
    /// Of the program that asked.
    pub kind: u8,
    /// Whether its bytes are known.
    pub has_bytes: bool,
}

impl Default for Hit {
    /// A hit of which nothing is known.
    fn default() -> Self {
        Self {
            bytes: 0,
            received: 0,
            visitor: 0,
            seconds: 0.0,
            upstream_seconds: 0.0,
            row: 0,
            tick: trend::NONE,
            status: 0,
            bucket: quantiles::NONE,
            upstream_bucket: quantiles::NONE,
            kind: 0,
            has_bytes: false,
        }
    }
}

/// Durations of some hits.
pub type Durations = Option<Box<QuantileSketch>>;

/// Figures of some hits.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub hits: u64,
    pub bytes: u64,
    pub largest: u64,
    pub errors_4xx: u64,
    pub errors_5xx: u64,
    /// Who asked.
    pub kinds: Kinds,
    pub durations: Durations,
    more: Option<Box<More>>,
}

/// What few formats log.
#[derive(Clone, Debug, Default)]
struct More {
    received: u64,
    /// Durations of servers behind, where they are logged apart.
    upstream: Durations,
}

impl Figures {
    /// Add a hit.
    #[inline]
    pub fn add(&mut self, hit: &Hit, used: &mut MemoryUsed) {
        self.add_sums(hit);
        self.add_sketches(hit, used);
    }

    /// Add a hit to all that is a sum.
    #[inline]
    pub fn add_sums(&mut self, hit: &Hit) {
        self.hits += 1;
        self.bytes += hit.bytes;
        self.largest = self.largest.max(hit.bytes);
        if hit.status >= 400 {
            self.errors_4xx += u64::from(hit.status < 500);
            self.errors_5xx += u64::from((500..600).contains(&hit.status));
        }
    }

    /// Add a hit to all else: who asked, how long it took, and what few formats log.
    #[inline(always)]
    pub fn add_sketches(&mut self, hit: &Hit, used: &mut MemoryUsed) {
        self.kinds.add(hit.kind, hit.bytes, hit.visitor, used);
        if hit.bucket != quantiles::NONE {
            timed(&mut self.durations, used).add(hit.seconds, hit.bucket, used);
        }
        if hit.received > 0 || hit.upstream_bucket != quantiles::NONE {
            self.add_more(hit, used);
        }
    }

    #[inline(never)]
    fn add_more(&mut self, hit: &Hit, used: &mut MemoryUsed) {
        let more = self.more(used);
        more.received += hit.received;
        if hit.upstream_bucket != quantiles::NONE {
            let upstream = timed(&mut more.upstream, used);
            upstream.add(hit.upstream_seconds, hit.upstream_bucket, used);
        }
    }

    fn more(&mut self, used: &mut MemoryUsed) -> &mut More {
        self.more.get_or_insert_with(|| {
            used.0 += size_of::<More>();
            Box::default()
        })
    }

    /// Bytes of the requests.
    pub fn received(&self) -> u64 {
        self.more.as_ref().map_or(0, |more| more.received)
    }

    /// Durations of servers behind, where they are logged apart.
    pub fn upstream(&self) -> Option<&QuantileSketch> {
        self.more.as_ref()?.upstream.as_deref()
    }

    /// Add another's figures.
    pub fn merge(&mut self, other: &Self, used: &mut MemoryUsed) {
        self.hits += other.hits;
        self.bytes += other.bytes;
        self.largest = self.largest.max(other.largest);
        self.errors_4xx += other.errors_4xx;
        self.errors_5xx += other.errors_5xx;
        self.kinds
            .merge(&other.kinds, (other.hits, other.bytes), used);
        merge_durations(&mut self.durations, &other.durations, used);
        if let Some(theirs) = &other.more {
            let more = self.more(used);
            more.received += theirs.received;
            merge_durations(&mut more.upstream, &theirs.upstream, used);
        }
    }

    /// Hits by programs that are no human's browser.
    pub fn bots(&self) -> u64 {
        self.kinds.bots(self.hits)
    }

    pub fn shrink(&mut self, (precision, buckets): (u8, usize), used: &mut MemoryUsed) {
        self.kinds.shrink(precision, used);
        let upstream = self.more.as_mut().and_then(|more| more.upstream.as_mut());
        for durations in self.durations.iter_mut().chain(upstream) {
            durations.shrink(buckets, used);
        }
    }

    /// Memory of all that is no sum, bytes.
    pub fn size(&self) -> usize {
        let more = self.more.as_ref().map_or(0, |_| size_of::<More>());
        let durations = [self.durations.as_deref(), self.upstream()];
        let durations = durations.into_iter().flatten().map(QuantileSketch::size);
        self.kinds.size() + more + durations.sum::<usize>()
    }

    pub fn write(&self, to: &mut Writer) {
        to.number(self.hits);
        to.number(self.bytes);
        to.number(self.largest);
        to.number(self.errors_4xx);
        to.number(self.errors_5xx);
        self.kinds.write((self.hits, self.bytes), to);
        write_durations(self.durations.as_deref(), to);
        to.number(self.received());
        write_durations(self.upstream(), to);
    }

    pub fn read(from: &mut Reader<'_>) -> Result<Self, Damage> {
        let mut found = Self {
            hits: from.number()?,
            bytes: from.number()?,
            largest: from.number()?,
            errors_4xx: from.number()?,
            errors_5xx: from.number()?,
            kinds: Kinds::read(from)?,
            durations: read_durations(from)?,
            more: None,
        };
        let (received, upstream) = (from.number()?, read_durations(from)?);
        if received > 0 || upstream.is_some() {
            found.more = Some(Box::new(More { received, upstream }));
        }
        Ok(found)
    }

    pub fn free(&mut self, used: &mut MemoryUsed) {
        used.resize(self.size(), 0);
        self.kinds = Kinds::default();
        (self.durations, self.more) = (None, None);
    }
}

/// Durations that are added to, which takes some memory.
#[inline]
fn timed<'d>(durations: &'d mut Durations, used: &mut MemoryUsed) -> &'d mut QuantileSketch {
    durations.get_or_insert_with(|| {
        used.0 += size_of::<QuantileSketch>();
        Box::default()
    })
}

fn merge_durations(own: &mut Durations, theirs: &Durations, used: &mut MemoryUsed) {
    if let Some(theirs) = theirs {
        timed(own, used).merge(theirs, used);
    }
}

fn write_durations(durations: Option<&QuantileSketch>, to: &mut Writer) {
    to.byte(u8::from(durations.is_some()));
    if let Some(durations) = durations {
        durations.write(to);
    }
}

fn read_durations(from: &mut Reader<'_>) -> Result<Durations, Damage> {
    match from.byte()? {
        0 => Ok(None),
        1 => Ok(Some(Box::new(QuantileSketch::read(from)?))),
        _ => Err(Damage("there are durations or there are none")),
    }
}
