use super::*;
use std::collections::BTreeMap;

/// Hits, each of a row and at a tick.
type Hits = Vec<(usize, i32)>;

const ROWS: usize = 5;

/// Hits that jump about in time, over a span, and from row to row.
fn jumping(count: i32, span: i32) -> Hits {
    let ticks = (0..count).map(|n| n.wrapping_mul(7_919) ^ n.wrapping_mul(104_729));
    let ticks = ticks.map(|tick| tick.rem_euclid(span) - span / 3);
    ticks
        .enumerate()
        .map(|(n, tick)| (n * n % ROWS, tick))
        .collect()
}

/// The trends of hits that come in pieces.
fn of(pieces: &[&[(usize, i32)]]) -> Trends {
    let mut trends = Trends::of_rows(ROWS);
    for hits in pieces {
        trends.reach(span_of(hits.iter().map(|hit| hit.1)));
        let mut place = Place::default();
        for &(row, tick) in *hits {
            trends.add(row, tick, &mut place);
        }
    }
    trends
}

fn written(trends: &Trends) -> Vec<u8> {
    let mut writer = Writer::default();
    trends.write(&mut writer);
    (0..trends.cells.len()).for_each(|row| trends.write_row(row, &mut writer));
    writer.bytes
}

fn read(bytes: &[u8], rows: usize) -> Result<Trends, Damage> {
    let mut reader = Reader::new(bytes);
    let mut found = Trends::read(&mut reader)?;
    found.set_rows(rows);
    (0..rows).try_for_each(|row| found.read_row(row, &mut reader))?;
    reader.end().map(|()| found)
}

#[test]
fn steps_are_as_short_as_they_can_be() {
    let lengths = [
        (0, 1),
        (71, 1),
        (72, 6),
        (431, 6),
        (432, 60),
        (4_319, 60),
        (4_320, 360),
        (25_919, 360),
        (25_920, 8_640),
    ];
    for (last, step) in lengths {
        let trends = of(&[&[(0, 0), (1, last), (0, 0)]]);
        let (axis, columns) = trends.axis().unwrap();
        assert_eq!((axis.step(), columns), (step, (last / step) as usize + 1));
        assert_eq!(trends.total().iter().sum::<u64>(), 3);
    }
    assert_eq!(of(&[&[(0, NONE)]]).axis(), None);
    assert!(of(&[]).row(0).is_empty());
}

#[test]
fn every_hit_is_in_the_step_of_its_time() {
    for span in [1, 50, 5_000, 100_000, 30_000_000] {
        let hits = jumping(5_000, span);
        let trends = of(&hits.chunks(100).collect::<Vec<_>>());
        let (axis, columns) = trends.axis().unwrap();
        assert!(columns <= MOST);
        for row in 0..ROWS {
            let mut expected = BTreeMap::new();
            for (_, tick) in hits.iter().filter(|hit| hit.0 == row) {
                let begin = i64::from(tick.div_euclid(axis.step())) * i64::from(axis.step());
                *expected.entry(begin).or_insert(0u64) += 1;
            }
            let found = trends.row(row).into_iter().enumerate();
            let found = found.filter(|(_, hits)| *hits > 0);
            let found: BTreeMap<i64, u64> =
                found.map(|(at, hits)| (axis.begin(at), hits)).collect();
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn the_order_and_the_parts_in_which_hits_come_change_nothing() {
    for span in [1, 50, 5_000, 100_000, 30_000_000] {
        let hits = jumping(3_000, span);
        let whole = of(&[&hits]);
        let mut sorted = hits.clone();
        sorted.sort_unstable_by_key(|hit| hit.1);
        let pieces: Vec<_> = sorted.chunks(7).collect();
        assert_eq!(written(&of(&pieces)), written(&whole));
        for cut in [0, 1, 10, 1_500] {
            let mut first = of(&[&hits[..cut]]);
            first.merge(&of(&[&hits[cut..]]), Some);
            assert_eq!(written(&first), written(&whole));
        }
    }
}

#[test]
fn rows_leave_and_what_is_behind_moves_up() {
    let hits: Hits = (0..2_000).map(|n| ((n % 5) as usize, n / 100)).collect();
    let whole = of(&[&hits, &hits]);
    let mut kept = whole.clone();
    kept.retain(|row| row % 2 == 0);
    assert_eq!(kept.cells.len(), 3);
    assert!((0..3).all(|row| kept.row(row) == whole.row(2 * row)));
    kept.merge(&whole, |row| (row == 1).then_some(2));
    let sums = whole.row(1).into_iter().zip(whole.row(4));
    assert_eq!(
        kept.row(2),
        sums.map(|(one, two)| one + two).collect::<Vec<_>>()
    );
    assert_eq!(kept.row(0), whole.row(0));
}

#[test]
fn cells_hold_any_number_of_hits() {
    let many: Hits = (0..100_000).map(|n| ((n % 2) as usize, 3)).collect();
    let mut trends = of(&[&many, &[(0, 3), (0, 5), (4, 400)]]);
    assert_eq!((trends.row(0)[0], trends.row(1)[0]), (50_002, 50_000));
    let same = trends.clone();
    trends.merge(&same, |row| (row < 2).then(|| 1 - row));
    assert_eq!((trends.row(0)[0], trends.row(1)[0]), (100_002, 100_002));
    trends.retain(|row| row == 1);
    assert_eq!(trends.row(0)[0], 100_002);
    assert_eq!(trends.total(), trends.row(0));
    let found = read(&written(&trends), 1).unwrap();
    assert_eq!(found.row(0), trends.row(0));
}

#[test]
fn any_instants_are_few_steps() {
    let ticks = [i64::MIN, -1, 0, i64::MAX].map(tick_of);
    let hits: Hits = ticks.into_iter().map(|tick| (0, tick)).collect();
    for pieces in [vec![&hits[..]], hits.chunks(1).collect()] {
        let trends = of(&pieces);
        assert_eq!(trends.row(0).iter().sum::<u64>(), 4);
    }
    assert_eq!((tick_of(FIRST), tick_of(FIRST - 1)), (0, -1));
}

#[test]
fn what_is_written_is_read_back_and_goes_on() {
    for span in [1, 50, 5_000, 30_000_000] {
        let (hits, more) = (jumping(3_000, span), jumping(50, 2 * span));
        let whole = of(&[&hits]);
        let mut found = read(&written(&whole), ROWS).unwrap();
        assert_eq!(written(&found), written(&whole));
        found.merge(&of(&[&more]), Some);
        assert_eq!(written(&found), written(&of(&[&hits, &more])));
    }
    assert_eq!(read(&written(&of(&[])), ROWS).unwrap().axis(), None);
}

#[test]
fn damage_is_found() {
    let bytes = |(first, last): (i64, i64), cells: &[(u8, u64)]| {
        let mut writer = Writer::default();
        writer.byte(1);
        writer.signed(first);
        writer.signed(last);
        writer.byte(cells.len() as u8);
        for &(column, hits) in cells {
            writer.byte(column);
            writer.number(hits);
        }
        writer.bytes
    };
    assert!(read(&bytes((5, 71), &[(0, 1), (66, 300)]), 1).is_ok());
    for damaged in [
        bytes((5, 4), &[]),
        bytes((0, 1 << 40), &[]),
        bytes((EARLIEST - 1, 0), &[]),
        bytes((0, 71), &[(1, 1), (1, 1)]),
        bytes((0, 71), &[(2, 1), (1, 1)]),
        bytes((0, 70), &[(71, 1)]),
        bytes((0, 71), &[(0, 0)]),
        bytes((0, 71), &[(0, 1 << 40)]),
        vec![2],
        vec![1, 0],
        vec![0, 1, 0, 1],
    ] {
        assert!(read(&damaged, 1).is_err(), "{damaged:?}");
    }
}
