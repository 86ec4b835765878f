//! Which values of a text column are flagged, such as user agents of bots.

use crate::columns::{Codes, Columns, find, find_text};
use crate::framing::anywhere;
use hashing::lookup_hash;
use pyo3::prelude::*;
use regex::bytes::Regex;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Values of which it is remembered whether they are flagged.
const KEPT: usize = 500_000;

/// A regular expression that is looked for anywhere in a text, in linear time.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct Finder {
    regex: Regex,
}

#[pymethods]
impl Finder {
    #[new]
    fn new(pattern: &str) -> PyResult<Self> {
        Ok(Self {
            regex: anywhere(pattern)?,
        })
    }

    /// Whether a text has what is looked for.
    pub fn finds(&self, text: &str) -> bool {
        self.regex.is_match(text.as_bytes())
    }
}

/// Flags of values, as Python gives them to each that is met and may have one.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct ValueFlags {
    column: String,
    /// What a value has that may be flagged.
    signs: Regex,
    /// By hash of the value.
    known: Mutex<HashMap<u64, bool>>,
}

#[pymethods]
impl ValueFlags {
    /// Arguments: the column; what a value has that may be flagged, the others never are.
    #[new]
    fn new(column: String, signs: &Finder) -> Self {
        Self {
            column,
            signs: signs.regex.clone(),
            known: Mutex::default(),
        }
    }

    /// Say of values whether they are flagged.
    fn learn(&self, values: Vec<String>, flagged: Vec<bool>) {
        let mut known = self.lock();
        if known.len() > KEPT {
            known.clear();
        }
        let hashes = values.iter().map(|value| lookup_hash(value.as_bytes()));
        known.extend(hashes.zip(flagged));
    }
}

impl ValueFlags {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, bool>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Values that may be flagged and of which nobody has said anything.
    pub fn unknown(&self, columns: &Columns) -> Vec<String> {
        let Some((_, values)) = find_text(columns, &self.column) else {
            return Vec::new();
        };
        let known = self.lock();
        let values = values.iter().map(Option::unwrap_or_default);
        let unknown = values.filter(|value| {
            let value = value.as_bytes();
            self.signs.is_match(value) && !known.contains_key(&lookup_hash(value))
        });
        unknown.map(str::to_owned).collect()
    }

    /// The codes of the rows, and by code whether the value is flagged.
    pub fn of<'a>(&self, columns: &'a Columns) -> Option<(&'a Codes, Vec<bool>)> {
        let (codes, _) = find_text(columns, &self.column)?;
        let known = self.lock();
        let hashes = find(columns, &self.column)?.hashes.iter();
        let flagged = hashes.map(|hash| known.get(hash).is_some_and(|&flagged| flagged));
        Some((codes, flagged.collect()))
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::columns::tests::{columns, texts};

    pub fn flags(known: &[(&str, bool)]) -> ValueFlags {
        let flags = ValueFlags::new("user_agent".into(), &Finder::new("(?i)bot").unwrap());
        let (values, flagged) = known.iter().map(|(v, f)| ((*v).to_owned(), *f)).unzip();
        flags.learn(values, flagged);
        flags
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
        assert_eq!(flags.unknown(&columns), ["Bot A", "bot C"]);
        flags.learn(vec!["Bot A".into(), "bot C".into()], vec![true, false]);
        assert!(flags.unknown(&columns).is_empty());
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
        assert!(flags.unknown(&columns).is_empty() && flags.of(&columns).is_none());
    }

    #[test]
    fn when_too_many_are_known_they_are_asked_for_again() {
        let flags = flags(&[("bot", true)]);
        let many = || (0..=KEPT).map(|n| format!("bot {n}")).collect();
        flags.learn(many(), vec![false; KEPT + 1]);
        let columns = columns([("user_agent", texts(&[Some("bot")]))]);
        assert!(flags.unknown(&columns).is_empty());
        flags.learn(vec!["bot 0".into()], vec![false]);
        assert_eq!(flags.unknown(&columns), ["bot"]);
    }
}
