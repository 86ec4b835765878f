//! What texts say of the programs behind them, by rules that come from Python; knows none by name.
//!
//! Browsers and systems are told here, without Python. A text that has a sign of a bot, as few
//! have, is shown to Python, which names the bot or says that there is none.

use crate::counting::Finder;
use foldhash::fast::RandomState;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tally::rules::{Rules, Spec};

/// Texts that are remembered, in some 20 MB.
const KEPT: usize = 65_536;

/// The program behind a request, as it calls itself.
#[derive(Default)]
pub struct Agent {
    pub browser: String,
    pub browser_version: String,
    pub system: String,
    pub system_version: String,
    pub kind: Cow<'static, str>,
    pub bot: Option<String>,
}

/// What tells browsers.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct GuideSpec {
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

struct Guide {
    rules: Rules,
    by_minor: HashSet<String>,
    text_browsers: HashSet<String>,
    beginnings: Vec<String>,
}

impl Guide {
    fn new(spec: GuideSpec) -> Result<Self, String> {
        let browsers = spec.browsers.into_iter();
        let systems = spec.systems.into_iter();
        let rules = Rules::new(vec![
            browsers
                .map(|(pattern, family, version)| Spec {
                    pattern,
                    answers: vec![family, version],
                })
                .collect(),
            systems
                .map(|(pattern, family, major, minor)| Spec {
                    pattern,
                    answers: vec![family, major, minor],
                })
                .collect(),
        ])?;
        Ok(Self {
            rules,
            by_minor: spec.by_minor,
            text_browsers: spec.text_browsers,
            beginnings: spec.beginnings,
        })
    }

    /// A human's is what is a browser, and runs on something or begins as browsers do.
    fn browser(&self, text: &str) -> Agent {
        let mut answers = self.rules.answers(text).into_iter();
        let mut next = || answers.next().flatten().unwrap_or_default().into_iter();
        let (mut browser, mut system) = (next(), next());
        let [name, version] = [(); 2].map(|()| browser.next().unwrap_or_default());
        let [family, major, minor] =
            [(); 3].map(|()| system.next().unwrap_or_default().trim().to_owned());
        let mut parts = vec![major];
        if self.by_minor.contains(&family) {
            parts.push(minor);
        }
        parts.retain(|part| !part.is_empty());
        let human = !name.is_empty()
            && (!family.is_empty()
                || self.text_browsers.contains(&name)
                || self.beginnings.iter().any(|begin| text.starts_with(begin)));
        Agent {
            browser: name,
            browser_version: version,
            system: family,
            system_version: parts.join("."),
            kind: if human { "human" } else { NOBODY }.into(),
            bot: None,
        }
    }
}

const NOBODY: &str = "unknown";

type Known = HashMap<u64, Arc<Agent>, RandomState>;

/// Tells programs by what they call themselves.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct Agents {
    signs: Py<PyAny>,
    bot: Py<PyAny>,
    rules: Py<PyAny>,
    read_up_to: usize,
    finder: PyOnceLock<Py<Finder>>,
    guide: PyOnceLock<Guide>,
    /// By hash of the text.
    known: Mutex<Known>,
    hasher: RandomState,
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
            known: Mutex::default(),
            hasher: RandomState::default(),
        }
    }

    /// Get the rules for browsers, which takes a while, before they are asked for.
    fn prepare(&self, py: Python<'_>) -> PyResult<()> {
        self.guide(py).map(|_| ())
    }

    /// Browser and its version, system and its version, kind, and the name of a bot.
    #[allow(clippy::type_complexity)] // one flat row, as Python reads it
    fn tell(
        &self,
        py: Python<'_>,
        text: &str,
    ) -> PyResult<(String, String, String, String, String, Option<String>)> {
        let agent = self.of(py, &[text])?.swap_remove(0);
        Ok((
            agent.browser.clone(),
            agent.browser_version.clone(),
            agent.system.clone(),
            agent.system_version.clone(),
            agent.kind.clone().into_owned(),
            agent.bot.clone(),
        ))
    }
}

impl Agents {
    fn guide(&self, py: Python<'_>) -> PyResult<&Guide> {
        self.guide.get_or_try_init(py, || {
            let spec: GuideSpec = self.rules.call0(py)?.extract(py)?;
            py.detach(|| Guide::new(spec))
                .map_err(PyValueError::new_err)
        })
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The programs that texts name.
    pub fn of(&self, py: Python<'_>, texts: &[&str]) -> PyResult<Vec<Arc<Agent>>> {
        let finder = self
            .finder
            .get_or_try_init(py, || Ok::<_, PyErr>(self.signs.call0(py)?.extract(py)?))?
            .get();
        let texts: Vec<Cow<'_, str>> = texts
            .iter()
            .map(|text| heard(text, self.read_up_to))
            .collect();
        let (mut found, unknown) = py.detach(|| self.remembered(&texts));
        let asked: Vec<usize> = py.detach(|| {
            let signs = |&at: &usize| finder.finds(&texts[at]);
            unknown.iter().copied().filter(signs).collect()
        });
        for at in asked {
            let named: Option<(String, String)> =
                self.bot.call1(py, (&*texts[at],))?.extract(py)?;
            found[at] = named.map(|(kind, name)| {
                Arc::new(Agent {
                    kind: kind.into(),
                    bot: Some(name),
                    ..Agent::default()
                })
            });
        }
        if unknown.iter().any(|&at| found[at].is_none()) {
            let guide = self.guide(py)?;
            py.detach(|| {
                for &at in &unknown {
                    found[at].get_or_insert_with(|| Arc::new(guide.browser(&texts[at])));
                }
            });
        }
        py.detach(|| self.remember(&texts, &unknown, &found));
        Ok(found.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// What is known of texts, and the places of those of which nothing is.
    fn remembered(&self, texts: &[Cow<'_, str>]) -> (Vec<Option<Arc<Agent>>>, Vec<usize>) {
        let nobody = Arc::new(Agent {
            kind: NOBODY.into(),
            ..Agent::default()
        });
        let known = self.lock();
        let found: Vec<_> = texts
            .iter()
            .map(|text| match &**text {
                "" | "-" => Some(nobody.clone()),
                text => known.get(&self.hasher.hash_one(text)).cloned(),
            })
            .collect();
        let unknown = (0..texts.len()).filter(|&at| found[at].is_none()).collect();
        (found, unknown)
    }

    fn remember(&self, texts: &[Cow<'_, str>], places: &[usize], found: &[Option<Arc<Agent>>]) {
        let mut known = self.lock();
        for &at in places {
            if known.len() >= KEPT {
                known.clear();
            }
            if let Some(agent) = &found[at] {
                known.insert(self.hasher.hash_one(&*texts[at]), agent.clone());
            }
        }
    }
}

/// What is heard of a text: its first characters without blanks around them, in ASCII. Names of
/// programs are ASCII, and what is not becomes a question mark.
fn heard(text: &str, up_to: usize) -> Cow<'_, str> {
    let blank = |c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c);
    if text.is_ascii() {
        return text[..text.len().min(up_to)].trim_matches(blank).into();
    }
    let first: String = text.chars().take(up_to).collect();
    let plain = first.trim_matches(blank).chars();
    plain.map(|c| if c.is_ascii() { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_text_the_first_characters_are_heard_in_ascii() {
        assert_eq!(heard(" ab\x1f\n", 10), "ab");
        assert_eq!(heard("abc def", 4), "abc");
        assert_eq!(heard("\u{2003}Ärger ü ", 20), "?rger ?");
        assert_eq!(heard("äöü", 2), "??");
    }

    #[test]
    fn a_human_has_a_browser_that_runs_on_something_or_begins_as_browsers_do() {
        let one = |pattern: &str| (pattern.to_owned(), "$1".to_owned(), "$2".to_owned());
        let guide = Guide::new(GuideSpec {
            browsers: vec![one(r"(Fire|Lynx)/(\d+)")],
            systems: vec![(
                r"(Box|Mac) (\d+)\.(\d+)".to_owned(),
                "$1".to_owned(),
                "$2".to_owned(),
                "$3".to_owned(),
            )],
            by_minor: HashSet::from(["Mac".to_owned()]),
            text_browsers: HashSet::from(["Lynx".to_owned()]),
            beginnings: vec!["Mo/".to_owned()],
        });
        let guide = guide.unwrap();
        let told = |text: &str| {
            let agent = guide.browser(text);
            format!(
                "{} {} on {} {}, {}",
                agent.browser,
                agent.browser_version,
                agent.system,
                agent.system_version,
                agent.kind
            )
        };
        assert_eq!(told("Fire/7 (Mac 10.15)"), "Fire 7 on Mac 10.15, human");
        assert_eq!(told("Fire/7 (Box 10.15)"), "Fire 7 on Box 10, human");
        assert_eq!(told("Mo/5 Fire/7"), "Fire 7 on  , human");
        assert_eq!(told("Lynx/2"), "Lynx 2 on  , human");
        assert_eq!(told("Fire/7"), "Fire 7 on  , unknown");
        assert_eq!(told("Mo/5 Mac 10.1"), "  on Mac 10.1, unknown");
    }
}
