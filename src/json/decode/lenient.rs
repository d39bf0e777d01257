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
    pub(super) fn rewrite(self, text: &str) -> Cow<'_, str> {
        if !(self.unquoted_keys || self.single_quotes || self.comments) {
            return Cow::Borrowed(text);
        }
        let mut rewriter =
            Rewriter { lenient: self, rest: text, out: String::with_capacity(text.len() + 16), open: Vec::new(), key: false };
        rewriter.run();
        if rewriter.out == text { Cow::Borrowed(text) } else { Cow::Owned(rewriter.out) }
    }
}

struct Rewriter<'t> {
    lenient: Lenient,
    rest: &'t str,
    out: String,
    /// The brackets that are open.
    open: Vec<char>,
    /// Whether a member's name comes next.
    key: bool,
}

impl<'t> Rewriter<'t> {
    fn run(&mut self) {
        while let Some(c) = self.rest.chars().next() {
            match c {
                '"' => {
                    let length = quoted(self.rest, '"');
                    self.copy(length);
                    self.key = false;
                }
                '\'' if self.lenient.single_quotes => self.single(),
                '/' if self.lenient.comments && self.comment() => {}
                '{' | '[' => {
                    self.open.push(c);
                    self.key = c == '{';
                    self.copy(1);
                }
                '}' | ']' => {
                    if self.lenient.comments {
                        self.drop_comma();
                    }
                    self.open.pop();
                    self.key = false;
                    self.copy(1);
                }
                ',' => {
                    self.key = self.open.last() == Some(&'{');
                    self.copy(1);
                }
                c if self.key && self.lenient.unquoted_keys && is_name(c) => self.name(),
                c => self.copy(c.len_utf8()),
            }
        }
    }

    fn copy(&mut self, length: usize) {
        let (done, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.out.push_str(done);
        self.rest = rest;
    }

    fn skip(&mut self, length: usize) -> &'t str {
        let (done, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        done
    }

    fn name(&mut self) {
        let length = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
        let name = self.skip(length);
        self.out.push('"');
        self.out.push_str(name);
        self.out.push('"');
        self.key = false;
    }

    fn single(&mut self) {
        let token = self.skip(quoted(self.rest, '\''));
        let inner = token.strip_prefix('\'').unwrap_or(token);
        let closed = inner.ends_with('\'') && inner.len() < token.len();
        let inner = inner.strip_suffix('\'').unwrap_or(inner);
        self.out.push('"');
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => match chars.next() {
                    Some('\'') => self.out.push('\''),
                    Some(other) => self.out.extend(['\\', other]),
                    None => self.out.push('\\'),
                },
                c => self.out.push(c),
            }
        }
        if closed {
            self.out.push('"');
        }
        self.key = false;
    }

    /// Passes over a comment; false when there is none.
    fn comment(&mut self) -> bool {
        let length = if self.rest.starts_with("//") {
            self.rest.find('\n').unwrap_or(self.rest.len())
        } else if let Some(inner) = self.rest.strip_prefix("/*") {
            let Some(end) = inner.find("*/") else { return false };
            end + 4
        } else {
            return false;
        };
        self.skip(length);
        // Two tokens that a comment kept apart stay apart.
        self.out.push(' ');
        true
    }

    /// Takes back a comma between a value and a closing bracket.
    fn drop_comma(&mut self) {
        let kept = self.out.trim_end();
        if let Some(before) = kept.strip_suffix(',').filter(|before| !before.trim_end().ends_with(['[', '{', ','])) {
            let length = before.len();
            self.out.truncate(length);
        }
    }
}

/// What a name without quotes is made of: anything but what has a meaning of its own.
fn is_name(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !matches!(c, ':' | ',' | '{' | '}' | '[' | ']' | '"' | '\'' | '\\' | '/')
}

/// How long the quoted token in front is, quotes included; up to the end when it never closes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}
