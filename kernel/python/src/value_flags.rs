//! Which values of a text column are flagged, such as user agents of bots.

use crate::columns::{Codes, Columns, find_text};
use crate::framing::anywhere;
use foldhash::fast::RandomState;
use hashing::lookup_hash;
use parse::texts::Texts;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use regex::bytes::Regex;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tally::vocabularies::ByVocabulary;

/// Values of which it is remembered whether they are flagged, and as many again from before. A
/// batch has far fewer: what it knows when it asks is still known when it is counted.
const KEPT: usize = 250_000;

/// Whether values are flagged, by the hash by which they are looked up.
#[derive(Default)]
struct Known {
    recent: HashMap<u64, bool, RandomState>,
    before: HashMap<u64, bool, RandomState>,
    by_code: ByVocabulary<bool>,
}

impl Known {
    fn get(&self, hash: u64) -> Option<bool> {
        let known = self.recent.get(&hash).or_else(|| self.before.get(&hash));
        known.copied()
    }

    fn remember(&mut self, hash: u64, flagged: bool) {
        if self.recent.len() >= KEPT {
            self.before = std::mem::take(&mut self.recent);
        }
        self.recent.insert(hash, flagged);
    }

    /// The flags of all codes of a vocabulary.
    fn flags(&mut self, vocabulary: u64, texts: &Texts) -> Vec<bool> {
        let mut flags = self.by_code.take(vocabulary);
        let new = texts.hashes()[flags.len()..].iter();
        flags.extend(new.map(|&hash| self.get(hash).unwrap_or(false)));
        self.by_code.keep(vocabulary, flags.clone());
        flags
    }

    /// Whether a value is known, which it then stays for a while.
    fn renew(&mut self, hash: u64) -> bool {
        if self.recent.contains_key(&hash) {
            return true;
        }
        let Some(&flagged) = self.before.get(&hash) else {
            return false;
        };
        self.remember(hash, flagged);
        true
    }
}

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
    pub fn finds(&self, text: &str) -> bool {
        self.regex.is_match(text.as_bytes())
    }
}

/// Flags of values, as Python gives them to each that is met and may have one.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct ValueFlags {
    pub flags: Flags,
    /// Gives the finder, when the first value is met.
    signs: Py<PyAny>,
    finder: PyOnceLock<Py<Finder>>,
}

/// Flags of the values of a column, as far as they are known.
pub struct Flags {
    column: String,
    known: Mutex<Known>,
}

#[pymethods]
impl ValueFlags {
    /// Arguments: the column; gives what a value has that may be flagged, the others never are.
    #[new]
    fn new(column: String, signs: Py<PyAny>) -> Self {
        Self {
            flags: Flags::new(column),
            signs,
            finder: PyOnceLock::new(),
        }
    }

    /// Say of values whether they are flagged.
    fn learn(&self, values: Vec<String>, flagged: Vec<bool>) {
        self.flags.learn(&values, &flagged);
    }
}

impl ValueFlags {
    /// Values that may be flagged and of which nobody has said anything.
    pub fn unknown(&self, py: Python<'_>, columns: &Columns) -> PyResult<Vec<String>> {
        // The finder takes a while to be made, and logs may have no agents.
        if !self.flags.has_new(columns) {
            return Ok(Vec::new());
        }
        let finder = self
            .finder
            .get_or_try_init(py, || Ok::<_, PyErr>(self.signs.call0(py)?.extract(py)?))?
            .get();
        Ok(py.detach(|| self.flags.unknown(columns, finder)))
    }
}

impl Flags {
    fn new(column: String) -> Self {
        Self {
            column,
            known: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, values: &[String], flagged: &[bool]) {
        let mut known = self.lock();
        for (value, &flagged) in values.iter().zip(flagged) {
            known.remember(lookup_hash(value.as_bytes()), flagged);
        }
    }

    /// Whether a vocabulary has codes that have no flag.
    fn has_new(&self, columns: &Columns) -> bool {
        find_text(columns, &self.column).is_some_and(|(_, values)| {
            let flagged = self.lock().by_code.get(values.id()).len();
            flagged < values.read().len()
        })
    }

    /// Values that have a sign, and of which nobody has said anything.
    fn unknown(&self, columns: &Columns, finder: &Finder) -> Vec<String> {
        let Some((_, values)) = find_text(columns, &self.column) else {
            return Vec::new();
        };
        let texts = values.read();
        let new: Vec<(u64, &str)> = {
            let mut known = self.lock();
            let new = known.by_code.get(values.id()).len()..texts.len();
            let all = new.map(|code| (texts.hashes()[code], texts.get(code)));
            all.filter(|(hash, _)| !known.renew(*hash)).collect()
        };
        // Most have no sign, which takes longer to find than that they are known.
        let has_sign = |(_, value): &(u64, &str)| finder.finds(value);
        let (asked, plain): (Vec<_>, Vec<_>) = new.into_iter().partition(has_sign);
        let mut known = self.lock();
        for (hash, _) in plain {
            known.remember(hash, false);
        }
        drop(known);
        asked
            .into_iter()
            .map(|(_, value)| value.to_owned())
            .collect()
    }

    /// The codes of the rows, and by code whether the value is flagged.
    pub fn of<'a>(&self, columns: &'a Columns) -> Option<(&'a Codes, Vec<bool>)> {
        let (codes, values) = find_text(columns, &self.column)?;
        Some((codes, self.lock().flags(values.id(), &values.read())))
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::columns::tests::{columns, texts};

    pub fn flags(known: &[(&str, bool)]) -> Flags {
        let flags = Flags::new("user_agent".into());
        let (values, flagged): (Vec<String>, Vec<bool>) =
            known.iter().map(|(v, f)| ((*v).to_owned(), *f)).unzip();
        flags.learn(&values, &flagged);
        flags
    }

    fn unknown(flags: &Flags, columns: &Columns) -> Vec<String> {
        let regex = anywhere("(?i)bot").unwrap();
        flags.unknown(columns, &Finder { regex })
    }

    #[test]
    fn only_values_that_have_a_sign_and_are_not_known_are_asked_for() {
        let agents = texts(&[
            Some("Bot A"),
            Some("Fire"),
            None,
            Some("robot"),
            Some("bot C"),
        ]);
        let columns = columns([("user_agent", agents)]);
        let flags = flags(&[("robot", false)]);
        assert_eq!(unknown(&flags, &columns), ["Bot A", "bot C"]);
        flags.learn(&["Bot A".into(), "bot C".into()], &[true, false]);
        assert!(unknown(&flags, &columns).is_empty());
    }

    #[test]
    fn a_value_has_the_flag_that_it_was_given() {
        let agents = texts(&[Some("bot"), Some("Fire"), None, Some("bot"), Some("robot")]);
        let columns = columns([("user_agent", agents)]);
        let flags = flags(&[("bot", true), ("robot", false), ("another bot", true)]);
        let (codes, flagged) = flags.of(&columns).unwrap();
        let by_row = codes.iter().map(|code| Some(flagged[code? as usize]));
        let expected = [Some(true), Some(false), None, Some(true), Some(false)];
        assert_eq!(by_row.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_format_without_the_column_has_no_flags() {
        let columns = columns([("path", texts(&[Some("bot")]))]);
        let flags = flags(&[("bot", true)]);
        assert!(unknown(&flags, &columns).is_empty() && flags.of(&columns).is_none());
    }

    fn learn_many(flags: &Flags, name: &str) {
        let many: Vec<String> = (0..KEPT).map(|n| format!("{name} {n}")).collect();
        flags.learn(&many, &vec![false; KEPT]);
    }

    #[test]
    fn what_does_not_come_for_long_is_asked_for_again() {
        let flags = flags(&[("bot", true)]);
        let columns = columns([("user_agent", texts(&[Some("bot")]))]);
        learn_many(&flags, "bot A");
        assert!(unknown(&flags, &columns).is_empty());
        learn_many(&flags, "bot B");
        learn_many(&flags, "bot C");
        assert_eq!(unknown(&flags, &columns), ["bot"]);
    }

    #[test]
    fn what_was_known_when_a_batch_asked_is_known_when_it_is_counted() {
        let flags = flags(&[("bot", true)]);
        let columns = columns([("user_agent", texts(&[Some("bot"), Some("Fire")]))]);
        for name in ["A", "B", "C"] {
            assert!(unknown(&flags, &columns).is_empty());
            learn_many(&flags, name);
            assert_eq!(flags.of(&columns).unwrap().1, [true, false]);
        }
    }
}
