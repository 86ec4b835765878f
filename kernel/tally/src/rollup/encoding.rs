//! A rollup as bytes, and back.

use super::{OTHER_ROW, Rollup, trend_row};
use crate::budget::MemoryUsed;
use crate::codec::{Damage, Reader, Writer};
use crate::distinct::Distinct;
use crate::figures::Figures;
use crate::trend::Trends;

/// How much is read before the bounds are looked at again, bytes of memory.
pub(super) const READ_AHEAD: usize = 1 << 20;

/// Bytes of a row that is written, at least.
const LEAST_ROW: usize = 13;

impl Rollup {
    /// Everything that has been counted, the rows in the order of their keys: the same rows make
    /// the same bytes, whatever order they were met in. Of a key only what it does not share
    /// with the one before is written.
    ///
    /// Evicted rows that are kept are not written: they must have been taken.
    pub fn write(&self, to: &mut Writer) {
        to.number(self.evicted_max);
        to.byte(u8::from(self.has_evicted));
        if self.has_evicted {
            self.evicted_keys.write(to);
        }
        self.other.write(to);
        self.trends.write(to);
        self.trends.write_row(OTHER_ROW, to);
        let keys = self.keys.iter().enumerate();
        let mut order: Vec<(&[u8], usize)> =
            keys.map(|(slot, key)| (key.as_bytes(), slot)).collect();
        order.sort_unstable();
        to.number(order.len() as u64);
        let mut before: &[u8] = &[];
        for (key, at) in order {
            let same = before.iter().zip(key).take_while(|(one, two)| one == two);
            // A byte, so that few bytes cannot ask for many long keys.
            let shared = same.take(usize::from(u8::MAX)).count();
            to.byte(shared as u8);
            to.text(&key[shared..]);
            to.number(self.undercount(at));
            self.figures[at].write(to);
            self.trends.write_row(trend_row(at), to);
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
        let evicted_keys = match self.has_evicted {
            true => Distinct::read(from)?,
            false => Distinct::default(),
        };
        self.other = Figures::read(from)?;
        self.used.0 += self.other.size();
        self.trends = Trends::read(from)?;
        self.trends.set_rows(1);
        self.trends.read_row(OTHER_ROW, from)?;
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
            let slot = self.slot(key);
            self.used.0 += figures.size();
            self.set_undercount(slot, undercount);
            self.figures[slot] = figures;
            self.trends.read_row(trend_row(slot), from)?;
            if self.size() - enforced.min(self.size()) > READ_AHEAD {
                self.enforce_limits();
                enforced = self.size();
            }
        }
        self.evicted_keys
            .merge(&evicted_keys, &mut MemoryUsed::default());
        self.enforce_limits();
        Ok(())
    }
}
