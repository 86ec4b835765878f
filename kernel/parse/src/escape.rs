//! Escapes that servers write into fields.

use std::borrow::Cow;

/// How a server escapes what it quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// Nothing is escaped; a backslash is a backslash.
    None,
    /// `\"`, `\\`, `\xHH` and C's short forms: Apache since 2.0.46; nginx writes `\xHH` only.
    Backslash,
    /// A quote is doubled: CSV (RFC 4180).
    Doubled,
    /// JSON's, `\uXXXX` among them (RFC 8259, section 7).
    Json,
    /// `%HH` (RFC 3986, section 2.1), undone twice where blanks were written as `%2520`.
    Percent,
    /// As URLs, within a text that JSON's escapes are undone in first.
    JsonPercent,
    /// `+` for a blank, as IIS writes.
    Plus,
    /// `#HH`, as HAProxy writes what cannot be shown, `#` and `"`.
    Hash,
    /// `\"`, `\\` and `\xHH` alone: names of users, in which a backslash that nobody escaped
    /// stands behind the domain (`Microsoft\fred`).
    Name,
}

impl Escape {
    /// Whether a backslash hides the quote behind it.
    pub fn by_backslash(self) -> bool {
        matches!(self, Self::Backslash | Self::Json)
    }

    /// Whether a quote may stand bare within quotes.
    pub fn leaves_quotes(self) -> bool {
        // HAProxy encodes them, but not in all versions.
        matches!(self, Self::None | Self::Hash)
    }
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// Undo backslash escapes. A backslash that begins no known escape stays as it is.
pub fn unescape(raw: &[u8]) -> Cow<'_, [u8]> {
    undo_backslashes(raw, |tail, out| {
        let (value, used) = match tail {
            // Tomcat and Go write characters so; Apache and nginx escape a client's backslash.
            [b'u', ..] if unit(tail).is_some() => return push_utf16(tail, out),
            [quote @ (b'"' | b'\\' | b'\''), ..] => (*quote, 1),
            [b'v', ..] => (0x0b, 1),
            _ => decode_hex_byte(tail).unwrap_or_else(|| short_form(tail)),
        };
        out.push(value);
        used
    })
}

/// Undo what is escaped in a name of a user.
fn unescape_name(raw: &[u8]) -> Cow<'_, [u8]> {
    undo_backslashes(raw, |tail, out| {
        let (value, used) = match tail {
            [plain @ (b'"' | b'\\'), ..] => (*plain, 1),
            _ => decode_hex_byte(tail).unwrap_or((b'\\', 0)),
        };
        out.push(value);
        used
    })
}

/// The byte of `xHH`.
fn decode_hex_byte(tail: &[u8]) -> Option<(u8, usize)> {
    let [b'x', high, low, ..] = tail else {
        return None;
    };
    Some((hex(*high)? << 4 | hex(*low)?, 3))
}

/// Copy a text, and have a function write what stands behind each backslash; it answers how
/// many bytes that was.
fn undo_backslashes(raw: &[u8], behind: impl Fn(&[u8], &mut Vec<u8>) -> usize) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(b'\\', raw) else {
        return Cow::Borrowed(raw);
    };
    let mut out = Vec::with_capacity(raw.len());
    out.extend_from_slice(&raw[..first]);
    let mut rest = &raw[first..];
    while let [byte, tail @ ..] = rest {
        if *byte != b'\\' {
            let until = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
            out.extend_from_slice(&rest[..until]);
            rest = &rest[until..];
            continue;
        }
        let used = behind(tail, &mut out);
        rest = &tail[used..];
    }
    Cow::Owned(out)
}

/// C's short forms, as far as JSON has them too; what is none is a backslash of its own.
fn short_form(tail: &[u8]) -> (u8, usize) {
    match tail {
        [b'n', ..] => (b'\n', 1),
        [b't', ..] => (b'\t', 1),
        [b'r', ..] => (b'\r', 1),
        [b'b', ..] => (0x08, 1),
        [b'f', ..] => (0x0c, 1),
        _ => (b'\\', 0),
    }
}

/// Undo doubled quotes.
pub fn undouble(raw: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'"', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memmem::find(rest, b"\"\"") {
        out.extend_from_slice(&rest[..=at]);
        rest = &rest[at + 2..];
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// Undo a field's escapes.
pub fn decode(raw: &[u8], escape: Escape) -> Cow<'_, [u8]> {
    match escape {
        Escape::None => Cow::Borrowed(raw),
        Escape::Backslash => unescape(raw),
        Escape::Doubled => undouble(raw),
        Escape::Json => unescape_json(raw),
        Escape::Percent => decode_percent(raw),
        Escape::JsonPercent => Cow::Owned(decode_percent(&unescape_json(raw)).into_owned()),
        Escape::Plus => replace_plus(raw),
        Escape::Hash => decode_hex(raw, b'#'),
        Escape::Name => unescape_name(raw),
    }
}

/// Undo the escapes of URLs, twice where they are (CloudFront).
fn decode_percent(raw: &[u8]) -> Cow<'_, [u8]> {
    match decode_hex(raw, b'%') {
        Cow::Owned(once) if memchr::memmem::find(&once, b"%20").is_some() => {
            Cow::Owned(decode_hex(&once, b'%').into_owned())
        }
        once => once,
    }
}

/// Undo JSON's escapes, and `\xHH`, which is none but stands where nginx fills a JSON text
/// without `escape=json`; what is none stays as it is. Halves of a surrogate pair that stand
/// alone become the replacement character.
fn unescape_json(raw: &[u8]) -> Cow<'_, [u8]> {
    undo_backslashes(raw, |tail, out| {
        let (value, used) = match tail {
            [b'u', ..] => return push_utf16(tail, out),
            [plain @ (b'"' | b'\\' | b'/'), ..] => (*plain, 1),
            _ => decode_hex_byte(tail).unwrap_or_else(|| short_form(tail)),
        };
        out.push(value);
        used
    })
}

/// Write the character of `uXXXX`, or of a pair of them; how many bytes that was.
fn push_utf16(tail: &[u8], out: &mut Vec<u8>) -> usize {
    let (character, used) = utf16(tail);
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    used
}

/// The number of `uXXXX`.
fn unit(text: &[u8]) -> Option<u16> {
    let [b'u', digits @ ..] = text else {
        return None;
    };
    let digits = digits.first_chunk::<4>()?;
    digits
        .iter()
        .try_fold(0, |sum, &digit| Some(sum << 4 | u16::from(hex(digit)?)))
}

/// The character of `uXXXX`, or of a pair of them, and how many bytes it is written in.
fn utf16(text: &[u8]) -> (char, usize) {
    let Some(first) = unit(text) else {
        return (char::REPLACEMENT_CHARACTER, 1);
    };
    let second = match &text[5..] {
        [b'\\', rest @ ..] => unit(rest),
        _ => None,
    };
    let pair = [first, second.unwrap_or(0)];
    match char::decode_utf16(pair).next() {
        Some(Ok(character)) => (
            character,
            5 * character.len_utf16() + character.len_utf16() - 1,
        ),
        _ => (char::REPLACEMENT_CHARACTER, 5),
    }
}

/// Undo two digits behind a mark.
fn decode_hex(raw: &[u8], mark: u8) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(mark, raw) else {
        return Cow::Borrowed(raw);
    };
    let mut out = Vec::with_capacity(raw.len());
    out.extend_from_slice(&raw[..first]);
    let mut rest = &raw[first..];
    while let [byte, tail @ ..] = rest {
        let decoded = match tail {
            [high, low, ..] if *byte == mark => hex(*high).zip(hex(*low)),
            _ => None,
        };
        out.push(decoded.map_or(*byte, |(high, low)| high << 4 | low));
        rest = if decoded.is_some() { &tail[2..] } else { tail };
    }
    Cow::Owned(out)
}

fn replace_plus(raw: &[u8]) -> Cow<'_, [u8]> {
    if !raw.contains(&b'+') {
        return Cow::Borrowed(raw);
    }
    let spaced = raw.iter().map(|&b| if b == b'+' { b' ' } else { b });
    Cow::Owned(spaced.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_apache_and_nginx_are_undone() {
        assert_eq!(&*unescape(br#"a\"b\\c\x22d\x5Ce"#), br#"a"b\c"d\e"#);
        assert_eq!(&*unescape(br"\n\t\q\x4"), b"\n\t\\q\\x4");
        assert_eq!(&*unescape(br"\"), br"\");
    }

    #[test]
    fn characters_that_tomcat_spells_out_are_undone() {
        assert_eq!(
            &*unescape(br"\u00e9\u4\user\\u00e9"),
            "é\\u4\\user\\u00e9".as_bytes()
        );
    }

    #[test]
    fn names_of_users_keep_the_backslash_behind_their_domain() {
        let name = |raw| decode(raw, Escape::Name);
        assert_eq!(&*name(br"Microsoft\fred"), br"Microsoft\fred");
        assert_eq!(
            &*name(br#"DOM\\fred\"s\xc3\xa9"#),
            "DOM\\fred\"sé".as_bytes()
        );
    }

    #[test]
    fn escapes_of_haproxy_are_undone() {
        assert_eq!(
            &*decode(b"/a#22#23#C3#A9#2", Escape::Hash),
            "/a\"#é#2".as_bytes()
        );
    }

    #[test]
    fn escapes_of_nginx_within_json_are_undone() {
        assert_eq!(
            &*decode(br"a\x22\xC3\xA9\x4", Escape::Json),
            "a\"é\\x4".as_bytes()
        );
    }

    #[test]
    fn doubled_quotes_are_undone() {
        assert_eq!(&*undouble(br#"a""b"""""#), br#"a"b"""#);
    }

    #[test]
    fn escapes_of_json_are_undone() {
        let written = br#"a\"\/\u00e9\ud83d\ude00\ud800x\u12\q"#;
        let read = decode(written, Escape::Json);
        assert_eq!(
            std::str::from_utf8(&read).unwrap(),
            "a\"/é😀\u{fffd}x\u{fffd}12\\q"
        );
    }

    #[test]
    fn escapes_of_urls_are_undone() {
        assert_eq!(&*decode(b"a%20b%2", Escape::Percent), b"a b%2");
        assert_eq!(&*decode(b"a%2520b%2541", Escape::Percent), b"a bA");
        assert_eq!(&*decode(b"a+b", Escape::Plus), b"a b");
    }
}
