//! Strings, with their escapes as they came.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};

/// The content of a JSON string between its quotes, escapes untouched. Equality and hash are those of the decoded text.
#[derive(Debug, Clone)]
pub struct Text<'a>(Cow<'a, str>);

impl<'a> Text<'a> {
    /// From a token's content, which the caller knows to be valid inside of quotes.
    pub fn raw(content: impl Into<Cow<'a, str>>) -> Self {
        Self(content.into())
    }

    /// From plain text; escapes the quote, the backslash and controls, nothing else.
    pub fn plain(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        if !text.bytes().any(|b| b < 0x20 || matches!(b, b'"' | b'\\')) {
            return Self(text);
        }
        let mut content = String::with_capacity(text.len() + 8);
        for c in text.chars() {
            match c {
                '"' => content.push_str("\\\""),
                '\\' => content.push_str("\\\\"),
                '\n' => content.push_str("\\n"),
                '\r' => content.push_str("\\r"),
                '\t' => content.push_str("\\t"),
                '\u{8}' => content.push_str("\\b"),
                '\u{c}' => content.push_str("\\f"),
                c if c < ' ' => {
                    let _never_fails = write!(content, "\\u{:04x}", u32::from(c));
                }
                c => content.push(c),
            }
        }
        Self(Cow::Owned(content))
    }

    /// The content as it came.
    pub fn as_raw(&self) -> &str {
        &self.0
    }

    /// The text. A surrogate without its partner, which no text can hold, reads as U+FFFD.
    pub fn decode(&self) -> Cow<'_, str> {
        if !self.is_escaped() {
            return Cow::Borrowed(&self.0);
        }
        let mut text = String::with_capacity(self.0.len());
        let mut rest = &*self.0;
        while let Some((plain, escaped)) = rest.split_once('\\') {
            text.push_str(plain);
            let mut chars = escaped.chars();
            match chars.next() {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                Some('b') => text.push('\u{8}'),
                Some('f') => text.push('\u{c}'),
                Some('u') => text.push(unicode(&mut chars)),
                Some(other) => text.push(other),
                None => {}
            }
            rest = chars.as_str();
        }
        text.push_str(rest);
        Cow::Owned(text)
    }

    /// Whether there are escapes in it.
    pub fn is_escaped(&self) -> bool {
        self.0.contains('\\')
    }

    /// The same text, free of what it came from.
    pub fn into_owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }
}

/// The character of a `\u` escape whose `\u` is read, with its low half when there is one.
fn unicode(chars: &mut std::str::Chars<'_>) -> char {
    let first = hex(chars);
    if !(0xd800..0xe000).contains(&first) {
        return char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER);
    }
    let mut ahead = chars.clone();
    if first < 0xdc00 && ahead.next() == Some('\\') && ahead.next() == Some('u') {
        let second = hex(&mut ahead);
        if (0xdc00..0xe000).contains(&second) {
            *chars = ahead;
            let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
    }
    char::REPLACEMENT_CHARACTER
}

fn hex(chars: &mut std::str::Chars<'_>) -> u32 {
    let mut value = 0;
    for _ in 0..4 {
        value = value * 16 + chars.next().and_then(|c| c.to_digit(16)).unwrap_or(0);
    }
    value
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        // An escape is longer than what it stands for.
        match self.0.len().cmp(&other.len()) {
            Ordering::Less => false,
            Ordering::Equal => self.0 == other && !self.is_escaped(),
            Ordering::Greater => self.is_escaped() && self.decode() == other,
        }
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.decode() == other.decode()
    }
}

impl Eq for Text<'_> {}

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.decode().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_decode_and_a_lone_surrogate_reads_as_replacement() {
        for (raw, text) in [
            (r"a\u4e2d\/\\\n", "a中/\\\n"),
            (r"\ud83d\ude00", "😀"),
            (r"\ud83d", "\u{fffd}"),
            (r"\ud83dx", "\u{fffd}x"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
            (r"\u0000\u001f", "\0\u{1f}"),
        ] {
            assert_eq!(Text::raw(raw).decode(), text, "{raw}");
            assert_eq!(Text::raw(raw).as_raw(), raw);
        }
    }

    #[test]
    fn plain_text_escapes_what_it_must_and_equality_is_of_the_text() {
        assert_eq!(Text::plain("a\"b\\c\n\u{1}é\u{2028}").as_raw(), "a\\\"b\\\\c\\n\\u0001é\u{2028}");
        assert_eq!(Text::raw(r"\u0061"), Text::plain("a"));
        assert!(Text::raw(r"\u0061") == *"a");
        assert!(Text::raw(r"\n") != *r"\n" && Text::raw(r"\\n") == *r"\n" && Text::raw("a") != *"ab");
        assert_ne!(Text::raw("a"), Text::raw("b"));
    }
}
