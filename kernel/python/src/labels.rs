//! Labels: what values are shown under, such as the site of an address or the browser of an agent.
//!
//! Those that the kernel knows are told without Python; any function of Python's is one, too.

use crate::agents::{Agent, Agents};
use crate::counting::PyRollup;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

/// Characters of an address that are looked at; its host stands in front.
const ADDRESS_UP_TO: usize = 2000;

/// The longest host.
const LONGEST_HOST: usize = 253;

/// A label that is told without Python.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct Label {
    what: What,
}

enum What {
    /// Paths of files with one of some extensions, as they are.
    Files(HashSet<String>),
    /// The host of an address.
    Site,
    /// A part of what an agent is; what it is where nobody knows.
    Agent(Py<Agents>, fn(&Agent, &str) -> Option<String>, String),
}

#[pymethods]
impl Label {
    /// The paths of files. Argument: their extensions, in lower case.
    #[staticmethod]
    fn files(extensions: HashSet<String>) -> Self {
        let what = What::Files(extensions);
        Self { what }
    }

    /// The sites of addresses: hosts in lower case, without user, port, `www.` and a final point.
    #[staticmethod]
    fn site() -> Self {
        Self { what: What::Site }
    }

    /// A part of agents. Arguments: what tells them; `browser`, `system`, `kind` or `bot`; what
    /// stands for one that is unknown.
    #[staticmethod]
    fn agent(agents: Py<Agents>, part: &str, unknown: String) -> PyResult<Self> {
        let part = match part {
            "browser" => browser,
            "system" => system,
            "kind" => |agent: &Agent, _: &str| Some(agent.kind.clone().into_owned()),
            "bot" => bot,
            other => {
                let why = format!("unknown part of an agent: {other}");
                return Err(PyValueError::new_err(why));
            }
        };
        let what = What::Agent(agents, part, unknown);
        Ok(Self { what })
    }

    fn __call__(&self, py: Python<'_>, value: &str) -> PyResult<Option<String>> {
        let mut before = None;
        let agents = self.agents_of(py, &[value], &mut before)?;
        let name = self.name(value, agents.and_then(<[_]>::first));
        Ok(name.map(Cow::into_owned))
    }
}

type Found = Vec<Arc<Agent>>;

impl Label {
    /// What values are as agents, where that is asked for. Argument: what was found before, for
    /// another label of the same values.
    fn agents_of<'a>(
        &self,
        py: Python<'_>,
        values: &[&str],
        before: &'a mut Option<(usize, Found)>,
    ) -> PyResult<Option<&'a [Arc<Agent>]>> {
        let What::Agent(agents, ..) = &self.what else {
            return Ok(None);
        };
        let whose = agents.as_ptr() as usize;
        if before.as_ref().is_none_or(|(known, _)| *known != whose) {
            *before = Some((whose, agents.get().of(py, values)?));
        }
        Ok(before.as_ref().map(|(_, found)| found.as_slice()))
    }

    fn name<'v>(&self, value: &'v str, agent: Option<&Arc<Agent>>) -> Option<Cow<'v, str>> {
        match &self.what {
            What::Files(extensions) => is_file(value, extensions).then_some(value.into()),
            What::Site => site(value).map(Cow::Owned),
            What::Agent(_, part, unknown) => part(agent?, unknown).map(Cow::Owned),
        }
    }
}

fn browser(agent: &Agent, unknown: &str) -> Option<String> {
    versioned(agent, &agent.browser, &agent.browser_version, unknown)
}

fn system(agent: &Agent, unknown: &str) -> Option<String> {
    versioned(agent, &agent.system, &agent.system_version, unknown)
}

fn versioned(agent: &Agent, name: &str, version: &str, unknown: &str) -> Option<String> {
    if agent.bot.is_some() {
        return None;
    }
    Some(match (name.trim_start(), version.trim_end()) {
        ("", "") => unknown.to_owned(),
        ("", version) => version.trim_start().to_owned(),
        (name, "") => name.trim_end().to_owned(),
        (name, version) => format!("{name} {version}"),
    })
}

fn bot(agent: &Agent, _: &str) -> Option<String> {
    let name = agent.bot.as_ref()?;
    Some(format!("{name} ({})", agent.kind))
}

/// Whether a path is that of a file with one of some extensions.
fn is_file(path: &str, extensions: &HashSet<String>) -> bool {
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
fn site(address: &str) -> Option<String> {
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

/// The names of values under a label.
type Names<'v> = Vec<Option<Cow<'v, str>>>;

/// A label, a kernel's or any function of Python's, and where hits go that have one.
pub type Labelled<'py> = (Bound<'py, PyAny>, Bound<'py, PyRollup>);

/// The names of values under each of some labels. What labels have in common is told once.
pub fn names<'v>(
    py: Python<'_>,
    values: &[&'v str],
    labelled: &[Labelled<'_>],
) -> PyResult<Vec<Names<'v>>> {
    let mut before = None;
    let mut found = Vec::new();
    for (label, _) in labelled {
        let Ok(label) = label.cast::<Label>() else {
            let names = values.iter().map(|value| {
                let name: Option<String> = label.call1((value,))?.extract()?;
                Ok(name.map(Cow::Owned))
            });
            found.push(names.collect::<PyResult<_>>()?);
            continue;
        };
        let label = label.get();
        let agents = label.agents_of(py, values, &mut before)?;
        found.push(py.detach(|| {
            let agent = |at: usize| agents.and_then(|agents| agents.get(at));
            let values = values.iter().enumerate();
            values
                .map(|(at, value)| label.name(value, agent(at)))
                .collect()
        }));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_the_host_of_an_address() {
        for (address, expected) in [
            ("https://www.Example.org/a?b", Some("example.org")),
            (" HTTP://user:pw@example.org.:8080", Some("example.org")),
            ("android-app://com.example.app/", Some("com.example.app")),
            ("http://www.org", Some("www.org")),
            ("http://[2001:DB8::1]:80/x", Some("[2001:db8::1]")),
            ("http://localhost \t", Some("localhost")),
            ("http://bücher.example/", Some("bücher.example")),
            ("http://a..b/", None),
            ("http://-a.b/", None),
            ("http://a.b:123456/", None),
            ("http://a.b\\@c.d/", None),
            ("http://a@b@c/", None),
            ("http://a b", None),
            ("http://[::1", None),
            ("http://[1]/", None),
            ("ftp://a.b/", None),
            ("-", None),
        ] {
            assert_eq!(site(address).as_deref(), expected, "{address}");
        }
        assert_eq!(site(&format!("http://{}/", "a".repeat(254))), None);
        assert!(site(&format!("http://{}/", "a".repeat(253))).is_some());
    }

    #[test]
    fn files_are_told_by_their_extensions() {
        let extensions = HashSet::from(["css".to_owned(), "7z".to_owned()]);
        for path in ["/a.css", "/a.CSS?v=1", "/b.c/d.7z;x=1", "x.css"] {
            assert!(is_file(path, &extensions), "{path}");
        }
        for path in ["/css", "/a.css/", "/a.html", "/a?b.css", "/a.css.map", ""] {
            assert!(!is_file(path, &extensions), "{path}");
        }
    }
}
