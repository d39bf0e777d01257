//! `METHOD[,METHOD|ANY] PATH`, read and checked.

use std::fmt;

use http::Method;

/// The methods that a route may name. GET also serves HEAD.
const KNOWN: [Method; 7] = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// The most holes that a path may have: with more the table's router panics, which names them `a` to `z` and wants one to spare.
pub const MOST_HOLES: usize = 25;

/// The methods of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Methods {
    /// Every one that has no route of its own on the same path.
    Any,
    /// These.
    These(Vec<Method>),
}

/// The left side of a route: methods and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    methods: Methods,
    path: String,
    holes: Vec<String>,
    rest: Option<String>,
}

/// Why a text is not a route.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Not two words.
    #[error("a route is a method and a path, as in `GET /detail/{{id}}`")]
    Words,
    /// A method that no route can have.
    #[error("`{0}` is not a method a route can have")]
    Method(String),
    /// The same method twice.
    #[error("the method {0} stands twice")]
    Twice(Method),
    /// No slash in front.
    #[error("the path `{0}` does not begin with a slash")]
    Slash(String),
    /// `//`, `/./` or `/../`
    #[error("the path has a segment that no request can have: `{0}`")]
    Segment(String),
    /// A query or a fragment.
    #[error("the path has a `{0}`: a route matches the path alone, name query parameters under `input`")]
    Query(char),
    /// A character that a canonical path writes otherwise.
    #[error("the path has the character `{0}`, which a request's path only has percent-encoded")]
    Character(char),
    /// A brace without its partner, or a hole that is not the whole segment.
    #[error("`{0}` is not a segment: a hole is a whole segment, `{{name}}` or, at the end, `{{*name}}`")]
    Hole(String),
    /// `{1x}`
    #[error("`{0}` cannot name a hole: use letters, digits and `_`, a letter first")]
    Name(String),
    /// The same hole twice.
    #[error("the hole `{{{0}}}` stands twice")]
    Again(String),
    /// More holes than the table can hold.
    #[error("the path has {0} holes")]
    TooMany(usize),
    /// `:id`, `[id]`, `*`: a hole of another router.
    #[error("`{typed}` is how other routers write a hole: write `{meant}`")]
    Foreign {
        /// The segment.
        typed: String,
        /// The hole that it would be here.
        meant: String,
    },
    /// `%2d`, `%e4`, `%zz`
    #[error(
        "`{0}` never stands in a request's canonical path: write letters, digits and `-._~` as they are, and escapes in upper case"
    )]
    Escape(String),
    /// `{*rest}` before the end.
    #[error("`{{*{0}}}` takes the rest of the path, so it must be last")]
    RestFirst(String),
}

impl Pattern {
    /// Reads the left side of a route.
    ///
    /// # Errors
    /// Anything that is not a list of methods and a canonical path with whole-segment holes.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let mut words = text.split_whitespace();
        let (Some(methods), Some(path), None) = (words.next(), words.next(), words.next()) else {
            return Err(PatternError::Words);
        };
        let methods = parse_methods(methods)?;
        let mut pattern = Self { methods, path: path.to_owned(), holes: Vec::new(), rest: None };
        let Some(inner) = path.strip_prefix('/') else { return Err(PatternError::Slash(path.to_owned())) };
        if let Some(odd) = path.chars().find(|c| matches!(c, '?' | '#')) {
            return Err(PatternError::Query(odd));
        }
        let segments: Vec<&str> = inner.split('/').collect();
        for (at, segment) in segments.iter().enumerate() {
            pattern.segment(segment, at + 1 == segments.len())?;
        }
        if pattern.holes.len() > MOST_HOLES {
            return Err(PatternError::TooMany(pattern.holes.len()));
        }
        Ok(pattern)
    }

    fn segment(&mut self, segment: &str, last: bool) -> Result<(), PatternError> {
        if matches!(segment, "." | "..") || (segment.is_empty() && !last) {
            return Err(PatternError::Segment(segment.to_owned()));
        }
        if let Some(inner) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            let (name, rest) = inner.strip_prefix('*').map_or((inner, false), |name| (name, true));
            let valid = name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !valid {
                return Err(PatternError::Name(inner.to_owned()));
            }
            if self.holes.iter().any(|hole| hole == name) {
                return Err(PatternError::Again(name.to_owned()));
            }
            if rest && !last {
                return Err(PatternError::RestFirst(name.to_owned()));
            }
            if rest {
                self.rest = Some(name.to_owned());
            }
            self.holes.push(name.to_owned());
            return Ok(());
        }
        if segment.contains(['{', '}']) {
            return Err(PatternError::Hole(segment.to_owned()));
        }
        if let Some(meant) = foreign(segment) {
            return Err(PatternError::Foreign { typed: segment.to_owned(), meant });
        }
        let odd = |c: char| {
            !c.is_ascii() || c.is_ascii_control() || matches!(c, '\\' | '"' | '<' | '>' | '[' | ']' | '^' | '`' | '|' | ';')
        };
        if let Some(c) = segment.chars().find(|c| odd(*c)) {
            return Err(PatternError::Character(c));
        }
        escapes(segment)
    }

    /// The methods.
    pub fn methods(&self) -> &Methods {
        &self.methods
    }

    /// The path with its holes, as typed.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The names of the holes, in order.
    pub fn holes(&self) -> &[String] {
        &self.holes
    }

    /// The name of the `{*name}` hole, when there is one.
    pub fn rest(&self) -> Option<&str> {
        self.rest.as_deref()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.methods {
            Methods::Any => f.write_str("ANY")?,
            Methods::These(methods) => {
                let words: Vec<&str> = methods.iter().map(Method::as_str).collect();
                f.write_str(&words.join(","))?;
            }
        }
        write!(f, " {}", self.path)
    }
}

/// The hole that a segment would be, had it been written for another router.
fn foreign(segment: &str) -> Option<String> {
    let named = |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic());
    match segment {
        "*" | "**" => Some("{*rest}".to_owned()),
        _ => {
            let bracketed = segment.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let (name, star) = match (segment.strip_prefix(':'), bracketed) {
                (Some(name), _) => (name.trim_end_matches('?'), ""),
                (None, Some(name)) => name.strip_prefix("...").map_or((name, ""), |name| (name, "*")),
                (None, None) => return None,
            };
            named(name).then(|| format!("{{{star}{name}}}"))
        }
    }
}

/// Escapes that a canonical path has otherwise, or not at all.
fn escapes(segment: &str) -> Result<(), PatternError> {
    for (at, _) in segment.match_indices('%') {
        let escape: String = segment.chars().skip(at).take(3).collect();
        let byte = escape.get(1..).filter(|digits| digits.len() == 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        let is_refused = |byte: u8| byte.is_ascii_control() || matches!(byte, b'/' | b'\\' | b'%' | b';');
        let canonical = byte.is_some_and(|byte| !is_plain(byte) && !is_refused(byte));
        if !canonical || escape.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return Err(PatternError::Escape(escape));
        }
    }
    Ok(())
}

fn parse_methods(text: &str) -> Result<Methods, PatternError> {
    if text == "ANY" {
        return Ok(Methods::Any);
    }
    let mut methods = Vec::new();
    for word in text.split(',') {
        let method =
            KNOWN.into_iter().find(|known| known.as_str() == word).ok_or_else(|| PatternError::Method(word.to_owned()))?;
        if methods.contains(&method) {
            return Err(PatternError::Twice(method));
        }
        methods.push(method);
    }
    Ok(Methods::These(methods))
}

impl Methods {
    /// Every method that a route can name.
    pub fn known() -> &'static [Method] {
        &KNOWN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_methods_and_a_path() {
        let pattern = Pattern::parse("GET,POST /a/{id}/b/{*rest}").unwrap();
        assert_eq!(pattern.methods(), &Methods::These(vec![Method::GET, Method::POST]));
        assert_eq!(pattern.holes(), ["id", "rest"]);
        assert_eq!(pattern.rest(), Some("rest"));
        assert_eq!(pattern.to_string(), "GET,POST /a/{id}/b/{*rest}");
        assert_eq!(Pattern::parse("ANY /").unwrap().methods(), &Methods::Any);
        assert!(Pattern::parse("GET /a/").is_ok());
        assert!(Pattern::parse("GET /a%20b/v1:find/x*y/@me/%E4").is_ok());
    }

    #[test]
    fn a_path_has_so_many_holes_and_no_more() {
        let path = |holes: usize| (0..holes).map(|hole| format!("/{{h{hole}}}")).collect::<String>();
        let most = Pattern::parse(&format!("GET {}", path(MOST_HOLES))).unwrap();
        assert_eq!(most.holes().len(), MOST_HOLES);
        for (text, holes) in
            [(path(MOST_HOLES + 1), MOST_HOLES + 1), (path(MOST_HOLES) + "/{*rest}", MOST_HOLES + 1), (path(1000), 1000)]
        {
            assert_eq!(Pattern::parse(&format!("GET {text}")), Err(PatternError::TooMany(holes)));
        }
    }

    #[test]
    fn what_no_request_could_match_is_refused() {
        for text in [
            "",
            "GET",
            "/a",
            "GET /a b",
            "get /a",
            "TRACE /a",
            "GET,GET /a",
            "GET a",
            "GET /a?b=1",
            "GET /a#b",
            "GET //a",
            "GET /a/../b",
            "GET /{}",
            "GET /{1a}",
            "GET /{a}{b}",
            "GET /x{a}",
            "GET /{a}/{a}",
            "GET /{*a}/b",
            "GET /a}",
            "GET /é",
            "GET /a;b",
            // Holes of other routers.
            "GET /:id",
            "GET /a/:id/b",
            "GET /[id]",
            "GET /[...rest]",
            "GET /a/*",
            "GET /a/**",
            // What the canonical path writes otherwise.
            "GET /a[b]",
            "GET /a%2db",
            "GET /%e4",
            "GET /%zz",
            "GET /a%",
            "GET /a%2Fb",
        ] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
