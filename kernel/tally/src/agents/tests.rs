use super::*;

fn spec(pattern: &str, answers: usize) -> Spec {
    let answers = ["$1", "$2", "$3"].into_iter().take(answers);
    Spec {
        pattern: pattern.to_owned(),
        answers: answers.map(str::to_owned).collect(),
    }
}

#[test]
fn the_first_characters_of_a_text_are_read_in_ascii() {
    assert_eq!(normalize(" ab\x1f\n", 10), "ab");
    assert_eq!(normalize("abc def", 4), "abc");
    assert_eq!(normalize("\u{2003}Ärger ü ", 20), "?rger ?");
    assert_eq!(normalize("äöü", 2), "??");
}

#[test]
fn a_human_has_a_browser_that_runs_on_something_or_begins_as_browsers_do() {
    let guide = Guide::new(GuideSpec {
        browsers: vec![spec(r"(Fire|Lynx)/(\d+)", 2)],
        systems: vec![spec(r"(Box|Mac) (\d+)\.(\d+)", 3)],
        by_minor: HashSet::from(["Mac".to_owned()]),
        text_browsers: HashSet::from(["Lynx".to_owned()]),
        beginnings: vec!["Mo/".to_owned()],
    });
    let guide = guide.unwrap();
    let describe = |text: &str| {
        let agent = guide.browser(text);
        assert_eq!(guide.is_human(text), agent.kind == HUMAN, "{text}");
        format!(
            "{} {} on {} {}, {}",
            agent.browser.name(),
            agent.browser.version(),
            agent.system.name(),
            agent.system.version(),
            agent.kind
        )
    };
    assert_eq!(describe("Fire/7 (Mac 10.15)"), "Fire 7 on Mac 10.15, human");
    assert_eq!(describe("Fire/7 (Box 10.15)"), "Fire 7 on Box 10, human");
    assert_eq!(describe("Mo/5 Fire/7"), "Fire 7 on  , human");
    assert_eq!(describe("Lynx/2"), "Lynx 2 on  , human");
    assert_eq!(describe("Fire/7"), "Fire 7 on  , unknown");
    assert_eq!(describe("Mo/5 Mac 10.1"), "  on Mac 10.1, unknown");
}
