//! What a user agent says of the program behind it, by rules that are given; knows none by name.

mod known;
#[cfg(test)]
mod tests;

pub use known::KnownAgents;

use crate::rules::{Rules, Spec};
use std::borrow::Cow;
use std::collections::HashSet;

/// The kind of a program of which nothing is known.
pub const UNKNOWN: &str = "unknown";

/// The kind of browsers.
pub const HUMAN: &str = "human";

/// A name with a version, of which either may lack, as one text: thousands are remembered.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Versioned {
    text: Box<str>,
    /// Where the name ends.
    name: usize,
}

impl Versioned {
    pub fn new(name: &str, version: &str) -> Self {
        let (name, version) = (name.trim(), version.trim());
        let blank = match name.is_empty() || version.is_empty() {
            true => "",
            false => " ",
        };
        Self {
            text: [name, blank, version].concat().into(),
            name: name.len(),
        }
    }

    /// Both, a blank between them.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn name(&self) -> &str {
        &self.text[..self.name]
    }

    pub fn version(&self) -> &str {
        self.text[self.name..].trim_start()
    }
}

/// The program behind a request, as it calls itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Agent {
    pub browser: Versioned,
    pub system: Versioned,
    pub kind: Cow<'static, str>,
    /// Its name, when it is a bot.
    pub bot: Option<String>,
}

impl Agent {
    fn unknown() -> Self {
        Self {
            kind: UNKNOWN.into(),
            ..Self::default()
        }
    }

    pub fn of_bot(kind: String, name: String) -> Self {
        Self {
            kind: kind.into(),
            bot: Some(name),
            ..Self::default()
        }
    }
}

/// How browsers are recognized.
pub struct GuideSpec {
    /// Answers: family and version.
    pub browsers: Vec<Spec>,
    /// Answers: family and the two numbers of the version.
    pub systems: Vec<Spec>,
    /// Systems whose releases differ in the second number.
    pub by_minor: HashSet<String>,
    /// Browsers that are humans' on any system, and whatever their text begins with.
    pub text_browsers: HashSet<String>,
    /// What texts of humans' browsers begin with where no system is known.
    pub beginnings: Vec<String>,
}

/// Recognizes browsers.
pub struct Guide {
    rules: Rules,
    by_minor: HashSet<String>,
    text_browsers: HashSet<String>,
    beginnings: Vec<String>,
}

impl Guide {
    pub fn new(spec: GuideSpec) -> Result<Self, String> {
        Ok(Self {
            rules: Rules::new(vec![spec.browsers, spec.systems])?,
            by_minor: spec.by_minor,
            text_browsers: spec.text_browsers,
            beginnings: spec.beginnings,
        })
    }

    /// Whether a text names a human's browser, as `browser` tells in more time.
    pub fn is_human(&self, text: &str) -> bool {
        self.rules.names(0, text) && (self.begins(text) || self.browser(text).kind == HUMAN)
    }

    fn begins(&self, text: &str) -> bool {
        self.beginnings.iter().any(|begin| text.starts_with(begin))
    }

    /// The browser that a text names.
    ///
    /// A human's is what is a browser, and runs on something or begins as browsers do.
    pub fn browser(&self, text: &str) -> Agent {
        let answers = self.rules.answers(text);
        let answer = |question: usize, part: usize| {
            let answer = answers.get(question)?.as_ref()?.get(part)?;
            Some(answer.trim()).filter(|part| !part.is_empty())
        };
        let name = answer(0, 0);
        let family = answer(1, 0);
        let minor = answer(1, 2).filter(|_| family.is_some_and(|f| self.by_minor.contains(f)));
        let version = match (answer(1, 1), minor) {
            (Some(major), Some(minor)) => Cow::Owned(format!("{major}.{minor}")),
            (one, other) => one.or(other).unwrap_or_default().into(),
        };
        let human = name.is_some_and(|name| {
            family.is_some() || self.text_browsers.contains(name) || self.begins(text)
        });
        Agent {
            browser: Versioned::new(name.unwrap_or_default(), answer(0, 1).unwrap_or_default()),
            system: Versioned::new(family.unwrap_or_default(), &version),
            kind: if human { HUMAN } else { UNKNOWN }.into(),
            bot: None,
        }
    }
}

/// What is read of a text: its first characters without blanks around them, in ASCII. Names of
/// programs are ASCII, and what is not becomes a question mark.
pub fn normalize(text: &str, up_to: usize) -> Cow<'_, str> {
    let blank = |c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c);
    if text.is_ascii() {
        return text[..text.len().min(up_to)].trim_matches(blank).into();
    }
    let first: String = text.chars().take(up_to).collect();
    let plain = first.trim_matches(blank).chars();
    plain.map(|c| if c.is_ascii() { c } else { '?' }).collect()
}
