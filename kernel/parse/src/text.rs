//! Bytes of lines, compared and made text.

use std::borrow::Cow;

/// A line without the carriage returns that end it: two where a log was copied as text twice.
#[inline]
pub fn strip_returns(mut line: &[u8]) -> &[u8] {
    while let Some(shorter) = line.strip_suffix(b"\r") {
        line = shorter;
    }
    line
}

/// Compare texts that mostly are the same and short: cheaper than a call that compares many
/// bytes, and where they differ they do so in their length or at an end.
#[inline]
pub fn are_equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    equal_by_ends::<16>(one, other)
        .or_else(|| equal_by_ends::<8>(one, other))
        .or_else(|| equal_by_ends::<4>(one, other))
        .unwrap_or_else(|| one.iter().eq(other))
}

/// Whether texts of one length, which have a chunk at either end, are equal.
#[inline(always)]
fn equal_by_ends<const N: usize>(one: &[u8], other: &[u8]) -> Option<bool> {
    let ends = one.last_chunk::<N>()? == other.last_chunk::<N>()?
        && one.first_chunk::<N>()? == other.first_chunk::<N>()?;
    Some(ends && (one.len() <= 2 * N || one == other))
}

/// A value as text, each byte that is no UTF-8 as `\xHH`.
pub fn escape_invalid_bytes(value: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(value) {
        return text.into();
    }
    let mut out = String::with_capacity(value.len() + 16);
    for chunk in value.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02X}"));
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_at_the_end_of_a_line_are_no_part_of_it() {
        assert_eq!(strip_returns(b"a\rb\r\r"), b"a\rb");
        assert_eq!(strip_returns(b"\r"), b"");
    }

    #[test]
    fn texts_are_equal_whatever_their_length() {
        let text: Vec<u8> = (0..100).collect();
        for length in 0..100 {
            let mut other = text[..length].to_vec();
            assert!(are_equal(&text[..length], &other));
            assert!(!are_equal(&text[..=length], &other));
            for place in 0..length {
                other[place] ^= 1;
                assert!(!are_equal(&text[..length], &other), "{length}: {place}");
                other[place] ^= 1;
            }
        }
    }

    #[test]
    fn invalid_bytes_are_spelled_out() {
        assert_eq!(escape_invalid_bytes("é".as_bytes()), "é");
        assert_eq!(escape_invalid_bytes(b"a\xffb"), r"a\xFFb");
    }
}
