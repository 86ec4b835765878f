use super::*;

#[test]
fn quotients_round_down_and_have_one_code_each() {
    let utc = Offsets::default();
    let mut hours = Quotients::new(3600, &utc);
    let codes = [7199, 3600, 7200, -1, 3599, 7199].map(|number| hours.code(number));
    assert_eq!(codes, [0, 0, 1, 2, 3, 0]);
    let keys: Vec<String> = (0..4).map(|code| hours.key(code)).collect();
    assert_eq!(keys, ["1", "2", "-1", "0"]);
}

#[test]
fn numbers_at_the_ends_are_divided_too() {
    let utc = Offsets::default();
    for divisor in [0, 1, 7, i64::MAX] {
        let mut all = Quotients::new(divisor, &utc);
        for number in [i64::MIN, i64::MAX, 0, i64::MIN] {
            let code = all.code(number) as usize;
            let expected = number.div_euclid(divisor.max(1)).to_string();
            assert_eq!(all.key(code), expected, "{number} by {divisor}");
        }
    }
}

#[test]
fn times_are_divided_as_the_clocks_of_a_zone_show_them() {
    let india = Offsets::new(vec![(i64::MIN, 19_800)]);
    let mut hours = Quotients::new(3_600_000_000, &india);
    let half = 1_800_000_000;
    let codes = [-half, half - 1, half].map(|time| hours.code(time));
    let keys = codes.map(|code| hours.key(code as usize));
    assert_eq!(keys, ["5", "5", "6"]);
}
