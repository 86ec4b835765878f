//! What is known of codes, by the vocabulary that they are codes of.

/// Vocabularies of which something is kept: one a thread that counts.
const KEPT: usize = 4;

/// By vocabulary, what is known of its first codes.
pub struct ByVocabulary<T> {
    /// The one used last is the last.
    known: Vec<(u64, Vec<T>)>,
}

impl<T> Default for ByVocabulary<T> {
    fn default() -> Self {
        Self { known: Vec::new() }
    }
}

impl<T> ByVocabulary<T> {
    /// What is known of a vocabulary's codes.
    pub fn get(&self, vocabulary: u64) -> &[T] {
        let at = self.place(vocabulary);
        at.map_or(&[], |at| &self.known[at].1)
    }

    /// Take it out, to be kept again.
    pub fn take(&mut self, vocabulary: u64) -> Vec<T> {
        let at = self.place(vocabulary);
        at.map_or_else(Vec::new, |at| self.known.remove(at).1)
    }

    /// Keep what is known of a vocabulary, of which nothing is kept.
    pub fn keep(&mut self, vocabulary: u64, codes: Vec<T>) {
        if self.known.len() == KEPT {
            self.known.remove(0);
        }
        self.known.push((vocabulary, codes));
    }

    /// Keep nothing.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    fn place(&self, vocabulary: u64) -> Option<usize> {
        let mut known = self.known.iter();
        known.position(|(known, _)| *known == vocabulary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_is_kept() {
        let mut known = ByVocabulary::default();
        for vocabulary in 0..KEPT as u64 {
            known.keep(vocabulary, vec![vocabulary]);
        }
        let first = known.take(0);
        known.keep(0, first);
        known.keep(9, vec![9]);
        assert_eq!(
            (known.get(0), known.get(1), known.get(9)),
            (&[0][..], &[][..], &[9][..])
        );
        known.forget();
        assert!(known.get(0).is_empty() && known.take(9).is_empty());
    }
}
