//! The parser: strict RFC 8259, tokens kept raw, no recursion.

use std::collections::HashSet;
use std::fmt;

use super::{Duplicates, Limits, Node, Number, Object, Text};

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

/// Parses bytes: UTF-8, then [`parse`].
///
/// # Errors
/// The first thing that is wrong.
pub fn parse_bytes<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Node<'a>, ParseError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(text, limits),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default();
            Err(ParseErrorKind::Utf8.at(valid, valid.len()))
        }
    }
}

/// Parses one document. Nothing but white space may stand around it.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn parse<'a>(text: &'a str, limits: &Limits) -> Result<Node<'a>, ParseError> {
    parse_with(text, limits, false)
}

/// Parses one document, in which `NaN`, `Infinity` and `-Infinity` may be numbers.
pub(super) fn parse_with<'a>(text: &'a str, limits: &Limits, bare_nan: bool) -> Result<Node<'a>, ParseError> {
    let mut parser = Parser { text, bytes: text.as_bytes(), at: 0, nodes: 0, limits, bare_nan, open: Vec::new() };
    parser.document().map_err(|kind| kind.at(text, parser.at))
}

impl ParseErrorKind {
    fn at(self, text: &str, offset: usize) -> ParseError {
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

/// A container whose end is not seen yet.
enum Open<'a> {
    Array(Vec<Node<'a>>),
    Object(Object<'a>, Text<'a>),
}

struct Parser<'a, 'l> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    nodes: usize,
    limits: &'l Limits,
    bare_nan: bool,
    open: Vec<Open<'a>>,
}

type Step<T> = Result<T, ParseErrorKind>;

impl<'a> Parser<'a, '_> {
    fn document(&mut self) -> Step<Node<'a>> {
        let mut done = self.value()?;
        loop {
            // `done` is a whole value, or nothing when a container has just opened and waits for its first one.
            let Some(value) = done.take() else {
                done = self.value()?;
                continue;
            };
            match self.open.pop() {
                None => {
                    self.space();
                    return if self.at == self.bytes.len() { Ok(value) } else { Err(self.unexpected("the end")) };
                }
                Some(Open::Array(mut elements)) => {
                    elements.push(value);
                    self.space();
                    match self.peek() {
                        Some(b',') => {
                            self.at += 1;
                            self.open.push(Open::Array(elements));
                        }
                        Some(b']') => {
                            self.at += 1;
                            done = Some(Node::Array(elements));
                        }
                        _ => return Err(self.unexpected("`,` or `]`")),
                    }
                }
                Some(Open::Object(mut object, key)) => {
                    object.push(key, value);
                    self.space();
                    match self.peek() {
                        Some(b',') => {
                            self.at += 1;
                            let key = self.key()?;
                            self.open.push(Open::Object(object, key));
                        }
                        Some(b'}') => {
                            self.at += 1;
                            self.unique(&object)?;
                            done = Some(Node::Object(object));
                        }
                        _ => return Err(self.unexpected("`,` or `}`")),
                    }
                }
            }
        }
    }

    /// A whole value, or none when it opened a container that is not empty.
    fn value(&mut self) -> Step<Option<Node<'a>>> {
        self.space();
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            return Err(ParseErrorKind::Nodes(self.limits.nodes));
        }
        if self.bare_nan {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            if let Some(token) = ["NaN", "Infinity", "-Infinity"].into_iter().find(|token| rest.starts_with(token.as_bytes())) {
                self.at += token.len();
                return Ok(Some(Node::Number(Number::raw(token))));
            }
        }
        match self.peek() {
            Some(b'"') => self.string().map(|text| Some(Node::String(text))),
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'-' | b'0'..=b'9') => self.number().map(|number| Some(Node::Number(number))),
            Some(b't') => self.word("true", Node::Bool(true)),
            Some(b'f') => self.word("false", Node::Bool(false)),
            Some(b'n') => self.word("null", Node::Null),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn deeper(&mut self) -> Step<()> {
        if self.open.len() >= self.limits.depth {
            return Err(ParseErrorKind::Depth(self.limits.depth));
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    fn array(&mut self) -> Step<Option<Node<'a>>> {
        self.deeper()?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Some(Node::Array(Vec::new())));
        }
        self.open.push(Open::Array(Vec::new()));
        Ok(None)
    }

    fn object(&mut self) -> Step<Option<Node<'a>>> {
        self.deeper()?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Some(Node::Object(Object::new())));
        }
        let key = self.key()?;
        self.open.push(Open::Object(Object::new(), key));
        Ok(None)
    }

    fn key(&mut self) -> Step<Text<'a>> {
        self.space();
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a name in quotes"));
        }
        let key = self.string()?;
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        Ok(key)
    }

    fn unique(&self, object: &Object<'a>) -> Step<()> {
        if self.limits.duplicates == Duplicates::Allow {
            return Ok(());
        }
        let mut seen = HashSet::with_capacity(object.len());
        match object.members().iter().find(|member| !seen.insert(&member.key)) {
            None => Ok(()),
            Some(twin) => Err(ParseErrorKind::Duplicate(twin.key.decode().chars().take(60).collect())),
        }
    }

    fn string(&mut self) -> Step<Text<'a>> {
        let start = self.at + 1;
        let mut at = start;
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let Some(ahead) = memchr::memchr2(b'"', b'\\', rest) else {
                self.at = self.bytes.len();
                return Err(self.unexpected("`\"`"));
            };
            if let Some(control) = rest.iter().take(ahead).position(|b| *b < 0x20) {
                self.at = at + control;
                return Err(ParseErrorKind::Control);
            }
            at += ahead;
            if self.bytes.get(at) == Some(&b'"') {
                self.at = at + 1;
                return Ok(Text::raw(self.text.get(start..at).unwrap_or_default()));
            }
            at += self.escape(at)?;
        }
    }

    /// How many bytes the escape at a backslash takes.
    fn escape(&mut self, at: usize) -> Step<usize> {
        match self.bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
            Some(b'u') if self.bytes.get(at + 2..at + 6).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) => Ok(6),
            _ => {
                self.at = at;
                Err(ParseErrorKind::Escape)
            }
        }
    }

    fn number(&mut self) -> Step<Number<'a>> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.digits();
        let leading_zero = whole > 1 && self.bytes.get(self.at - whole) == Some(&b'0');
        if whole == 0 || leading_zero {
            return Err(ParseErrorKind::Number);
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(ParseErrorKind::Number);
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(ParseErrorKind::Number);
            }
        }
        Ok(Number::raw(self.text.get(start..self.at).unwrap_or_default()))
    }

    fn digits(&mut self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn word(&mut self, word: &'static str, node: Node<'a>) -> Step<Option<Node<'a>>> {
        if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            self.at += word.len();
            return Ok(Some(node));
        }
        Err(self.unexpected("a value"))
    }

    fn space(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn unexpected(&self, expected: &'static str) -> ParseErrorKind {
        let found = self.text.get(self.at..).and_then(|rest| rest.chars().next());
        ParseErrorKind::Unexpected { expected, found: found.map_or(Found::End, Found::Char) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(text: &str) -> String {
        String::from_utf8(parse(text, &Limits::default()).unwrap().to_json()).unwrap()
    }

    fn error(text: &str) -> String {
        parse(text, &Limits::default()).unwrap_err().to_string()
    }

    #[test]
    fn c3_r1_and_c4_j1_untouched_tokens_leave_byte_for_byte() {
        let compact = r#"{"a":12345678901234567890,"b":[1.10,100.00,1e400,1E+2,0E-8,-0,-0.0],"c":"\u4e2d\/\ud83d","d":{},"e":[],"a":null,"":true}"#;
        assert_eq!(same(compact), compact);
        assert_eq!(same(" [ 1 , { \"a\" : false } ]\n"), r#"[1,{"a":false}]"#);
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        assert_eq!(error(""), "expected a value, found the end at line 1, column 1");
        assert_eq!(error("{\"a\":1}\n{\"b\":2}"), "expected the end, found `{` at line 2, column 1");
        assert_eq!(error("[1,]"), "expected a value, found `]` at line 1, column 4");
        assert_eq!(error("{\"é\":01}"), "a malformed number at line 1, column 8");
        assert_eq!(error("[\"a\nb\"]"), "an unescaped control character in a string at line 1, column 4");
        assert_eq!(error("[\"\\x\"]"), "an unknown escape in a string at line 1, column 3");
        for text in
            ["[", "{", "{\"a\"", "{\"a\":", "[\"", "nul", "+1", ".5", "1.", "1e", "-", "NaN", "{a:1}", "[1 2]", "\u{feff}1"]
        {
            assert!(parse(text, &Limits::default()).is_err(), "{text}");
        }
        assert_eq!(parse_bytes(b"[\"\xff\"]", &Limits::default()).unwrap_err().kind, ParseErrorKind::Utf8);
    }

    #[test]
    fn limits_hold_at_their_edge() {
        let limits = Limits { depth: 3, nodes: 4, duplicates: Duplicates::Refuse };
        assert!(parse("[[[]]]", &limits).is_ok());
        assert_eq!(parse("[[[[]]]]", &limits).unwrap_err().kind, ParseErrorKind::Depth(3));
        assert!(parse("[1,2,3]", &limits).is_ok());
        assert_eq!(parse("[1,2,3,4]", &limits).unwrap_err().kind, ParseErrorKind::Nodes(4));
        assert_eq!(parse(r#"{"a":1,"\u0061":2}"#, &limits).unwrap_err().kind, ParseErrorKind::Duplicate("a".to_owned()));
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(parse(&deep, &Limits::default()).unwrap_err().kind, ParseErrorKind::Depth(128));
    }
}
