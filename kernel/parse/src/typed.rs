//! What values look like that are of their type: addresses and host names, names of users.
//!
//! A line whose head is unknown shifts every value behind it. Types tell: a time stamp is no
//! client, and `| 192.0.2.5 - -` is no user.

use memchr::{memchr, memchr3, memrchr};
use std::net::Ipv6Addr;

/// How sure it is that a value is of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Sure,
    /// It can be, but seldom is: a client that is a word without a dot, a user with blanks.
    Doubtful,
    Wrong,
}

/// Whose address it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Client,
    /// A virtual host: `_` and `*` may stand in its name, as nginx and Apache write them.
    Host,
}

/// What servers write beside the status, or in place of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    None,
    /// The name of a user that no quotes mark off.
    User,
    /// The name of a virtual host, which is never left out.
    VirtualHost,
    /// Three digits, or 0 where no answer was given.
    Status,
    /// Addresses of clients and proxies, with commas between them, as a header has them.
    Forwarded,
}

/// An address or host name, and the port behind it.
pub struct Address<'a> {
    pub name: &'a [u8],
    pub port: Option<i64>,
    pub verdict: Verdict,
}

/// Most bytes of an address, most digits of a port, and most bytes of a host name.
const LONGEST_IPV4: usize = 15;
const MOST_DIGITS: usize = 5;
const LONGEST_NAME: usize = 255;

/// A text of a field, and how sure it is that it is of its type.
#[inline]
pub fn text(raw: &[u8], check: Check) -> (&[u8], Verdict) {
    match check {
        Check::User => user(raw),
        Check::VirtualHost => (raw, virtual_host(raw)),
        Check::Forwarded => (raw, forwarded(raw)),
        Check::Status | Check::None => (raw, Verdict::Sure),
    }
}

/// An address, or of a list with commas between them the first.
#[inline]
pub fn first_address(raw: &[u8], class: Class, list: bool) -> Address<'_> {
    let first = match list {
        true => raw[..memchr(b',', raw).unwrap_or(raw.len())].trim_ascii(),
        false => raw,
    };
    address(first, class)
}

/// Take an address apart: brackets and port are no part of it.
#[inline]
pub fn address(raw: &[u8], class: Class) -> Address<'_> {
    if let Some((name, port)) = ipv4_and_port(raw) {
        return Address {
            name,
            port,
            verdict: match class {
                // In front of another address it is rather that of a proxy.
                Class::Host if name.len() == raw.len() => Verdict::Doubtful,
                _ => Verdict::Sure,
            },
        };
    }
    if raw == b"-" {
        // Where a server has no address it seldom has a line.
        return Address {
            name: raw,
            port: None,
            verdict: Verdict::Doubtful,
        };
    }
    other_than_ipv4(raw, class)
}

fn other_than_ipv4(raw: &[u8], class: Class) -> Address<'_> {
    // nginx behind Amazon's load balancers: `"a, b" 192.0.2.1`, the forwarded list in front of
    // the address though the format says nothing of it.
    if class == Class::Client
        && let Some(list) = raw.strip_prefix(b"\"")
        && let Some(end) = memchr(b'"', list)
        && let Some(behind) = list[end + 1..].strip_prefix(b" ")
        && !behind.starts_with(b"\"")
    {
        let found = address(behind, class);
        let verdict = found.verdict.at_most_doubtful();
        return Address { verdict, ..found };
    }
    let bracketed = raw.strip_prefix(b"[").and_then(|rest| {
        let end = memchr(b']', rest)?;
        is_ipv6(&rest[..end]).then_some((&rest[..end], &rest[end + 1..]))
    });
    if let Some((name, behind)) = bracketed {
        let port = behind.strip_prefix(b":").map(port);
        let ends = behind.is_empty() || matches!(port, Some(Some(_)));
        return Address {
            name,
            port: port.flatten().flatten(),
            verdict: if ends { Verdict::Sure } else { Verdict::Wrong },
        };
    }
    let bare = |verdict| Address {
        name: raw,
        port: None,
        verdict,
    };
    let Some(colon) = memchr(b':', raw) else {
        return bare(host_name(raw, class));
    };
    // nginx names a client that came over a socket of the file system so.
    if is_ipv6(raw) || class == Class::Client && raw.starts_with(b"unix:") {
        return bare(Verdict::Sure);
    }
    let (name, behind) = (&raw[..colon], &raw[colon + 1..]);
    let Some(port) = port(behind) else {
        return bare(Verdict::Wrong);
    };
    let verdict = match class {
        Class::Host => host_name(name, class),
        // Servers that log the client's port log its address, not its name.
        Class::Client => host_name(name, class).at_most_doubtful(),
    };
    Address {
        name,
        port,
        verdict,
    }
}

impl Verdict {
    fn at_most_doubtful(self) -> Self {
        match self {
            Self::Sure => Self::Doubtful,
            other => other,
        }
    }
}

/// A port; the inner `None`: none stands behind the colon.
fn port(digits: &[u8]) -> Option<Option<i64>> {
    if digits.len() > MOST_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some((!digits.is_empty()).then_some(number))
}

/// `192.0.2.1`
#[inline]
pub fn is_ipv4(text: &[u8]) -> bool {
    ipv4_end(text) == Some(text.len())
}

/// `192.0.2.1`, and the port behind it: `192.0.2.1:5678`.
#[inline]
pub fn ipv4_and_port(text: &[u8]) -> Option<(&[u8], Option<i64>)> {
    let (name, behind) = text.split_at(ipv4_end(text)?);
    match behind {
        [] => Some((name, None)),
        [b':', digits @ ..] => Some((name, port(digits)?)),
        _ => None,
    }
}

/// Where an address ends that a text begins with.
#[inline]
fn ipv4_end(text: &[u8]) -> Option<usize> {
    let (mut points, mut digits, mut value) = (0, 0, 0u32);
    let mut end = 0;
    for &byte in text {
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                value = value * 10 + u32::from(byte - b'0');
                if value > 255 {
                    return None;
                }
            }
            b'.' if digits > 0 => (points, digits, value) = (points + 1, 0, 0),
            _ => break,
        }
        end += 1;
    }
    (points == 3 && digits > 0 && end <= LONGEST_IPV4).then_some(end)
}

/// `2001:db8::1`, also with a zone: `fe80::1%eth0`.
fn is_ipv6(text: &[u8]) -> bool {
    // The shortest is `::`; a host with its port has one colon.
    if memchr(b':', text) == memrchr(b':', text) {
        return false;
    }
    let (address, zone) = match memchr(b'%', text) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let zoned = zone.is_none_or(|zone| {
        let known = |b: &u8| b.is_ascii_alphanumeric() || b"._-".contains(b);
        !zone.is_empty() && zone.iter().all(known)
    });
    let parses = |text: &str| text.parse::<Ipv6Addr>().is_ok();
    zoned && std::str::from_utf8(address).is_ok_and(parses)
}

/// Letters, digits, `-`, `_` and what names in other scripts consist of, in labels.
fn host_name(text: &[u8], class: Class) -> Verdict {
    let special = class == Class::Host && matches!(text, b"_" | b"*" | b"_default_");
    if special || text.eq_ignore_ascii_case(b"localhost") || text.eq_ignore_ascii_case(b"unknown") {
        return Verdict::Sure;
    }
    let (mut letters, mut points) = (false, false);
    for &byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => letters = true,
            b'0'..=b'9' | b'-' | b'_' => {}
            b'.' => points = true,
            // Wildcards of virtual hosts, and clients of which a part is withheld.
            b'*' => letters = true,
            _ => return Verdict::Wrong,
        }
    }
    match (letters && text.len() <= LONGEST_NAME, points) {
        (false, _) => Verdict::Wrong,
        (true, true) => Verdict::Sure,
        (true, false) => Verdict::Doubtful,
    }
}

/// The name of a virtual host with its port.
pub fn virtual_host(raw: &[u8]) -> Verdict {
    match raw {
        b"-" => Verdict::Wrong,
        _ => address(raw, Class::Host).verdict,
    }
}

/// A list of addresses out of a header: anybody may send another text, but few do.
pub fn forwarded(raw: &[u8]) -> Verdict {
    let address = |item: &[u8]| address(item.trim_ascii(), Class::Client).verdict;
    if raw == b"-"
        || raw
            .split(|&b| b == b',')
            .all(|item| address(item) == Verdict::Sure)
    {
        Verdict::Sure
    } else {
        Verdict::Doubtful
    }
}

/// The name of a user, whom seldom quotes mark off: a word, seldom some words.
#[inline]
pub fn user(raw: &[u8]) -> (&[u8], Verdict) {
    // Few lines have one: `-` is all that most have.
    if raw.len() == 1 {
        return (raw, Verdict::Sure);
    }
    if memchr3(b' ', b'\t', b'"', raw).is_some() {
        return words_of_a_name(raw);
    }
    // nginx's `$http_x_forwarded_for - $remote_addr`: the proxy stands in the user's place.
    if is_ipv4(raw) || memchr(b':', raw).is_some() && is_ipv6(raw) {
        return (raw, Verdict::Doubtful);
    }
    (raw, Verdict::Sure)
}

#[cold]
fn words_of_a_name(raw: &[u8]) -> (&[u8], Verdict) {
    // A name may hold blanks, but a quote in it would have been escaped. Servers that put it in
    // quotes say where it ends; two of them are an empty name, as Apache writes one.
    let quoted = raw
        .strip_prefix(b"\"")
        .and_then(|name| name.strip_suffix(b"\""));
    let name = quoted.unwrap_or(raw);
    let wrong = |word: &[u8]| {
        let odd = |(at, b): (usize, &u8)| match b {
            b'"' => at == 0 || word[at - 1] != b'\\',
            _ => b"|[]".contains(b),
        };
        let sign = word.len() == 1 && !word[0].is_ascii_alphanumeric() && word[0].is_ascii();
        let word = word.strip_suffix(b",").unwrap_or(word);
        word.is_empty()
            || sign
            || word.iter().enumerate().any(odd)
            || is_ipv4(word)
            || is_ipv6(word)
            || is_dotted(word)
    };
    let verdict = match quoted {
        Some(b"" | b"-") => Verdict::Sure,
        _ if name.split(|&b| b == b' ').any(wrong) => Verdict::Wrong,
        Some(_) => Verdict::Sure,
        None => Verdict::Doubtful,
    };
    (name, verdict)
}

/// Whether a word looks like the name of a host: `www.example.org`.
fn is_dotted(word: &[u8]) -> bool {
    let label = |label: &[u8]| {
        let known = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-';
        !label.is_empty() && label.iter().all(known)
    };
    let bare = memchr(b':', word).map_or(word, |colon| &word[..colon]);
    bare.contains(&b'.') && bare.split(|&b| b == b'.').all(label)
}

#[cfg(test)]
mod tests;
