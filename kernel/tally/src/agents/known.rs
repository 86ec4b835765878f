//! Agents that were recognized before: most requests come from few programs.

use super::Agent;
use foldhash::fast::RandomState;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many are remembered, in some 20 MB.
const KEPT: usize = 65_536;

/// Agents by their texts.
#[derive(Default)]
pub struct KnownAgents {
    /// By hash of the text.
    known: Mutex<HashMap<u64, Arc<Agent>, RandomState>>,
    hasher: RandomState,
}

impl KnownAgents {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Agent>, RandomState>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether so many more are remembered without forgetting any.
    pub fn has_room_for(&self, more: usize) -> bool {
        self.lock().len() + more <= KEPT
    }

    /// The agents of texts, and the indices of those that are not known. A text that is empty
    /// names nobody.
    pub fn find(&self, texts: &[Cow<'_, str>]) -> (Vec<Option<Arc<Agent>>>, Vec<usize>) {
        let nobody = Arc::new(Agent::unknown());
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

    /// Remember the agents of the texts at some indices.
    pub fn remember(
        &self,
        texts: &[Cow<'_, str>],
        indices: &[usize],
        agents: &[Option<Arc<Agent>>],
    ) {
        let mut known = self.lock();
        for &at in indices {
            if known.len() >= KEPT {
                known.clear();
            }
            if let Some(agent) = &agents[at] {
                known.insert(self.hasher.hash_one(&*texts[at]), agent.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bot(name: &str) -> Option<Arc<Agent>> {
        Some(Arc::new(Agent::of_bot("crawler".into(), name.into())))
    }

    #[test]
    fn what_was_recognized_is_known_and_nothing_else() {
        let agents = KnownAgents::default();
        let texts: Vec<Cow<'_, str>> = ["a", "", "b", "-", "c"].map(Cow::from).into();
        let (mut found, unknown) = agents.find(&texts);
        assert_eq!(unknown, [0, 2, 4]);
        assert_eq!(found[1], Some(Arc::new(Agent::unknown())));
        assert_eq!(found[3], found[1]);
        (found[0], found[2]) = (bot("A"), bot("B"));
        // The last was not recognized, which is not remembered.
        agents.remember(&texts, &unknown, &found);
        let (again, unknown) = agents.find(&texts);
        assert_eq!(again, found);
        assert_eq!(unknown, [4]);
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let agents = KnownAgents::default();
        assert!(agents.has_room_for(KEPT) && !agents.has_room_for(KEPT + 1));
        let texts: Vec<Cow<'_, str>> = (0..KEPT + 10).map(|n| n.to_string().into()).collect();
        let found = vec![bot("A"); texts.len()];
        agents.remember(&texts, &(0..texts.len()).collect::<Vec<_>>(), &found);
        assert_eq!(agents.lock().len(), 10);
        assert_eq!(agents.find(&texts[KEPT..]).1, [0; 0]);
    }
}
