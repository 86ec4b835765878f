//! Distinct texts that batches share: those to come may add to them, and codes stay what they are.

use crate::texts::Texts;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Distinct texts, each known by its code.
#[derive(Debug)]
pub struct Vocabulary {
    id: u64,
    texts: RwLock<Texts>,
}

impl Vocabulary {
    /// No other one of this process has the same: what is known by code can be kept beside it.
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// The texts; nobody can add to them meanwhile.
    pub fn read(&self) -> RwLockReadGuard<'_, Texts> {
        self.texts.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The texts, all of which have their stable hash.
    pub fn hashed(&self) -> RwLockReadGuard<'_, Texts> {
        let texts = self.read();
        if texts.stable_hashes().len() == texts.len() {
            return texts;
        }
        drop(texts);
        self.write().hash_all();
        self.read()
    }

    /// The texts, to be added to.
    pub fn write(&self) -> RwLockWriteGuard<'_, Texts> {
        self.texts.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Vocabulary {
    fn default() -> Self {
        Texts::default().into()
    }
}

impl From<Texts> for Vocabulary {
    fn from(texts: Texts) -> Self {
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            texts: RwLock::new(texts),
        }
    }
}
