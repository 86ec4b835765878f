use super::*;

/// One hit for each time.
fn hits(times: &[i64]) -> Vec<Hit> {
    let hit = |row| Hit {
        row,
        ..Hit::default()
    };
    (0..times.len() as u32).map(hit).collect()
}

fn origin<'a>(hits: &'a [Hit], times: &'a [i64]) -> Origin<'a> {
    Origin {
        hits,
        times,
        next: 0,
        latest: i64::MIN,
    }
}

fn clock(lateness: i64, width: i64) -> Clock {
    Clock {
        lateness,
        width,
        period: None,
        slowest: None,
        watermark: i64::MIN,
    }
}

/// What arrives of some origins, in buckets of 10, and where each stands then.
fn run(all: &[&[i64]], clock: &mut Clock) -> (Vec<Stretch>, Vec<(usize, i64)>) {
    let made: Vec<_> = all.iter().map(|times| hits(times)).collect();
    let of = made
        .iter()
        .zip(all)
        .map(|(hits, times)| origin(hits, times));
    let mut origins: Vec<_> = of.collect();
    let stretches = arrive(&mut origins, clock);
    let positions = origins.iter().map(|origin| (origin.next, origin.latest));
    (stretches, positions.collect())
}

/// (end of the last closed bucket, late hits, parts)
type Seen = (i64, u64, Vec<(usize, usize, usize)>);

fn seen(stretches: Vec<Stretch>) -> Vec<Seen> {
    let seen = stretches.into_iter();
    seen.map(|s| (s.closed, s.late, s.parts)).collect()
}

#[test]
fn a_bucket_closes_when_the_watermark_has_passed_it() {
    let mut clock = clock(5, 10);
    let (stretches, positions) = run(&[&[10, 14, 15, 24, 25]], &mut clock);
    assert_eq!(
        seen(stretches),
        [
            (0, 0, vec![(0, 0, 2)]),
            (10, 0, vec![(0, 2, 4)]),
            (20, 0, vec![(0, 4, 5)])
        ]
    );
    assert_eq!((positions, clock.watermark), (vec![(5, 25)], 20));
}

#[test]
fn a_hit_older_than_the_watermark_is_late_and_does_not_set_it_back() {
    let mut clock = clock(5, 10);
    let (stretches, _) = run(&[&[30, 25, 24, 3, 31]], &mut clock);
    // 25 is at the watermark, not behind it.
    assert_eq!(seen(stretches), [(20, 2, vec![(0, 0, 5)])]);
    assert_eq!(clock.watermark, 26);
}

#[test]
fn origins_take_turns_by_time_and_the_first_leads_where_times_are_equal() {
    let (stretches, _) = run(&[&[10, 12, 30], &[10, 11, 30]], &mut clock(0, 1));
    assert_eq!(
        seen(stretches),
        [
            (10, 0, vec![(0, 0, 1), (1, 0, 1)]),
            (11, 0, vec![(1, 1, 2)]),
            (12, 0, vec![(0, 1, 2)]),
            (30, 0, vec![(0, 2, 3)]),
        ]
    );
}

#[test]
fn where_one_origin_runs_out_the_others_wait() {
    let (stretches, positions) = run(&[&[10, 50], &[20]], &mut clock(0, 100));
    assert_eq!(seen(stretches), [(0, 0, vec![(0, 0, 1), (1, 0, 1)])]);
    assert_eq!(positions, [(1, 10), (1, 20)]);
    let (stretches, positions) = run(&[&[10], &[]], &mut clock(0, 100));
    assert_eq!(stretches, []);
    assert_eq!(positions, [(0, i64::MIN), (0, i64::MIN)]);
    assert_eq!(run(&[], &mut clock(0, 100)), (vec![], vec![]));
}

#[test]
fn a_clock_that_goes_back_does_not_reorder_an_origin() {
    // The second origin's 5 was logged after its 20: it arrives with it.
    let (stretches, _) = run(&[&[10, 15, 40], &[20, 5, 40]], &mut clock(100, 1));
    let order: Vec<_> = stretches.into_iter().flat_map(|s| s.parts).collect();
    assert_eq!(order[..2], [(0, 0, 1), (0, 1, 2)]);
    assert_eq!(order[2], (1, 0, 2));
}

#[test]
fn the_slowest_origin_holds_the_watermark_back() {
    let mut held = clock(5, 10);
    held.slowest = Some(12);
    let (stretches, positions) = run(&[&[30, 40]], &mut held);
    assert_eq!(seen(stretches), [(0, 0, vec![(0, 0, 2)])]);
    assert_eq!((held.watermark, positions), (7, vec![(2, 40)]));
}

#[test]
fn display_periods_follow_the_latest_time() {
    let mut clock = clock(5, 100);
    clock.period = Some(10);
    let (stretches, _) = run(&[&[18, 20, 19, 31]], &mut clock);
    let periods: Vec<_> = stretches.iter().map(|s| (s.period, &s.parts[..])).collect();
    assert_eq!(
        periods,
        [
            (10, &[(0, 0, 1)][..]),
            (20, &[(0, 1, 3)]),
            (30, &[(0, 3, 4)])
        ]
    );
}

#[test]
fn how_hits_are_cut_into_batches_makes_no_difference() {
    let times = [[10, 13, 12, 40, 22, 41, 60], [11, 11, 35, 34, 50, 52, 61]];
    let made = times.map(|times| hits(&times));
    let mut whole = clock(7, 10);
    let expected = run(&[&times[0], &times[1]], &mut whole).0;
    for cut in 0..7 {
        let mut parts = clock(7, 10);
        let mut origins = [0, 1].map(|index| origin(&made[index][..cut], &times[index]));
        let mut found = arrive(&mut origins, &mut parts);
        for (origin, hits) in origins.iter_mut().zip(&made) {
            origin.hits = hits;
        }
        for more in arrive(&mut origins, &mut parts) {
            join(&mut found, more);
        }
        assert_eq!(found, expected, "{cut}");
        assert_eq!(parts.watermark, whole.watermark);
    }
}

/// Add a stretch, to the one before where nothing closes between them.
fn join(found: &mut Vec<Stretch>, more: Stretch) {
    match found.last_mut() {
        Some(last) if (last.period, last.closed) == (more.period, more.closed) => {
            last.late += more.late;
            for (origin, begin, end) in more.parts {
                match last.parts.iter_mut().find(|part| part.0 == origin) {
                    Some(part) => part.2 = end,
                    None => last.parts.push((origin, begin, end)),
                }
            }
        }
        _ => found.push(more),
    }
}

#[test]
fn what_arrived_before_counts() {
    // A hit of 5 behind one of 20 is in order by 20, after another origin's of 10.
    let (back, new) = ([5, 20], [10, 30]);
    let made = [hits(&back), hits(&new)];
    let mut origins = [origin(&made[0], &back), origin(&made[1], &new)];
    origins[0].latest = 20;
    let stretches = arrive(&mut origins, &mut clock(0, 100));
    let parts: Vec<_> = stretches.into_iter().flat_map(|s| s.parts).collect();
    assert_eq!(parts, [(1, 0, 1), (0, 0, 2)]);
    let (_, positions) = run(&[&[20, 5], &[30]], &mut clock(0, 100));
    assert_eq!(positions, [(2, 20), (0, i64::MIN)]);
    // So does the watermark: it does not go back for an origin that comes later.
    let mut late = clock(5, 10);
    late.watermark = 50;
    let (stretches, _) = run(&[&[20, 49, 50]], &mut late);
    assert_eq!(seen(stretches), [(50, 2, vec![(0, 0, 3)])]);
    assert_eq!(late.watermark, 50);
}

#[test]
fn stretches_without_late_hits_are_joined_within_a_display_period() {
    let mut clock = clock(5, 10);
    clock.period = Some(40);
    let (stretches, _) = run(
        &[&[10, 20, 31, 45, 60, 20, 61, 70], &[12, 50, 70]],
        &mut clock,
    );
    let apart: Vec<_> = stretches
        .iter()
        .map(|s| (s.period, s.closed, s.late))
        .collect();
    assert_eq!(
        apart,
        [
            (0, 0, 0),
            (0, 10, 0),
            (0, 20, 0),
            (40, 40, 0),
            (40, 50, 1),
            (40, 60, 0)
        ]
    );
    let found: Vec<_> = joined(stretches, false)
        .into_iter()
        .map(|s| (s.period, s.closed, s.late, s.parts))
        .collect();
    assert_eq!(
        found,
        [
            (0, 0, 0, vec![(0, 0, 1), (1, 0, 1)]),
            (0, 20, 0, vec![(0, 1, 3)]),
            (40, 40, 0, vec![(0, 3, 4), (1, 1, 2)]),
            (40, 50, 1, vec![(0, 4, 7)]),
            (40, 60, 0, vec![(0, 7, 8)]),
        ]
    );
}
