use super::*;

fn of(values: impl Iterator<Item = f64>) -> (QuantileSketch, MemoryUsed) {
    let mut used = MemoryUsed(size_of::<QuantileSketch>());
    let mut durations = QuantileSketch::default();
    for value in values {
        durations.add(value, bucket_of(value), &mut used);
    }
    (durations, used)
}

#[test]
fn quantiles_are_within_the_stated_error() {
    let values = || (1..=100_000).map(|n| f64::from(n) * 1e-4);
    for most in [usize::MAX, 300, 64, 16] {
        let (mut durations, mut used) = of(values());
        durations.shrink(most, &mut used);
        assert!(durations.buckets.len() <= most);
        assert_eq!(used.0, durations.size());
        for share in [0.5, 0.9, 0.95, 0.99] {
            let ratio = durations.quantile(share) / (share * 10.0);
            assert!(
                (ratio - 1.0).abs() <= durations.error() + 1e-4,
                "{most} {ratio}"
            );
        }
    }
    assert!(of(values()).0.error() < 0.01);
}

#[test]
fn what_is_written_is_read_back() {
    for most in [usize::MAX, 64, 2] {
        let (mut durations, mut used) = of((0..5000).map(|n| f64::from(n) * 7e-4));
        durations.shrink(most, &mut used);
        let mut writer = Writer::default();
        durations.write(&mut writer);
        let mut reader = Reader::new(&writer.bytes);
        let found = QuantileSketch::read(&mut reader).unwrap();
        assert_eq!(reader.end(), Ok(()));
        assert_eq!(format!("{found:?}"), format!("{durations:?}"));
        for cut in 0..writer.bytes.len() {
            assert!(QuantileSketch::read(&mut Reader::new(&writer.bytes[..cut])).is_err());
        }
    }
}

#[test]
fn buckets_out_of_order_and_values_that_are_none_are_refused() {
    let written = |max: f64, collapsed: u8, steps: &[i64]| {
        let mut writer = Writer::default();
        writer.number(0);
        writer.number(1);
        writer.fixed(max.to_bits());
        writer.byte(collapsed);
        writer.number(steps.len() as u64);
        for &step in steps {
            writer.signed(step);
            writer.number(1);
        }
        QuantileSketch::read(&mut Reader::new(&writer.bytes)).is_ok()
    };
    assert!(written(1.0, 11, &[-2000, 4000]));
    for (max, collapsed, steps) in [
        (f64::NAN, 0, &[1][..]),
        (f64::INFINITY, 0, &[1]),
        (-1.0, 0, &[1]),
        (1.0, 12, &[1]),
        (1.0, 0, &[5, 0]),
        (1.0, 0, &[5, -1]),
        (1.0, 0, &[2001]),
        (1.0, 0, &[1, i64::MAX]),
    ] {
        assert!(
            !written(max, collapsed, steps),
            "{max} {collapsed} {steps:?}"
        );
    }
}

#[test]
fn durations_of_any_two_widths_merge_to_those_of_both() {
    let (mut one, mut used) = of((1..=1000).map(f64::from));
    one.shrink(32, &mut used);
    let (two, _) = of((1001..=2000).map(f64::from));
    let (mut turned, mut other) = (two.clone(), MemoryUsed(two.size()));
    one.merge(&two, &mut used);
    let (mut small, mut least) = of((1..=1000).map(f64::from));
    small.shrink(32, &mut least);
    turned.merge(&small, &mut other);
    assert_eq!(one.histogram(), turned.histogram());
    assert_eq!((one.count, one.max), (2000, 2000.0));
    assert_eq!(used.0, one.size());
    assert!((one.quantile(0.5) / 1000.0 - 1.0).abs() < one.error() + 1e-3);
}
