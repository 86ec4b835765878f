//! The request of a line: in one piece, or put together of its parts.

use super::Scanner;
use crate::dictionary::NULL;
use crate::escape::{self, Escape};
use crate::program::{Part, REQUEST_PARTS};
use crate::request;
use hashing::lookup_hash;
use memchr::memchr;
use std::ops::Range;

/// Codes of the parts of a request, in the order of `RequestSlots`.
pub(super) type Codes = [u32; REQUEST_PARTS];

/// A request line seen before, and the codes of its parts in the order of `RequestSlots`.
pub(super) struct KnownRequest {
    hash: u64,
    /// Where it stands among the lines seen before. There they are close together: in the data
    /// most would have left the processor's caches when they come again.
    place: Range<usize>,
    codes: Codes,
    regular: bool,
}

impl<'a> Scanner<'a> {
    /// One look-up a line: the parts of a request seen before are known by their codes.
    #[inline]
    pub(super) fn take_request(&mut self, raw: &'a [u8], escape: Escape) {
        self.saw_request = raw != b"-";
        if !self.wants_request {
            return;
        }
        let hash = lookup_hash(raw);
        let lines = &self.request_lines;
        let same = |known: &KnownRequest| known.hash == hash && lines[known.place.clone()] == *raw;
        let (codes, regular) = match self.requests.find(hash, same) {
            Some(known) => (known.codes, known.regular),
            None => {
                let (codes, regular) = self.split_request(raw, escape);
                let start = self.request_lines.len();
                self.request_lines.extend_from_slice(raw);
                let known = KnownRequest {
                    hash,
                    place: start..self.request_lines.len(),
                    codes,
                    regular,
                };
                self.requests.insert_unique(hash, known, |known| known.hash);
                (codes, regular)
            }
        };
        self.has_request = regular;
        self.set_request(codes);
    }

    #[inline]
    fn set_request(&mut self, codes: Codes) {
        let slots = self.program.request.slots();
        for (slot, code) in slots.into_iter().zip(codes).take(REQUEST_PARTS - 1) {
            if let Some(slot) = slot {
                self.columns[slot].set_code(code);
            }
        }
        let host = codes[REQUEST_PARTS - 1];
        if let Some(slot) = self.program.request.host
            && host != NULL
            && !self.columns[slot].is_pending()
        {
            self.columns[slot].set_code(host);
        }
    }

    /// Put a request together whose parts stood in fields of their own.
    #[inline(always)]
    pub(super) fn compose(&mut self) {
        if self.has_parts && self.wants_request && !self.has_request {
            self.compose_parts();
        }
    }

    fn compose_parts(&mut self) {
        let mut key = std::mem::take(&mut self.composing);
        key.clear();
        for (raw, escape) in self.parts.iter().map(|p| p.unwrap_or((b"", Escape::None))) {
            key.extend_from_slice(raw);
            // No line holds a line feed.
            key.extend_from_slice(&[b'\n', escape as u8]);
        }
        if let Some(&codes) = self.composed.get(&key) {
            self.composing = key;
            self.set_request(codes);
            return;
        }
        let parts = self.parts;
        let part_of = |part: Part| {
            let (raw, escape) = parts[part as usize]?;
            let value = escape::decode(raw, escape);
            (!raw.is_empty() && raw != b"-").then_some(value)
        };
        let said = |part| part_of(part).filter(|word| request::unless_placeholder(word).is_some());
        let (method, protocol) = (said(Part::Method), said(Part::Protocol));
        let mut target = part_of(Part::Target).or_else(|| part_of(Part::Path));
        if let (Some(path), Some(query)) = (&target, part_of(Part::Query))
            && memchr(b'?', path).is_none()
        {
            let query = query.strip_prefix(b"?").unwrap_or(&query);
            target = Some([path, b"?".as_slice(), query].concat().into());
        }
        let place = request::locate(
            method.as_deref(),
            target.as_deref(),
            self.program.section_depth,
        );
        let codes = self.encode_parts([
            method.as_deref(),
            target.as_deref(),
            place.path,
            place.query,
            Some(place.section),
            protocol.as_deref(),
            None,
            place.host,
        ]);
        self.composed.insert(key, codes);
        self.set_request(codes);
    }

    fn split_request(&mut self, raw: &[u8], escape: Escape) -> (Codes, bool) {
        let line = request::split(raw);
        let target = line.target.map(|target| escape::decode(target, escape));
        let place = request::locate(line.method, target.as_deref(), self.program.section_depth);
        let raw = (!line.regular).then_some(raw);
        let codes = self.encode_parts([
            line.method,
            target.as_deref(),
            place.path,
            place.query,
            Some(place.section),
            line.protocol,
            raw,
            place.host,
        ]);
        (codes, line.method.is_some())
    }

    /// Codes of the parts of a request, in the order of `RequestSlots`.
    fn encode_parts(&mut self, parts: [Option<&[u8]>; REQUEST_PARTS]) -> Codes {
        let slots = self.program.request.slots();
        std::array::from_fn(|part| match (slots[part], parts[part]) {
            (Some(slot), Some(value)) => self.columns[slot].code(value),
            _ => NULL,
        })
    }
}
