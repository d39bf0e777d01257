//! Templates of paths and queries, filled so that no value can change their structure.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::base::hole::{Hole, Part, Template};

/// All but the unreserved characters of RFC 3986, section 2.3.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What the author of a template may type, but no request line may carry.
const TYPED: &AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'#')
    .add(b'\\')
    .add(b'^')
    .add(b'|');

/// Why a template cannot be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// Nothing feeds the hole, and it stands where something must.
    #[error("nothing feeds {0}")]
    Missing(String),
    /// The value would leave a path segment empty, which servers fold away.
    #[error("{0} is empty, and a path segment cannot be")]
    Empty(String),
    /// The value would make the segment `.` or `..`.
    #[error("{0} would make the path segment `.` or `..`")]
    Dots(String),
    /// The value holds a character that some server on the way reads as structure.
    #[error("{hole} holds {}, which a path segment cannot", name(*character))]
    Character {
        /// The hole, as it is written.
        hole: String,
        /// The first such character.
        character: char,
    },
}

/// Fills a template: before the `?` every hole is (part of) one percent-encoded path segment, after it every hole is
/// percent-encoded query text. A query pair whose value has a hole without a value is left out, name and all.
///
/// # Errors
/// A path hole or a hole in a query name has no value, or a path value is empty, `.`, `..`, or holds `/`, `\`, `%` or a
/// control character: whoever sent it gets to know (400), for it can only be meant to change where the call goes.
pub fn fill(template: &Template, value: &dyn Fn(&Hole) -> Option<String>) -> Result<String, FillError> {
    fill_with(template, value, &|_| false)
}

/// As [`fill`], but the path holes that `allow_slashes` accepts (such as `{*rest}`) may span segments: each piece between
/// slashes is then checked on its own, and a slash at the end stays.
///
/// # Errors
/// As [`fill`].
pub fn fill_with(
    template: &Template,
    value: &dyn Fn(&Hole) -> Option<String>,
    allow_slashes: &dyn Fn(&Hole) -> bool,
) -> Result<String, FillError> {
    let mut path = Path { out: String::with_capacity(64), start: 0, hole: None };
    let mut query: Option<Query> = None;
    for part in template.parts() {
        match (part, &mut query) {
            (Part::Text(text), None) => {
                let (before, after) = text.split_once('?').map_or((text.as_str(), None), |(before, after)| (before, Some(after)));
                path.text(before)?;
                if let Some(after) = after {
                    let mut started = Query::default();
                    started.text(after);
                    query = Some(started);
                }
            }
            (Part::Text(text), Some(query)) => query.text(text),
            (Part::Hole(hole), None) => {
                let found = value(hole).ok_or_else(|| FillError::Missing(hole.to_string()))?;
                path.value(hole, &found, allow_slashes(hole))?;
            }
            (Part::Hole(hole), Some(query)) => query.value(hole, value(hole))?,
        }
    }
    let mut filled = path.finish()?;
    if let Some(query) = query {
        query.finish(&mut filled);
    }
    Ok(filled)
}

/// The path so far; `start` is where the segment under way begins, `hole` what took part in it.
struct Path<'t> {
    out: String,
    start: usize,
    hole: Option<&'t Hole>,
}

impl<'t> Path<'t> {
    fn text(&mut self, text: &str) -> Result<(), FillError> {
        for (index, piece) in text.split('/').enumerate() {
            if index > 0 {
                self.slash()?;
            }
            self.out.extend(utf8_percent_encode(piece, TYPED));
        }
        Ok(())
    }

    fn value(&mut self, hole: &'t Hole, value: &str, slashes: bool) -> Result<(), FillError> {
        self.hole = Some(hole);
        let forbidden = |c: &char| matches!(c, '\\' | '%') || c.is_control() || (*c == '/' && !slashes);
        if let Some(character) = value.chars().find(forbidden) {
            return Err(FillError::Character { hole: hole.to_string(), character });
        }
        // `a/` asks for the folder, not for an empty file in it.
        let (value, folder) = value.strip_suffix('/').map_or((value, false), |value| (value, true));
        for (index, piece) in value.split('/').enumerate() {
            if index > 0 {
                self.slash()?;
                self.hole = Some(hole);
            }
            match piece {
                "" if index > 0 || folder || slashes => return Err(FillError::Empty(hole.to_string())),
                "." | ".." => return Err(FillError::Dots(hole.to_string())),
                _ => self.out.extend(utf8_percent_encode(piece, VALUE)),
            }
        }
        if folder {
            self.slash()?;
        }
        Ok(())
    }

    fn slash(&mut self) -> Result<(), FillError> {
        self.close()?;
        self.out.push('/');
        self.start = self.out.len();
        Ok(())
    }

    /// A segment that a value took part in is neither empty nor made of dots; what the author typed is the author's.
    fn close(&mut self) -> Result<(), FillError> {
        let Some(hole) = self.hole.take() else { return Ok(()) };
        let segment = self.out.get(self.start..).unwrap_or_default();
        if !segment.is_empty() && !segment.starts_with(['.', '%']) {
            return Ok(());
        }
        match segment.to_ascii_lowercase().replace("%2e", ".").as_str() {
            "" => Err(FillError::Empty(hole.to_string())),
            "." | ".." => Err(FillError::Dots(hole.to_string())),
            _ => Ok(()),
        }
    }

    fn finish(mut self) -> Result<String, FillError> {
        self.close()?;
        Ok(self.out)
    }
}

/// The query so far, and the pair under way.
#[derive(Default)]
struct Query {
    out: String,
    pair: String,
    in_value: bool,
    left_out: bool,
}

impl Query {
    fn text(&mut self, text: &str) {
        for (index, piece) in text.split('&').enumerate() {
            if index > 0 {
                self.close();
            }
            self.in_value |= piece.contains('=');
            self.pair.extend(utf8_percent_encode(piece, TYPED));
        }
    }

    fn value(&mut self, hole: &Hole, value: Option<String>) -> Result<(), FillError> {
        match value {
            Some(value) => self.pair.extend(utf8_percent_encode(&value, VALUE)),
            None if self.in_value => self.left_out = true,
            None => return Err(FillError::Missing(hole.to_string())),
        }
        Ok(())
    }

    fn close(&mut self) {
        let pair = std::mem::take(&mut self.pair);
        if !std::mem::take(&mut self.left_out) && !pair.is_empty() {
            if !self.out.is_empty() {
                self.out.push('&');
            }
            self.out.push_str(&pair);
        }
        self.in_value = false;
    }

    fn finish(mut self, out: &mut String) {
        self.close();
        if !self.out.is_empty() {
            out.push('?');
            out.push_str(&self.out);
        }
    }
}

fn name(character: char) -> String {
    match character {
        '\0' => "a NUL".to_owned(),
        c if c.is_control() => format!("the control character U+{:04X}", u32::from(c)),
        c => format!("`{c}`"),
    }
}

#[cfg(test)]
#[path = "tests/fill.rs"]
mod tests;
