//! The request line, taken apart: method, target, path, query, section, protocol.

use crate::typed::{self, Class, Verdict};

/// Section of a CONNECT request, which names no path.
pub const CONNECT_SECTION: &[u8] = b"(connect)";
/// Section of a request that no path can be read from.
pub const MALFORMED_SECTION: &[u8] = b"(malformed)";

/// The parts of a request line as they stand in the log, escapes not undone.
#[derive(Debug, PartialEq, Eq)]
pub struct RequestLine<'a> {
    pub method: Option<&'a [u8]>,
    pub target: Option<&'a [u8]>,
    pub protocol: Option<&'a [u8]>,
    /// Whether it is `METHOD target PROTOCOL`, or absent altogether.
    pub regular: bool,
}

impl RequestLine<'_> {
    const fn none(regular: bool) -> Self {
        Self {
            method: None,
            target: None,
            protocol: None,
            regular,
        }
    }
}

/// Split a request line. A client can send anything here, so a target may hold blanks, the
/// protocol may be missing (HTTP/0.9), and what is neither is left whole to the caller.
pub fn split(line: &[u8]) -> RequestLine<'_> {
    if line.is_empty() || line == b"-" {
        return RequestLine::none(true);
    }
    let Some(space) = memchr::memchr(b' ', line) else {
        return RequestLine::none(false);
    };
    let (method, rest) = (&line[..space], &line[space + 1..]);
    if !is_token(method) || rest.is_empty() {
        return RequestLine::none(false);
    }
    if let Some(space) = memchr::memrchr(b' ', rest) {
        let (target, protocol) = (&rest[..space], &rest[space + 1..]);
        if is_protocol(protocol) && !target.is_empty() {
            return RequestLine {
                method: unless_placeholder(method),
                target: Some(target),
                protocol: unless_placeholder(protocol),
                regular: true,
            };
        }
    }
    // HTTP/0.9 has no protocol; a log may also have cut it off.
    if looks_like_target(rest) && method.iter().all(u8::is_ascii_uppercase) {
        return RequestLine {
            method: Some(method),
            target: Some(rest),
            protocol: None,
            regular: false,
        };
    }
    RequestLine::none(false)
}

/// A method or protocol, unless it says that there was none: of requests that ended before
/// their headers Squid writes `NONE` or `-` for the method, `NONE/0.0` for the protocol
/// (Squid 3 to 6, `error:transaction-end-before-headers` and its kin).
pub fn unless_placeholder(word: &[u8]) -> Option<&[u8]> {
    let none: [&[u8]; 5] = [b"", b"-", b"NONE", b"NONE/0.0", b"HTTP/0.0"];
    (!none.contains(&word)).then_some(word)
}

/// RFC 9110, section 5.6.2, and short enough to be meant.
fn is_token(text: &[u8]) -> bool {
    !text.is_empty()
        && text.len() <= 32
        && text
            .iter()
            .all(|&b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// A word that starts as protocol names do: `HTTP/1.1`, `http`, `RTSP/1.0`, `HTTP/3`.
fn is_protocol(text: &[u8]) -> bool {
    let name = &text[..memchr::memchr(b'/', text).unwrap_or(text.len())];
    let version = &text[name.len()..];
    name.eq_ignore_ascii_case(b"http")
        || (!version.is_empty()
            && (2..=8).contains(&name.len())
            && name.iter().all(u8::is_ascii_uppercase)
            && version.len() > 1
            && version[1..]
                .iter()
                .all(|&b| b.is_ascii_digit() || b == b'.'))
}

fn looks_like_target(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'/' | b'*')) || authority_end(text).is_some()
}

/// Where the authority of an absolute-form target ends (RFC 9112, section 3.2.2).
fn authority_end(target: &[u8]) -> Option<usize> {
    let scheme = memchr::memmem::find(&target[..target.len().min(16)], b"://")?;
    let named = scheme > 0
        && target[0].is_ascii_alphabetic()
        && target[..scheme]
            .iter()
            .all(|&b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    if !named {
        return None;
    }
    let start = scheme + 3;
    let length = target[start..]
        .iter()
        .position(|&b| matches!(b, b'/' | b'?' | b'#'));
    Some(start + length.unwrap_or(target.len() - start))
}

/// What a target says, escapes undone.
#[derive(Debug, PartialEq, Eq)]
pub struct Location<'a> {
    pub path: Option<&'a [u8]>,
    pub query: Option<&'a [u8]>,
    pub section: &'a [u8],
    /// The authority of an absolute-form target: the host that was asked for, and its port.
    pub host: Option<&'a [u8]>,
}

/// Path, query and section of a target; `depth` is how many path segments make a section.
pub fn locate<'a>(method: Option<&[u8]>, target: Option<&'a [u8]>, depth: usize) -> Location<'a> {
    let Some(target) = target else {
        return Location {
            path: None,
            query: None,
            section: MALFORMED_SECTION,
            host: None,
        };
    };
    if method.is_some_and(|method| method.eq_ignore_ascii_case(b"CONNECT")) {
        return Location {
            path: None,
            query: None,
            section: CONNECT_SECTION,
            host: None,
        };
    }
    let (local, host) = match target.first() {
        Some(b'/') => (target, None),
        _ => match authority_end(target) {
            Some(end) => (&target[end..], host_of(&target[..end])),
            None => return odd_target(target),
        },
    };
    let (path, query) = split_query(local);
    if path.is_empty() {
        // An absolute-form target without a path asks for the root.
        return Location {
            path: Some(b"/"),
            query,
            section: b"/",
            host,
        };
    }
    Location {
        path: Some(path),
        query,
        section: section(path, depth),
        host,
    }
}

/// The host of `scheme://user@host:port`, where it is one.
fn host_of(absolute: &[u8]) -> Option<&[u8]> {
    let start = memchr::memmem::find(absolute, b"://")? + 3;
    let authority = &absolute[start..];
    let host = match memchr::memrchr(b'@', authority) {
        Some(at) => &authority[at + 1..],
        None => authority,
    };
    let named = !host.is_empty() && typed::address(host, Class::Host).verdict != Verdict::Wrong;
    named.then_some(host)
}

fn odd_target(target: &[u8]) -> Location<'_> {
    let (path, query) = split_query(target);
    Location {
        path: Some(path),
        query,
        section: if target == b"*" {
            b"*"
        } else {
            MALFORMED_SECTION
        },
        host: None,
    }
}

fn split_query(target: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'?', target) {
        Some(at) => (&target[..at], Some(&target[at + 1..])),
        None => (target, None),
    }
}

/// The first `depth` segments of a path: `/pages` of `/pages/create`, `/` of `/`.
pub fn section(path: &[u8], depth: usize) -> &[u8] {
    let mut slashes = memchr::memchr_iter(b'/', path).skip(1);
    let end = slashes.nth(depth.max(1) - 1).unwrap_or(path.len());
    &path[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> (Option<&str>, Option<&str>, Option<&str>, bool) {
        let line = split(line.as_bytes());
        let text = |part: Option<&'static [u8]>| part.map(|p| std::str::from_utf8(p).unwrap());
        let leak = |part: Option<&[u8]>| text(part.map(|p| &*p.to_vec().leak()));
        (
            leak(line.method),
            leak(line.target),
            leak(line.protocol),
            line.regular,
        )
    }

    #[test]
    fn a_request_line_is_split() {
        assert_eq!(
            parts("GET /a b HTTP/1.1"),
            (Some("GET"), Some("/a b"), Some("HTTP/1.1"), true)
        );
        assert_eq!(parts("GET /a"), (Some("GET"), Some("/a"), None, false));
        assert_eq!(parts("-"), (None, None, None, true));
        assert_eq!(
            parts("- error:transaction-end-before-headers NONE/0.0"),
            (
                None,
                Some("error:transaction-end-before-headers"),
                None,
                true
            )
        );
        assert_eq!(
            parts("NONE error:invalid-request HTTP/1.0"),
            (None, Some("error:invalid-request"), Some("HTTP/1.0"), true)
        );
        assert_eq!(parts("\x16\x03\x01"), (None, None, None, false));
        assert_eq!(
            parts("CONNECT a:443 HTTP/1.1"),
            (Some("CONNECT"), Some("a:443"), Some("HTTP/1.1"), true)
        );
    }

    fn place(target: &str, depth: usize) -> (String, &str) {
        let found = locate(Some(b"GET"), Some(target.as_bytes()), depth);
        (
            String::from_utf8(found.path.unwrap().to_vec()).unwrap(),
            std::str::from_utf8(found.section).unwrap(),
        )
    }

    #[test]
    fn sections_are_the_first_segments() {
        assert_eq!(
            place("/pages/create?x=1", 1),
            ("/pages/create".into(), "/pages")
        );
        assert_eq!(place("/a/b/c", 2), ("/a/b/c".into(), "/a/b"));
        assert_eq!(place("/a", 2), ("/a".into(), "/a"));
        assert_eq!(place("/", 1), ("/".into(), "/"));
        assert_eq!(place("http://h:80/x?y", 1), ("/x".into(), "/x"));
        assert_eq!(place("http://h", 1), ("/".into(), "/"));
        assert_eq!(place("http://h?q", 1), ("/".into(), "/"));
        assert_eq!(place("*", 1), ("*".into(), "*"));
        assert_eq!(place("nonsense", 1), ("nonsense".into(), "(malformed)"));
        assert_eq!(locate(None, None, 1).section, MALFORMED_SECTION);
        assert_eq!(
            locate(Some(b"CONNECT"), Some(b"a:443"), 1).section,
            CONNECT_SECTION
        );
    }
}
