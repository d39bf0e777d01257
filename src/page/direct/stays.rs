//! Why a template stays with the engine.

use std::borrow::Cow;
use std::fmt;

/// Something that only the engine knows, as a template has it: "the filter `group_by`".
pub(super) type Odd = Cow<'static, str>;

/// Where a template, or one that it stands on, has something that only the engine knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stays {
    /// The template's name.
    pub template: String,
    /// The line in it, from 1.
    pub line: usize,
    /// What stands there: "the filter `group_by`".
    pub what: String,
}

impl Stays {
    /// At a place in a template, in bytes.
    pub(super) fn at(template: &str, text: &str, at: usize, what: Odd) -> Self {
        let line = text.get(..at).unwrap_or(text).matches('\n').count() + 1;
        Self { template: template.to_owned(), line, what: what.into_owned() }
    }
}

impl fmt::Display for Stays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.template, self.line, self.what)
    }
}
