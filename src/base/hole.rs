//! Texts with holes: `shop:/api/items/{path.id}?page={query.page}`.

use std::fmt;

/// A text whose `{name}` holes are filled in at run time. `{{` and `}}` stand for the braces themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

/// One piece of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text that stands as typed.
    Text(String),
    /// A hole, by its dotted name: `path.id` is `["path", "id"]`.
    Hole(Hole),
}

/// The name of a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    names: Vec<String>,
}

impl Hole {
    /// What the hole takes from: `path`, `query`, `headers`, `body`, or a call's name.
    pub fn source(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    /// The names behind the source, outermost first.
    pub fn path(&self) -> &[String] {
        self.names.get(1..).unwrap_or_default()
    }
}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.names.join("."))
    }
}

/// Why a text with holes cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoleError {
    /// A `{` that no `}` ends.
    #[error("the hole that opens at column {0} is never closed: add `}}`, or write `{{{{` for a brace")]
    Unclosed(usize),
    /// A `}` outside of a hole.
    #[error("the `}}` at column {0} closes nothing: write `}}}}` for a brace")]
    Stray(usize),
    /// `{}`, `{.a}` or `{a..b}`.
    #[error("the hole at column {0} has an empty name: write one such as {{path.id}}")]
    Empty(usize),
}

impl Template {
    /// Reads a text with holes.
    ///
    /// # Errors
    /// A brace is unbalanced or a hole has no name; the column counts characters from 1.
    pub fn parse(text: &str) -> Result<Self, HoleError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut chars = text.chars().enumerate().peekable();
        while let Some((at, c)) = chars.next() {
            let doubled = chars.peek().is_some_and(|(_, next)| *next == c);
            match c {
                '{' | '}' if doubled => {
                    chars.next();
                    literal.push(c);
                }
                '}' => return Err(HoleError::Stray(at + 1)),
                '{' => {
                    let mut name = String::new();
                    loop {
                        match chars.next() {
                            Some((_, '}')) => break,
                            Some((_, c)) => name.push(c),
                            None => return Err(HoleError::Unclosed(at + 1)),
                        }
                    }
                    let names: Vec<String> = name.split('.').map(|part| part.trim().to_owned()).collect();
                    if names.iter().any(String::is_empty) {
                        return Err(HoleError::Empty(at + 1));
                    }
                    if !literal.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut literal)));
                    }
                    parts.push(Part::Hole(Hole { names }));
                }
                c => literal.push(c),
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self { parts })
    }

    /// The pieces, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The holes, in order.
    pub fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.parts.iter().filter_map(|part| match part {
            Part::Hole(hole) => Some(hole),
            Part::Text(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_splits_at_its_holes() {
        let template = Template::parse("/a/{path.id}?q={query.q}&{{x}}").unwrap();
        let seen: Vec<String> = template
            .parts()
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Hole(hole) => hole.to_string(),
            })
            .collect();
        assert_eq!(seen, ["/a/", "{path.id}", "?q=", "{query.q}", "&{x}"]);
        let hole = template.holes().next().unwrap();
        assert_eq!((hole.source(), hole.path()), ("path", &["id".to_owned()][..]));
    }

    #[test]
    fn unbalanced_and_empty_holes_are_refused() {
        assert_eq!(Template::parse("/a/{path.id"), Err(HoleError::Unclosed(4)));
        assert_eq!(Template::parse("/a}"), Err(HoleError::Stray(3)));
        assert_eq!(Template::parse("{}"), Err(HoleError::Empty(1)));
        assert_eq!(Template::parse("{path..id}"), Err(HoleError::Empty(1)));
    }
}
