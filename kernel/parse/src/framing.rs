//! What runtimes and collectors put before, around or between log lines; knows none by name.

use crate::escape::{self, Escape};
use crate::key_value::{self, NamedValue, PreviousKeys};
use crate::program::{Keys, Syntax};
use crate::records::Records;
use crate::text;
use memchr::memchr;
use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input};
use std::borrow::Cow;
use std::sync::Arc;

/// The longest line that is put together of parts, in bytes.
pub const LONGEST: usize = 16 << 20;

/// One envelope around lines.
pub enum Frame {
    Text(TextFrame),
    Member(MemberFrame),
    /// JSON objects that are no lines: over several of them, behind each other, in arrays.
    /// The names of lists whose items are the records where an object holds them.
    Records(Vec<Vec<u8>>),
}

/// Text before a line, and behind it.
pub struct TextFrame {
    /// Its patterns match at the beginning of a line: of a part of a line, where there is one
    /// that goes on in the next, and last what stands before a whole one.
    pub heads: Regex,
    /// How many of these bytes belong to the line within.
    pub kept: usize,
    /// What is written around the head's first group, its time, in front of the line.
    pub time_as: Option<(Vec<u8>, Vec<u8>)>,
    /// What stands behind the line.
    pub tail: Vec<u8>,
    /// How the line within ends.
    pub ends: Vec<u8>,
    pub escape: Escape,
}

/// A JSON object that has the line as a member.
pub struct MemberFrame {
    pub keys: Keys,
    /// Whether the line has its line end there: one that lacks it is a part.
    pub ended: bool,
}

/// The line within an envelope, or a part of one.
struct Payload<'a> {
    line: Cow<'a, [u8]>,
    whole: bool,
}

impl TextFrame {
    /// Whether a line may be one of several parts.
    fn has_parts(&self) -> bool {
        self.heads.pattern_len() > 1
    }

    #[inline]
    fn open<'a>(&self, line: &'a [u8]) -> Option<Payload<'a>> {
        let found = self
            .heads
            .search_half(&Input::new(line).anchored(Anchored::Yes))?;
        let end = found.offset();
        if self.has_parts() && found.pattern().as_usize() == 0 {
            let line = Cow::Borrowed(&line[end..]);
            return Some(Payload { line, whole: false });
        }
        let bare = line.get(end.checked_sub(self.kept)?..)?;
        let bare = if self.tail.is_empty() {
            bare
        } else {
            bare.strip_suffix(self.tail.as_slice())?
        };
        if !self.ends.is_empty() && !bare.trim_ascii_end().ends_with(&self.ends) {
            return None;
        }
        let bare = escape::decode(bare, self.escape);
        let line = match &self.time_as {
            Some(around) => Cow::Owned(self.add_time(around, line, &bare)?),
            None => bare,
        };
        Some(Payload { line, whole: true })
    }

    /// A line within that has no time of its own, with the head's in front.
    fn add_time(&self, around: &(Vec<u8>, Vec<u8>), line: &[u8], bare: &[u8]) -> Option<Vec<u8>> {
        let mut groups = self.heads.create_captures();
        let input = Input::new(line).anchored(Anchored::Yes);
        self.heads.search_captures(&input, &mut groups);
        let time = &line[groups.get_group(1)?.range()];
        Some([&around.0, time, &around.1, bare].concat())
    }
}

impl MemberFrame {
    fn open<'a>(
        &self,
        line: &'a [u8],
        previous_keys: &mut PreviousKeys<'a>,
    ) -> Option<Payload<'a>> {
        if line.trim_ascii_start().first() != Some(&b'{') {
            return None;
        }
        let mut best: Option<(u16, &[u8], Escape)> = None;
        let mut each = |named: NamedValue<'a>| -> Result<(), usize> {
            if best.is_none_or(|(rank, ..)| named.rank < rank) {
                best = Some((named.rank, named.raw, named.escape));
            }
            Ok(())
        };
        key_value::read(Syntax::Json, &self.keys, line, previous_keys, &mut each).ok()?;
        let (_, raw, escape) = best?;
        let start = raw.as_ptr() as usize - line.as_ptr() as usize;
        let before = line[..start].trim_ascii_end();
        let log = match before.last() {
            Some(b'"') => escape::decode(raw, escape),
            // A text that is no UTF-8 or has control characters is a list of its bytes.
            Some(b'[') => Cow::Owned(parse_bytes(&line[start..])?),
            _ => return None,
        };
        let ended = log.ends_with(b"\n");
        let length = log.trim_ascii_end().len();
        let line = match log {
            // What a server wrote as one line stays one.
            Cow::Owned(mut log) => {
                if ended {
                    log.truncate(length);
                }
                log.iter_mut()
                    .filter(|b| **b == b'\n')
                    .for_each(|b| *b = b' ');
                Cow::Owned(log)
            }
            borrowed => borrowed,
        };
        Some(Payload {
            line,
            whole: ended || !self.ended,
        })
    }
}

/// The bytes that a list of numbers spells.
fn parse_bytes(list: &[u8]) -> Option<Vec<u8>> {
    let list = &list[..memchr(b']', list)?];
    let number = |item: &[u8]| std::str::from_utf8(item.trim_ascii()).ok()?.parse().ok();
    list.split(|&b| b == b',').map(number).collect()
}

impl Frame {
    #[inline]
    fn open<'a>(
        &self,
        line: &'a [u8],
        previous_keys: &mut PreviousKeys<'a>,
    ) -> Option<Payload<'a>> {
        match self {
            Self::Text(text) => text.open(line),
            Self::Member(member) => member.open(line, previous_keys),
            Self::Records(_) => None,
        }
    }

    /// Whether lines can be told from nothing but themselves.
    pub fn is_line_by_line(&self) -> bool {
        match self {
            Self::Text(text) => !text.has_parts(),
            Self::Member(member) => !member.ended,
            Self::Records(_) => false,
        }
    }
}

/// A frame being undone, and what it holds of a line whose rest is still to come.
struct Stage {
    frame: Arc<Frame>,
    partial: Vec<u8>,
    records: Records,
    framed: usize,
    lines: usize,
}

impl Stage {
    fn new(frame: Arc<Frame>) -> Self {
        let lists = match &*frame {
            Frame::Records(lists) => lists.clone(),
            _ => Vec::new(),
        };
        Self {
            frame,
            partial: Vec::new(),
            records: Records::new(lists),
            framed: 0,
            lines: 0,
        }
    }

    fn feed(&mut self, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(data.len() + self.partial.len() + 1);
        if matches!(*self.frame, Frame::Records(_)) {
            self.records.feed(data, &mut out);
            self.framed = self.records.records;
            self.lines = self.records.lines;
            return out;
        }
        // Names are where they were on the line before.
        let mut previous_keys = PreviousKeys::default();
        let mut start = 0;
        while start < data.len() {
            let end = memchr(b'\n', &data[start..]).map_or(data.len(), |at| start + at);
            let line = &data[start..end];
            start = end + 1;
            self.line(text::strip_returns(line), &mut previous_keys, &mut out);
        }
        out
    }

    /// A line that is not framed stays as it is.
    #[inline]
    fn line<'a>(
        &mut self,
        line: &'a [u8],
        previous_keys: &mut PreviousKeys<'a>,
        out: &mut Vec<u8>,
    ) {
        self.lines += usize::from(!line.is_empty());
        let Some(payload) = self.frame.open(line, previous_keys) else {
            self.end(out);
            out.extend_from_slice(line);
            out.push(b'\n');
            return;
        };
        if !payload.whole {
            self.partial.extend_from_slice(&payload.line);
            if self.partial.len() > LONGEST {
                self.end(out);
            }
            return;
        }
        self.framed += 1;
        out.append(&mut self.partial);
        out.extend_from_slice(&payload.line);
        out.push(b'\n');
    }

    /// What is held will not be continued.
    fn end(&mut self, out: &mut Vec<u8>) {
        if !self.partial.is_empty() {
            out.append(&mut self.partial);
            out.push(b'\n');
        }
    }
}

/// Frames that stand around each other, the outermost first, being undone.
pub struct Unframer {
    stages: Vec<Stage>,
}

impl Unframer {
    pub fn new(frames: impl IntoIterator<Item = Arc<Frame>>) -> Self {
        Self {
            stages: frames.into_iter().map(Stage::new).collect(),
        }
    }

    /// Take more lines in; give those that are whole now.
    pub fn feed(&mut self, data: &[u8]) -> Vec<u8> {
        let mut stages = self.stages.iter_mut();
        let first = stages.next().map(|stage| stage.feed(data));
        let first = first.unwrap_or_else(|| data.to_vec());
        stages.fold(first, |lines, stage| stage.feed(&lines))
    }

    /// Give what is held of lines whose rest will not come.
    pub fn finish(&mut self) -> Vec<u8> {
        let mut lines = Vec::new();
        for stage in &mut self.stages {
            let mut out = stage.feed(&lines);
            stage.end(&mut out);
            stage.records.finish(&mut out);
            lines = out;
        }
        lines
    }

    /// How many lines the outermost frame has held whole, and how many there were that
    /// are not empty.
    pub fn counts(&self) -> (usize, usize) {
        self.stages.first().map_or((0, 0), |s| (s.framed, s.lines))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Key;
    use std::collections::HashMap;

    fn text(head: &str, part: Option<&str>, tail: &[u8], escape: Escape) -> Frame {
        Frame::Text(TextFrame {
            heads: Regex::new_many(&Vec::from_iter(part.into_iter().chain([head]))).unwrap(),
            kept: 0,
            time_as: None,
            tail: tail.to_vec(),
            ends: Vec::new(),
            escape,
        })
    }

    fn member(name: &str, ended: bool) -> Frame {
        let key = Key {
            value: Some((0, 1)),
            names: None,
            telling: 0,
        };
        let names = HashMap::from([(name.as_bytes().to_vec(), key)]);
        let keys = Keys {
            nodes: vec![names],
            normalized: false,
        };
        Frame::Member(MemberFrame { keys, ended })
    }

    fn unframe(frames: Vec<Frame>, text: &str) -> String {
        let mut unframer = Unframer::new(frames.into_iter().map(Arc::new));
        let mut lines = unframer.feed(text.as_bytes());
        lines.extend(unframer.finish());
        String::from_utf8(lines).unwrap()
    }

    #[test]
    fn heads_and_tails_are_taken_off_and_other_lines_stay() {
        let quoted = || text("\"", None, b"\"", Escape::Doubled);
        assert_eq!(
            unframe(vec![quoted()], "\"a \"\"b\"\"\"\r\nc\n"),
            "a \"b\"\nc\n"
        );
        let stacked = vec![text("[a-z]+: ", None, b"", Escape::None), quoted()];
        assert_eq!(unframe(stacked, "x: \"a\"\n"), "a\n");
    }

    #[test]
    fn parts_are_joined_and_never_lost() {
        let parts = || text("F ", Some("P "), b"", Escape::None);
        assert_eq!(unframe(vec![parts()], "P a \nF b\n"), "a b\n");
        assert_eq!(unframe(vec![parts()], "P a\nother\nP b"), "a\nother\nb\n");
        assert_eq!(unframe(vec![parts()], " F a\n P b\n"), " F a\n P b\n");
    }

    #[test]
    fn lines_stand_under_names() {
        let docker = r#"{"log":"a \"b\"","stream":"stdout"}
{"log":" c\n","stream":"stdout"}"#;
        assert_eq!(unframe(vec![member("log", true)], docker), "a \"b\" c\n");
        let bytes = r#"{"MESSAGE":[97,32,10,255,98]}"#;
        let mut unframer = Unframer::new([Arc::new(member("MESSAGE", false))]);
        assert_eq!(unframer.feed(bytes.as_bytes()), b"a  \xffb\n");
        let number = "{\"log\":5}\n{\"log\":[1000]}\n";
        assert_eq!(unframe(vec![member("log", false)], number), number);
    }
}
