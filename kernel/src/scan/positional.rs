//! Lines whose fields stand in a fixed order, between literal texts.

use super::ends::{begins_with, find, find_near, simple_end};
use super::{Failure, Reason, Scanner};
use crate::program::{Field, Kind, Line};
use crate::times::Parts;

/// How often the rest of a line may be tried again behind a longer value.
const MOST_TRIES: usize = 256;

impl<'a> Scanner<'a> {
    #[inline]
    pub(super) fn first_that_fits(
        &mut self,
        line: &'a [u8],
        lines: &[Line],
    ) -> Result<(), Failure> {
        let mut furthest: Option<Failure> = None;
        for written in lines {
            let Err(failure) = self.positional(line, written) else {
                return Ok(());
            };
            if furthest.is_none_or(|known| failure.at > known.at) {
                furthest = Some(failure);
            }
            if lines.len() > 1 {
                self.discard();
            }
        }
        Err(furthest.unwrap_or(Failure::from(0)))
    }

    #[inline]
    fn positional(&mut self, line: &'a [u8], written: &Line) -> Result<(), Failure> {
        if let Some(table) = &written.table {
            return self.counted(line, written, table);
        }
        if !begins_with(line, &written.prefix) {
            return Err(Failure::new(Reason::Prefix, written.fields.start, 0));
        }
        // A request line that nothing marks off is taken for one as long as it can be.
        self.strict = written.unmarked_request;
        let read = self.tried(line, written);
        if read.is_err() && self.strict {
            self.strict = false;
            self.discard();
            return self.tried(line, written);
        }
        read
    }

    #[inline]
    fn tried(&mut self, line: &'a [u8], written: &Line) -> Result<(), Failure> {
        self.begin();
        let mut longer = std::mem::take(&mut self.longer);
        longer.clear();
        let read = self.tried_again(line, written, &mut longer);
        self.longer = longer;
        read?;
        self.compose();
        self.resolve_time(line.len())
    }

    #[inline]
    fn tried_again(
        &mut self,
        line: &'a [u8],
        written: &Line,
        longer: &mut Vec<(usize, usize, usize)>,
    ) -> Result<(), Failure> {
        let mut tries = 0;
        let mut furthest: Option<Failure> = None;
        let (mut index, mut at, mut least) = (written.fields.start, written.prefix.len(), 0);
        loop {
            let failure = match self.rest(line, written, index, at, least, longer) {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            if furthest.is_none_or(|known| failure.at > known.at) {
                furthest = Some(failure);
            }
            tries += 1;
            match longer.pop() {
                Some(point) if tries < MOST_TRIES => (index, at, least) = point,
                _ => return Err(furthest.unwrap_or(failure)),
            }
            self.begin_again(written, index, failure.field);
        }
    }

    /// Forget what the fields from one to another have given.
    #[cold]
    fn begin_again(&mut self, written: &Line, index: usize, last: usize) {
        let timed = |field: &Field| matches!(field.kind, Kind::Time(_));
        let earlier = &self.program.fields[written.fields.start..index];
        if !earlier.iter().any(timed) {
            self.time = Parts::default();
        }
        for field in &self.program.fields[index..=last] {
            for slot in field.slots().into_iter().flatten() {
                if earlier.iter().all(|field| field.slots()[0] != Some(slot)) {
                    self.columns[slot].discard();
                }
            }
        }
    }

    /// Whether a field that shares its column has nothing to say on this line.
    #[cold]
    fn yields(&self, raw: &[u8], field: &Field) -> bool {
        let empty = raw.is_empty() || raw == b"-";
        match field.kind {
            Kind::Request => return self.told_request && (empty || field.spare),
            Kind::Time(_) => return empty || field.spare && self.time.is_known(),
            _ => {}
        }
        let pending = field.slots()[0].is_some_and(|s| self.columns[s].is_pending());
        let zero = matches!(
            field.kind,
            Kind::Integer {
                dash_is_zero: true,
                ..
            }
        );
        pending && field.spare || empty && (pending || !zero)
    }

    /// Read the fields from one on.
    #[inline]
    fn rest(
        &mut self,
        line: &'a [u8],
        written: &Line,
        first: usize,
        mut at: usize,
        mut least: usize,
        longer: &mut Vec<(usize, usize, usize)>,
    ) -> Result<(), Failure> {
        let program = self.program;
        for index in first..written.fields.end {
            let field = &program.fields[index];
            let last = index + 1 == written.fields.end && !written.ignore_rest;
            if field.simple
                && !last
                && least == 0
                && let Some((length, escape)) = simple_end(&line[at..], field)
            {
                let raw = &line[at..at + length];
                let read = self.value(raw, index, escape);
                read.map_err(|reason| Failure::new(reason, index, at))?;
                at += length + field.until.len();
                continue;
            }
            if field.padded {
                at += line[at..].iter().take_while(|&&b| b == b' ').count();
            }
            let rest = &line[at..];
            let failed = |reason| Failure::new(reason, index, at);
            let found = find(rest, field, last, least).map_err(failed)?;
            if field.elastic && found.next.is_some() {
                longer.push((index, at, found.end + 1));
            }
            if let Some(byte) = field.forbids
                && find_near(&rest[found.start..found.end], byte).is_some()
                && &rest[found.start..found.end] != b"\"\""
            {
                return Err(failed(Reason::Forbidden));
            }
            least = 0;
            let raw = &rest[found.start..found.end];
            if !(field.shared && self.yields(raw, field)) {
                self.value(raw, index, found.escape).map_err(failed)?;
            }
            match found.next {
                Some(next) => at += next,
                None => return Ok(()),
            }
        }
        if at < line.len() && !written.ignore_rest {
            let last = written.fields.end.saturating_sub(1);
            return Err(Failure::new(Reason::TrailingText, last, at));
        }
        Ok(())
    }
}
