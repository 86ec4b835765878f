//! Memory that several rollups share, so that all of them together are bounded.
//!
//! While they fit, each takes what it needs. When they do not, the largest shrink: no more
//! is left to any than a level at which all would fit, and those below it keep what they have.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A limit, and how large everything is that keeps to it.
pub struct Budget {
    limit: usize,
    parts: Mutex<Parts>,
}

#[derive(Default)]
struct Parts {
    sizes: Vec<usize>,
    /// Indices of parts that are gone.
    free: Vec<usize>,
    sum: usize,
}

/// A part of a budget.
pub struct Share {
    budget: Arc<Budget>,
    index: usize,
}

impl Budget {
    /// Argument: bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(1),
            parts: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    pub fn of(budget: Arc<Budget>) -> Self {
        let mut parts = budget.lock();
        let index = parts.free.pop().unwrap_or(parts.sizes.len());
        if index == parts.sizes.len() {
            parts.sizes.push(0);
        }
        drop(parts);
        Self { budget, index }
    }

    /// Say how large this part is now; when all are too large together, how large it may be.
    pub fn resize(&self, size: usize) -> Option<usize> {
        let mut parts = self.budget.lock();
        parts.resize(self.index, size);
        if parts.sum <= self.budget.limit {
            return None;
        }
        let level = level(&parts.sizes, self.budget.limit)?;
        (size > level).then_some(level)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut parts = self.budget.lock();
        parts.resize(self.index, 0);
        parts.free.push(self.index);
    }
}

impl Parts {
    fn resize(&mut self, index: usize, size: usize) {
        self.sum = self.sum + size - self.sizes[index];
        self.sizes[index] = size;
    }
}

/// Memory that the parts of a whole use together, bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryUsed(pub usize);

impl MemoryUsed {
    /// Something has become as large as it is now.
    pub fn resize(&mut self, before: usize, after: usize) {
        self.0 = (self.0 + after).saturating_sub(before);
    }
}

/// The level at which all fit when none is larger; `None`: they fit as they are.
fn level(sizes: &[usize], limit: usize) -> Option<usize> {
    let mut sorted = sizes.to_vec();
    sorted.sort_unstable();
    let mut left = limit;
    for (index, &size) in sorted.iter().enumerate() {
        let each = left / (sorted.len() - index);
        if size > each {
            return Some(each);
        }
        left -= size;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_shrink_and_the_others_keep_what_they_have() {
        assert_eq!(level(&[10, 20, 30], 60), None);
        assert_eq!(level(&[10, 20, 60], 60), Some(30));
        assert_eq!(level(&[10, 50, 60], 60), Some(25));
    }

    #[test]
    fn parts_that_are_gone_leave_their_room_to_others() {
        let budget = Arc::new(Budget::new(100));
        let (one, two) = (Share::of(budget.clone()), Share::of(budget));
        assert_eq!(one.resize(80), None);
        assert_eq!(two.resize(60), Some(50));
        drop(one);
        assert_eq!(two.resize(60), None);
        let three = Share::of(two.budget.clone());
        assert_eq!((three.index, three.resize(50)), (0, None));
        assert_eq!(two.resize(60), Some(50));
        assert_eq!(two.budget.lock().sizes.len(), 2);
    }
}
