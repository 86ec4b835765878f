//! Of which kind the programs are that asked, told by what they call themselves.

use crate::agents::Agents;
use crate::columns::{Codes, Columns, find_text};
use foldhash::fast::RandomState;
use hashing::lookup_hash;
use parse::texts::Texts;
use parse::vocabulary::Vocabulary;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tally::kinds::{FIRST_BOT, MOST};
use tally::vocabularies::ByVocabulary;

/// The column that tells them.
const COLUMN: &str = "user_agent";

/// The kind of what nobody knows.
const UNKNOWN: u8 = FIRST_BOT - 1;

/// Texts of which it is remembered what kind they are, and as many again from before. A batch
/// has far fewer: what it knows when it asks is still known when it is counted.
const KEPT: usize = 250_000;

/// Kinds of texts, by the hash by which they are looked up.
#[derive(Default)]
struct Known {
    recent: HashMap<u64, u8, RandomState>,
    before: HashMap<u64, u8, RandomState>,
    by_code: ByVocabulary<u8>,
}

impl Known {
    fn get(&self, hash: u64) -> Option<u8> {
        let known = self.recent.get(&hash).or_else(|| self.before.get(&hash));
        known.copied()
    }

    fn remember(&mut self, hash: u64, kind: u8) {
        if self.recent.len() >= KEPT {
            self.before = std::mem::take(&mut self.recent);
        }
        self.recent.insert(hash, kind);
    }

    /// Whether a text is known, which it then stays for a while.
    fn renew(&mut self, hash: u64) -> bool {
        if self.recent.contains_key(&hash) {
            return true;
        }
        let Some(&kind) = self.before.get(&hash) else {
            return false;
        };
        self.remember(hash, kind);
        true
    }

    /// The codes of a vocabulary that are new and whose texts are not known.
    fn unknown(&mut self, vocabulary: u64, texts: &Texts) -> Vec<usize> {
        let new = self.by_code.get(vocabulary).len()..texts.len();
        new.filter(|&code| !self.renew(texts.hashes()[code]))
            .collect()
    }

    /// The kinds of the codes of a vocabulary, as far as they are known.
    fn kinds(&mut self, vocabulary: u64, texts: &Texts) -> Vec<u8> {
        let mut kinds = self.by_code.take(vocabulary);
        let new = texts.hashes().iter().skip(kinds.len());
        kinds.extend(new.map_while(|&hash| self.get(hash)));
        self.by_code.keep(vocabulary, kinds.clone());
        kinds
    }
}

/// Tells the kinds of user agents, each text being asked for once.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct AgentKinds {
    agents: Py<Agents>,
    names: Vec<String>,
    known: Mutex<Known>,
}

#[pymethods]
impl AgentKinds {
    /// Arguments: what recognizes agents; the names of the kinds by number: that of humans, that of
    /// what nobody knows, then all others.
    #[new]
    fn new(agents: Py<Agents>, names: Vec<String>) -> PyResult<Self> {
        if !(usize::from(FIRST_BOT)..usize::from(MOST)).contains(&names.len()) {
            return Err(PyValueError::new_err("there are too few or too many kinds"));
        }
        Ok(Self {
            agents,
            names,
            known: Mutex::default(),
        })
    }
}

impl AgentKinds {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ask for the kinds of all agents of a batch that are not known.
    pub fn learn(&self, py: Python<'_>, columns: &Columns) -> PyResult<()> {
        let Some((_, values)) = find_text(columns, COLUMN) else {
            return Ok(());
        };
        let unknown = py.detach(|| self.lock().unknown(values.id(), &values.read()));
        if unknown.is_empty() {
            return Ok(());
        }
        let agents = self.agents.get();
        if agents.has_room_for(unknown.len()) {
            return self.learn_all(py, values, &unknown);
        }
        let teller = agents.teller(py)?;
        // Nobody may be asked who holds a lock.
        let asked = py.detach(|| {
            let texts = values.read();
            let kind = |&code: &usize| (texts.hashes()[code], teller.kind(texts.get(code)), code);
            let told: Vec<_> = unknown.iter().map(kind).collect();
            let mut known = self.lock();
            let mut asked = Vec::new();
            for (hash, kind, code) in told {
                match kind {
                    Some(kind) => known.remember(hash, self.number(kind)),
                    None => asked.push(texts.get(code).to_owned()),
                }
            }
            asked
        });
        for text in asked {
            let kind = agents.kind_by_signs(py, &text)?;
            let hash = lookup_hash(text.as_bytes());
            self.lock().remember(hash, self.number(&kind));
        }
        Ok(())
    }

    /// The same where there are so few that all that is told of them is remembered.
    fn learn_all(&self, py: Python<'_>, values: &Vocabulary, codes: &[usize]) -> PyResult<()> {
        let texts: Vec<String> = py.detach(|| {
            let texts = values.read();
            codes
                .iter()
                .map(|&code| texts.get(code).to_owned())
                .collect()
        });
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let agents = self.agents.get().of(py, &texts)?;
        let mut known = self.lock();
        for (text, agent) in texts.iter().zip(agents) {
            known.remember(lookup_hash(text.as_bytes()), self.number(&agent.kind));
        }
        Ok(())
    }

    /// The number of a kind.
    fn number(&self, kind: &str) -> u8 {
        let place = self.names.iter().position(|name| name == kind);
        place.map_or(UNKNOWN, |place| place as u8)
    }

    /// The kinds of the agents of a batch, which has been learnt.
    pub fn of<'a>(&self, columns: &'a Columns) -> Kinds<'a> {
        let found = find_text(columns, COLUMN);
        Kinds {
            codes: found.map(|(codes, _)| codes),
            by_code: found.map_or_else(Vec::new, |(_, values)| {
                self.lock().kinds(values.id(), &values.read())
            }),
        }
    }
}

/// The kinds of the agents of a batch.
pub struct Kinds<'a> {
    codes: Option<&'a Codes>,
    by_code: Vec<u8>,
}

impl Kinds<'_> {
    /// The kind of the agent of a row.
    #[inline]
    pub fn of(&self, row: usize) -> u8 {
        let code = crate::columns::value(self.codes, row);
        let kind = code.and_then(|code| self.by_code.get(code as usize));
        kind.copied().unwrap_or(UNKNOWN)
    }
}
