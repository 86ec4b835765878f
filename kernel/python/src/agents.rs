//! The door to user agents: which programs texts name, by rules that come from Python.
//!
//! Browsers and systems are recognized here, without Python. A text that has a sign of a bot, as
//! few have, is shown to Python, which names the bot or says that there is none.

use crate::framing::anywhere;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use regex::bytes::Regex;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use tally::agents::{Agent, Guide, GuideSpec, HUMAN, KnownAgents, UNKNOWN, normalize};
use tally::rules::Spec;

/// A regular expression that is looked for anywhere in a text, in linear time.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct Finder {
    regex: Regex,
}

#[pymethods]
impl Finder {
    #[new]
    fn new(py: Python<'_>, pattern: &str) -> PyResult<Self> {
        // Hundreds of words take a while.
        let regex = py.detach(|| anywhere(pattern))?;
        Ok(Self { regex })
    }

    /// Whether a text has what is looked for.
    fn finds(&self, text: &str) -> bool {
        self.regex.is_match(text.as_bytes())
    }
}

/// How browsers are recognized.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Browsers {
    /// Expression, family, and version.
    browsers: Vec<(String, String, String)>,
    /// Expression, family, and the two numbers of the version.
    systems: Vec<(String, String, String, String)>,
    /// Systems whose releases differ in the second number.
    by_minor: HashSet<String>,
    /// Browsers that are humans' on any system, and whatever their text begins with.
    text_browsers: HashSet<String>,
    /// What texts of humans' browsers begin with where no system is known.
    beginnings: Vec<String>,
}

impl From<Browsers> for GuideSpec {
    fn from(spec: Browsers) -> Self {
        let browsers = spec.browsers.into_iter();
        let systems = spec.systems.into_iter();
        let rule = |pattern, answers| Spec { pattern, answers };
        Self {
            browsers: browsers
                .map(|(pattern, family, version)| rule(pattern, vec![family, version]))
                .collect(),
            systems: systems
                .map(|(pattern, family, major, minor)| rule(pattern, vec![family, major, minor]))
                .collect(),
            by_minor: spec.by_minor,
            text_browsers: spec.text_browsers,
            beginnings: spec.beginnings,
        }
    }
}

/// Recognizes programs by what they call themselves.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct Agents {
    signs: Py<PyAny>,
    bot: Py<PyAny>,
    rules: Py<PyAny>,
    read_up_to: usize,
    finder: PyOnceLock<Py<Finder>>,
    guide: PyOnceLock<Guide>,
    known: KnownAgents,
}

#[pymethods]
impl Agents {
    /// Arguments: gives what a text has that may be a bot's, all others are not; tells the kind
    /// and the name of a bot, or `None`; gives the rules for browsers, when the first is seen;
    /// how many characters of a text are looked at.
    #[new]
    fn new(signs: Py<PyAny>, bot: Py<PyAny>, rules: Py<PyAny>, read_up_to: usize) -> Self {
        Self {
            signs,
            bot,
            rules,
            read_up_to,
            finder: PyOnceLock::new(),
            guide: PyOnceLock::new(),
            known: KnownAgents::default(),
        }
    }

    /// Get the rules for browsers, which takes a while, before they are asked for.
    fn prepare(&self, py: Python<'_>) -> PyResult<()> {
        self.guide(py).map(|_| ())
    }

    /// Browser and its version, system and its version, kind, and the name of a bot.
    #[allow(clippy::type_complexity)] // one flat row, as Python reads it
    fn recognize(
        &self,
        py: Python<'_>,
        text: &str,
    ) -> PyResult<(String, String, String, String, String, Option<String>)> {
        let agent = self.of(py, &[text])?.swap_remove(0);
        Ok((
            agent.browser.name().to_owned(),
            agent.browser.version().to_owned(),
            agent.system.name().to_owned(),
            agent.system.version().to_owned(),
            agent.kind.clone().into_owned(),
            agent.bot.clone(),
        ))
    }
}

/// Tells kinds of programs without Python.
pub struct Teller<'a> {
    finder: &'a Finder,
    guide: &'a Guide,
    read_up_to: usize,
}

impl Teller<'_> {
    /// The kind of the program that a text names; `None`: it has a sign of a bot.
    pub fn kind(&self, text: &str) -> Option<&'static str> {
        match &*normalize(text, self.read_up_to) {
            "" | "-" => Some(UNKNOWN),
            text if self.finder.finds(text) => None,
            text if self.guide.is_human(text) => Some(HUMAN),
            _ => Some(UNKNOWN),
        }
    }
}

impl Agents {
    fn guide(&self, py: Python<'_>) -> PyResult<&Guide> {
        self.guide.get_or_try_init(py, || {
            let spec: Browsers = self.rules.call0(py)?.extract(py)?;
            py.detach(|| Guide::new(spec.into()))
                .map_err(PyValueError::new_err)
        })
    }

    fn finder(&self, py: Python<'_>) -> PyResult<&Finder> {
        let found = self
            .finder
            .get_or_try_init(py, || Ok::<_, PyErr>(self.signs.call0(py)?.extract(py)?));
        found.map(Py::get)
    }

    /// The bot that a text which has a sign of one names, if it is one: its kind, and its name.
    fn named_bot(&self, py: Python<'_>, text: &str) -> PyResult<Option<(String, String)>> {
        self.bot.call1(py, (text,))?.extract(py)
    }

    /// Whether so many more are remembered: then all that is told of them is told once.
    pub fn has_room_for(&self, more: usize) -> bool {
        self.known.has_room_for(more)
    }

    /// What tells the kinds of programs, which takes less time than `of`.
    pub fn teller(&self, py: Python<'_>) -> PyResult<Teller<'_>> {
        Ok(Teller {
            finder: self.finder(py)?,
            guide: self.guide(py)?,
            read_up_to: self.read_up_to,
        })
    }

    /// The kind of a program whose text has a sign of a bot.
    pub fn kind_by_signs(&self, py: Python<'_>, text: &str) -> PyResult<Cow<'static, str>> {
        let plain = normalize(text, self.read_up_to);
        if let Some((kind, _)) = self.named_bot(py, &plain)? {
            return Ok(kind.into());
        }
        let human = self.guide(py)?.is_human(&plain);
        Ok(if human { HUMAN } else { UNKNOWN }.into())
    }

    /// The programs that texts name.
    pub fn of(&self, py: Python<'_>, texts: &[&str]) -> PyResult<Vec<Arc<Agent>>> {
        let finder = self.finder(py)?;
        let (texts, mut found, unknown, asked) = py.detach(|| {
            let texts = texts.iter().map(|text| normalize(text, self.read_up_to));
            let texts: Vec<Cow<'_, str>> = texts.collect();
            let (found, unknown) = self.known.find(&texts);
            let signs = |&at: &usize| finder.finds(&texts[at]);
            let asked: Vec<usize> = unknown.iter().copied().filter(signs).collect();
            (texts, found, unknown, asked)
        });
        for at in asked {
            let named = self.named_bot(py, &texts[at])?;
            found[at] = named.map(|(kind, name)| Arc::new(Agent::of_bot(kind, name)));
        }
        let guide = match unknown.iter().any(|&at| found[at].is_none()) {
            true => Some(self.guide(py)?),
            false => None,
        };
        Ok(py.detach(|| {
            for &at in &unknown {
                let agent = || guide.map(|guide| Arc::new(guide.browser(&texts[at])));
                found[at] = found[at].take().or_else(agent);
            }
            self.known.remember(&texts, &unknown, &found);
            found.into_iter().map(Option::unwrap_or_default).collect()
        }))
    }
}
