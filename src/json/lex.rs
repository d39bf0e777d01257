//! Single tokens: where they end, and whether they are JSON (RFC 8259).

use super::error::{Found, ParseErrorKind};

/// A result whose error still lacks its place, which is where the cursor stands.
pub(super) type Step<T> = Result<T, ParseErrorKind>;

/// A place in a text.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

/// How far a string is looked through byte by byte before the wide search sets in: most names and values end sooner.
const SHORT: usize = 24;

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    /// The whole text.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// How many bytes are behind it.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Passes over that many bytes.
    pub(super) fn pass(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Passes over white space.
    pub(super) fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Passes over a word, if it stands here.
    pub(super) fn word(&mut self, word: &str) -> bool {
        let stands = self.rest().starts_with(word.as_bytes());
        if stands {
            self.at += word.len();
        }
        stands
    }

    pub(super) fn unexpected(&self, expected: &'static str) -> ParseErrorKind {
        let found = self.text.get(self.at..).and_then(|rest| rest.chars().next());
        ParseErrorKind::Unexpected { expected, found: found.map_or(Found::End, Found::Char) }
    }

    /// What a string that starts here holds between its quotes.
    pub(super) fn string(&mut self) -> Step<&'a str> {
        let start = self.at + 1;
        let mut at = start;
        loop {
            at = self.plain(at)?;
            match self.bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(self.slice(start, at));
                }
                _ => at += self.escape(at)?,
            }
        }
    }

    /// From a place in a string to its next quote or backslash.
    fn plain(&mut self, start: usize) -> Step<usize> {
        let rest = self.bytes.get(start..).unwrap_or_default();
        for (ahead, byte) in rest.iter().take(SHORT).enumerate() {
            match byte {
                b'"' | b'\\' => return Ok(start + ahead),
                0..0x20 => {
                    self.at = start + ahead;
                    return Err(ParseErrorKind::Control);
                }
                _ => {}
            }
        }
        let Some(ahead) = memchr::memchr2(b'"', b'\\', rest) else {
            self.at = self.bytes.len();
            return Err(self.unexpected("`\"`"));
        };
        let passed = rest.get(..ahead).unwrap_or_default();
        // Without an early exit, so that it runs many bytes at a time.
        if passed.iter().fold(false, |found, byte| found | (*byte < 0x20)) {
            self.at = start + passed.iter().position(|byte| *byte < 0x20).unwrap_or_default();
            return Err(ParseErrorKind::Control);
        }
        Ok(start + ahead)
    }

    /// How many bytes the escape at a backslash takes. A surrogate may lack its partner: Java cuts strings between the two.
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

    /// A number that starts here.
    pub(super) fn number(&mut self) -> Step<&'a str> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if let Some(b'0'..=b'9') = self.peek() {
                return Err(ParseErrorKind::Number);
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(self.slice(start, self.at))
    }

    /// Passes over one digit or more.
    fn digits(&mut self) -> Step<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(ParseErrorKind::Number) } else { Ok(()) }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }
}
