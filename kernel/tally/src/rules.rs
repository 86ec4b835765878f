//! Of many regular expressions the first that matches a text, without trying most of them.
//!
//! A rule tells which words a text has to hold for it to match. One automaton finds the words of
//! all rules; only those rules whose words are all there are tried, in their order, and a rule is
//! compiled when it is first tried.

use aho_corasick::AhoCorasick;
use regex_automata::meta;
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Repetitions that end at so many or more have no end: what counts them takes much memory, and
/// they are there to keep other engines from going back.
const ENDLESS: u32 = 100;

/// A word of fewer bytes is found too often to tell anything.
const SHORTEST: usize = 2;

/// Words of a rule that are looked for: alternatives of one are as good as one.
const NEEDS: usize = 3;

/// How large a compiled rule may be, bytes.
const LARGEST: usize = 1 << 20;

/// A rule as it is given: the expression, and what is answered, in which `$1` stands for the
/// first group.
pub struct Spec {
    pub pattern: String,
    pub answers: Vec<String>,
}

struct Rule {
    question: usize,
    expression: Hir,
    compiled: OnceLock<Option<meta::Regex>>,
    answers: Vec<String>,
    /// A bit for each need.
    needs: u8,
}

/// Rules that answer some questions, each from rules of its own.
pub struct Rules {
    rules: Vec<Rule>,
    questions: usize,
    words: AhoCorasick,
    /// By word, the rules that need it, and the bits of the needs that it meets.
    needed: Vec<Vec<(usize, u8)>>,
    /// Rules that need no word.
    free: Vec<usize>,
}

impl Rules {
    /// Argument: of each question, its rules in order.
    pub fn new(questions: Vec<Vec<Spec>>) -> Result<Self, String> {
        let count = questions.len();
        let (mut rules, mut free) = (Vec::new(), Vec::new());
        let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut needed: Vec<Vec<(usize, u8)>> = Vec::new();
        let mut parser = parser();
        for (question, specs) in questions.into_iter().enumerate() {
            for Spec { pattern, answers } in specs {
                let parsed = parser.parse(&pattern);
                let expression = endless(parsed.map_err(|error| error.to_string())?);
                let (mut needs, at) = (0u8, rules.len());
                for (need, words) in needs_of(&expression).into_iter().enumerate() {
                    let bit = 1 << need;
                    needs |= bit;
                    for word in words {
                        let place = *places.entry(word).or_insert(needed.len());
                        needed.resize_with(needed.len().max(place + 1), Vec::new);
                        needed[place].push((at, bit));
                    }
                }
                if needs == 0 {
                    free.push(at);
                }
                rules.push(Rule {
                    question,
                    expression,
                    compiled: OnceLock::new(),
                    answers,
                    needs,
                });
            }
        }
        let mut words: Vec<(Vec<u8>, usize)> = places.into_iter().collect();
        words.sort_unstable_by_key(|(_, place)| *place);
        let words = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(words.into_iter().map(|(word, _)| word));
        Ok(Self {
            rules,
            questions: count,
            words: words.map_err(|error| error.to_string())?,
            needed,
            free,
        })
    }

    /// What the first rule of each question that matches answers; `None` where none does.
    pub fn answers(&self, text: &str) -> Vec<Option<Vec<String>>> {
        let mut met = vec![0u8; self.rules.len()];
        let mut tried = self.free.clone();
        for word in self.words.find_overlapping_iter(text) {
            for &(at, bit) in &self.needed[word.pattern().as_usize()] {
                let before = met[at];
                met[at] |= bit;
                if before != met[at] && met[at] == self.rules[at].needs {
                    tried.push(at);
                }
            }
        }
        tried.sort_unstable();
        let mut answers = vec![None; self.questions];
        for rule in tried.into_iter().map(|at| &self.rules[at]) {
            if answers[rule.question].is_none() {
                answers[rule.question] = rule.answer(text);
            }
        }
        answers
    }
}

/// What reads expressions: of bytes, as texts are ASCII.
fn parser() -> regex_syntax::Parser {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
}

impl Rule {
    fn answer(&self, text: &str) -> Option<Vec<String>> {
        let compiled = self.compiled.get_or_init(|| compiled(&self.expression));
        // Most that are tried do not match, which is told sooner than what the groups are.
        let regex = compiled.as_ref().filter(|regex| regex.is_match(text))?;
        let mut groups = regex.create_captures();
        regex.search_captures(&text.into(), &mut groups);
        groups.is_match().then(|| {
            let answers = self.answers.iter();
            answers
                .map(|answer| groups.interpolate_string(text, answer))
                .collect()
        })
    }
}

/// `None`: it is too large, and matches nothing.
fn compiled(expression: &Hir) -> Option<meta::Regex> {
    let config = meta::Config::new()
        .utf8_empty(false)
        .nfa_size_limit(Some(LARGEST));
    let mut builder = meta::Builder::new();
    builder.configure(config).build_from_hir(expression).ok()
}

/// The same, with repetitions that have no end where theirs is far.
fn endless(expression: Hir) -> Hir {
    match expression.into_kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Look(look) => Hir::look(look),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            max: repetition
                .max
                .filter(|&max| repetition.min > 1 || max < ENDLESS),
            sub: Box::new(endless(*repetition.sub)),
            ..repetition
        }),
        HirKind::Capture(mut capture) => {
            capture.sub = Box::new(endless(*capture.sub));
            Hir::capture(capture)
        }
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(endless).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(endless).collect()),
    }
}

/// Words in lower case, one of which a text holds.
type Need = Vec<Vec<u8>>;

/// What a text must hold to match, the most telling first.
fn needs_of(expression: &Hir) -> Vec<Need> {
    let mut found = Needs::default();
    found.walk(expression);
    found.end_word();
    let mut needs = found.needs;
    needs.sort_by_key(|need| std::cmp::Reverse(worth(need)));
    needs.truncate(NEEDS);
    needs
}

/// How much a need tells: its shortest word, then how few there are.
fn worth(need: &Need) -> (usize, std::cmp::Reverse<usize>) {
    let shortest = need.iter().map(Vec::len).min().unwrap_or(0);
    (shortest, std::cmp::Reverse(need.len()))
}

#[derive(Default)]
struct Needs {
    needs: Vec<Need>,
    /// What stands directly before.
    word: Vec<u8>,
}

impl Needs {
    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        if word.len() >= SHORTEST {
            self.needs.push(vec![word]);
        }
    }

    fn walk(&mut self, expression: &Hir) {
        match expression.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.word.extend(literal.0.to_ascii_lowercase()),
            HirKind::Class(class) => match only_letter(class) {
                Some(letter) => self.word.push(letter),
                None => self.end_word(),
            },
            HirKind::Repetition(repetition) => {
                self.end_word();
                if repetition.min > 0 {
                    self.walk(&repetition.sub);
                    self.end_word();
                }
            }
            HirKind::Capture(capture) => self.walk(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.walk(part)),
            HirKind::Alternation(parts) => {
                self.end_word();
                let best = parts.iter().map(|part| needs_of(part).into_iter().next());
                if let Some(words) = best.collect::<Option<Vec<Need>>>() {
                    self.needs.push(words.concat());
                }
            }
        }
    }
}

/// The letter of a class of one, in lower and in upper case.
fn only_letter(class: &Class) -> Option<u8> {
    let Class::Bytes(bytes) = class else {
        return None;
    };
    let mut letters = bytes.iter().flat_map(|range| range.start()..=range.end());
    let first = letters.next()?.to_ascii_lowercase();
    letters
        .all(|letter| letter.to_ascii_lowercase() == first)
        .then_some(first)
}

#[cfg(test)]
mod tests {
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
}
