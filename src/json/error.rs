//! What is wrong with a text that is no document, and where.

use std::fmt;

/// Why a text is not a document, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at line {line}, column {column}")]
pub struct ParseError {
    /// What was wrong.
    pub kind: ParseErrorKind,
    /// Bytes before it.
    pub offset: usize,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
}

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseErrorKind {
    /// Something else stands there.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What could stand there.
        expected: &'static str,
        /// What does.
        found: Found,
    },
    /// A control character that must be escaped.
    #[error("an unescaped control character in a string")]
    Control,
    /// An escape that JSON has no meaning for.
    #[error("an unknown escape in a string")]
    Escape,
    /// A number such as `01`, `1.`, `.5` or `+1`.
    #[error("a malformed number")]
    Number,
    /// Deeper than the limit.
    #[error("nested deeper than {0} levels")]
    Depth(usize),
    /// More values than the limit.
    #[error("more than {0} values")]
    Nodes(usize),
    /// A name that stands twice.
    #[error("the name `{0}` stands twice in an object")]
    Duplicate(String),
    /// Bytes that are no text.
    #[error("bytes that are not UTF-8")]
    Utf8,
}

/// What a parser met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// This character.
    Char(char),
    /// Nothing more.
    End,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(c) => write!(f, "`{}`", c.escape_debug()),
            Self::End => f.write_str("the end"),
        }
    }
}

impl ParseErrorKind {
    /// The error at a byte of a text.
    #[cold]
    pub(super) fn at(self, text: &str, offset: usize) -> ParseError {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = text.get(..offset).unwrap_or_default();
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        ParseError { kind: self, offset, line, column }
    }
}
