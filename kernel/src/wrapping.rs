//! What carries log lines and puts something around them: syslog, Docker, CRI.

use crate::keyed::{self, Expected, Named};
use crate::program::{Key, Keys, Syntax};
use crate::text;
use memchr::memchr;
use std::collections::HashMap;

/// Who wrapped the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapper {
    /// RFC 3164, RFC 5424, and what servers make of them.
    Syslog,
    /// Docker's json-file.
    Docker,
    /// The container runtime interface of Kubernetes.
    Cri,
}

/// Take the wrapping off whole lines. A line that is not wrapped stays as it is.
///
/// # Returns
/// The lines, and the beginning of one whose rest is still to come.
pub fn unwrap(wrapper: Wrapper, data: &[u8], carried: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut out = Vec::with_capacity(data.len() + carried.len());
    let mut partial = carried.to_vec();
    let docker = (wrapper == Wrapper::Docker).then(docker_keys);
    for line in data.split_inclusive(|&b| b == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let whole = match wrapper {
            Wrapper::Syslog => {
                partial.extend_from_slice(syslog(line).unwrap_or(line));
                true
            }
            Wrapper::Cri => {
                let (rest, whole) = cri(line).unwrap_or((line, true));
                partial.extend_from_slice(rest);
                whole
            }
            Wrapper::Docker => docker
                .as_ref()
                .is_none_or(|k| unwrap_docker(k, line, &mut partial)),
        };
        if whole {
            out.append(&mut partial);
            out.push(b'\n');
        }
    }
    (out, partial)
}

/// `2025-12-31T17:37:40.493035218+01:00 stdout F line`; `P` for a part of a line.
fn cri(line: &[u8]) -> Option<(&[u8], bool)> {
    let stamp = memchr(b' ', line)?;
    let (time, rest) = (&line[..stamp], &line[stamp + 1..]);
    if time.len() < 20 || time.get(10) != Some(&b'T') || !time[0].is_ascii_digit() {
        return None;
    }
    let rest = rest
        .strip_prefix(b"stdout ")
        .or_else(|| rest.strip_prefix(b"stderr "))?;
    match rest {
        [b'F', b' ', line @ ..] => Some((line, true)),
        [b'P', b' ', line @ ..] => Some((line, false)),
        _ => None,
    }
}

fn docker_keys() -> Keys {
    let key = |field| Key {
        value: Some((field, 1)),
        names: None,
        telling: 0,
    };
    let names = [(b"log".to_vec(), key(0)), (b"message".to_vec(), key(1))];
    Keys {
        nodes: vec![HashMap::from(names)],
        folded: false,
    }
}

/// `{"log":"line\n","stream":"stdout","time":"…"}`; a line is whole when it ends with `\n`.
/// Collectors put the line under `message`, and whole.
fn unwrap_docker(keys: &Keys, line: &[u8], out: &mut Vec<u8>) -> bool {
    let mut log = None;
    let mut message = false;
    let mut each = |named: Named<'_>| -> Result<(), usize> {
        log = Some(text::decode(named.raw, named.escape).into_owned());
        message = named.field == 1;
        Ok(())
    };
    let read = keyed::read(
        Syntax::Json,
        keys,
        line,
        &mut Expected::default(),
        &mut each,
    );
    let Some(log) = read.ok().and(log) else {
        out.extend_from_slice(line);
        return true;
    };
    let whole = message || log.ends_with(b"\n");
    let log = log.strip_suffix(b"\n").unwrap_or(&log);
    let log = log.strip_suffix(b"\r").unwrap_or(log);
    // What a server wrote as one line stays one.
    out.extend(log.iter().map(|&b| if b == b'\n' { b' ' } else { b }));
    whole
}

fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr(b' ', text)?;
    (end > 0).then(|| (&text[..end], &text[end + 1..]))
}

/// The message of a syslog line.
fn syslog(line: &[u8]) -> Option<&[u8]> {
    let rest = match line {
        [b'<', rest @ ..] => {
            let end = memchr(b'>', &rest[..rest.len().min(5)])?;
            &rest[end + 1..]
        }
        _ => line,
    };
    if let Some(rest) = rest.strip_prefix(b"1 ")
        && line[0] == b'<'
    {
        return rfc5424(rest);
    }
    let is_month = |name: &[u8]| {
        const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
        name.len() == 3 && MONTHS.chunks(3).any(|month| month == name)
    };
    let (first, mut rest) = word(rest)?;
    if is_month(first) {
        // `Feb 25 16:19:49`, the day padded with a blank; some add the year.
        let (_, after_day) = word(rest.strip_prefix(b" ").unwrap_or(rest))?;
        rest = after_day;
        let (mut clock, mut after) = word(rest)?;
        if clock.len() == 4 && clock.iter().all(u8::is_ascii_digit) {
            (clock, after) = word(after)?;
        }
        if clock.get(2) != Some(&b':') {
            return None;
        }
        rest = after;
    } else if first.len() < 19 || first.get(10) != Some(&b'T') || first.get(13) != Some(&b':') {
        return None;
    }
    // Host and tag; either may be missing, and the tag ends with a colon.
    for _ in 0..3 {
        let (next, after) = word(rest)?;
        rest = after;
        if let [tag @ .., b':'] = next {
            let bare = tag.split(|&b| b == b'[').next().unwrap_or(tag);
            let is_tag = |b: &u8| b.is_ascii_alphanumeric() || b"-_./".contains(b);
            return (!bare.is_empty() && bare.iter().all(is_tag)).then_some(rest);
        }
    }
    None
}

/// `2003-10-11T22:14:15.003Z host app procid msgid [structured data] message`, after `<PRI>1 `.
fn rfc5424(mut rest: &[u8]) -> Option<&[u8]> {
    for _ in 0..5 {
        rest = word(rest)?.1;
    }
    if let Some(after) = rest.strip_prefix(b"- ") {
        rest = after;
    } else {
        while rest.first() == Some(&b'[') {
            let mut quoted = false;
            let mut skip = false;
            let end = rest.iter().position(|&byte| {
                let escaped = skip;
                skip = byte == b'\\' && !escaped;
                quoted ^= byte == b'"' && !escaped;
                byte == b']' && !quoted
            })?;
            rest = &rest[end + 1..];
        }
        rest = rest.strip_prefix(b" ").unwrap_or(rest);
    }
    Some(rest.strip_prefix("\u{feff}".as_bytes()).unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unwrapped(wrapper: Wrapper, text: &str) -> String {
        let (lines, rest) = unwrap(wrapper, text.as_bytes(), b"");
        assert!(rest.is_empty());
        String::from_utf8(lines).unwrap()
    }

    #[test]
    fn syslog_headers_are_taken_off() {
        for header in [
            "Feb 25 16:19:49 192.168.4.2 haproxy[7]: ",
            "Feb  5 2024 16:19:49 host nginx: ",
            "<134>Jul 18 17:05:30 localhost haproxy[8247]: ",
            "2015-08-26T02:09:48+02:00 localhost haproxy[14389]: ",
            "<34>1 2003-10-11T22:14:15.003Z host app - ID47 - ",
            r#"<165>1 2003-10-11T22:14:15Z host app 1 - [a x="]\"]"][b] "#,
        ] {
            let line = format!("{header}GET /x: y");
            assert_eq!(unwrapped(Wrapper::Syslog, &line), "GET /x: y\n", "{header}");
        }
        let bare = "192.0.2.1 - - [x] \"GET / HTTP/1.1\" 200 5\n";
        assert_eq!(unwrapped(Wrapper::Syslog, bare), bare);
    }

    #[test]
    fn containers_wrapping_is_taken_off_and_parts_are_joined() {
        let docker = r#"{"log":"a \"b\"","stream":"stdout","time":"t"}
{"log":" c\n","stream":"stdout","time":"t"}"#;
        assert_eq!(unwrapped(Wrapper::Docker, docker), "a \"b\" c\n");
        let cri = "2025-12-31T17:37:40.4+01:00 stdout P a \n2025-12-31T17:37:40.4+01:00 stdout F b";
        assert_eq!(unwrapped(Wrapper::Cri, cri), "a b\n");
    }
}
