use super::encoding::{DENSE, FEW, SPARSE};
use super::*;
use crate::codec::{MOST as MOST_A_BYTE, Reader, Writer};
use hashing::stable_hash;

fn counted(numbers: std::ops::Range<u64>, used: &mut MemoryUsed) -> Distinct {
    let mut count = Distinct::default();
    for number in numbers.clone().chain(numbers) {
        count.add(stable_hash(&number.to_le_bytes()), used);
    }
    count
}

#[test]
fn few_are_exact_and_many_within_three_standard_errors() {
    for distinct in [1, 7, 1000, 1024] {
        let count = counted(0..distinct, &mut MemoryUsed::default());
        assert_eq!((count.count(), count.error()), (distinct, 0.0));
    }
    for distinct in [1025, 5_000, 50_000, 1_000_000] {
        let count = counted(0..distinct, &mut MemoryUsed::default());
        let ratio = count.count() as f64 / distinct as f64;
        assert!(
            (ratio - 1.0).abs() < 3.0 * count.error(),
            "{distinct}: {ratio}"
        );
        assert!(count.error() > 0.0 && count.error() < 0.01);
    }
}

#[test]
fn a_smaller_count_is_what_it_would_have_been_from_the_start() {
    for precision in 8..14 {
        let mut used = MemoryUsed::default();
        let mut late = counted(0..30_000, &mut used);
        late.shrink(precision, &mut used);
        let mut early = Distinct::default();
        early.estimate_from_now_on(precision, &mut MemoryUsed::default());
        for number in 0..30_000u64 {
            early.add(
                stable_hash(&number.to_le_bytes()),
                &mut MemoryUsed::default(),
            );
        }
        assert_eq!(late.count(), early.count());
        assert_eq!(used.0, 1 << precision);
        let ratio = late.count() as f64 / 30_000.0;
        assert!(
            (ratio - 1.0).abs() < 3.0 * late.error(),
            "{precision}: {ratio}"
        );
    }
}

/// What a register says of the ranks that it has met, worked out from all of them.
fn plain(ranks: &[u8]) -> u8 {
    let highest = ranks.iter().copied().max().unwrap_or(0);
    let met = |below: u8| highest > below && ranks.contains(&(highest - below));
    highest << 2 | u8::from(met(1)) << 1 | u8::from(met(2))
}

#[test]
fn a_register_says_which_ranks_it_has_met_last_in_whatever_order_and_parts() {
    for seed in 0..2000u64 {
        let random = |n: u64| stable_hash(&[seed, n].map(u64::to_le_bytes).concat());
        let ranks: Vec<u8> = (0..1 + random(0) % 6)
            .map(|n| (1 + random(n + 1) % 8) as u8)
            .collect();
        let hash = |rank: u8| 1u64 << (60 - u32::from(rank));
        let met = |ranks: &[u8]| {
            let mut registers = vec![0; 16];
            for &rank in ranks {
                register(&mut registers, 4, hash(rank));
            }
            registers
        };
        let (some, others) = ranks.split_at(ranks.len() / 2);
        let mut parts = met(some);
        raise(&mut parts, &met(others));
        assert_eq!((met(&ranks)[0], parts[0]), (plain(&ranks), plain(&ranks)));
    }
}

#[test]
fn estimates_are_right_on_average_and_stray_as_they_say() {
    for (precision, distinct) in [(8, 300), (8, 3_000), (10, 700), (10, 9_000)] {
        let runs = 150;
        let ratios: Vec<f64> = (0..runs)
            .map(|run: u64| {
                let mut registers = vec![0; 1 << precision];
                for number in 0..distinct {
                    let hash = stable_hash(&[run, number].map(u64::to_le_bytes).concat());
                    register(&mut registers, precision, hash);
                }
                estimate(&registers, precision) / distinct as f64 - 1.0
            })
            .collect();
        let error = ERROR / f64::from(1 << precision).sqrt();
        let runs = runs as f64;
        let mean = ratios.iter().sum::<f64>() / runs;
        let strayed = (ratios.iter().map(|ratio| ratio * ratio).sum::<f64>() / runs).sqrt();
        assert!(mean.abs() < 3.5 * error / runs.sqrt(), "{mean}");
        // Where registers are empty still, estimates are better than that.
        assert!(strayed < 1.12 * error, "{strayed} {error}");
        assert!(strayed > 0.4 * error, "{strayed} {error}");
    }
}

fn written(count: &Distinct) -> Vec<u8> {
    let mut writer = Writer::default();
    count.write(&mut writer);
    writer.bytes
}

#[test]
fn what_is_written_is_read_back() {
    let high = |registers: &mut Distinct| {
        if let Distinct::Many { registers, .. } = registers {
            registers[7] = 51 << 2 | 1;
        }
    };
    for distinct in [0, 1, 1024, 1025, 3_000, 10_000, 100_000, 3_000_000] {
        for precision in [14, 10, 8] {
            let mut count = counted(0..distinct, &mut MemoryUsed::default());
            count.shrink(precision, &mut MemoryUsed::default());
            high(&mut count);
            let bytes = written(&count);
            assert!(bytes.len() < 20 + count.size().max(16));
            let mut reader = Reader::new(&bytes);
            let found = Distinct::read(&mut reader).unwrap();
            assert_eq!(reader.end(), Ok(()));
            assert_eq!(written(&found), bytes);
            assert_eq!(
                (found.count(), found.error()),
                (count.count(), count.error())
            );
            assert!(found.size() <= count.size());
            let mut more = [count, found];
            more.iter_mut().for_each(|count| {
                count.merge(
                    &counted(0..5_000, &mut MemoryUsed::default()),
                    &mut MemoryUsed::default(),
                );
            });
            assert_eq!(written(&more[0]), written(&more[1]));
            for cut in 0..bytes.len() {
                assert!(Distinct::read(&mut Reader::new(&bytes[..cut])).is_err());
            }
        }
    }
}

#[test]
fn registers_that_fell_together_on_purpose_take_no_more_memory_than_they_may() {
    let mut count = Distinct::default();
    for number in 1..=2000u64 {
        count.add(number, &mut MemoryUsed::default());
    }
    let bytes = written(&count);
    assert!(matches!(count, Distinct::Many { .. }));
    assert!(bytes.len() * MOST_A_BYTE >= count.size());
    assert_eq!(
        written(&Distinct::read(&mut Reader::new(&bytes)).unwrap()),
        bytes
    );
}

#[test]
fn what_cannot_have_been_counted_is_refused() {
    let few = |hashes: &[u64]| {
        let mut writer = Writer::default();
        writer.byte(FEW);
        writer.number(hashes.len() as u64);
        hashes.iter().for_each(|&hash| writer.fixed(hash));
        writer.bytes
    };
    let many: Vec<u64> = (1..=1025).collect();
    let dense = |precision: u8, least: u8, bits: u8| {
        [
            vec![DENSE, precision, least],
            vec![0x11; 1 << (precision - 1)],
            vec![bits; 1 << (precision - 2)],
        ]
        .concat()
    };
    for fine in [
        dense(8, 56, 0xff),
        dense(8, 1, 0xaa),
        dense(8, 0, 0),
        vec![SPARSE, 4, 2, 0, 4, 0, 8],
    ] {
        assert!(Distinct::read(&mut Reader::new(&fine)).is_ok());
    }
    for bytes in [
        few(&[0]),
        few(&[2, 2]),
        few(&[3, 2]),
        few(&many),
        dense(8, 57, 0),
        dense(8, 255, 0),
        dense(15, 1, 0),
        dense(3, 1, 0),
        // There is no rank 0 to be met.
        dense(8, 0, 0xaa),
        dense(8, 1, 0x55),
        vec![SPARSE, 4, 2, 0, 4, 0, 1],
        vec![SPARSE, 14, 2, 0, 4, 0, 4],
        [vec![SPARSE, 4, 2], vec![15, 4, 0, 4]].concat(),
        [vec![SPARSE, 4, 1], vec![0xff; 9], vec![1, 4]].concat(),
        vec![3, 14],
    ] {
        assert!(Distinct::read(&mut Reader::new(&bytes)).is_err());
    }
}

#[test]
fn counts_of_any_two_sizes_merge_to_the_count_of_both() {
    for (one, other) in [(14, 14), (14, 10), (9, 14), (8, 11)] {
        for few in [false, true] {
            let mut used = MemoryUsed::default();
            let mut own = counted(0..if few { 100 } else { 20_000 }, &mut used);
            own.shrink(one, &mut used);
            let mut theirs = counted(10_000..40_000, &mut MemoryUsed::default());
            theirs.shrink(other, &mut MemoryUsed::default());
            own.merge(&theirs, &mut used);
            let all = if few { 30_100.0 } else { 40_000.0 };
            let ratio = own.count() as f64 / all;
            assert!(
                (ratio - 1.0).abs() < 4.0 * own.error(),
                "{one} {other}: {ratio}"
            );
            assert_eq!(used.0, own.size());
        }
    }
}
