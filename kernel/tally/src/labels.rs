//! What values are shown under, such as the site of an address or the browser of an agent.

#[cfg(test)]
mod tests;

use crate::agents::Agent;
use std::borrow::Cow;
use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr};

/// Characters of an address that are looked at; its host stands in front.
const ADDRESS_UP_TO: usize = 2000;

/// The longest host.
const LONGEST_HOST: usize = 253;

/// A part of an agent.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    Browser,
    System,
    Kind,
    Bot,
}

impl Part {
    pub fn by_name(name: &str) -> Option<Self> {
        Some(match name {
            "browser" => Self::Browser,
            "system" => Self::System,
            "kind" => Self::Kind,
            "bot" => Self::Bot,
            _ => return None,
        })
    }

    /// The part that an agent has; bots have no browser and no system, and others are no bot.
    ///
    /// Arguments: the agent; what stands for a browser or a system that is not known.
    pub fn of<'a>(self, agent: &'a Agent, unknown: &'a str) -> Option<Cow<'a, str>> {
        let named = |text: &'a str| match text {
            "" => unknown.into(),
            text => text.into(),
        };
        match (self, &agent.bot) {
            (Self::Kind, _) => Some((&*agent.kind).into()),
            (Self::Bot, bot) => Some(format!("{} ({})", bot.as_ref()?, agent.kind).into()),
            (_, Some(_)) => None,
            (Self::Browser, None) => Some(named(agent.browser.text())),
            (Self::System, None) => Some(named(agent.system.text())),
        }
    }
}

/// The network that a client is likely to have all of: /24 of IPv4, /48 of IPv6; `None` of what is
/// no address.
pub fn network(client: &str) -> Option<String> {
    Some(match address(client)? {
        IpAddr::V4(four) => {
            let [a, b, c, _] = four.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(six) => {
            let [a, b, c, ..] = six.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    })
}

/// An address; one of IPv4 that IPv6 carries is of IPv4.
fn address(client: &str) -> Option<IpAddr> {
    client
        .parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

/// Which protocol of addresses a client has: IPv4, IPv6; a name is none.
pub fn family(client: &str) -> Option<&'static str> {
    Some(match address(client)? {
        IpAddr::V4(_) => "IPv4",
        IpAddr::V6(_) => "IPv6",
    })
}

/// The path of a key that a status stands before, `404 /a`, where that is between two.
pub fn answered(key: &str, first: u16, last: u16) -> Option<&str> {
    let (status, path) = key.split_once(' ')?;
    let status: u16 = status.parse().ok()?;
    (first..=last).contains(&status).then_some(path)
}

/// Whether a path is that of a file with one of some extensions.
pub fn is_file(path: &str, extensions: &HashSet<String>) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let name = name.split(';').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(
        |extension| match extension.contains(|c: char| !c.is_ascii_lowercase()) {
            false => extensions.contains(extension),
            true => extensions.contains(&extension.to_lowercase()),
        },
    )
}

/// The site that an address names.
pub fn site(address: &str) -> Option<String> {
    let address = match address.char_indices().nth(ADDRESS_UP_TO) {
        Some((end, _)) => &address[..end],
        None => address,
    };
    let address = address.trim_start_matches(is_blank);
    let (scheme, rest) = address.split_once("://")?;
    let known = ["https", "http", "android-app"];
    if !known.iter().any(|name| scheme.eq_ignore_ascii_case(name)) {
        return None;
    }
    // What browsers send ends the authority with / ? or #; a host holds no backslash.
    let ends = |c: char| matches!(c, '/' | '?' | '#' | '\\' | '@') || is_blank(c);
    let rest = match rest.find(ends) {
        Some(end) if rest[end..].starts_with('@') => &rest[end + 1..],
        _ => rest,
    };
    let host = host(rest)?;
    let after = &rest[host.len()..];
    let after = match after.strip_prefix(':') {
        Some(port) => {
            let digits = port.bytes().take(5).take_while(u8::is_ascii_digit).count();
            &port[digits..]
        }
        None => after,
    };
    if !after.starts_with(['/', '?', '#']) && !after.chars().all(is_blank) {
        return None;
    }
    let host = host.to_lowercase();
    let host = host.trim_end_matches('.');
    if host.contains("..") {
        return None;
    }
    let bare = host.strip_prefix("www.").unwrap_or(host);
    Some(if bare.contains('.') { bare } else { host }.to_owned())
}

/// The host that a text begins with.
fn host(text: &str) -> Option<&str> {
    if let Some(inner) = text.strip_prefix('[') {
        let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '.');
        let length = inner.find(|c| !is_part(c)).unwrap_or(inner.len());
        let whole = (2..=45).contains(&length) && inner[length..].starts_with(']');
        return whole.then(|| &text[..length + 2]);
    }
    if !text.starts_with(char::is_alphanumeric) {
        return None;
    }
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    let length = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let host = &text[..length];
    (host.chars().count() <= LONGEST_HOST).then_some(host)
}

/// Blanks as Python has them, separators of records among them.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}
