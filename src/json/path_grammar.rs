//! How a path is written.

use super::{Path, Segment};

/// Why a text is not a path. Columns count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// `a..b`, or a dot at an end.
    #[error("an empty name at column {0}: write [\"\"] for a member without a name")]
    EmptyName(usize),
    /// A bracket without its partner.
    #[error("the bracket at column {0} is never closed")]
    Unclosed(usize),
    /// `[x]`
    #[error("`[{0}]` is neither `[]`, `[3]` nor `[\"name\"]`")]
    Bracket(String),
    /// `a[0]b`
    #[error("expected `.` or `[` at column {0}")]
    Joint(usize),
    /// `a*`
    #[error("`{0}` mixes a star with a name: `*` and `**` stand alone")]
    Star(String),
    /// `**` at the end.
    #[error("`**` at the end names every value there is: write what to look for behind it")]
    DeepEnd,
    /// More steps than any document needs.
    #[error("a path has 60 steps at most")]
    TooLong,
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// The first thing that is no step of a path.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let chars: Vec<char> = text.chars().collect();
        let mut segments = Vec::new();
        let mut at = 0;
        if text == "." {
            return Ok(Self { segments });
        }
        while at < chars.len() {
            match chars.get(at) {
                Some('[') => {
                    let (segment, next) = bracket(&chars, at)?;
                    segments.push(segment);
                    at = next;
                }
                _ => {
                    let name: String = chars.iter().skip(at).take_while(|c| !matches!(c, '.' | '[' | ']')).collect();
                    if name.is_empty() {
                        return Err(PathError::EmptyName(at + 1));
                    }
                    at += name.chars().count();
                    segments.push(match name.as_str() {
                        "*" => Segment::Members,
                        "**" => Segment::Deep,
                        _ if name.contains('*') => return Err(PathError::Star(name)),
                        _ => Segment::Key(name),
                    });
                }
            }
            match chars.get(at) {
                None | Some('[') => {}
                Some('.') if at + 1 < chars.len() => at += 1,
                Some('.') => return Err(PathError::EmptyName(at + 2)),
                Some(_) => return Err(PathError::Joint(at + 1)),
            }
        }
        segments.dedup_by(|a, b| *a == Segment::Deep && *b == Segment::Deep);
        if segments.last() == Some(&Segment::Deep) {
            return Err(PathError::DeepEnd);
        }
        if segments.len() > 60 {
            return Err(PathError::TooLong);
        }
        Ok(Self { segments })
    }
}

fn bracket(chars: &[char], open: usize) -> Result<(Segment, usize), PathError> {
    let at = open + 1;
    if let Some(quote @ ('"' | '\'')) = chars.get(at) {
        let mut name = String::new();
        let mut at = at + 1;
        loop {
            match chars.get(at) {
                None => return Err(PathError::Unclosed(open + 1)),
                Some('\\') => {
                    name.extend(chars.get(at + 1));
                    at += 2;
                }
                Some(c) if c == quote => break,
                Some(c) => {
                    name.push(*c);
                    at += 1;
                }
            }
        }
        return match chars.get(at + 1) {
            Some(']') => Ok((Segment::Key(name), at + 2)),
            _ => Err(PathError::Unclosed(open + 1)),
        };
    }
    let inner: String = chars.iter().skip(at).take_while(|c| **c != ']').collect();
    let end = at + inner.chars().count();
    if chars.get(end).is_none() {
        return Err(PathError::Unclosed(open + 1));
    }
    if inner.is_empty() {
        return Ok((Segment::Elements, end + 1));
    }
    let digits = inner.bytes().all(|b| b.is_ascii_digit());
    inner.parse().ok().filter(|_| digits).map(|index| (Segment::Index(index), end + 1)).ok_or(PathError::Bracket(inner))
}
