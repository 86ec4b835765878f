//! Texts as numbers: by one they are looked up, by the other they are counted.

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use std::hash::{BuildHasher, Hasher};

/// The hash by which texts are looked up: another in each process, so that nobody can write texts
/// that collide, and the same everywhere within one, so that each text is hashed once.
#[inline]
pub fn lookup_hash(text: &[u8]) -> u64 {
    let state = SeedableRandomState::with_seed(0, SharedSeed::global_random());
    let mut hasher = state.build_hasher();
    hasher.write(text);
    hasher.finish()
}

/// The hash by which distinct texts are counted: the same in every run and release, so that what
/// one has counted can be added to what another has.
pub fn stable_hash(text: &[u8]) -> u64 {
    // Sixteen bytes at a time, as wyhash does (<https://github.com/wangyi-fudan/wyhash>).
    let (pairs, rest) = text.as_chunks::<16>();
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    let mut hash = text.len() as u64 ^ SALT[0];
    for pair in pairs.iter().chain([&last]) {
        let (low, high) = halves(pair);
        hash = fold(low ^ SALT[1], high ^ hash);
    }
    mix(hash)
}

/// Odd numbers whose bits are evenly spread: of pi.
const SALT: [u64; 2] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7345];

#[inline]
fn halves(pair: &[u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(*pair);
    (both as u64, (both >> 64) as u64)
}

/// Both halves of a product.
#[inline]
fn fold(one: u64, two: u64) -> u64 {
    let product = u128::from(one) * u128::from(two);
    product as u64 ^ (product >> 64) as u64
}

/// The finaliser of MurmurHash3.
#[inline]
pub const fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests;
