use super::sample;

fn numbered(count: usize) -> Vec<u8> {
    let lines = (0..count).map(|number| format!("{number}\n"));
    lines.collect::<String>().into_bytes()
}

#[test]
fn about_one_in_so_many_lines_is_chosen_anywhere() {
    let lines = numbered(100_000);
    for one_in in [2, 10, 100] {
        for seed in 0..20 {
            let chosen = sample(&lines, one_in, seed, None);
            let numbers = chosen
                .split(|&byte| byte == b'\n')
                .filter(|n| !n.is_empty());
            let numbers: Vec<usize> = numbers
                .map(|n| std::str::from_utf8(n).unwrap().parse().unwrap())
                .collect();
            let share = 1.0 / one_in as f64;
            let spread = (100_000.0 * share * (1.0 - share)).sqrt();
            let off = numbers.len() as f64 - 100_000.0 * share;
            assert!(off.abs() < 5.0 * spread, "one in {one_in}: {off} too many");
            // Half of them are of each half of the lines.
            let early = numbers.iter().filter(|&&n| n < 50_000).count() as f64;
            let all = numbers.len() as f64;
            assert!((early - all / 2.0).abs() < 2.5 * all.sqrt());
        }
    }
}

#[test]
fn the_same_seed_chooses_the_same_lines_and_another_others() {
    let lines = numbered(1_000);
    assert_eq!(sample(&lines, 10, 7, None), sample(&lines, 10, 7, None));
    assert_ne!(sample(&lines, 10, 7, None), sample(&lines, 10, 8, None));
}

#[test]
fn lines_by_which_others_are_read_all_stay() {
    let lines = "#Fields: time\n0\n".repeat(1_000).into_bytes();
    let chosen = sample(&lines, 1_000_000, 1, Some(b'#'));
    assert_eq!(chosen, "#Fields: time\n".repeat(1_000).as_bytes());
}

#[test]
fn a_last_line_without_an_end_stays_as_it_is() {
    assert_eq!(sample(b"a\nb", 1, 3, None), b"a\nb");
    assert_eq!(sample(b"", 1, 3, None), b"");
}
