//! Lines that a regular expression matches.

use super::{Failure, Reason, Scanner};
use crate::program::{Kind, Pattern};

impl<'a> Scanner<'a> {
    /// Read what the groups of a pattern match; a group that took no part has no value.
    #[inline(never)]
    pub(super) fn read_pattern(
        &mut self,
        line: &'a [u8],
        pattern: &'a Pattern,
    ) -> Result<(), Failure> {
        self.begin_line();
        self.seen.fill(0);
        let program = self.program;
        let known = self.captures.take();
        let mut captures = match known {
            Some((of, captures)) if std::ptr::eq(of, pattern) => captures,
            _ => pattern.regex.capture_locations(),
        };
        if pattern.regex.captures_read(&mut captures, line).is_none() {
            return Err(Failure::new(
                Reason::Unmatched,
                pattern.groups.first().map_or(0, |(_, field)| *field),
                0,
            ));
        }
        for &(group, index) in &pattern.groups {
            let field = &program.fields[index];
            let Some((at, end)) = captures.get(group) else {
                continue;
            };
            if self.seen[field.group] != 0 {
                continue;
            }
            let raw = &line[at..end];
            self.take_value(raw, index, field.escape)
                .map_err(|reason| Failure::new(reason, index, at))?;
            if !raw.is_empty() && raw != b"-" && !matches!(field.kind, Kind::Time(_)) {
                self.seen[field.group] = 1;
            }
        }
        self.captures = Some((pattern, captures));
        self.compose();
        self.resolve_time(line.len())
    }
}
