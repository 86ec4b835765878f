//! Lines whose values are told by counting them.

use super::{Failure, Reason, Scanner};
use crate::counted::Counted;
use crate::escape::Escape;
use crate::program::{Field, Line, Quotes};

/// More values than this are not told apart when they are counted.
const MAX_VALUES: usize = 999;

impl<'a> Scanner<'a> {
    /// Read a line that has as many values as there are fields.
    #[inline(never)]
    pub(super) fn read_counted(
        &mut self,
        line: &'a [u8],
        written: &Line,
        counted: &Counted,
    ) -> Result<(), Failure> {
        self.begin_line();
        let program = self.program;
        let fields = &program.fields[written.fields.clone()];
        let mut values = std::mem::take(&mut self.values);
        let found = counted.split(line, fields.len(), &mut values);
        let mut read = found
            .map_err(|found| Failure::new(Reason::Values, found.values.min(MAX_VALUES), found.at));
        for (place, (field, &(start, end))) in fields.iter().zip(&values).enumerate() {
            if read.is_err() {
                break;
            }
            let (raw, escape) = strip_quotes(&line[start..end], field);
            let forbidden = field.forbids.is_some_and(|byte| raw.contains(&byte));
            let value = match forbidden {
                true => Err(Reason::Forbidden),
                false => self.take_value(raw, written.fields.start + place, escape),
            };
            read =
                value.map_err(|reason| Failure::new(reason, written.fields.start + place, start));
        }
        self.values = values;
        read?;
        self.compose();
        self.resolve_time(line.len())
    }
}

/// A value without the quotes that may stand around it, and what is escaped in it.
fn strip_quotes<'a>(raw: &'a [u8], field: &Field) -> (&'a [u8], Escape) {
    match raw {
        // A server that has another way to write blanks quotes nothing without one.
        [b'"', inner @ .., b'"'] if field.quotes == Quotes::Optional || inner.contains(&b' ') => {
            (inner, Escape::Doubled)
        }
        _ => match field.escape {
            Escape::Percent | Escape::Plus => (raw, field.escape),
            _ => (raw, Escape::None),
        },
    }
}
