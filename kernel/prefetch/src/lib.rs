//! Memory that will be read soon, asked for before it is waited for.
//!
//! It is the one crate with `unsafe` code: whoever looks thousands of values up in tables larger
//! than the processor's caches waits for memory most of the time, unless it is asked for several
//! values ahead. What that gains is in `docs/performance.md`.

/// Have the processor fetch what a reference points to, where it knows how.
#[inline(always)]
pub fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: SSE is part of x86-64. The instruction is a hint: it changes no memory, gives no
        // value, and does not fault whatever the address is; this one is that of a reference.
        #[allow(unsafe_code)]
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

/// The same of an element of a slice, where there is one.
#[inline(always)]
pub fn prefetch_at<T>(values: &[T], index: usize) {
    if let Some(value) = values.get(index) {
        prefetch(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_changes() {
        let values = vec![1, 2, 3];
        prefetch(&values[0]);
        (0..10).for_each(|index| prefetch_at(&values, index));
        assert_eq!(values, [1, 2, 3]);
    }
}
