//! Of many regular expressions the first that matches a text, without trying most of them.
//!
//! A rule gives the words that a text has to hold for it to match. One automaton finds the words of
//! all rules; the word of a rule that the fewest others have makes it a candidate. Only candidates
//! whose other words are there, too, are tried, in their order, and a rule is compiled when it is
//! first tried.

mod needs;
#[cfg(test)]
mod tests;

use aho_corasick::AhoCorasick;
use needs::needs_of;
use regex_automata::meta;
use regex_syntax::hir::{Hir, HirKind, Repetition};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Repetitions that end at so many or more have no end: what counts them takes much memory, and
/// they are there to keep other engines from going back.
const ENDLESS: u32 = 100;

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
    /// Words by index: of each list a text must hold one.
    needs: Vec<Vec<usize>>,
}

/// Rules that answer some questions, each from rules of its own.
pub struct Rules {
    rules: Vec<Rule>,
    questions: usize,
    words: AhoCorasick,
    /// By word, the rules that it makes candidates.
    candidates: Vec<Vec<usize>>,
    /// Rules that need no word.
    free: Vec<usize>,
}

impl Rules {
    /// Argument: of each question, its rules in order.
    pub fn new(questions: Vec<Vec<Spec>>) -> Result<Self, String> {
        let count = questions.len();
        let mut rules: Vec<Rule> = Vec::new();
        let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut parser = parser();
        for (question, specs) in questions.into_iter().enumerate() {
            for Spec { pattern, answers } in specs {
                let parsed = parser.parse(&pattern);
                let expression = endless(parsed.map_err(|error| error.to_string())?);
                let mut place = |word| {
                    let next = places.len();
                    *places.entry(word).or_insert(next)
                };
                let needs = needs_of(&expression).into_iter();
                let needs = needs.map(|words| words.into_iter().map(&mut place).collect());
                let needs = needs.collect();
                rules.push(Rule {
                    question,
                    expression,
                    compiled: OnceLock::new(),
                    answers,
                    needs,
                });
            }
        }
        let (candidates, free) = candidates(&rules, places.len());
        let mut words: Vec<(Vec<u8>, usize)> = places.into_iter().collect();
        words.sort_unstable_by_key(|(_, place)| *place);
        let words = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(words.into_iter().map(|(word, _)| word));
        Ok(Self {
            rules,
            questions: count,
            words: words.map_err(|error| error.to_string())?,
            candidates,
            free,
        })
    }

    /// What the first rule of each question that matches answers; `None` where none does.
    pub fn answers(&self, text: &str) -> Vec<Option<Vec<String>>> {
        let mut answers = vec![None; self.questions];
        for rule in self.candidates_of(text) {
            if answers[rule.question].is_none() {
                answers[rule.question] = rule.answer(text);
            }
        }
        answers
    }

    /// Whether the first part of the answer to a question has any text, as far as `answers` gives
    /// one; that takes less time.
    pub fn names(&self, question: usize, text: &str) -> bool {
        let rules = self.candidates_of(text).into_iter();
        let mut rules = rules.filter(|rule| rule.question == question);
        let named = rules.find_map(|rule| rule.names(text));
        named.unwrap_or(false)
    }

    /// The rules that may match, in order.
    fn candidates_of(&self, text: &str) -> Vec<&Rule> {
        let mut found = vec![false; self.candidates.len()];
        let mut tried = self.free.clone();
        for word in self.words.find_overlapping_iter(text) {
            let word = word.pattern().as_usize();
            if !std::mem::replace(&mut found[word], true) {
                tried.extend(&self.candidates[word]);
            }
        }
        tried.sort_unstable();
        tried.dedup();
        let is_met = |words: &Vec<usize>| words.iter().any(|&word| found[word]);
        let rules = tried.into_iter().map(|at| &self.rules[at]);
        rules.filter(|rule| rule.needs.iter().all(is_met)).collect()
    }
}

/// By word, the rules that it makes candidates; and the rules that need none.
fn candidates(rules: &[Rule], words: usize) -> (Vec<Vec<usize>>, Vec<usize>) {
    let mut uses = vec![0; words];
    for &word in rules.iter().flat_map(|rule| &rule.needs).flatten() {
        uses[word] += 1;
    }
    let (mut candidates, mut free) = (vec![Vec::new(); words], Vec::new());
    for (at, rule) in rules.iter().enumerate() {
        let most = |words: &&Vec<usize>| words.iter().map(|&word| uses[word]).max();
        match rule.needs.iter().min_by_key(most) {
            Some(words) => words.iter().for_each(|&word| candidates[word].push(at)),
            None => free.push(at),
        }
    }
    (candidates, free)
}

/// What reads expressions: of bytes, as texts are ASCII.
fn parser() -> regex_syntax::Parser {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
}

impl Rule {
    /// Whether the first part of the answer has any text; `None`: it does not match.
    fn names(&self, text: &str) -> Option<bool> {
        let first = self.answers.first().map_or("", String::as_str);
        if first.contains('$') {
            return Some(!self.answer(text)?.first()?.trim().is_empty());
        }
        self.matching(text).map(|_| !first.trim().is_empty())
    }

    /// What matches a text, if it does.
    fn matching(&self, text: &str) -> Option<&meta::Regex> {
        let compiled = self.compiled.get_or_init(|| compiled(&self.expression));
        compiled.as_ref().filter(|regex| regex.is_match(text))
    }

    fn answer(&self, text: &str) -> Option<Vec<String>> {
        // Most that are tried do not match, which takes less time to find than the groups.
        let regex = self.matching(text)?;
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
