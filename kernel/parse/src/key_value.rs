//! Lines of named values: JSON, logfmt and LTSV, read without building anything.

use crate::escape::Escape;
use crate::program::{Key, Keys, Syntax};
use crate::text;
use memchr::{memchr, memchr2};

/// Objects nested deeper than this are skipped.
const MAX_DEPTH: usize = 16;

/// A named value of a line.
pub struct NamedValue<'a> {
    pub field: usize,
    pub rank: u16,
    pub raw: &'a [u8],
    pub escape: Escape,
}

/// The names of the last line in their order: the next line mostly has the same ones there.
#[derive(Default)]
pub struct PreviousKeys<'a> {
    names: Vec<(usize, &'a [u8], Key)>,
    next: usize,
}

impl<'a> PreviousKeys<'a> {
    fn key(&mut self, keys: &Keys, node: usize, name: &'a [u8]) -> Key {
        let place = self.next;
        self.next += 1;
        if let Some((known_node, known, key)) = self.names.get(place)
            && *known_node == node
            && text::are_equal(known, name)
        {
            return *key;
        }
        let key = keys.find(node, name);
        self.names.truncate(place);
        self.names.push((node, name, key));
        key
    }
}

/// Hand each known value of a line to a function, and say which telling names stand on it.
///
/// # Errors
/// Where the line stops being what it should be, or what the function answers.
pub fn read<'a, E: From<usize>>(
    syntax: Syntax,
    keys: &Keys,
    line: &'a [u8],
    previous: &mut PreviousKeys<'a>,
    each: &mut impl FnMut(NamedValue<'a>) -> Result<(), E>,
) -> Result<u64, E> {
    previous.next = 0;
    match syntax {
        Syntax::Json => {
            let mut reader = Json {
                line,
                keys,
                previous,
                telling: 0,
            };
            let start = reader.skip_blanks(0);
            let end = reader.read_object(start, 0, 0, each)?;
            match reader.skip_blanks(end) {
                end if end == line.len() => Ok(reader.telling),
                end => Err(E::from(end)),
            }
        }
        Syntax::Ltsv => read_pairs(keys, line, previous, each, ltsv_pair),
        Syntax::Logfmt => read_pairs(keys, line, previous, each, logfmt_pair),
    }
}

/// A name and its value; without one it is a flag.
struct Pair<'a> {
    name: &'a [u8],
    value: Option<(&'a [u8], Escape)>,
    /// Where the next one may begin.
    end: usize,
}

/// Read pairs that stand one after another. Argument: gives the one that begins at a place, `None` at
/// the end of the line; or where the line stops being what it should be.
fn read_pairs<'a, E: From<usize>>(
    keys: &Keys,
    line: &'a [u8],
    previous: &mut PreviousKeys<'a>,
    each: &mut impl FnMut(NamedValue<'a>) -> Result<(), E>,
    pair_at: impl Fn(&'a [u8], usize) -> Result<Option<Pair<'a>>, usize>,
) -> Result<u64, E> {
    let mut at = 0;
    let mut telling = 0;
    while let Some(Pair { name, value, end }) = pair_at(line, at)? {
        let key = previous.key(keys, 0, name);
        telling |= key.telling;
        if let (Some((field, rank)), Some((raw, escape))) = (key.value, value) {
            each(NamedValue {
                field,
                rank,
                raw,
                escape,
            })?;
        }
        at = end;
    }
    Ok(telling)
}

#[inline]
fn ltsv_pair(line: &[u8], at: usize) -> Result<Option<Pair<'_>>, usize> {
    if at >= line.len() {
        return Ok(None);
    }
    let end = memchr(b'\t', &line[at..]).map_or(line.len(), |found| at + found);
    let colon = at + memchr(b':', &line[at..end]).ok_or(at)?;
    Ok(Some(Pair {
        name: &line[at..colon],
        value: Some((&line[colon + 1..end], Escape::Backslash)),
        end: end + 1,
    }))
}

#[inline]
fn logfmt_pair(line: &[u8], at: usize) -> Result<Option<Pair<'_>>, usize> {
    let at = at + line[at..].iter().take_while(|&&b| b == b' ').count();
    if at >= line.len() {
        return Ok(None);
    }
    let stop = memchr2(b'=', b' ', &line[at..]).map_or(line.len(), |found| at + found);
    if stop == at {
        return Err(at);
    }
    let name = &line[at..stop];
    if line.get(stop) != Some(&b'=') {
        let (value, end) = (None, stop);
        return Ok(Some(Pair { name, value, end }));
    }
    let (raw, escape, end) = match line.get(stop + 1) {
        Some(b'"') => {
            let (end, escaped) = string_end(line, stop + 2).ok_or(stop + 1)?;
            let escape = if escaped { Escape::Json } else { Escape::None };
            (&line[stop + 2..end], escape, end + 1)
        }
        _ => {
            let end = memchr(b' ', &line[stop..]).map_or(line.len(), |found| stop + found);
            (&line[stop + 1..end], Escape::None, end)
        }
    };
    let value = Some((raw, escape));
    Ok(Some(Pair { name, value, end }))
}

/// Where a string ends whose first byte is given, and whether it holds escapes.
#[inline]
fn string_end(line: &[u8], start: usize) -> Option<(usize, bool)> {
    let mut at = start;
    let mut escaped = false;
    loop {
        at += memchr2(b'"', b'\\', line.get(at..)?)?;
        if line[at] == b'"' {
            return Some((at, escaped));
        }
        escaped = true;
        at += 2;
    }
}

struct Json<'a, 'k> {
    line: &'a [u8],
    keys: &'k Keys,
    previous: &'k mut PreviousKeys<'a>,
    /// Of the telling names those that have been there.
    telling: u64,
}

impl<'a> Json<'a, '_> {
    #[inline]
    fn skip_blanks(&self, mut at: usize) -> usize {
        while let Some(b' ' | b'\t' | b'\r') = self.line.get(at) {
            at += 1;
        }
        at
    }

    fn byte_at(&self, at: usize) -> u8 {
        self.line.get(at).copied().unwrap_or(0)
    }

    /// An object whose brace stands at a place; the place after it.
    fn read_object<E: From<usize>>(
        &mut self,
        at: usize,
        node: usize,
        depth: usize,
        each: &mut impl FnMut(NamedValue<'a>) -> Result<(), E>,
    ) -> Result<usize, E> {
        if self.byte_at(at) != b'{' {
            return Err(E::from(at));
        }
        let mut at = self.skip_blanks(at + 1);
        if self.byte_at(at) == b'}' {
            return Ok(at + 1);
        }
        loop {
            if self.byte_at(at) != b'"' {
                return Err(E::from(at));
            }
            let (end, _) = string_end(self.line, at + 1).ok_or_else(|| E::from(at))?;
            let key = self.previous.key(self.keys, node, &self.line[at + 1..end]);
            self.telling |= key.telling;
            at = self.skip_blanks(end + 1);
            if self.byte_at(at) != b':' {
                return Err(E::from(at));
            }
            at = self.skip_blanks(at + 1);
            at = self.read_value(at, key, depth, each)?;
            at = self.skip_blanks(at);
            match self.byte_at(at) {
                b',' => at = self.skip_blanks(at + 1),
                b'}' => return Ok(at + 1),
                _ => return Err(E::from(at)),
            }
        }
    }

    fn read_value<E: From<usize>>(
        &mut self,
        at: usize,
        key: Key,
        depth: usize,
        each: &mut impl FnMut(NamedValue<'a>) -> Result<(), E>,
    ) -> Result<usize, E> {
        match (self.byte_at(at), key.names, key.value) {
            (b'{', Some(node), _) if depth < MAX_DEPTH => {
                self.read_object(at, node, depth + 1, each)
            }
            // Of a list the first value counts: headers are lists in Caddy.
            (b'[', _, Some(_)) => {
                let first = self.skip_blanks(at + 1);
                if !matches!(self.byte_at(first), b']' | b'{' | b'[') {
                    self.read_value(first, key, depth, each)?;
                }
                self.skip_value(at)
            }
            (b'"', _, value) => {
                let (end, escaped) = string_end(self.line, at + 1).ok_or_else(|| E::from(at))?;
                if let Some((field, rank)) = value {
                    each(NamedValue {
                        field,
                        rank,
                        raw: &self.line[at + 1..end],
                        escape: if escaped { Escape::Json } else { Escape::None },
                    })?;
                }
                Ok(end + 1)
            }
            (b'{' | b'[', _, _) => self.skip_value(at),
            (_, _, value) => {
                let end = self.skip_value(at)?;
                let raw = &self.line[at..end];
                if let Some((field, rank)) = value
                    && raw != b"null"
                {
                    each(NamedValue {
                        field,
                        rank,
                        raw,
                        escape: Escape::None,
                    })?;
                }
                Ok(end)
            }
        }
    }

    /// The place after a value of any kind.
    fn skip_value<E: From<usize>>(&self, at: usize) -> Result<usize, E> {
        match self.byte_at(at) {
            b'"' => match string_end(self.line, at + 1) {
                Some((end, _)) => Ok(end + 1),
                None => Err(E::from(at)),
            },
            b'{' | b'[' => self.skip_nested(at),
            _ => {
                let word = |b: &&u8| b.is_ascii_alphanumeric() || b"+-.".contains(b);
                let length = self.line[at.min(self.line.len())..]
                    .iter()
                    .take_while(word)
                    .count();
                if length == 0 {
                    return Err(E::from(at));
                }
                Ok(at + length)
            }
        }
    }

    fn skip_nested<E: From<usize>>(&self, start: usize) -> Result<usize, E> {
        let mut depth = 0usize;
        let mut at = start;
        loop {
            match self.line.get(at) {
                None => return Err(E::from(start)),
                Some(b'"') => {
                    let (end, _) = string_end(self.line, at + 1).ok_or_else(|| E::from(at))?;
                    at = end;
                }
                Some(b'{' | b'[') => depth += 1,
                Some(b'}' | b']') => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(at + 1);
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests;
