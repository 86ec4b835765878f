//! JSON objects that are no lines: written over several of them, behind each other on one,
//! as items of an array, or of a list that a larger object holds.

use crate::framing::LONGEST;
use crate::text::strip_returns;
use memchr::{memchr, memchr3};

/// What is nested deeper than this is no object.
const MAX_DEPTH: usize = 4096;

/// Makes a line of every object, whatever the reads were.
pub struct Records {
    /// Names of lists whose items are the records.
    lists: Vec<Vec<u8>>,
    /// The object so far.
    held: Vec<u8>,
    /// The braces and brackets that are open.
    open: Vec<u8>,
    /// How many of them stand around the records.
    around: usize,
    in_string: bool,
    escaped: bool,
    /// The last byte that says something, outside strings.
    last: u8,
    /// Whether what is left of an object is passed over.
    dropping: bool,
    /// Whether a line that is no object is being passed on.
    in_text: bool,
    /// Objects given out.
    pub records: usize,
    /// Lines given out.
    pub lines: usize,
}

impl Records {
    pub fn new(lists: Vec<Vec<u8>>) -> Self {
        Self {
            lists,
            held: Vec::new(),
            open: Vec::new(),
            around: 0,
            in_string: false,
            escaped: false,
            last: 0,
            dropping: false,
            in_text: false,
            records: 0,
            lines: 0,
        }
    }

    /// Take bytes in, and write out the objects that are whole now, a line each.
    pub fn feed(&mut self, data: &[u8], out: &mut Vec<u8>) {
        let mut at = 0;
        while let Some(&byte) = data.get(at) {
            at = if self.in_text {
                self.pass_text(data, at, out)
            } else if self.in_string {
                self.read_string(data, at, out)
            } else if self.open.len() == self.around && !self.dropping {
                self.read_between(data, at, byte)
            } else {
                self.read_inside(byte, out);
                at + 1
            };
        }
    }

    /// Write out what is held of an object whose rest will not come.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if self.in_text {
            self.end_line(out);
            self.in_text = false;
        }
        self.give_up(out);
        self.open.clear();
        self.around = 0;
        self.dropping = false;
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        out.push(b'\n');
        self.lines += 1;
    }

    /// Pass a line on that is no object.
    fn pass_text(&mut self, data: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
        let end = memchr(b'\n', &data[at..]).map(|length| at + length);
        let line = &data[at..end.unwrap_or(data.len())];
        out.extend_from_slice(strip_returns(line));
        let Some(end) = end else { return data.len() };
        self.end_line(out);
        self.in_text = false;
        end + 1
    }

    fn read_string(&mut self, data: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
        if self.escaped && data[at] != b'\n' {
            self.escaped = false;
            self.hold(&data[at..=at], out);
            return at + 1;
        }
        let found = memchr3(b'"', b'\\', b'\n', &data[at..]);
        let end = found.map_or(data.len(), |length| at + length);
        self.hold(&data[at..end], out);
        let Some(&byte) = data.get(end) else {
            return end;
        };
        if byte == b'\n' {
            // No string holds a line end: this never was JSON.
            self.give_up(out);
            return end + 1;
        }
        self.hold(&[byte], out);
        self.escaped = byte == b'\\';
        self.in_string = self.escaped;
        self.last = b'"';
        end + 1
    }

    /// Between objects, where brackets, commas and blanks are nothing to report.
    fn read_between(&mut self, data: &[u8], at: usize, byte: u8) -> usize {
        // Lines come in by themselves or many at once: none may hang on the one behind it.
        let next = || {
            let mut behind = data[at + 1..].iter();
            let said = behind.find(|&&b| b == b'\n' || !b.is_ascii_whitespace());
            said.filter(|&&b| b != b'\n')
        };
        match byte {
            b'{' => self.begin(),
            b']' if self.around > 0 => {
                self.open.pop();
                self.around = 0;
                self.dropping = true;
                self.last = byte;
            }
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {}
            b'[' if matches!(next(), None | Some(b'{' | b'[' | b']')) => {}
            b']' if matches!(next(), None | Some(b'{' | b'[' | b']' | b',')) => {}
            _ => {
                self.in_text = true;
                return at;
            }
        }
        at + 1
    }

    fn begin(&mut self) {
        self.open.push(b'{');
        self.held.push(b'{');
        self.last = b'{';
    }

    fn read_inside(&mut self, byte: u8, out: &mut Vec<u8>) {
        let inner = self.open.last().copied().unwrap_or(0);
        if self.open.len() > MAX_DEPTH {
            self.in_text = true;
            self.give_up(out);
            return;
        }
        match byte {
            b'\n' | b'\r' | b'\t' => return,
            b' ' => {
                if self.held.last() != Some(&b' ') {
                    self.hold(b" ", out);
                }
                return;
            }
            b'{' => {
                let nested = self.last == b':' || inner == b'[' && matches!(self.last, b'[' | b',');
                if !nested {
                    // The object before it was never closed.
                    self.give_up(out);
                    self.begin();
                    return;
                }
                self.open.push(byte);
            }
            b'[' => {
                if self.open.len() == 1 && self.around == 0 && self.holds_records() {
                    self.held.clear();
                    self.open.push(byte);
                    self.around = self.open.len();
                    return;
                }
                self.open.push(byte);
            }
            b'}' | b']' => {
                if (inner == b'{') != (byte == b'}') {
                    self.hold(&[byte], out);
                    self.give_up(out);
                    return;
                }
                self.open.pop();
                if self.open.len() <= self.around {
                    self.finish_record(byte, out);
                    return;
                }
            }
            b'"' => self.in_string = true,
            _ => {}
        }
        self.last = byte;
        self.hold(&[byte], out);
    }

    /// An object is whole.
    fn finish_record(&mut self, byte: u8, out: &mut Vec<u8>) {
        if !self.dropping {
            out.append(&mut self.held);
            out.push(byte);
            self.end_line(out);
            self.records += 1;
        }
        self.dropping = false;
        self.held.clear();
    }

    /// Whether the list that begins here has the records.
    fn holds_records(&self) -> bool {
        let name = |held: &[u8]| -> Option<usize> {
            let held = held.trim_ascii_end().strip_suffix(b":")?;
            let held = held.trim_ascii_end().strip_suffix(b"\"")?;
            self.lists.iter().position(|list| {
                held.strip_suffix(list.as_slice())
                    .is_some_and(|rest| rest.ends_with(b"\""))
            })
        };
        !self.dropping && name(&self.held).is_some()
    }

    /// Give out what is no object after all, as one line, and look for the next.
    fn give_up(&mut self, out: &mut Vec<u8>) {
        if !self.held.is_empty() {
            out.append(&mut self.held);
            self.end_line(out);
        }
        self.open.truncate(self.around);
        self.in_string = false;
        self.escaped = false;
        self.dropping = false;
    }

    /// Hold more of an object; one that is too long is given out as it is, and its rest dropped.
    fn hold(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.dropping {
            return;
        }
        self.held.extend_from_slice(bytes);
        if self.held.len() > LONGEST {
            self.held.truncate(LONGEST);
            out.append(&mut self.held);
            self.end_line(out);
            self.dropping = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines made of a text that comes in pieces of a size.
    fn lines(lists: &[&str], text: &str, size: usize) -> String {
        let lists = lists.iter().map(|name| name.as_bytes().to_vec()).collect();
        let mut records = Records::new(lists);
        let mut out = Vec::new();
        for piece in text.as_bytes().chunks(size) {
            records.feed(piece, &mut out);
        }
        records.finish(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn objects_become_lines_however_they_are_written() {
        for text in [
            "{\"a\":1}{\"b\":\"}{\\\"\"}",
            "[{\"a\":1},{\"b\":\"}{\\\"\"}]\n",
            "[\n{\"a\":1}\n,\n{\"b\":\"}{\\\"\"}\n]\n",
            "{\n\t\"a\":1\r\n}\n\n{\n\t\"b\":\"}{\\\"\"\n}\n",
        ] {
            let wanted = "{\"a\":1}\n{\"b\":\"}{\\\"\"}\n";
            assert_eq!(lines(&[], text, usize::MAX), wanted, "{text}");
            for size in 1..9 {
                let made = lines(&[], text, size);
                assert_eq!(made, wanted, "{text} in pieces of {size}");
            }
        }
    }

    #[test]
    fn records_may_stand_in_a_list_of_an_object() {
        let text =
            "{\"type\":\"x\",\"events\":[{\"a\":[{}]},{\"b\":1}],\"events\":[{}]}\n{\"c\":[{}]}";
        assert_eq!(
            lines(&["events"], text, 3),
            "{\"a\":[{}]}\n{\"b\":1}\n{\"c\":[{}]}\n"
        );
    }

    #[test]
    fn what_is_no_object_stays_a_line() {
        let text = "[Mon] x\n{\"a\":1} tail\n{\"b\":\"torn\n{\"c\":1,\n{\"d\":1}\nend";
        let wanted = "[Mon] x\n{\"a\":1}\ntail\n{\"b\":\"torn\n{\"c\":1,\n{\"d\":1}\nend\n";
        assert_eq!(lines(&[], text, usize::MAX), wanted);
    }

    #[test]
    fn no_line_hangs_on_the_one_behind_it() {
        for text in ["[\n,\n", "]\nx\n", "[ \n{\"a\":1}\n] \n", "[\n[x\n"] {
            let mut records = Records::new(Vec::new());
            let mut made = Vec::new();
            for line in text.split_inclusive('\n') {
                records.feed(line.as_bytes(), &mut made);
            }
            records.finish(&mut made);
            let made = String::from_utf8(made).unwrap();
            assert_eq!(made, lines(&[], text, usize::MAX), "{text}");
        }
    }

    #[test]
    fn an_object_too_long_is_one_line() {
        let long = format!("{{\"a\":\"{}\"}}{{\"b\":1}}", "x".repeat(LONGEST + 5));
        let made = lines(&[], &long, 1 << 20);
        assert_eq!(made.len(), LONGEST + 1 + 8);
        assert!(made.ends_with("\n{\"b\":1}\n"));
    }
}
