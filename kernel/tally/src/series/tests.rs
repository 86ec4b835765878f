use super::*;

fn sums(hits: u64, bytes: u64) -> Sums {
    Sums { hits, bytes }
}

#[test]
fn sums_are_those_of_the_stretch_that_is_asked_for() {
    let mut series = Series::new(10, 1 << 20);
    for (start, key, amount) in [(0, "a", 1), (10, "a", 2), (10, "b", 5), (20, "a", 7)] {
        series.add(start, key, sums(1, amount));
    }
    let (found, other) = series.sums(10, 20);
    assert_eq!(
        (found["a"], found["b"], found.len()),
        (sums(1, 2), sums(1, 5), 2)
    );
    assert_eq!(other, Sums::default());
    series.forget(20);
    assert_eq!(series.sums(0, 30).0["a"], sums(1, 7));
}

#[test]
fn the_largest_keys_stay_however_many_there_are() {
    let mut series = Series::new(50, 1 << 20);
    for key in 0..10_000_u64 {
        series.add(0, &key.to_string(), sums(1, 1));
        series.add(0, "many", sums(1, 0));
        series.add(0, "large", sums(0, 1));
    }
    let (found, other) = series.sums(0, 1);
    assert!(found.len() <= 150);
    assert_eq!((found["many"].hits, found["large"].bytes), (10_000, 10_000));
    let hits: u64 = found.values().map(|sums| sums.hits).sum();
    assert_eq!(hits + other.hits, 20_000);
}

#[test]
fn buckets_that_are_packed_say_what_they_said() {
    let mut series = Series::new(10, 1 << 20);
    let mut plain: HashMap<String, Sums> = HashMap::new();
    for number in 0..20_000_u64 {
        // In and out of order: buckets are packed and opened again.
        let start = (number * 7919 % 3000) as i64;
        let key = format!("/{}", number % 13);
        series.add(start, &key, sums(1, number));
        plain.entry(key).or_default().add(sums(1, number));
    }
    assert!(series.packed.len() > 2000);
    let (found, other) = series.sums(i64::MIN, i64::MAX);
    assert_eq!(other, Sums::default());
    assert_eq!(found.len(), 13);
    assert!(plain.iter().all(|(key, sums)| found[key.as_str()] == *sums));
    series.forget(2990);
    assert_eq!(
        series.size,
        series.packed.values().map(|p| cost(p)).sum::<usize>()
    );
}

#[test]
fn memory_is_bounded_by_fewer_keys_and_then_by_fewer_buckets() {
    let mut series = Series::new(500, 200_000);
    for start in 0..5000 {
        for key in 0..20 {
            series.add(
                start,
                &format!("/section-{key}"),
                sums(u64::from(key == 3) + 1, 9),
            );
        }
        assert!(series.size <= 200_000);
    }
    let (found, _) = series.sums(4000, 4001);
    assert_eq!(found["/section-3"], sums(2, 9));
    assert!(series.sums(0, 1).0.is_empty());
}

#[test]
fn a_bucket_that_is_added_to_is_exact_however_few_keys_others_keep() {
    let mut series = Series::new(500, 20_000);
    for start in 0..2000 {
        for key in 0..20 {
            series.add(start, &format!("/section-{key}"), sums(1, 9));
        }
    }
    assert_eq!(series.packed_capacity, 1);
    let (found, other) = series.sums(1999, 2000);
    assert_eq!((found.len(), other), (20, Sums::default()));
}

#[test]
fn hits_that_follow_each_other_in_a_bucket_are_one_run() {
    let hits = [
        (10, 0, 5),
        (19, 2, 1),
        (12, 0, 0),
        (20, 0, 7),
        (-1, 1, 2),
        (11, 2, 3),
    ];
    let runs = sum_runs(hits.into_iter(), 10, 3);
    assert_eq!(
        runs,
        [
            (10, vec![(0, sums(2, 5)), (2, sums(1, 1))]),
            (20, vec![(0, sums(1, 7))]),
            (-10, vec![(1, sums(1, 2))]),
            (10, vec![(2, sums(1, 3))]),
        ]
    );
    assert!(sum_runs([].into_iter(), 10, 3).is_empty());
}
