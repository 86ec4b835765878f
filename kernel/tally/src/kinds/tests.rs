use super::*;
use hashing::stable_hash;

/// All hits and bytes, and what was counted of each kind.
type Counted = (u64, u64, Kinds);

/// Hits, each of a kind, with bytes and a visitor of this kind.
fn of(hits: impl Iterator<Item = (u8, u64)>, used: &mut MemoryUsed) -> Counted {
    let (mut count, mut sum, mut kinds) = (0, 0, Kinds::default());
    for (kind, number) in hits {
        let visitor = stable_hash(&[u64::from(kind).to_le_bytes(), number.to_le_bytes()].concat());
        kinds.add(kind, number, visitor, used);
        count += 1;
        sum += number;
    }
    (count, sum, kinds)
}

/// Twice as many of each kind as of the one before, the last first.
fn mixed(of_first: u64) -> impl DoubleEndedIterator<Item = (u8, u64)> {
    (0..4u8)
        .rev()
        .flat_map(move |kind| (0..of_first << kind).map(move |n| (kind, n % (of_first * 3))))
}

fn written((hits, bytes, kinds): &Counted) -> Vec<u8> {
    let mut writer = Writer::default();
    kinds.write((*hits, *bytes), &mut writer);
    writer.bytes
}

fn read(bytes: &[u8]) -> Result<Kinds, Damage> {
    let mut reader = Reader::new(bytes);
    let found = Kinds::read(&mut reader)?;
    reader.end().map(|()| found)
}

#[test]
fn each_kind_has_its_hits_bytes_and_visitors() {
    let mut used = MemoryUsed::default();
    let (hits, bytes, kinds) = of(mixed(10), &mut used);
    let sum = |count: u64| (0..count).map(|n| n % 30).sum::<u64>();
    let expected = [
        (0, 10, sum(10), 10),
        (1, 20, sum(20), 20),
        (2, 40, sum(40), 30),
        (3, 80, sum(80), 30),
    ];
    assert_eq!(kinds.all(hits, bytes), expected);
    assert_eq!((kinds.visitors(), kinds.visitors_error()), (90, 0.0));
    assert_eq!(kinds.bots(hits), 120);
    assert_eq!(used.0, kinds.size());
    let backwards = of(mixed(10).rev(), &mut MemoryUsed::default());
    assert_eq!(backwards.2.bots(hits), 120);
    assert_eq!(Kinds::default().all(0, 0), []);
    assert_eq!(Kinds::default().bots(0), 0);
}

#[test]
fn visitors_of_all_kinds_are_within_three_standard_errors() {
    let (_, _, kinds) = of(mixed(3_000), &mut MemoryUsed::default());
    let error = kinds.visitors_error();
    let ratio = kinds.visitors() as f64 / 27_000.0;
    assert!(
        error > 0.0 && error < 0.006 && (ratio - 1.0).abs() < 3.0 * error,
        "{ratio} {error}"
    );
}

#[test]
fn the_order_and_the_parts_in_which_hits_come_change_nothing() {
    for of_first in [5, 500] {
        let whole = of(mixed(of_first), &mut MemoryUsed::default());
        let backwards = of(mixed(of_first).rev(), &mut MemoryUsed::default());
        assert_eq!(written(&backwards), written(&whole));
        for cut in [0, 1, 40, usize::MAX] {
            let mut used = MemoryUsed::default();
            let (hits, bytes, mut merged) = of(mixed(of_first).take(cut), &mut used);
            let rest = of(mixed(of_first).skip(cut), &mut MemoryUsed::default());
            merged.merge(&rest.2, (rest.0, rest.1), &mut used);
            assert_eq!(used.0, merged.size());
            let mut merged = (hits + rest.0, bytes + rest.1, merged);
            assert_eq!(written(&merged), written(&whole));
            merged.2.shrink(8, &mut used);
            assert_eq!(used.0, merged.2.size());
            merged.2.free(&mut used);
            assert_eq!(used.0, 0);
        }
    }
}

#[test]
fn what_is_written_is_read_back() {
    for of_first in [0, 1, 50, 3_000] {
        let whole = of(mixed(of_first), &mut MemoryUsed::default());
        let found = read(&written(&whole)).unwrap();
        assert_eq!(found.all(whole.0, whole.1), whole.2.all(whole.0, whole.1));
        assert_eq!(written(&(whole.0, whole.1, found)), written(&whole));
    }
}

#[test]
fn damage_is_found() {
    let mut bytes = written(&of(mixed(2), &mut MemoryUsed::default()));
    assert!(read(&bytes).is_ok());
    assert!(read(&bytes[..bytes.len() - 1]).is_err());
    bytes[1] = 1;
    assert!(read(&bytes).is_err());
    bytes[1] = MOST;
    assert!(read(&bytes).is_err());
}
