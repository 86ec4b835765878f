use super::*;
use std::collections::HashSet;

/// Stored sketches hold hashes: another one would count every visitor again.
#[test]
fn a_text_has_one_hash_for_ever() {
    assert_eq!(stable_hash(b""), 0xe845_259b_f7e7_053b);
    assert_eq!(stable_hash(b"192.0.2.1"), 0x969f_a77b_32cb_90e3);
    assert_eq!(
        stable_hash(b"Mozilla/5.0 (X11; Linux x86_64)"),
        0xf296_8595_dd67_23f6
    );
}

#[test]
fn texts_that_differ_a_little_have_hashes_that_differ_much() {
    // A blank more, a byte more of nothing, one bit in each place, and pairs the other way round.
    let long: Vec<u8> = (0..40).collect();
    let mut texts = vec![
        long.clone(),
        [&long[16..32], &long[..16], &long[32..]].concat(),
    ];
    for length in 0..long.len() {
        texts.push(long[..length].to_vec());
        texts.push(vec![0; length]);
        for bit in 0..8 {
            let mut text = long.clone();
            text[length] ^= 1 << bit;
            texts.push(text);
        }
    }
    texts.sort();
    texts.dedup();
    for hash in [stable_hash, lookup_hash] {
        for bits in [0, 40] {
            let part = |text: &Vec<u8>| (hash(text) >> bits) & 0xff_ffff;
            let hashes: HashSet<u64> = texts.iter().map(part).collect();
            assert!(hashes.len() + 2 > texts.len(), "{bits}");
        }
    }
}

#[test]
fn the_bits_of_the_hashes_of_numbers_are_even() {
    for bit in 0..64 {
        let ones = (0..4096u32).filter(|n| stable_hash(n.to_string().as_bytes()) >> bit & 1 == 1);
        assert!((1900..2200).contains(&ones.count()), "{bit}");
    }
}

#[test]
fn a_text_is_looked_up_by_one_hash_in_a_process() {
    assert_eq!(lookup_hash(b"/a"), lookup_hash(b"/a"));
    assert_ne!(lookup_hash(b"/a"), lookup_hash(b"/b"));
}
