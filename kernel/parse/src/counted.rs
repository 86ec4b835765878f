//! Lines whose values are told by counting them: as many as a header has names.

use memchr::memchr;

/// How the values of such a line stand.
#[derive(Clone, Debug)]
pub struct Counted {
    /// What stands between values; of several the first by which their number agrees.
    pub separators: Vec<u8>,
    /// How many values a line must have.
    pub least: usize,
    /// Whether it may have more than there are fields.
    pub open: bool,
    /// Whether quotes around values that hold what separates values are to be expected; else
    /// they are only thought of where nothing else agrees.
    pub quotes: bool,
}

/// The values of a line do not agree in number with the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disagreement {
    pub values: usize,
    /// Where the first value too many begins, or the line ends too early.
    pub at: usize,
}

impl Counted {
    /// Where each value begins and ends.
    ///
    /// Runs of separators count as one where the number of values agrees so, and not
    /// otherwise: a server may leave a value empty.
    ///
    /// Arguments: the line; the number of fields; where to put the values of the fields.
    pub fn split(
        &self,
        line: &[u8],
        fields: usize,
        values: &mut Vec<(usize, usize)>,
    ) -> Result<(), Disagreement> {
        let mut worst: Option<Disagreement> = None;
        for &separator in &self.separators {
            let ways = [
                (self.quotes, false),
                (self.quotes, true),
                (true, false),
                (true, true),
            ];
            let ways = if self.quotes { &ways[..2] } else { &ways[..] };
            for &(quotes, runs) in ways {
                let way = Way {
                    separator,
                    quotes,
                    runs,
                };
                let found = way.cut(line, fields, values);
                if found.values >= self.least && (self.open || found.values <= fields) {
                    return Ok(());
                }
                // By a separator that the line does not have nothing is told.
                if worst.is_none_or(|known| known.values <= 1 && found.values > 1) {
                    worst = Some(found);
                }
            }
        }
        Err(worst.unwrap_or(Disagreement { values: 0, at: 0 }))
    }
}

/// One way to tell where values end.
struct Way {
    separator: u8,
    quotes: bool,
    runs: bool,
}

impl Way {
    /// Cut a line in one way, and say how many values it has.
    fn cut(&self, line: &[u8], fields: usize, values: &mut Vec<(usize, usize)>) -> Disagreement {
        let (separator, runs) = (self.separator, self.runs);
        values.clear();
        let (mut count, mut at, mut surplus) = (0, 0, line.len());
        let skip = |mut at: usize| {
            while runs && line.get(at).is_some_and(|&b| separates(b, separator)) {
                at += 1;
            }
            at
        };
        at = skip(at);
        loop {
            // Behind the last field values are only counted: quotes that are not closed must
            // not cost more than so many looks at the line.
            let end = match self.quotes && count <= fields {
                true => quoted_end(line, at, separator),
                false => None,
            };
            let end = end.unwrap_or_else(|| plain_end(line, at, separator, runs));
            if count == fields {
                surplus = at;
            }
            count += 1;
            if count <= fields {
                values.push((at, end));
            }
            at = skip((end + 1).min(line.len()));
            if end == line.len() || runs && at == line.len() {
                break;
            }
        }
        Disagreement {
            values: count,
            at: surplus,
        }
    }
}

/// Blanks and tabs are both white space where runs of them count as one.
fn separates(byte: u8, separator: u8) -> bool {
    byte == separator || byte == b'\t' && separator == b' '
}

fn plain_end(line: &[u8], at: usize, separator: u8, runs: bool) -> usize {
    let rest = &line[at..];
    let found = match runs {
        true => rest.iter().position(|&b| separates(b, separator)),
        false => memchr(separator, rest),
    };
    found.map_or(line.len(), |length| at + length)
}

/// Where a value ends that begins with a quote: behind the first quote that is not doubled and
/// has a separator or the end of the line behind it.
fn quoted_end(line: &[u8], at: usize, separator: u8) -> Option<usize> {
    if line.get(at) != Some(&b'"') {
        return None;
    }
    let mut from = at + 1;
    loop {
        let quote = from + memchr(b'"', line.get(from..)?)?;
        match line.get(quote + 1) {
            Some(b'"') => from = quote + 2,
            Some(&next) if !separates(next, separator) => from = quote + 1,
            _ => return Some(quote + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(separators: &[u8], least: usize) -> Counted {
        Counted {
            separators: separators.to_vec(),
            least,
            open: false,
            quotes: true,
        }
    }

    fn values<'a>(
        counted: &Counted,
        fields: usize,
        line: &'a str,
    ) -> Result<Vec<&'a str>, Disagreement> {
        let mut spans = Vec::new();
        counted.split(line.as_bytes(), fields, &mut spans)?;
        Ok(spans
            .iter()
            .map(|&(start, end)| &line[start..end])
            .collect())
    }

    #[test]
    fn values_are_as_many_as_fields() {
        let three = counted(b" ", 3);
        assert_eq!(values(&three, 3, "a b c"), Ok(vec!["a", "b", "c"]));
        assert_eq!(values(&three, 3, "a  b c"), Ok(vec!["a", "b", "c"]));
        assert_eq!(values(&three, 3, " a\tb c  "), Ok(vec!["a", "b", "c"]));
        // An empty value, where the number agrees with it.
        assert_eq!(values(&three, 3, "a  c"), Ok(vec!["a", "", "c"]));
        let many = Disagreement { values: 4, at: 6 };
        assert_eq!(values(&three, 3, "a b c d"), Err(many));
        let few = Disagreement { values: 2, at: 3 };
        assert_eq!(values(&three, 3, "a b"), Err(few));
        assert_eq!(values(&three, 3, "").map_err(|d| d.values), Err(1));
    }

    #[test]
    fn tabs_leave_blanks_to_the_values() {
        let two = counted(b"\t ", 2);
        assert_eq!(values(&two, 2, "a b\tc d"), Ok(vec!["a b", "c d"]));
        assert_eq!(values(&two, 2, "a b"), Ok(vec!["a", "b"]));
        assert_eq!(values(&two, 2, "a\t\tb\tc").map_err(|d| d.values), Err(4));
    }

    #[test]
    fn quoted_values_hold_separators() {
        let two = counted(b" ", 2);
        let line = r#""a ""b"" c" d"#;
        assert_eq!(values(&two, 2, line), Ok(vec![r#""a ""b"" c""#, "d"]));
        // A quote that is never closed is part of the value.
        assert_eq!(values(&two, 2, r#""a b"#), Ok(vec!["\"a", "b"]));
    }

    #[test]
    fn more_values_than_fields_are_left_where_newer_ones_are_expected() {
        let open = Counted {
            open: true,
            ..counted(b" ", 1)
        };
        assert_eq!(values(&open, 2, "a b c d"), Ok(vec!["a", "b"]));
        assert_eq!(values(&open, 2, "a"), Ok(vec!["a"]));
    }
}
