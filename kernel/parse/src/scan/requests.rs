//! The requests of a block of lines: a method, a path and a protocol each, as nearly all are.

use super::Scanner;
use super::block::{Block, Written};
use super::ends::find_near;
use crate::dictionary::NULL;
use crate::program::Slot;
use crate::request;
use crate::text::are_equal;
use hashing::lookup_hash;
use memchr::memrchr;

/// Methods or protocols that are remembered.
const MOST_WORDS: usize = 8;

/// Words, and their codes.
type Words = Vec<(Vec<u8>, u32)>;

fn code_of(words: &Words, word: &[u8]) -> Option<u32> {
    let found = words.iter().find(|(known, _)| are_equal(known, word));
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
    method: u32,
    protocol: u32,
}

impl<'a> Scanner<'a> {
    /// Look the requests of a block up; lines of which they are otherwise take a closer look.
    pub(super) fn look_requests_up(
        &mut self,
        block: &mut Block<'a>,
        found: &Written<'a>,
        requests: &mut Requests<'a>,
    ) {
        if !self.wants_request {
            return;
        }
        let mut rows = std::mem::take(&mut requests.rows);
        rows.clear();
        let written = block.known.iter().zip(found);
        rows.extend(written.map(|(known, found)| {
            let raw = found.filter(|_| known.planned)?;
            self.take_apart(raw, requests)
        }));
        let slots = self.program.request;
        if let Some(paths) = slots.path.map(|slot| &self.columns[slot]) {
            let hashes = || rows.iter().flatten().map(|request| request.hash);
            hashes().for_each(|hash| paths.announce(hash));
            hashes().for_each(|hash| paths.announce_text(hash));
        }
        for (row, request) in rows.iter().enumerate() {
            let Some(request) = request else {
                block.known[row].planned = false;
                continue;
            };
            for (slot, code) in self.codes_of(request) {
                if let Some(staged) = slot.and_then(|slot| block.staged[slot].codes()) {
                    staged[row] = code;
                }
            }
        }
        requests.rows = rows;
    }

    /// The columns that a request fills, each with a code.
    #[inline]
    fn codes_of(&mut self, request: &Request<'a>) -> [(Slot, u32); 6] {
        let slots = self.program.request;
        let (target, name) = (request.target, &request.target[..request.path]);
        let query = target.get(name.len() + 1..);
        let mut code = |slot: Slot, text: Option<&[u8]>| {
            let (slot, text) = slot.zip(text)?;
            Some(self.columns[slot].code(text))
        };
        let target = code(slots.target, Some(target));
        let query = code(slots.query, query);
        let path = slots.path.map_or(NULL, |slot| {
            self.columns[slot].code_by_hash(request.hash, name)
        });
        let section = slots.section;
        let section = section.map_or(NULL, |slot| self.section_of(path, name, slot));
        [
            (slots.method, request.method),
            (slots.target, target.unwrap_or(NULL)),
            (slots.path, path),
            (slots.query, query.unwrap_or(NULL)),
            (slots.section, section),
            (slots.protocol, request.protocol),
        ]
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
        Some(Request {
            target,
            path,
            hash: lookup_hash(&target[..path]),
            method,
            protocol,
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
