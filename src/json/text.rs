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
        text.chars().for_each(|c| push(&mut content, c));
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
        self.each(|piece| match piece {
            Piece::Plain(plain) => text.push_str(plain),
            Piece::Char(c) => text.push(c),
            Piece::Lone(_) => text.push(char::REPLACEMENT_CHARACTER),
        });
        Cow::Owned(text)
    }

    /// The content with no escape that it can do without. That of two texts is the same exactly where the texts are: unlike what is
    /// [decoded](Text::decode), it keeps apart surrogates without their partners.
    pub fn canonical(&self) -> Cow<'_, str> {
        if !self.is_escaped() {
            return Cow::Borrowed(&self.0);
        }
        let mut content = String::with_capacity(self.0.len());
        self.each(|piece| match piece {
            Piece::Plain(plain) => content.push_str(plain),
            Piece::Char(c) => push(&mut content, c),
            Piece::Lone(unit) => push_unit(&mut content, unit),
        });
        Cow::Owned(content)
    }

    /// The parts around a text that is not empty, up to a number of them. A surrogate without its partner stays in its part.
    pub fn split(&self, at: &str, most: usize) -> Vec<Text<'static>> {
        let text = self.decode();
        if !self.is_escaped() || !text.contains(char::REPLACEMENT_CHARACTER) {
            return text.split(at).take(most).map(|part| Text::plain(part.to_owned())).collect();
        }
        // A character's code units are never found inside of those of others.
        let (units, at): (Vec<u16>, Vec<u16>) = (self.units(), at.encode_utf16().collect());
        let mut parts = Vec::new();
        let mut rest = units.as_slice();
        while parts.len() < most {
            let end = rest.windows(at.len().max(1)).position(|found| found == at);
            parts.push(Text::of_units(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()));
            let Some(behind) = end.and_then(|end| rest.get(end + at.len()..)) else { break };
            rest = behind;
        }
        parts
    }

    /// The text in UTF-16, which has room for surrogates without their partners.
    fn units(&self) -> Vec<u16> {
        let mut units = Vec::with_capacity(self.0.len());
        self.each(|piece| match piece {
            Piece::Plain(plain) => units.extend(plain.encode_utf16()),
            Piece::Char(c) => units.extend(c.encode_utf16(&mut [0; 2]).iter()),
            Piece::Lone(unit) => units.push(unit),
        });
        units
    }

    fn of_units(units: &[u16]) -> Text<'static> {
        let mut content = String::with_capacity(units.len());
        for unit in char::decode_utf16(units.iter().copied()) {
            match unit {
                Ok(c) => push(&mut content, c),
                Err(lone) => push_unit(&mut content, lone.unpaired_surrogate()),
            }
        }
        Text(Cow::Owned(content))
    }

    /// Takes the content apart at its escapes.
    fn each<'t>(&'t self, mut see: impl FnMut(Piece<'t>)) {
        let mut rest = &*self.0;
        while let Some((plain, escaped)) = rest.split_once('\\') {
            see(Piece::Plain(plain));
            let mut chars = escaped.chars();
            match chars.next() {
                Some('n') => see(Piece::Char('\n')),
                Some('r') => see(Piece::Char('\r')),
                Some('t') => see(Piece::Char('\t')),
                Some('b') => see(Piece::Char('\u{8}')),
                Some('f') => see(Piece::Char('\u{c}')),
                Some('u') => see(unicode(&mut chars)),
                Some(other) => see(Piece::Char(other)),
                None => {}
            }
            rest = chars.as_str();
        }
        see(Piece::Plain(rest));
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

/// A piece of a content.
enum Piece<'t> {
    /// Free of escapes.
    Plain(&'t str),
    /// What an escape stands for.
    Char(char),
    /// A surrogate without its partner.
    Lone(u16),
}

/// Adds a character to a content, as an escape where it must be one.
fn push(content: &mut String, c: char) {
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

fn push_unit(content: &mut String, unit: u16) {
    let _never_fails = write!(content, "\\u{unit:04x}");
}

/// What a `\u` escape stands for whose `\u` is read, with its low half when there is one.
fn unicode<'t>(chars: &mut std::str::Chars<'_>) -> Piece<'t> {
    let first = hex(chars);
    if !(0xd800..0xe000).contains(&first) {
        return Piece::Char(char::from_u32(first.into()).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    let mut ahead = chars.clone();
    if first < 0xdc00 && ahead.next() == Some('\\') && ahead.next() == Some('u') {
        let second = hex(&mut ahead);
        if (0xdc00..0xe000).contains(&second) {
            *chars = ahead;
            let code = 0x1_0000 + ((u32::from(first) - 0xd800) << 10) + (u32::from(second) - 0xdc00);
            return Piece::Char(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
    }
    Piece::Lone(first)
}

fn hex(chars: &mut std::str::Chars<'_>) -> u16 {
    let digits = chars.by_ref().take(4).map(|c| c.to_digit(16).and_then(|digit| u16::try_from(digit).ok()).unwrap_or(0));
    digits.fold(0, |value, digit| value << 4 | digit)
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

    #[test]
    fn a_lone_surrogate_is_itself_alone_where_texts_are_told_apart() {
        for (raw, canonical) in [
            ("plain", "plain"),
            (r"\u0061\/\u00e9\ud83d\ude00", "a/é😀"),
            (r"\u000a\u0022\u005c\u0001", r#"\n\"\\\u0001"#),
            (r"\uD800x", r"\ud800x"),
            (r"\udfff\ud800", r"\udfff\ud800"),
            (r"\ufffd", "\u{fffd}"),
        ] {
            assert_eq!(Text::raw(raw).canonical(), canonical, "{raw}");
        }
    }

    #[test]
    fn a_text_is_split_and_loses_nothing() {
        let split = |raw: &'static str, at: &str, most| {
            Text::raw(raw).split(at, most).iter().map(|part| part.as_raw().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(split(r"a,\u0062\u002cc,", ",", 9), ["a", "b", "c", ""]);
        assert_eq!(split(r"\ud800,\uDFFF,\\n", ",", 9), [r"\ud800", r"\udfff", r"\\n"]);
        assert_eq!(split(r"\ud83d\ud83d\ude00\ude00", "😀", 9), [r"\ud83d", r"\ude00"]);
        assert_eq!(split(r"\ud800\ufffd\ud800", "\u{fffd}", 9), [r"\ud800", r"\ud800"]);
        assert_eq!(split(r"\ud800n\n", "n", 9), [r"\ud800", r"\n"]);
        assert_eq!(
            (split("a,b,c", ",", 2), split(r"\ud800,b,c", ",", 2)),
            (vec!["a".into(), "b".into()], vec![r"\ud800".into(), "b".into()])
        );
    }
}
