//! What is told to a client whose request is refused.

use std::fmt;

/// A part of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum In {
    /// A hole of the path.
    Path,
    /// A query parameter.
    Query,
    /// A header.
    Headers,
    /// The body.
    Body,
}

impl fmt::Display for In {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Headers => "headers",
            Self::Body => "body",
        })
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It cannot be read: bad JSON, bad UTF-8, a bad percent escape, a member twice, too deep, too many values.
    #[error("malformed {0}")]
    Malformed(Violation),
    /// The body has a rule and is not JSON by its content type.
    #[error("the body is not JSON by its content type")]
    UnsupportedMediaType,
    /// It breaks rules; every one is listed, up to a thousand.
    #[error("{} violated", rules(.0.len()))]
    Violations(Vec<Violation>),
}

fn rules(count: usize) -> String {
    if count == 1 { "1 rule".to_owned() } else { format!("{count} rules") }
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The part of the request.
    pub place: In,
    /// Where in that part: a field's name, `items[0].sku` in a body; empty for the whole body.
    pub path: String,
    /// The keyword that was broken, such as `minimum`, or a word of ours: `unknown`, `repeated`, `encoding`, `json`, `depth`.
    pub rule: String,
    /// What it asks for, for a person: `must be at least 1`.
    pub message: String,
}

impl Violation {
    /// Path and message as one sentence.
    pub(super) fn sentence(&self) -> String {
        if self.path.is_empty() { self.message.clone() } else { format!("{} {}", self.path, self.message) }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.sentence())
    }
}
