//! What a start tag says: by html5gum, or, where a tag is written as most are, without it.

use std::borrow::Cow;

use html5gum::Tokenizer;
use html5gum::emitters::default::{DefaultEmitter, StartTag, Token};
use memchr::{memchr, memchr3};

/// What stands in pages for what means something in HTML.
const ESCAPES: [(&str, &str); 5] = [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'")];

/// How many attributes plain tags have.
const MOST: usize = 8;

/// A few attributes, in no memory of their own.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plain<'t> {
    all: [(&'t str, Cow<'t, str>); MOST],
    count: usize,
}

impl<'t> Plain<'t> {
    fn all(&self) -> &[(&'t str, Cow<'t, str>)] {
        self.all.get(..self.count).unwrap_or_default()
    }

    fn push(&mut self, name: &'t str, value: Cow<'t, str>) -> Option<()> {
        *self.all.get_mut(self.count)? = (name, value);
        self.count += 1;
        Some(())
    }
}

/// The attributes of a start tag.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it stands on the stack while one tag is looked at")]
pub(super) enum Attributes<'t> {
    /// Names in lower case; values in double quotes, escaped as pages are here, or none.
    Plain(Plain<'t>),
    /// Whatever HTML allows.
    Parsed(StartTag<usize>),
}

impl<'t> Attributes<'t> {
    /// Those of a tag, given from its `<` to its `>`.
    pub(super) fn of(tag: &'t str) -> Option<Self> {
        plain(tag).map(Self::Plain).or_else(|| parsed(tag).map(Self::Parsed))
    }

    /// The value of an attribute; of one that stands twice the first. One without a value has an empty one.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        match self {
            Self::Plain(plain) => plain.all().iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_ref()),
            Self::Parsed(tag) => tag.attributes.get(name.as_bytes()).and_then(|value| std::str::from_utf8(&value.value).ok()),
        }
    }
}

fn parsed(tag: &str) -> Option<StartTag<usize>> {
    let mut tokens = Tokenizer::new_with_emitter(tag, DefaultEmitter::<usize>::new_with_span());
    tokens.find_map(|Ok(token)| if let Token::StartTag(tag) = token { Some(tag) } else { None })
}

/// `<name name name="value">`, and nothing that a reader of HTML has to know more about.
fn plain(tag: &str) -> Option<Plain<'_>> {
    let inner = tag.strip_prefix('<')?.strip_suffix('>')?;
    let (_, mut rest) = inner.split_at(name_length(inner));
    let mut all = Plain::default();
    loop {
        let next = rest.trim_ascii_start();
        match next {
            "" => return Some(all),
            _ if next.len() == rest.len() => return None,
            _ => {}
        }
        let (name, behind) = next.split_at_checked(name_length(next)).filter(|(name, _)| !name.is_empty())?;
        let Some(quoted) = behind.strip_prefix("=\"") else {
            all.push(name, "".into())?;
            rest = behind;
            continue;
        };
        let (value, behind) = quoted.split_at_checked(memchr(b'"', quoted.as_bytes())?)?;
        all.push(name, unescaped(value)?)?;
        rest = behind.get(1..)?;
    }
}

/// A value as it was before it was escaped. `None` where it has other references, or what is not left as it stands.
fn unescaped(mut value: &str) -> Option<Cow<'_, str>> {
    let mut made = String::new();
    while let Some(at) = memchr3(b'&', b'\r', 0, value.as_bytes()) {
        let (before, reference) = value.split_at_checked(at)?;
        let (text, rest) = ESCAPES.iter().find_map(|(escape, text)| Some((text, reference.strip_prefix(escape)?)))?;
        made.reserve(value.len());
        made.extend([before, text]);
        value = rest;
    }
    if made.is_empty() {
        return Some(value.into());
    }
    made.push_str(value);
    Some(made.into())
}

fn name_length(text: &str) -> usize {
    let is_name = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    text.bytes().position(|byte| !is_name(&byte)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn most_tags_are_plain() {
        for (tag, expected) in [
            (
                "<link rel=\"preload\" as=\"image\" href=\"/a?b=c\">",
                Some(&[("rel", "preload"), ("as", "image"), ("href", "/a?b=c")][..]),
            ),
            ("<script async src=\"/x.js\" defer>", Some(&[("async", ""), ("src", "/x.js"), ("defer", "")][..])),
            ("<br>", Some(&[][..])),
            ("<a \n href=\"é\" >", Some(&[("href", "é")][..])),
            ("<a href=\"a&amp;b&#39;&lt;\">", Some(&[("href", "a&b'<")][..])),
            ("<a href=\"&amp;\">", Some(&[("href", "&")][..])),
            ("<a href=\"a&ampb\">", None),
            ("<a href=\"a&eacute;\">", None),
            ("<a href='a'>", None),
            ("<a href=a>", None),
            ("<a HREF=\"a\">", None),
            ("<a href = \"a\">", None),
            ("<a href=\"a\"b=\"c\">", None),
            ("<br />", None),
            (
                "<a b c d e f g h i>",
                Some(&[("b", ""), ("c", ""), ("d", ""), ("e", ""), ("f", ""), ("g", ""), ("h", ""), ("i", "")][..]),
            ),
            ("<a b c d e f g h i j>", None),
            ("<a href=\"a>", None),
        ] {
            let plain = plain(tag);
            let found: Option<Vec<_>> =
                plain.as_ref().map(|plain| plain.all().iter().map(|(name, value)| (*name, value.as_ref())).collect());
            assert_eq!(found.as_deref(), expected, "{tag}");
        }
    }

    proptest! {
        #[test]
        fn what_is_plain_says_what_html_says(
            tag in "<[a-z]{1,4}([ \n\t]{1,2}([a-c]{1,2}|A|é|/|=|\"|a=\"([a-z /<>='é\n]|&amp;|&lt;|&gt;|&quot;|&#39;|&#60;|&copy|&|\r|\\x00){0,6}\"|b=[a-z]{0,2}|c='x'|a =\"\")){0,4} ?/?>",
        ) {
            if let (Some(plain), Some(parsed)) = (plain(&tag), parsed(&tag)) {
                let (plain, parsed) = (Attributes::Plain(plain), Attributes::Parsed(parsed));
                for name in ["a", "b", "c", "ab", "aa", "cc", "", "/", "\""] {
                    prop_assert_eq!(plain.get(name), parsed.get(name), "{} {}", tag, name);
                }
            }
        }
    }
}
