//! Words that a text must hold for an expression to match it.

use regex_syntax::hir::{Class, Hir, HirKind};

/// A word of fewer bytes is found too often to exclude much.
const SHORTEST: usize = 2;

/// Words of a rule that are looked for: alternatives of one are as good as one.
const NEEDS: usize = 3;

/// Words in lower case, one of which a text holds.
pub type Need = Vec<Vec<u8>>;

/// What a text must hold to match, the most selective first.
pub fn needs_of(expression: &Hir) -> Vec<Need> {
    let mut found = Needs::default();
    found.walk(expression);
    found.end_word();
    let mut needs = found.needs;
    needs.sort_by_key(|need| std::cmp::Reverse(worth(need)));
    needs.truncate(NEEDS);
    needs
}

/// How much a need excludes: its shortest word, then how few there are.
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
