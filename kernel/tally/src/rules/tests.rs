use super::needs::{Need, needs_of};
use super::*;

fn spec(pattern: &str, answer: &str) -> Spec {
    Spec {
        pattern: pattern.into(),
        answers: vec![answer.into()],
    }
}

fn rules(patterns: &[(&str, &str)]) -> Rules {
    let specs = patterns
        .iter()
        .map(|(pattern, answer)| spec(pattern, answer));
    Rules::new(vec![specs.collect(), vec![spec("(b+)", "${1}!")]]).unwrap()
}

fn parsed(pattern: &str) -> Hir {
    parser().parse(pattern).unwrap()
}

fn needs(pattern: &str) -> Vec<Vec<String>> {
    let words = |need: Need| {
        need.into_iter()
            .map(|word| String::from_utf8(word).unwrap())
    };
    needs_of(&parsed(pattern))
        .into_iter()
        .map(|need| words(need).collect())
        .collect()
}

#[test]
fn the_first_rule_that_matches_answers_each_question() {
    let rules = rules(&[
        (r"(Fire)/(\d+)", "$1 $2"),
        (r"fox(?:es|)", "a fox"),
        (r"^\d", "a number"),
    ]);
    let first = |text: &str| {
        rules.answers(text)[0]
            .as_ref()
            .map(|answer| answer[0].clone())
    };
    assert_eq!(first("Firefox Fire/7"), Some("Fire 7".into()));
    assert_eq!(first("Firefox Fire/x"), Some("a fox".into()));
    assert_eq!(first("7"), Some("a number".into()));
    assert_eq!(first("fire/7"), None);
    assert_eq!(rules.answers("abb")[1], Some(vec!["bb!".into()]));
    assert!(Rules::new(vec![vec![spec("(", "")]]).is_err());
}

#[test]
fn a_rule_tells_what_a_text_must_hold() {
    assert_eq!(needs(r"(Fire)/(\d+)\.x"), [["fire/"], [".x"]]);
    assert_eq!(needs("(?i)opera"), [["opera"]]);
    assert_eq!(
        needs("(?:cat|mouse) ?(?:dog)+"),
        [vec!["dog"], vec!["cat", "mouse"]]
    );
    assert_eq!(needs("(?:cat|)x|y").len(), 0);
    assert_eq!(needs(r"\bab$"), [["ab"]]);
}

#[test]
fn a_rule_with_a_word_in_it_is_tried_wherever_it_matches() {
    let patterns = [
        r"(?:Cat|Dog)s? (?:[Ff]ood){1,2}",
        r"x{2,3}yz*",
        r"(a|b|cd)(?:ef|g)",
        r"(?i)(?:one|two).{0,200}three",
    ];
    for text in [
        "Cats food",
        "Dog Foodfood",
        "xxy",
        "bg",
        "cdef",
        "a",
        "TWO and thREE",
    ] {
        for pattern in patterns {
            let alone = compiled(&parsed(pattern)).unwrap();
            let rules = rules(&[(pattern, "it")]);
            let found = rules.answers(text)[0].is_some();
            assert_eq!(found, alone.is_match(text), "{pattern} {text}");
        }
    }
}

#[test]
fn a_repetition_that_ends_far_away_has_no_end() {
    let rules = rules(&[("a.{0,100}z", "far"), ("q.{0,99}r", "near")]);
    let far = format!("a{}z q{}r", "-".repeat(500), "-".repeat(100));
    assert_eq!(rules.answers(&far)[0], Some(vec!["far".into()]));
    assert_eq!(rules.answers(&far[502..])[0], None);
}
