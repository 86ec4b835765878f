use super::*;

#[test]
fn quotients_round_down_and_have_one_code_each() {
    let mut hours = Quotients::new(3600);
    let codes = [7199, 3600, 7200, -1, 3599, 7199].map(|number| hours.code(number));
    assert_eq!(codes, [0, 0, 1, 2, 3, 0]);
    let keys: Vec<String> = (0..4).map(|code| hours.key(code)).collect();
    assert_eq!(keys, ["1", "2", "-1", "0"]);
}

#[test]
fn numbers_at_the_ends_are_divided_too() {
    for divisor in [0, 1, 7, i64::MAX] {
        let mut all = Quotients::new(divisor);
        for number in [i64::MIN, i64::MAX, 0, i64::MIN] {
            let code = all.code(number) as usize;
            let expected = number.div_euclid(divisor.max(1)).to_string();
            assert_eq!(all.key(code), expected, "{number} by {divisor}");
        }
    }
}
