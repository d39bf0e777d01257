//! Entity tags: a strong one for every body that is kept, and `If-None-Match` (RFC 9110, sections 8.8.3 and 13.1.2).

use std::fmt;

use highway::{HighwayHash as _, HighwayHasher, Key};
use http::header::IF_NONE_MATCH;
use http::{HeaderMap, HeaderValue};
use ring::digest::{Context, SHA256};

use crate::base::hex::digits;

/// How many bytes are in a tag: enough that no two texts ever meet by chance.
const LENGTH: usize = 16;

/// What the tags of one configuration are made with.
///
/// A tag is HighwayHash with this key, which takes a fourth of the time of a digest without one. The price is that the key has to stay
/// unknown: whoever has it and may write into two bodies might give them one tag.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TagKey([u64; 4]);

impl fmt::Debug for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TagKey")
    }
}

impl TagKey {
    /// The key that follows from these secrets, and from nothing else: it is the same in every worker and on every machine that has them.
    pub fn new<'b>(secrets: impl IntoIterator<Item = &'b [u8]>) -> Self {
        let mut digest = Context::new(&SHA256);
        for secret in secrets {
            digest.update(&(secret.len() as u64).to_le_bytes());
            digest.update(secret);
        }
        let mut key = [0; 4];
        key.iter_mut().zip(digest.finish().as_ref().as_chunks().0).for_each(|(word, bytes)| *word = u64::from_le_bytes(*bytes));
        Self(key)
    }

    /// The strong tag of a body, given in pieces, in one form. It matters where one piece ends and the next begins.
    pub fn tag<'b>(&self, content_type: Option<&HeaderValue>, body: impl IntoIterator<Item = &'b [u8]>) -> HeaderValue {
        let mut hasher = HighwayHasher::new(Key(self.0));
        hasher.append(content_type.map_or(&[][..], HeaderValue::as_bytes));
        for piece in body {
            // A byte that no text has.
            hasher.append(&[0xff]);
            hasher.append(piece);
        }
        let [low, high] = hasher.finalize128().map(u64::to_be_bytes);
        let mut text = [b'"'; 2 * LENGTH + 2];
        let places = text.iter_mut().skip(1).take(2 * LENGTH);
        places.zip(digits(&low).chain(digits(&high))).for_each(|(place, digit)| *place = digit);
        HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
    }
}

/// The beginning of a digest, as text.
pub(super) fn hex(digest: &[u8]) -> String {
    digits(digest).take(2 * LENGTH).map(char::from).collect()
}

/// Whether a client has the body with this tag already. The comparison is weak, as it is for every 304.
pub fn is_known(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let Ok(tag) = tag.to_str() else { return false };
    let lines = request.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    // A comma may stand inside of a tag, but none of ours has one, so a torn foreign tag can match nothing.
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|item| item == "*" || item.strip_prefix("W/").unwrap_or(item) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_that_of_bytes_form_and_key() {
        let json = HeaderValue::from_static("application/json");
        let html = HeaderValue::from_static("text/html");
        let key = TagKey::new([&b"a"[..], b"b"]);
        let tag = key.tag(Some(&json), [&b"{}"[..]]);
        assert_eq!(tag, TagKey::new([&b"a"[..], b"b"]).tag(Some(&json), [&b"{}"[..]]));
        assert_eq!(tag.len(), 34);
        assert!(tag.as_bytes().iter().skip(1).take(32).all(u8::is_ascii_hexdigit), "{tag:?}");
        for other in [
            key.tag(Some(&html), [&b"{}"[..]]),
            key.tag(Some(&json), [&b"{ }"[..]]),
            key.tag(Some(&json), [&b"{"[..], b"}"]),
            key.tag(None, [&b"{}"[..]]),
            TagKey::new([&b"ab"[..]]).tag(Some(&json), [&b"{}"[..]]),
            TagKey::new([&b"ab"[..], b""]).tag(Some(&json), [&b"{}"[..]]),
        ] {
            assert_ne!(tag, other);
        }
        assert_eq!(format!("{key:?}"), "TagKey");
    }

    #[test]
    fn no_bit_of_a_body_goes_unseen() {
        let key = TagKey::new([&b"a"[..]]);
        let body: Vec<u8> = (0..=200).collect();
        let mut seen = std::collections::HashSet::from([key.tag(None, [&body[..]])]);
        for length in 0..body.len() {
            assert!(seen.insert(key.tag(None, [&body[..length]])), "{length} bytes of it");
        }
        for bit in 0..body.len() * 8 {
            let mut other = body.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(seen.insert(key.tag(None, [&other[..]])), "bit {bit}");
        }
    }

    #[test]
    fn a_condition_is_met_by_the_tag_weak_or_strong_alone_or_in_a_list() {
        for (lines, known) in [
            (&[][..], false),
            (&["\"a\""][..], true),
            (&["W/\"a\""][..], true),
            (&["\"x,y\", \"a\""][..], true),
            (&["\"b\"", "W/\"a\""][..], true),
            (&["*"][..], true),
            (&["a"][..], false),
            (&["\"b\", W/\"c\""][..], false),
            (&["\"A\""][..], false),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(IF_NONE_MATCH, HeaderValue::from_static(line));
            }
            assert_eq!(is_known(&headers, &HeaderValue::from_static("\"a\"")), known, "{lines:?}");
        }
    }
}
