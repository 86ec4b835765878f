//! Lines whose fields stand in a fixed order, between literal texts.

use super::ends::{begins_with, find_field, find_near, first_sight_end};
use super::{Failure, Reason, Scanner};
use crate::program::{Field, Kind, Line};
use crate::times::Parts;

/// How often the rest of a line may be read again behind a longer value of a greedy field.
const MAX_TRIES: usize = 256;

impl<'a> Scanner<'a> {
    /// Read a line in the first way that it fits; else say where the best one stopped.
    #[inline]
    pub(super) fn try_lines(&mut self, line: &'a [u8], lines: &[Line]) -> Result<(), Failure> {
        let mut furthest: Option<Failure> = None;
        for written in lines {
            let Err(failure) = self.read_positional(line, written) else {
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
    fn read_positional(&mut self, line: &'a [u8], written: &Line) -> Result<(), Failure> {
        if let Some(counted) = &written.counted {
            return self.read_counted(line, written, counted);
        }
        if !begins_with(line, &written.prefix) {
            return Err(Failure::new(Reason::Prefix, written.fields.start, 0));
        }
        // A request line that nothing marks off is taken for one as long as it can be.
        self.strict = written.unmarked_request;
        let read = self.read_fields(line, written);
        if read.is_err() && self.strict {
            self.strict = false;
            self.discard();
            return self.read_fields(line, written);
        }
        read
    }

    #[inline]
    fn read_fields(&mut self, line: &'a [u8], written: &Line) -> Result<(), Failure> {
        self.begin_line();
        let mut retries = std::mem::take(&mut self.retries);
        retries.clear();
        let read = self.read_with_retries(line, written, &mut retries);
        self.retries = retries;
        read?;
        self.compose();
        self.resolve_time(line.len())
    }

    /// Read the fields, and where one does not fit go back to the last greedy field: it may
    /// hold more.
    #[inline]
    fn read_with_retries(
        &mut self,
        line: &'a [u8],
        written: &Line,
        retries: &mut Vec<(usize, usize, usize)>,
    ) -> Result<(), Failure> {
        let mut tries = 0;
        let mut furthest: Option<Failure> = None;
        let (mut index, mut at, mut least) = (written.fields.start, written.prefix.len(), 0);
        loop {
            let failure = match self.read_rest(line, written, index, at, least, retries) {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            if furthest.is_none_or(|known| failure.at > known.at) {
                furthest = Some(failure);
            }
            tries += 1;
            match retries.pop() {
                Some(point) if tries < MAX_TRIES => (index, at, least) = point,
                _ => return Err(furthest.unwrap_or(failure)),
            }
            self.forget_from(written, index, failure.field);
        }
    }

    /// Forget the values of the fields from one to another.
    #[cold]
    fn forget_from(&mut self, written: &Line, index: usize, last: usize) {
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

    /// Whether a field that shares its column leaves it to the other on this line.
    #[cold]
    fn yields(&self, raw: &[u8], field: &Field) -> bool {
        let empty = raw.is_empty() || raw == b"-";
        match field.kind {
            Kind::Request => return self.saw_request && (empty || field.spare),
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

    /// Read the fields from one on, which begins at a place and is so long at least.
    #[inline]
    fn read_rest(
        &mut self,
        line: &'a [u8],
        written: &Line,
        first: usize,
        mut at: usize,
        mut least: usize,
        retries: &mut Vec<(usize, usize, usize)>,
    ) -> Result<(), Failure> {
        let program = self.program;
        for index in first..written.fields.end {
            let field = &program.fields[index];
            let last = index + 1 == written.fields.end && !written.ignore_rest;
            if field.simple
                && !last
                && least == 0
                && let Some((length, escape)) = first_sight_end(&line[at..], field)
            {
                let raw = &line[at..at + length];
                let read = self.take_value(raw, index, escape);
                read.map_err(|reason| Failure::new(reason, index, at))?;
                at += length + field.until.len();
                continue;
            }
            if field.leading_blanks {
                at += line[at..].iter().take_while(|&&b| b == b' ').count();
            }
            let rest = &line[at..];
            let failed = |reason| Failure::new(reason, index, at);
            let found = find_field(rest, field, last, least).map_err(failed)?;
            if field.greedy && found.next.is_some() {
                retries.push((index, at, found.end + 1));
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
                self.take_value(raw, index, found.escape).map_err(failed)?;
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
