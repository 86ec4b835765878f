use super::*;

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// Two hours east from the tenth day on, one before and after the twentieth.
fn summer() -> Offsets {
    Offsets::new(vec![
        (i64::MIN, 3_600),
        (10 * DAY + HOUR, 7_200),
        (20 * DAY + HOUR, 3_600),
    ])
}

#[test]
fn days_begin_at_midnight_of_the_zone() {
    let zone = summer();
    assert_eq!(zone.cell(0, DAY), (0, -HOUR..DAY - HOUR));
    assert_eq!(zone.cell(DAY - HOUR, DAY).0, 1);
    assert_eq!(zone.cell(15 * DAY - 2 * HOUR, DAY).0, 15);
    assert_eq!(zone.cell(15 * DAY - 2 * HOUR - 1, DAY).0, 14);
}

#[test]
fn a_day_on_which_clocks_change_has_23_or_25_hours() {
    let zone = summer();
    let hours = |day: i64| {
        (0..30 * 24)
            .filter(|hour| zone.cell(hour * HOUR, DAY).0 == day)
            .count()
    };
    assert_eq!(
        [hours(9), hours(10), hours(20), hours(21)],
        [24, 23, 25, 24]
    );
}

#[test]
fn what_is_said_to_be_of_one_cell_is() {
    let zone = summer();
    for width in [HOUR, DAY, 7 * SECOND] {
        for half_hour in -4..30 * 48 {
            let instant = half_hour * HOUR / 2 + 1;
            let (cell, same) = zone.cell(instant, width);
            assert!(same.contains(&instant));
            for other in [same.start, same.end - 1] {
                assert_eq!(zone.cell(other, width), (cell, same.clone()));
            }
        }
    }
}

#[test]
fn without_offsets_it_is_utc() {
    let utc = Offsets::default();
    for (number, width) in [(-1, DAY), (0, 1), (i64::MIN, 7), (i64::MAX, i64::MAX)] {
        assert_eq!(utc.cell(number, width).0, number.div_euclid(width));
    }
}
