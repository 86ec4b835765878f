//! The requests of a block of lines: a method, a path and a protocol each, as nearly all are.

use super::Scanner;
use super::ends::find_near;
use super::request::Codes;
use crate::dictionary::NULL;
use crate::program::Slot;
use crate::request;
use hashing::lookup_hash;
use memchr::memrchr;

/// Methods or protocols that are remembered.
const MOST_WORDS: usize = 8;

/// Words, and their codes.
type Words = Vec<(Vec<u8>, u32)>;

fn code_of(words: &Words, word: &[u8]) -> Option<u32> {
    let found = words.iter().find(|(known, _)| known == word);
    found.map(|(_, code)| *code)
}

/// Requests of a block of lines.
#[derive(Default)]
pub(super) struct Requests<'a> {
    /// Methods and protocols that were met, and are what they seem to be.
    methods: Words,
    protocols: Words,
    rows: Vec<Option<Request<'a>>>,
}

/// A request.
struct Request<'a> {
    target: &'a [u8],
    /// How long the path is, with which the target begins.
    path: usize,
    hash: u64,
    codes: Codes,
}

impl Requests<'_> {
    /// The codes of a row; `None`: it takes a closer look.
    pub(super) fn codes(&self, row: usize) -> Option<Codes> {
        self.rows.get(row)?.as_ref().map(|request| request.codes)
    }
}

impl<'a> Scanner<'a> {
    /// Look requests up, by row; of those that are otherwise nothing is known afterwards.
    pub(super) fn look_requests_up(
        &mut self,
        written: impl Iterator<Item = Option<&'a [u8]>>,
        requests: &mut Requests<'a>,
    ) {
        let mut rows = std::mem::take(&mut requests.rows);
        rows.clear();
        rows.extend(written.map(|raw| self.take_apart(raw?, requests)));
        let slots = self.program.request;
        for request in rows.iter_mut().flatten() {
            let [_, target, path, query, section, ..] = &mut request.codes;
            let (whole, name) = (request.target, &request.target[..request.path]);
            if let Some(slot) = slots.path {
                *path = self.columns[slot].code_by_hash(request.hash, name);
            }
            if let Some(slot) = slots.section {
                *section = self.section_of(*path, name, slot);
            }
            if let Some(slot) = slots.target {
                *target = self.columns[slot].code(whole);
            }
            if let (Some(slot), Some(text)) = (slots.query, whole.get(name.len() + 1..)) {
                *query = self.columns[slot].code(text);
            }
        }
        requests.rows = rows;
    }

    /// The code of the section of a path.
    #[inline]
    fn section_of(&mut self, path: u32, name: &[u8], slot: usize) -> u32 {
        match self.sections.get(path as usize) {
            Some(&section) if section != NULL => section,
            _ => self.learn_section(path, name, slot),
        }
    }

    #[cold]
    fn learn_section(&mut self, path: u32, name: &[u8], slot: usize) -> u32 {
        let section = request::section(name, self.program.section_depth);
        let code = self.columns[slot].code(section);
        if path != NULL {
            let at = path as usize;
            let length = self.sections.len().max(at + 1);
            self.sections.resize(length, NULL);
            self.sections[at] = code;
        }
        code
    }

    /// A request, the codes of its method and protocol known; `None`: it takes a closer look.
    #[inline]
    fn take_apart(&mut self, raw: &'a [u8], requests: &mut Requests<'a>) -> Option<Request<'a>> {
        let space = find_near(raw, b' ')?;
        let (method, rest) = (&raw[..space], &raw[space + 1..]);
        let last = find_last_blank(rest)?;
        let (target, protocol) = (&rest[..last], &rest[last + 1..]);
        if target.first() != Some(&b'/') {
            return None;
        }
        let method = code_of(&requests.methods, method);
        let protocol = code_of(&requests.protocols, protocol);
        let (method, protocol) = match (method, protocol) {
            (Some(method), Some(protocol)) => (method, protocol),
            _ => self.learn_words(raw, requests)?,
        };
        let path = find_near(target, b'?').unwrap_or(target.len());
        let mut codes = [NULL; 8];
        codes[0] = method;
        codes[5] = protocol;
        Some(Request {
            target,
            path,
            hash: lookup_hash(&target[..path]),
            codes,
        })
    }

    /// Codes of the method and the protocol of a request, where they are what they seem to be.
    #[cold]
    fn learn_words(&mut self, raw: &'a [u8], requests: &mut Requests<'a>) -> Option<(u32, u32)> {
        let line = request::split(raw);
        let (method, protocol) = (line.method?, line.protocol?);
        if !line.regular || method.eq_ignore_ascii_case(b"CONNECT") {
            return None;
        }
        let slots = self.program.request;
        let mut learn = |words: &mut Words, slot: Slot, word: &[u8]| {
            let code = slot.map_or(NULL, |slot| self.columns[slot].code(word));
            if words.len() < MOST_WORDS && code_of(words, word).is_none() {
                words.push((word.to_vec(), code));
            }
            code
        };
        Some((
            learn(&mut requests.methods, slots.method, method),
            learn(&mut requests.protocols, slots.protocol, protocol),
        ))
    }
}

/// The last blank of a request line, which mostly stands in front of `HTTP/1.1`.
#[inline]
fn find_last_blank(text: &[u8]) -> Option<usize> {
    match text.len().checked_sub(9) {
        Some(at) if text[at] == b' ' && !text[at + 1..].contains(&b' ') => Some(at),
        _ => memrchr(b' ', text),
    }
}
