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

fn written(count: &Distinct) -> Vec<u8> {
    let mut writer = Writer::default();
    count.write(&mut writer);
    writer.bytes
}

#[test]
fn what_is_written_is_read_back() {
    let high = |registers: &mut Distinct| {
        if let Distinct::Many { registers, .. } = registers {
            registers[7] = 51;
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
    let dense = |precision: u8, least: u8| {
        [
            vec![DENSE, precision, least],
            vec![0x11; 1 << (precision - 1)],
        ]
        .concat()
    };
    assert!(Distinct::read(&mut Reader::new(&dense(8, 55))).is_ok());
    for bytes in [
        few(&[0]),
        few(&[2, 2]),
        few(&[3, 2]),
        few(&many),
        dense(8, 57),
        dense(8, 255),
        dense(15, 1),
        dense(3, 1),
        vec![SPARSE, 14, 2, 0, 1, 0, 1],
        [vec![SPARSE, 4, 2], vec![15, 1, 0, 1]].concat(),
        [vec![SPARSE, 4, 1], vec![0xff; 9], vec![1, 1]].concat(),
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
