//! Forms that are not JSON but meant as such, rewritten to JSON. The strict parser has the last word on the result.

use std::borrow::Cow;

/// Which forms are understood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lenient {
    /// `NaN`, `Infinity`, `-Infinity`: they become numbers that are not finite.
    pub bare_nan: bool,
    /// `{1: "a", b: 2, null: 3}`
    pub unquoted_keys: bool,
    /// `'text'`
    pub single_quotes: bool,
    /// `// …`, `/* … */`, and a comma before a closing bracket.
    pub comments: bool,
}

impl Lenient {
    /// The text as JSON; borrowed when nothing had to change.
    pub(super) fn rewrite(self, text: &str) -> Cow<'_, str> {
        // Numbers that are not finite are the parser's matter.
        if !(self.unquoted_keys || self.single_quotes || self.comments) {
            return Cow::Borrowed(text);
        }
        let mut rewriter = Rewriter {
            lenient: self,
            text,
            bytes: text.as_bytes(),
            at: 0,
            kept: 0,
            out: String::new(),
            open: Vec::new(),
            key: false,
            behind_value: false,
        };
        rewriter.run();
        rewriter.finish()
    }
}

/// One pass over the text. What has to change is replaced, the stretches between are copied whole, in time linear to the text.
struct Rewriter<'t> {
    lenient: Lenient,
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Up to where the text is in `out`.
    kept: usize,
    out: String,
    /// The brackets that are open.
    open: Vec<u8>,
    /// Whether a member's name comes next.
    key: bool,
    /// Whether a value stands in front, so that a comma may trail it.
    behind_value: bool,
}

impl<'t> Rewriter<'t> {
    fn run(&mut self) {
        while let Some(byte) = self.bytes.get(self.at).copied() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'/' if self.lenient.comments => match self.comment(self.at) {
                    // A space, so that two tokens that a comment kept apart stay apart.
                    Some(end) => self.replace(end, " "),
                    // What is no comment here is no JSON either.
                    None => return,
                },
                b',' => self.comma(),
                _ => {
                    self.token(byte);
                    self.key = byte == b'{';
                    self.behind_value = !matches!(byte, b'{' | b'[' | b':');
                }
            }
        }
    }

    fn token(&mut self, byte: u8) {
        match byte {
            b'"' => self.at = self.quoted(b'"').unwrap_or(self.bytes.len()),
            b'\'' if self.lenient.single_quotes => self.single(),
            _ if self.key && self.lenient.unquoted_keys && self.name() => {}
            _ => {
                match byte {
                    b'{' | b'[' => self.open.push(byte),
                    b'}' | b']' => drop(self.open.pop()),
                    _ => {}
                }
                self.at += 1;
            }
        }
    }

    /// Passes over a comma; drops one that trails the last value of a container.
    fn comma(&mut self) {
        if self.lenient.comments && self.behind_value && matches!(self.significant(self.at + 1), Some(b'}' | b']')) {
            self.replace(self.at + 1, "");
        } else {
            self.at += 1;
        }
        self.key = self.open.last() == Some(&b'{');
        self.behind_value = false;
    }

    fn finish(mut self) -> Cow<'t, str> {
        if self.kept == 0 {
            return Cow::Borrowed(self.text);
        }
        self.out.push_str(self.text.get(self.kept..).unwrap_or_default());
        Cow::Owned(self.out)
    }

    /// Writes something else for the text from here to `end`.
    fn replace(&mut self, end: usize, with: &str) {
        if self.kept == 0 {
            self.out.reserve(self.text.len() + self.text.len() / 8);
        }
        self.out.push_str(self.text.get(self.kept..self.at).unwrap_or_default());
        self.out.push_str(with);
        self.kept = end;
        self.at = end;
    }

    /// The first byte from a place on that is neither white space nor comment.
    fn significant(&self, mut at: usize) -> Option<u8> {
        loop {
            match self.bytes.get(at)? {
                b' ' | b'\t' | b'\n' | b'\r' => at += 1,
                b'/' => at = self.comment(at)?,
                byte => return Some(*byte),
            }
        }
    }

    /// Where the comment that starts at a place ends; none when there is none, or it never ends.
    fn comment(&self, at: usize) -> Option<usize> {
        let rest = self.bytes.get(at..)?;
        if rest.starts_with(b"//") {
            Some(memchr::memchr2(b'\n', b'\r', rest).map_or(self.bytes.len(), |end| at + end))
        } else if rest.starts_with(b"/*") {
            memchr::memmem::find(rest.get(2..)?, b"*/").map(|end| at + end + 4)
        } else {
            None
        }
    }

    /// Where the quoted token that starts here ends, its quotes included; none when it never does.
    fn quoted(&self, quote: u8) -> Option<usize> {
        let mut at = self.at + 1;
        loop {
            at += memchr::memchr2(quote, b'\\', self.bytes.get(at..)?)?;
            if self.bytes.get(at) == Some(&quote) {
                return Some(at + 1);
            }
            at += 2;
        }
    }

    /// Rewrites a string in single quotes; one that never ends stays, for the strict parser to refuse.
    fn single(&mut self) {
        let Some(end) = self.quoted(b'\'') else {
            self.at = self.bytes.len();
            return;
        };
        let inner = self.text.get(self.at + 1..end - 1).unwrap_or_default();
        let mut double = String::with_capacity(inner.len() + 2);
        double.push('"');
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => double.push_str("\\\""),
                '\\' => match chars.next() {
                    Some('\'') => double.push('\''),
                    other => double.extend(std::iter::once('\\').chain(other)),
                },
                c => double.push(c),
            }
        }
        double.push('"');
        self.replace(end, &double);
    }

    /// Puts quotes around a name that has none; false when nothing here is a name.
    fn name(&mut self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let name = rest.get(..length).unwrap_or_default();
        if length > 0 {
            self.replace(self.at + length, &format!("\"{name}\""));
        }
        length > 0
    }
}

/// What names, numbers and words are made of. No quote, no backslash, no control: it can stand in quotes as it is.
fn is_name(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '@' | '-' | '+' | '.') } else { c.is_alphanumeric() }
}
