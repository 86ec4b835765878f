//! Texts as numbers.

/// 64 bits of a text, the same in every run and release: FNV-1a (draft-eastlake-fnv), its bits
/// then spread by `mix`.
pub fn hash(value: &[u8]) -> u64 {
    mix(value.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }))
}

/// The finaliser of MurmurHash3.
#[inline]
pub const fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stored sketches hold hashes: another one would count every visitor again.
    #[test]
    fn a_text_has_one_hash_for_ever() {
        assert_eq!(hash(b""), 0xefd0_1f60_ba99_2926);
        assert_eq!(hash(b"192.0.2.1"), 0x8fc4_3361_6f77_3343);
    }
}
