//! Which values of a text column are flagged, such as user agents of bots.

use crate::columns::{Codes, Columns, find_text};
use crate::framing::anywhere;
use foldhash::fast::RandomState;
use hashing::lookup_hash;
use parse::texts::Texts;
use pyo3::prelude::*;
use regex::bytes::Regex;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Values of which it is remembered whether they are flagged, and as many again from before. A
/// batch has far fewer: what it knows when it asks is still known when it is counted.
const KEPT: usize = 250_000;

/// Vocabularies of which the flags are kept: one a thread that counts, and one before it.
const VOCABULARIES: usize = 8;

/// Whether values are flagged, by the hash by which they are looked up.
#[derive(Default)]
struct Known {
    recent: HashMap<u64, bool, RandomState>,
    before: HashMap<u64, bool, RandomState>,
    /// By vocabulary, the flags of the first codes; the one used last is the last.
    by_code: Vec<(u64, Vec<bool>)>,
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

    /// How many codes of a vocabulary have their flag.
    fn flagged_codes(&self, vocabulary: u64) -> usize {
        let mut known = self.by_code.iter();
        let known = known.find(|(known, _)| *known == vocabulary);
        known.map_or(0, |(_, flags)| flags.len())
    }

    /// The flags of all codes of a vocabulary.
    fn flags(&mut self, vocabulary: u64, texts: &Texts) -> Vec<bool> {
        let mut known = self.by_code.iter();
        let at = known.position(|(known, _)| *known == vocabulary);
        let mut flags = at.map_or_else(Vec::new, |at| self.by_code.remove(at).1);
        let new = texts.hashes()[flags.len()..].iter();
        flags.extend(new.map(|&hash| self.get(hash).unwrap_or(false)));
        if self.by_code.len() == VOCABULARIES {
            self.by_code.remove(0);
        }
        self.by_code.push((vocabulary, flags.clone()));
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
    known: Mutex<Known>,
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
        for (value, flagged) in values.iter().zip(flagged) {
            known.remember(lookup_hash(value.as_bytes()), flagged);
        }
    }
}

impl ValueFlags {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Values that may be flagged and of which nobody has said anything.
    pub fn unknown(&self, columns: &Columns) -> Vec<String> {
        let Some((_, values)) = find_text(columns, &self.column) else {
            return Vec::new();
        };
        let texts = values.read();
        let new: Vec<(u64, &str)> = {
            let mut known = self.lock();
            let new = known.flagged_codes(values.id())..texts.len();
            let all = new.map(|code| (texts.hashes()[code], texts.get(code)));
            all.filter(|(hash, _)| !known.renew(*hash)).collect()
        };
        // Most have no sign, which takes longer to find than that they are known.
        let has_sign = |(_, value): &(u64, &str)| self.signs.is_match(value.as_bytes());
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

    fn learn_many(flags: &ValueFlags, name: &str) {
        let many = (0..KEPT).map(|n| format!("{name} {n}")).collect();
        flags.learn(many, vec![false; KEPT]);
    }

    #[test]
    fn what_does_not_come_for_long_is_asked_for_again() {
        let flags = flags(&[("bot", true)]);
        let columns = columns([("user_agent", texts(&[Some("bot")]))]);
        learn_many(&flags, "bot A");
        assert!(flags.unknown(&columns).is_empty());
        learn_many(&flags, "bot B");
        learn_many(&flags, "bot C");
        assert_eq!(flags.unknown(&columns), ["bot"]);
    }

    #[test]
    fn what_was_known_when_a_batch_asked_is_known_when_it_is_counted() {
        let flags = flags(&[("bot", true)]);
        let columns = columns([("user_agent", texts(&[Some("bot"), Some("Fire")]))]);
        for name in ["A", "B", "C"] {
            assert!(flags.unknown(&columns).is_empty());
            learn_many(&flags, name);
            assert_eq!(flags.of(&columns).unwrap().1, [true, false]);
        }
    }
}
