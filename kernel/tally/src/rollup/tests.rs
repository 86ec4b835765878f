use super::encoding::READ_AHEAD;
use super::*;
use crate::codec::{self, Damage, Reader, Writer};
use crate::figures::Hit;
use crate::quantiles;
use crate::trend;
use hashing::stable_hash;

fn hit(visitor: u64) -> Hit {
    Hit {
        bytes: 10,
        visitor,
        seconds: 0.5,
        tick: 7,
        status: 200,
        bucket: quantiles::bucket_of(0.5),
        has_bytes: true,
        ..Hit::default()
    }
}

fn rollup(capacity: usize, keep_evicted: bool, memory: usize) -> Rollup {
    Rollup::new(capacity, keep_evicted, Arc::new(Budget::new(memory)))
}

/// Ticks of all hits here.
const SPAN: Option<trend::Span> = Some((0, 200_000));

fn add(rollup: &mut Rollup, slot: usize, hit: &Hit) {
    rollup.trends.reach(SPAN);
    rollup.figures[slot].add(hit, &mut rollup.used);
    let row = trend_row(slot);
    rollup
        .trends
        .add(row, hit.tick, &mut trend::Place::default());
}

fn count(rollup: &mut Rollup, key: u64, visitor: u64) {
    let slot = rollup.slot(&key.to_string());
    let hit = hit(stable_hash(&visitor.to_le_bytes()));
    add(rollup, slot, &hit);
}

#[test]
fn no_hit_is_lost_and_no_key_lacks_more_than_is_said() {
    let mut rollup = rollup(100, false, 1 << 30);
    for round in 0..50u64 {
        for key in 0..100 {
            count(&mut rollup, key * (1 + round * key / 7), round);
        }
        rollup.enforce_limits();
    }
    let sum: u64 = rollup.figures.iter().map(|figures| figures.hits).sum();
    assert_eq!(sum + rollup.other.hits, 5000);
    assert!(rollup.keys.len() <= 200 && rollup.evicted_max > 0);
    let slot = rollup.slot("0");
    assert_eq!(
        (rollup.figures[slot].hits, rollup.undercount(slot)),
        (50, 0)
    );
}

#[test]
fn memory_is_bounded_and_accounted_for() {
    const MEMORY: usize = 32 << 20;
    let mut rollup = rollup(20_000, false, MEMORY);
    for visitor in 0..3_000_000u64 {
        count(&mut rollup, visitor % 30_000, visitor);
        if visitor % 50_000 == 0 {
            rollup.enforce_limits();
            assert_eq!(rollup.used.0, rollup.sketches());
            assert!(rollup.size() <= MEMORY);
        }
    }
    let first = rollup.slot("7");
    let found = rollup.figures[first].kinds.visitors();
    assert!((90..=110).contains(&found), "{found}");
}

fn written(rollup: &Rollup) -> Vec<u8> {
    let mut writer = Writer::default();
    rollup.write(&mut writer);
    writer.bytes
}

fn read(bytes: &[u8], capacity: usize, memory: usize) -> Result<Rollup, Damage> {
    let mut found = rollup(capacity, false, memory);
    let mut reader = Reader::new(bytes);
    found.read(&mut reader)?;
    reader.end()?;
    Ok(found)
}

#[test]
fn what_is_written_is_read_back_and_goes_on_alike() {
    for (capacity, memory) in [(1000, 1 << 30), (100, 1 << 30), (1000, 1 << 20)] {
        let mut rollup = rollup(capacity, false, memory);
        for number in 0..40_000u64 {
            count(&mut rollup, number % 7 * (number % 150), number);
            if number % 1000 == 0 {
                rollup.enforce_limits();
            }
        }
        rollup.enforce_limits();
        let bytes = written(&rollup);
        let mut found = read(&bytes, capacity, memory).unwrap();
        assert_eq!(written(&found), bytes);
        assert_eq!(found.used.0, found.sketches());
        assert!(found.size() <= rollup.size());
        assert_eq!(found.distinct_keys(), rollup.distinct_keys());
        let mut more = Rollup::new(capacity, false, Arc::new(Budget::new(1 << 30)));
        (0..50).for_each(|key| count(&mut more, key * 3, key));
        let mut twice = [read(&bytes, 10_000, 1 << 30).unwrap(), more];
        let (one, two) = twice.split_at_mut(1);
        one[0].merge(&two[0]);
        two[0].capacity = 10_000;
        two[0].merge(&found);
        assert_eq!(written(&one[0]), written(&two[0]));
        found.merge(&read(&bytes, capacity, memory).unwrap());
        assert_eq!(found.total().hits, 80_000);
    }
}

#[test]
fn the_order_in_which_keys_were_met_makes_no_difference() {
    let (mut one, mut two) = (rollup(100, false, 1 << 30), rollup(100, false, 1 << 30));
    (0..100).for_each(|key| count(&mut one, key, key));
    (0..100).rev().for_each(|key| count(&mut two, key, key));
    assert_eq!(written(&one), written(&two));
}

#[test]
fn what_is_read_keeps_to_the_bounds_it_is_read_into() {
    let mut large = rollup(50_000, false, 1 << 30);
    for number in 0..200_000u64 {
        count(&mut large, number % 50_000, number);
    }
    let bytes = written(&large);
    let small = read(&bytes, 50_000, 1 << 20).unwrap();
    assert!(small.size() <= 1 << 20 && small.evicted_max > 0);
    assert_eq!(small.total().hits, 200_000);
    assert_eq!(small.used.0, small.sketches());
    // While it is read, too: what has no end is as far as it was.
    let mut begun = rollup(50_000, false, 1 << 20);
    let cut = &bytes[..bytes.len() - 1];
    assert!(begun.read(&mut Reader::new(cut)).is_err());
    assert!(begun.size() <= (1 << 20) + 2 * READ_AHEAD);
    let few = read(&bytes, 100, 1 << 30).unwrap();
    assert!(few.keys.len() <= 200);
    assert_eq!(few.total().hits, 200_000);
}

#[test]
fn damage_is_refused_or_harmless() {
    let mut rollup = rollup(5, false, 1 << 30);
    for key in 0..40 {
        count(&mut rollup, key % 20, key);
        rollup.enforce_limits();
    }
    let bytes = written(&rollup);
    for cut in 0..bytes.len() {
        assert!(read(&bytes[..cut], 100, 1 << 20).is_err());
    }
    assert!(read(&[&bytes[..], &[0]].concat(), 100, 1 << 20).is_err());
    for slot in 0..bytes.len() {
        for bit in 0..8 {
            let mut other = bytes.clone();
            other[slot] ^= 1 << bit;
            if let Ok(found) = read(&other, 100, 1 << 20) {
                assert!(found.size() <= (1 << 20) + other.len() * codec::MOST);
                let again = read(&written(&found), 100, 1 << 20).unwrap();
                assert_eq!(written(&again), written(&found));
            }
        }
    }
}

#[test]
fn few_keys_stay_however_many_visitors_they_have() {
    let mut rollup = rollup(1000, false, 1 << 20);
    for visitor in 0..300_000u64 {
        count(&mut rollup, visitor % 300, visitor);
        if visitor % 10_000 == 0 {
            rollup.enforce_limits();
        }
    }
    rollup.enforce_limits();
    assert!(rollup.size() <= 1 << 20);
    assert_eq!((rollup.keys.len(), rollup.other.hits), (300, 0));
    assert!(rollup.figures.iter().all(|figures| figures.hits == 1000));
}

#[test]
fn evicted_rows_can_be_taken() {
    let mut rollup = rollup(10, true, 1 << 30);
    for key in 0..100 {
        count(&mut rollup, key, key);
        rollup.enforce_limits();
    }
    let evicted = rollup.take_evicted();
    let hits: u64 = evicted.figures.iter().map(|figures| figures.hits).sum();
    assert_eq!(hits, rollup.other.hits);
    assert!(hits > 0);
    let kept = rollup.keys.iter().chain(evicted.keys());
    let mut keys: Vec<u64> = kept.map(|key| key.parse().unwrap()).collect();
    keys.sort_unstable();
    assert_eq!(keys, (0..100).collect::<Vec<_>>());
    assert_eq!(rollup.take_evicted().keys().count(), 0);
}

#[test]
fn a_key_keeps_what_it_may_lack_when_others_leave() {
    let mut rollup = rollup(10, false, 1 << 30);
    let count_all = |rollup: &mut Rollup, keys: std::ops::Range<u64>| {
        for key in keys {
            count(rollup, key, key);
            rollup.enforce_limits();
        }
    };
    count_all(&mut rollup, 0..100);
    for visitor in 0..50 {
        count(&mut rollup, 1000, visitor);
    }
    let undercount = |rollup: &Rollup| rollup.undercount(rollup.find("1000").unwrap());
    let wanted = undercount(&rollup);
    assert!(wanted > 0);
    count_all(&mut rollup, 2000..2100);
    assert_eq!(undercount(&rollup), wanted);
}

#[test]
fn keys_that_were_evicted_anywhere_are_among_the_distinct_ones() {
    let mut both = rollup(10, false, 1 << 30);
    for begin in [0, 5000] {
        let mut one = rollup(10, false, 1 << 30);
        for key in begin..begin + 1000 {
            count(&mut one, key, key);
            one.enforce_limits();
        }
        assert!((980..=1020).contains(&one.distinct_keys()));
        both.merge(&one);
    }
    assert!((1960..=2040).contains(&both.distinct_keys()));
}

fn first_keys(rollup: &Rollup, order: &str, limit: Option<usize>) -> Vec<String> {
    let indices = rollup.first(&Order::by_name(order).unwrap(), limit);
    let keys = indices
        .into_iter()
        .map(|at| rollup.keys.text(at).to_owned());
    keys.collect()
}

#[test]
fn rows_are_ordered_by_a_metric_and_then_by_key() {
    let mut rollup = rollup(100, false, 1 << 30);
    for (key, hits, status) in [("b", 2, 404), ("10", 3, 200), ("9", 1, 500), ("a", 2, 404)] {
        let slot = rollup.slot(key);
        let hit = Hit { status, ..hit(1) };
        let hit = Hit {
            seconds: hits as f64,
            ..hit
        };
        (0..hits).for_each(|_| add(&mut rollup, slot, &hit));
    }
    assert_eq!(first_keys(&rollup, "hits", None), ["10", "a", "b", "9"]);
    assert_eq!(first_keys(&rollup, "hits", Some(2)), ["10", "a"]);
    assert_eq!(first_keys(&rollup, "hits", Some(0)).len(), 4);
    assert_eq!(first_keys(&rollup, "hits", Some(9)).len(), 4);
    assert_eq!(first_keys(&rollup, "errors_4xx", Some(2)), ["a", "b"]);
    assert_eq!(first_keys(&rollup, "errors_5xx", Some(1)), ["9"]);
    assert_eq!(first_keys(&rollup, "bytes", Some(1)), ["10"]);
    assert_eq!(first_keys(&rollup, "mean_s", Some(1)), ["10"]);
    assert_eq!(first_keys(&rollup, "max_s", None), ["10", "a", "b", "9"]);
    // Keys that are no numbers come first, and numbers in the order of their values.
    assert_eq!(first_keys(&rollup, "key", None), ["a", "b", "9", "10"]);
    assert_eq!(first_keys(&rollup, "key", Some(3)), ["a", "b", "9"]);
    assert!(Order::by_name("colour").is_none());
}

#[test]
fn rare_keys_come_last_where_rows_are_ordered_by_what_needs_many_hits() {
    let mut rollup = rollup(100, false, 1 << 30);
    for (key, hits, status, seconds) in [
        ("often", 60, 404, 0.5),
        ("rare", 49, 500, 9.0),
        ("enough", 50, 200, 1.0),
    ] {
        let slot = rollup.slot(key);
        let hit = Hit {
            status,
            seconds,
            bucket: quantiles::bucket_of(seconds),
            ..hit(1)
        };
        (0..hits).for_each(|_| add(&mut rollup, slot, &hit));
    }
    let slowest = ["enough", "often", "rare"];
    for metric in ["mean_s", "p50_s", "p95_s", "p99_s"] {
        assert_eq!(first_keys(&rollup, metric, None), slowest, "{metric}");
    }
    let failing = ["often", "enough", "rare"];
    assert_eq!(first_keys(&rollup, "error_ratio", None), failing);
    assert_eq!(first_keys(&rollup, "max_s", Some(1)), ["rare"]);
    assert_eq!(
        first_keys(&rollup, "total_s", None),
        ["rare", "enough", "often"]
    );
}

/// Hits and bytes by key, sorted.
fn sums(rollup: &Rollup) -> Vec<(String, u64, u64)> {
    let rows = rollup.keys.iter().zip(&rollup.figures);
    let rows = rows.map(|(key, figures)| (key.to_owned(), figures.hits, figures.bytes));
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}

fn row(key: &str, hits: u64, bytes: u64) -> (String, u64, u64) {
    (key.to_owned(), hits, bytes)
}

/// Count a hit of so many bytes under each of some codes.
fn count_coded(rollup: &mut Rollup, vocabulary: Option<u64>, codes: &[u32], name: &str) {
    let sized = |bytes: usize| Hit {
        bytes: bytes as u64,
        ..hit(0)
    };
    let hits: Vec<Hit> = (1..=codes.len()).map(sized).collect();
    let codes = codes.iter().copied().map(Some);
    let slots = rollup.slots_of(vocabulary, codes, |code| format!("{name}{code}").into());
    rollup.add_all(&hits, &slots, SPAN);
}

#[test]
fn a_hit_counts_under_the_key_of_its_code() {
    for vocabulary in [None, Some(7)] {
        let mut rollup = rollup(100, false, 1 << 30);
        count_coded(&mut rollup, vocabulary, &[1, 0, 1, 5000], "a");
        count_coded(&mut rollup, vocabulary, &[5000], "a");
        let expected = [row("a0", 1, 2), row("a1", 2, 4), row("a5000", 2, 5)];
        assert_eq!(sums(&rollup), expected);
    }
}

#[test]
fn codes_of_several_vocabularies_are_told_apart() {
    let mut rollup = rollup(100, false, 1 << 30);
    for round in 0..3 {
        for vocabulary in 0..20 {
            // The same text in all but one, under the code of another one there.
            let name = if vocabulary == 13 { "b" } else { "a" };
            count_coded(&mut rollup, Some(vocabulary), &[0, 1], name);
        }
        assert_eq!(
            sums(&rollup)[0],
            row("a0", 19 * (round + 1), 19 * (round + 1))
        );
    }
    assert_eq!(sums(&rollup)[3], row("b1", 3, 6));
}

#[test]
fn what_was_evicted_is_looked_up_anew() {
    let mut rollup = rollup(3, false, 1 << 30);
    for round in 1..=4u32 {
        // Keys that come and go stand in front of three that stay, which hence move.
        let codes = (round * 10..round * 10 + 5).chain([7, 8, 9, 7, 8, 9]);
        count_coded(&mut rollup, Some(1), &codes.collect::<Vec<_>>(), "a");
        rollup.enforce_limits();
        let all = sums(&rollup).iter().map(|row| row.1).sum::<u64>() + rollup.other.hits;
        assert_eq!(all, u64::from(round) * 11);
        for key in ["a7", "a8", "a9"] {
            let kept = rollup.find(key).map(|slot| rollup.figures[slot].hits);
            assert_eq!(kept, Some(u64::from(round) * 2), "{key}");
        }
    }
    assert!(rollup.evicted_max > 0);
}

#[test]
fn hits_that_wait_are_counted_as_if_they_had_not() {
    let (mut now, mut later) = (
        rollup(50_000, false, 1 << 30),
        rollup(50_000, false, 1 << 30),
    );
    // Some keys have so many hits that a group is full again and again, most have one.
    for number in 0..60_000u64 {
        let key = if number % 3 == 0 { number } else { number % 7 };
        let hit = Hit {
            bytes: number,
            ..hit(stable_hash(&(number / 2).to_le_bytes()))
        };
        let slot = now.slot(&key.to_string());
        add(&mut now, slot, &hit);
        let slot = later.slot(&key.to_string());
        later.add_all(&[hit], &[slot as u32], SPAN);
    }
    assert!(sums(&now) != sums(&later), "no hit has waited");
    later.count_waiting();
    assert_eq!(written(&now), written(&later));
    assert_eq!(later.used.0, later.sketches());
}

#[test]
fn hits_that_wait_are_counted_before_any_key_is_evicted() {
    let mut rollup = rollup(2000, false, 1 << 30);
    for number in 0..5000u32 {
        let slot = rollup.slot(&number.to_string());
        (0..=number % 4).for_each(|_| rollup.add_all(&[hit(1)], &[slot as u32], SPAN));
    }
    rollup.enforce_limits();
    rollup.count_waiting();
    let all: u64 = rollup.figures.iter().map(|figures| figures.hits).sum();
    assert_eq!(all + rollup.other.hits, 5000 / 4 * 10);
    assert!((1..=4).contains(&rollup.evicted_max));
}

#[test]
fn counting_jointly_is_counting_under_each() {
    // Products of keys that fit, that do not, and one rollup that is alone.
    for sizes in [vec![2, 3, 5], vec![60, 60, 3, 64], vec![7], vec![]] {
        let new = || sizes.iter().map(|_| rollup(100, false, 1 << 30)).collect();
        let (mut joint, mut each): (Vec<Rollup>, Vec<Rollup>) = (new(), new());
        for round in 0..3u64 {
            let hits: Vec<Hit> = (0..2000u64)
                .map(|number| Hit {
                    bytes: number * number,
                    status: [200, 404, 503, 99][number as usize % 4],
                    kind: (number % 3) as u8,
                    tick: number as i32 * 50,
                    received: number,
                    upstream_bucket: quantiles::bucket_of(number as f64),
                    upstream_seconds: number as f64,
                    bucket: match number % 5 {
                        0 => quantiles::NONE,
                        _ => quantiles::bucket_of(number as f64),
                    },
                    seconds: number as f64,
                    ..hit(stable_hash(&(number + round).to_le_bytes()))
                })
                .collect();
            let mut slots = Vec::new();
            for (at, &size) in sizes.iter().enumerate() {
                let code = |number: usize| {
                    let code = number * (at + 3) % (size + 1);
                    (code < size).then_some(code as u32)
                };
                let key = |code: usize| format!("k{code}").into();
                let codes = || (0..hits.len()).map(code);
                slots.push(joint[at].slots_of(Some(1), codes(), key));
                let own = each[at].slots_of(Some(1), codes(), key);
                each[at].add_all(&hits, &own, SPAN);
            }
            let parts = joint.iter_mut().zip(&slots);
            let parts = parts.map(|(rollup, slots)| joint::Part { rollup, slots });
            joint::add_jointly(&hits, SPAN, parts.collect());
        }
        for (joint, each) in joint.iter().zip(&each) {
            assert_eq!(written(joint), written(each));
            assert_eq!(joint.used.0, joint.sketches());
        }
    }
}
