//! The scanner: a text as a row of checked tokens, each a raw slice of it. What reads JSON in this crate reads it through here.

use super::error::ParseError;
use super::lex::{Cursor, Step};
use super::{Limits, ParseErrorKind};

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// `{`
    ObjectStart,
    /// `}`
    ObjectEnd,
    /// `[`
    ArrayStart,
    /// `]`
    ArrayEnd,
    /// A member's name: what stands between its quotes, escapes as they came. Its value comes next.
    Key(&'a str),
    /// A string: what stands between its quotes, escapes as they came.
    String(&'a str),
    /// A number, digits as they came.
    Number(&'a str),
    /// `true` or `false`
    Bool(bool),
    /// `null`
    Null,
}

/// Reads a document token by token, strictly by RFC 8259. It holds one byte for each level of nesting and copies nothing.
///
/// It does not look for names that stand twice: that takes memory, and is the tree's matter.
#[derive(Debug, Clone)]
pub struct Scanner<'a> {
    cursor: Cursor<'a>,
    open: Vec<Kind>,
    next: Next,
    nodes: usize,
    limits: Limits,
    bare_nan: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Array,
    Object,
}

/// What may come next.
#[derive(Debug, Clone, Copy)]
enum Next {
    Value,
    FirstElement,
    FirstKey,
    /// A comma or the end of what is open; the end of the text when nothing is.
    Rest,
}

impl<'a> Scanner<'a> {
    /// At the start of a text.
    pub fn new(text: &'a str, limits: &Limits) -> Self {
        Self { cursor: Cursor::new(text), open: Vec::new(), next: Next::Value, nodes: 0, limits: *limits, bare_nan: false }
    }

    /// Also takes `NaN`, `Infinity` and `-Infinity` for numbers.
    pub fn with_bare_nan(mut self) -> Self {
        self.bare_nan = true;
        self
    }

    /// The next token; none behind the end of the document.
    ///
    /// # Errors
    /// What comes next is no JSON, or more of it than the limits allow. What is asked for after an error has no meaning.
    pub fn token(&mut self) -> Result<Option<Token<'a>>, ParseError> {
        self.step().map_err(|kind| self.error(kind))
    }

    /// How many bytes of the text are read.
    pub fn offset(&self) -> usize {
        self.cursor.at()
    }

    /// How many containers are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Passes over what is left of the innermost open container, its end included. Nothing happens when none is open.
    ///
    /// # Errors
    /// As [`Scanner::token`].
    pub fn leave(&mut self) -> Result<(), ParseError> {
        let around = self.open.len().saturating_sub(1);
        while self.open.len() > around {
            self.token()?;
        }
        Ok(())
    }

    /// The error for where the scanner stands.
    pub(super) fn error(&self, kind: ParseErrorKind) -> ParseError {
        kind.at(self.cursor.text(), self.cursor.at())
    }

    pub(super) fn step(&mut self) -> Step<Option<Token<'a>>> {
        self.cursor.space();
        match self.next {
            Next::Value => self.value("a value").map(Some),
            Next::FirstElement => match self.cursor.peek() {
                Some(b']') => Ok(Some(self.close(Token::ArrayEnd))),
                _ => self.value("a value or `]`").map(Some),
            },
            Next::FirstKey => match self.cursor.peek() {
                Some(b'}') => Ok(Some(self.close(Token::ObjectEnd))),
                _ => self.key("a name in quotes or `}`").map(Some),
            },
            Next::Rest => self.rest(),
        }
    }

    fn rest(&mut self) -> Step<Option<Token<'a>>> {
        match (self.open.last(), self.cursor.peek()) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(self.cursor.unexpected("the end")),
            (Some(Kind::Array), Some(b',')) => {
                self.cursor.pass(1);
                self.cursor.space();
                self.value("a value").map(Some)
            }
            (Some(Kind::Object), Some(b',')) => {
                self.cursor.pass(1);
                self.cursor.space();
                self.key("a name in quotes").map(Some)
            }
            (Some(Kind::Array), Some(b']')) => Ok(Some(self.close(Token::ArrayEnd))),
            (Some(Kind::Object), Some(b'}')) => Ok(Some(self.close(Token::ObjectEnd))),
            (Some(Kind::Array), _) => Err(self.cursor.unexpected("`,` or `]`")),
            (Some(Kind::Object), _) => Err(self.cursor.unexpected("`,` or `}`")),
        }
    }

    fn value(&mut self, expected: &'static str) -> Step<Token<'a>> {
        let token = match self.cursor.peek() {
            Some(b'"') => Token::String(self.cursor.string()?),
            Some(b'{') => return self.open(Kind::Object, Next::FirstKey, Token::ObjectStart),
            Some(b'[') => return self.open(Kind::Array, Next::FirstElement, Token::ArrayStart),
            Some(b'-') if self.bare_nan && self.cursor.word("-Infinity") => Token::Number("-Infinity"),
            Some(b'N') if self.bare_nan && self.cursor.word("NaN") => Token::Number("NaN"),
            Some(b'I') if self.bare_nan && self.cursor.word("Infinity") => Token::Number("Infinity"),
            Some(b'-' | b'0'..=b'9') => Token::Number(self.cursor.number()?),
            Some(b't') if self.cursor.word("true") => Token::Bool(true),
            Some(b'f') if self.cursor.word("false") => Token::Bool(false),
            Some(b'n') if self.cursor.word("null") => Token::Null,
            _ => return Err(self.cursor.unexpected(expected)),
        };
        self.count()?;
        self.next = Next::Rest;
        Ok(token)
    }

    fn key(&mut self, expected: &'static str) -> Step<Token<'a>> {
        if self.cursor.peek() != Some(b'"') {
            return Err(self.cursor.unexpected(expected));
        }
        let key = self.cursor.string()?;
        self.cursor.space();
        if self.cursor.peek() != Some(b':') {
            return Err(self.cursor.unexpected("`:`"));
        }
        self.cursor.pass(1);
        self.next = Next::Value;
        Ok(Token::Key(key))
    }

    fn open(&mut self, kind: Kind, next: Next, token: Token<'a>) -> Step<Token<'a>> {
        if self.open.len() >= self.limits.depth {
            return Err(ParseErrorKind::Depth(self.limits.depth));
        }
        self.count()?;
        self.cursor.pass(1);
        self.open.push(kind);
        self.next = next;
        Ok(token)
    }

    fn close(&mut self, token: Token<'a>) -> Token<'a> {
        self.cursor.pass(1);
        self.open.pop();
        self.next = Next::Rest;
        token
    }

    fn count(&mut self) -> Step<()> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes { Err(ParseErrorKind::Nodes(self.limits.nodes)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token<'_>> {
        let mut scanner = Scanner::new(text, &Limits::default());
        std::iter::from_fn(|| scanner.token().unwrap()).collect()
    }

    #[test]
    fn tokens_are_raw_slices_in_order() {
        use Token::{ArrayEnd, ArrayStart, Bool, Key, Null, Number, ObjectEnd, ObjectStart, String};
        assert_eq!(
            tokens(" {\"\\u0061\" : [ -0.0 , \"\\ud83d\" ] , \"b\" : { } , \"c\" : [true,null] } "),
            [
                ObjectStart,
                Key(r"\u0061"),
                ArrayStart,
                Number("-0.0"),
                String(r"\ud83d"),
                ArrayEnd,
                Key("b"),
                ObjectStart,
                ObjectEnd,
                Key("c"),
                ArrayStart,
                Bool(true),
                Null,
                ArrayEnd,
                ObjectEnd
            ]
        );
    }

    #[test]
    fn a_container_can_be_left_and_its_text_is_between_the_offsets() {
        let text = r#"{"a":[1,{"b":[]}] ,"c":2}"#;
        let mut scanner = Scanner::new(text, &Limits::default());
        scanner.token().unwrap();
        assert_eq!(scanner.token().unwrap(), Some(Token::Key("a")));
        assert_eq!(scanner.token().unwrap(), Some(Token::ArrayStart));
        let start = scanner.offset() - 1;
        assert_eq!(scanner.depth(), 2);
        scanner.leave().unwrap();
        assert_eq!(&text[start..scanner.offset()], r#"[1,{"b":[]}]"#);
        assert_eq!(scanner.token().unwrap(), Some(Token::Key("c")));
        scanner.leave().unwrap();
        assert_eq!((scanner.token().unwrap(), scanner.token().unwrap(), scanner.depth()), (None, None, 0));
        scanner.leave().unwrap();
        assert!(Scanner::new("[1,", &Limits::default()).leave().is_ok(), "nothing is open yet");
    }

    #[test]
    fn long_strings_are_checked_to_their_end() {
        for length in [0, 1, 22, 23, 24, 25, 100, 1000] {
            let plain = "é".repeat(length);
            assert_eq!(tokens(&format!("\"{plain}\"")), [Token::String(&plain)]);
            let quoted = format!("{plain}\\\"{plain}");
            assert_eq!(tokens(&format!("\"{quoted}\"")), [Token::String(&quoted)]);
            for (text, kind) in [
                (format!("\"{plain}\u{1f}{plain}\""), ParseErrorKind::Control),
                (format!("\"{plain}\\u12g4{plain}\""), ParseErrorKind::Escape),
            ] {
                let error = Scanner::new(&text, &Limits::default()).token().unwrap_err();
                assert_eq!((error.kind, error.column), (kind, length + 2), "{length}");
            }
            assert!(Scanner::new(&format!("\"{plain}"), &Limits::default()).token().is_err());
        }
    }
}
