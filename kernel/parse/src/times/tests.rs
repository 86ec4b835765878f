use super::*;

fn read(text: &str, format: &TimeFormat) -> Option<i64> {
    let mut parts = Parts::default();
    parts.read(text.as_bytes(), format)?;
    let moment = parts.resolve(&Calendar::default(), &Course::default())?;
    Some(moment.instant)
}

#[test]
fn common_log_times_honour_their_offset() {
    let at = |text| read(text, &TimeFormat::Clf);
    assert_eq!(at("10/Oct/2000:13:55:36 -0700"), Some(971_211_336 * MICROS));
    assert_eq!(at("29/Feb/2023:00:00:00 +0000"), None);
    assert_eq!(
        at("29/Feb/2024:00:00:00 +0000"),
        Some(1_709_164_800 * MICROS)
    );
    assert_eq!(at("10/Okt/2000:13:55:36 -0700"), None);
    assert_eq!(at("10/Oct/2000:24:55:36 -0700"), None);
}

#[test]
fn iso_times_have_fractions_and_offsets() {
    let at = |text| read(text, &TimeFormat::Iso);
    assert_eq!(at("2000-10-10T20:55:36Z"), Some(971_211_336 * MICROS));
    assert_eq!(
        at("2000-10-10 13:55:36.1234567-07:00"),
        Some(971_211_336 * MICROS + 123_456)
    );
    assert_eq!(at("2000-10-10T20:55:36+0000x"), None);
}

#[test]
fn epochs_come_in_several_units() {
    let epoch = |microseconds| TimeFormat::Epoch { microseconds };
    assert_eq!(
        read("1525344856.899", &epoch(1e6)),
        Some(1_525_344_856_899_000)
    );
    assert_eq!(
        read("1525344856899", &epoch(1e3)),
        Some(1_525_344_856_899_000)
    );
    assert_eq!(read("99999999999999999999", &epoch(1e6)), None);
    assert_eq!(read("9223372036854775807", &epoch(1e6)), None);
}

#[test]
fn names_of_zones_are_offsets_where_they_are_certain() {
    let iso = |text| read(text, &TimeFormat::Iso);
    let known = Some(971_211_336 * MICROS);
    assert_eq!(iso("2000-10-10 20:55:36 UTC"), known);
    assert_eq!(iso("2000-10-10 13:55:36 -0700 MST"), known);
    assert_eq!(iso("2000-10-10 20:55:36 toolong"), None);
    assert_eq!(iso("2000-10-10 20:55:36 UTC?"), None);
    assert_eq!(read("10/Oct/2000:20:55:36 GMT", &TimeFormat::Clf), known);
    assert_eq!(read("10/Oct/2000:13:55:36 -07:00", &TimeFormat::Clf), known);
    let fraction = read("10/Oct/2000:13:55:36.250 -0700", &TimeFormat::Clf);
    assert_eq!(fraction, known.map(|at| at + 250_000));
    assert_eq!(read("10/Oct/2000:13:55:36 -2500", &TimeFormat::Clf), None);
    // EST is -5 in New York and was +10 in Sydney: only the user knows.
    let mut parts = Parts::default();
    parts
        .read(b"2000-10-10 20:55:36 EST", &TimeFormat::Iso)
        .unwrap();
    assert_eq!(parts.offset, None);
}

/// Berlin, 2024: +1 until 31 March 01:00 UTC, then +2 until 27 October 01:00 UTC.
fn berlin() -> Calendar {
    Calendar {
        zone: Zone(vec![
            (i64::MIN, 3_600),
            (1_711_846_800 * MICROS, 7_200),
            (1_729_990_800 * MICROS, 3_600),
        ]),
        ..Calendar::default()
    }
}

/// Seconds since 1970 of lines one behind the other.
fn places(calendar: &Calendar, format: &TimeFormat, lines: &[&str]) -> Vec<i64> {
    let mut course = Course::default();
    let place = |text: &&str| {
        let mut parts = Parts::default();
        parts.read(text.as_bytes(), format).unwrap();
        let moment = parts.resolve(calendar, &course).unwrap();
        course.observe(moment);
        moment.instant / MICROS
    };
    lines.iter().map(place).collect()
}

#[test]
fn wall_clocks_are_placed_by_their_zone() {
    let place = |text| places(&berlin(), &TimeFormat::Iso, &[text])[0];
    assert_eq!(place("2024-01-01 01:00:00"), 1_704_067_200);
    assert_eq!(place("2024-07-01 02:00:00"), 1_719_792_000);
    assert_eq!(place("2024-03-31 02:30:00"), 1_711_848_600);
    assert_eq!(place("2024-10-27 02:30:00"), 1_729_989_000);
}

#[test]
fn a_clock_that_is_set_back_is_in_its_second_pass() {
    let night = [
        "2024-10-27 02:59:58",
        "2024-10-27 02:00:03",
        // Written late: it ended after the clock was set back.
        "2024-10-27 02:59:59",
        "2024-10-27 02:00:04",
        "2024-10-27 02:29:59",
        "2024-10-27 02:59:59",
        "2024-10-27 03:00:00",
        "2024-10-27 02:59:59",
    ];
    let change = 1_729_990_800;
    let wanted = [-2, 3, -1, 4, 1799, 3599, 3600, 3599].map(|second| change + second);
    assert_eq!(places(&berlin(), &TimeFormat::Iso, &night), wanted);
}

#[test]
fn a_long_request_is_no_clock_set_back() {
    let night = [
        "2024-10-27 02:50:00",
        "2024-10-27 02:25:00",
        "2024-10-27 02:50:01",
    ];
    let before = 1_729_990_800 - 3600;
    let wanted = [3000, 1500, 3001].map(|second| before + second);
    assert_eq!(places(&berlin(), &TimeFormat::Iso, &night), wanted);
}

#[test]
fn a_clock_without_a_date_that_goes_back_has_passed_midnight() {
    let clock = TimeFormat::Pattern(vec![
        Item::Hour,
        Item::Literal(b':'),
        Item::Minute,
        Item::Literal(b':'),
        Item::Second,
    ]);
    let begun = |seconds: i64| Calendar {
        begun: Some((15_916 * 86_400 + seconds) * MICROS),
        ..Calendar::default()
    };
    let place = |begun: &Calendar, lines: &[&str]| -> Vec<i64> {
        let placed = places(begun, &clock, lines);
        placed.iter().map(|s| s - 15_916 * 86_400).collect()
    };
    let day = 86_400;
    assert_eq!(
        place(
            &begun(0),
            &[
                "23:59:58", "00:00:03", "23:59:59", "00:00:04", "20:00:00", "09:00:00"
            ]
        ),
        [
            day - 2,
            day + 3,
            day - 1,
            day + 4,
            day + 72_000,
            2 * day + 32_400
        ]
    );
    // The head was written before midnight, the first line after it.
    assert_eq!(place(&begun(day - 10), &["00:00:03"]), [day + 3]);
    assert_eq!(place(&begun(10), &["13:00:00"]), [46_800]);
}

#[test]
fn offsets_can_be_ignored() {
    let calendar = Calendar {
        zone: Zone(vec![(i64::MIN, 7)]),
        without_offsets: true,
        ..Calendar::default()
    };
    let written = ["10/Oct/2000:13:55:36 -0700", "10/Oct/2000:13:55:36 +0200"];
    let found = places(&calendar, &TimeFormat::Clf, &written);
    assert_eq!(found, [971_186_129, 971_186_129]);
    let epoch = TimeFormat::Epoch { microseconds: 1e6 };
    assert_eq!(places(&calendar, &epoch, &["971186136"]), [971_186_136]);
}
