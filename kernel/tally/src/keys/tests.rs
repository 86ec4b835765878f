use super::*;
use hashing::lookup_hash;

fn slot(keys: &mut Keys, text: &str) -> usize {
    let hash = lookup_hash(text.as_bytes());
    keys.find(hash, text)
        .unwrap_or_else(|| keys.add(hash, text))
}

#[test]
fn a_text_has_the_slot_that_it_was_given() {
    let mut keys = Keys::default();
    let slots: Vec<usize> = ["b", "", "a", "b", "é", ""]
        .iter()
        .map(|text| slot(&mut keys, text))
        .collect();
    assert_eq!(slots, [0, 1, 2, 0, 3, 1]);
    assert_eq!(keys.iter().collect::<Vec<_>>(), ["b", "", "a", "é"]);
    assert_eq!(keys.find(lookup_hash(b"c"), "c"), None);
}

#[test]
fn texts_with_the_same_hash_are_told_apart() {
    let mut keys = Keys::default();
    let slots = ["a", "b", "c"].map(|text| keys.add(7, text));
    assert_eq!(slots, [0, 1, 2]);
    assert_eq!(keys.find(7, "b"), Some(1));
    assert_eq!(keys.find(7, "d"), None);
}

#[test]
fn those_that_stay_are_found_in_the_first_slots() {
    let mut keys = Keys::default();
    for n in 0..1000 {
        slot(&mut keys, &format!("key {n}"));
    }
    let before = keys.size();
    let staying: Vec<bool> = (0..1000).map(|n| n % 10 == 3).collect();
    keys.retain(&staying);
    assert_eq!(keys.len(), 100);
    assert!(keys.size() < before / 4);
    for n in 0..1000 {
        let text = format!("key {n}");
        let found = keys.find(lookup_hash(text.as_bytes()), &text);
        assert_eq!(found, (n % 10 == 3).then_some(n / 10));
    }
    assert_eq!(slot(&mut keys, "key 0"), 100);
}
