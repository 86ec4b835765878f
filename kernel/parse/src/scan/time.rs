//! When a line is: of one field, or of several that each have a part.

use super::{Failure, Reason, Scanner};
use crate::program::{Field, Kind};
use crate::text;
use crate::times::{Parts, TimeFormat};

impl<'a> Scanner<'a> {
    #[inline]
    pub(super) fn read_time(&mut self, raw: &'a [u8], format: &TimeFormat) -> Result<(), Reason> {
        // Lines of one second carry the same text, and there are many of them.
        let whole = matches!(format, TimeFormat::Clf | TimeFormat::Iso | TimeFormat::Any);
        if let Some((known, instant)) = self.last_time
            && whole
            && text::are_equal(known, raw)
        {
            self.time.set_instant(instant);
            return Ok(());
        }
        self.time.read(raw, format).ok_or(Reason::NotATime)?;
        if whole {
            let moment = self.time.resolve(&self.program.calendar, &self.course);
            let moment = moment.ok_or(Reason::NotATime)?;
            // What a clock shows twice is told by the lines before each.
            if !moment.twice {
                self.last_time = Some((raw, moment.instant));
                self.time = Parts::default();
                self.time.set_instant(moment.instant);
            }
        }
        Ok(())
    }

    #[inline(always)]
    pub(super) fn resolve_time(&mut self, at: usize) -> Result<(), Failure> {
        if !self.program.timed {
            return Ok(());
        }
        match self.time.known() {
            Some(instant) if !self.has_course => {
                self.set_integer(self.program.time, Some(instant));
                Ok(())
            }
            _ => self.resolve_parts(at),
        }
    }

    fn resolve_parts(&mut self, at: usize) -> Result<(), Failure> {
        let moment = self.time.resolve(&self.program.calendar, &self.course);
        let Some(moment) = moment else {
            let timed = |field: &Field| matches!(field.kind, Kind::Time(_));
            let field = self.program.fields.iter().position(timed).unwrap_or(0);
            return Err(Failure::new(Reason::NoTime, field, at));
        };
        if self.has_course {
            self.course.observe(moment);
            self.twice += usize::from(moment.twice);
        }
        self.set_integer(self.program.time, Some(moment.instant));
        Ok(())
    }
}
