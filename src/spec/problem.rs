//! What is wrong with a file, before anybody prints it.

use super::tree::Span;
use super::{At, Source};

/// What a problem points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// The key: it is unknown, misplaced or given twice.
    Key,
    /// The value.
    Value,
}

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where. What is not there points at the nearest thing around it.
    pub at: At,
    /// Whether the key or the value is at fault.
    pub aim: Aim,
    /// What is wrong: lower case, no full stop, names in backquotes.
    pub message: String,
    /// What belongs there, to be read after "expected".
    pub expected: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The piece of the value that is at fault, when it is not all of it.
    pub(super) part: Option<Box<Part>>,
    /// The exact text, where a place says too little: a hole inside of a value, a syntax error.
    pub(super) span: Option<Box<Span>>,
}

impl Problem {
    /// A problem with the value at a place.
    pub fn new(at: impl Into<At>, message: impl Into<String>) -> Self {
        Self { at: at.into(), aim: Aim::Value, message: message.into(), expected: None, hint: None, part: None, span: None }
    }

    /// A problem at a line and a column of a file, both from 1.
    pub fn at_line(source: &Source, line: usize, column: usize, message: impl Into<String>) -> Self {
        Self::in_text(At::root(), source.word_at(line, column), message)
    }

    /// A problem with a piece of the text itself.
    pub(super) fn in_text(at: impl Into<At>, span: Span, message: impl Into<String>) -> Self {
        Self { span: Some(Box::new(span)), ..Self::new(at, message) }
    }

    /// Says what belongs there, to be read after "expected".
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says `did you mean`, when one of the words is near enough to what was typed.
    #[must_use]
    pub fn did_you_mean<'a>(mut self, typed: &str, words: impl IntoIterator<Item = &'a str>) -> Self {
        if let Some(word) = crate::base::suggest(typed, words) {
            self.hint = Some(format!("did you mean `{word}`?"));
        }
        self
    }

    /// Points at a piece of the value, if it stands there as it is.
    #[must_use]
    pub fn part(self, piece: impl Into<String>) -> Self {
        self.part_in("", piece)
    }

    /// As [`Problem::part`], in a larger piece that it would not be found without.
    #[must_use]
    pub fn part_in(mut self, around: impl Into<String>, piece: impl Into<String>) -> Self {
        self.part = Some(Box::new(Part { around: around.into(), text: piece.into(), last: false }));
        self
    }

    /// As [`Problem::part`], the last of several.
    #[must_use]
    pub fn last_part(mut self, piece: impl Into<String>) -> Self {
        self.part = Some(Box::new(Part { around: String::new(), text: piece.into(), last: true }));
        self
    }

    /// Points at the key instead of the value.
    #[must_use]
    pub fn at_key(mut self) -> Self {
        self.aim = Aim::Key;
        self
    }
}

/// A piece of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    around: String,
    text: String,
    last: bool,
}

impl Part {
    /// Where it stands in what was typed, in bytes.
    pub(super) fn within(&self, typed: &str) -> Option<(usize, usize)> {
        let from = typed.find(&self.around)?;
        let rest = typed.get(from..)?;
        let start = if self.last { rest.rfind(&self.text) } else { rest.find(&self.text) };
        start.filter(|_| !self.text.is_empty()).map(|start| (from + start, from + start + self.text.len()))
    }
}

/// How many problems of one file are kept. A file with more has been told enough.
const MOST: usize = 1000;

/// Everything that is wrong with a file, up to a bound of 1000 problems.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// None so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one, unless there are too many to be read already.
    pub fn push(&mut self, problem: Problem) {
        if !self.is_full() {
            self.0.push(problem);
        }
    }

    /// Whether no more are kept.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Each in turn, in the order they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        for problem in problems {
            self.push(problem);
        }
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(problems: I) -> Self {
        let mut all = Self::new();
        all.extend(problems);
        all
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
