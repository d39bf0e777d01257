//! The nonce of a page: the word by which a browser knows the page's own scripts and styles from what somebody else put there.
//!
//! Every answer has one of its own. A page that is kept has that of its making, which no browser has seen: it only marks the places where
//! each client's own goes.

use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY, CONTENT_TYPE, LINK};
use http::{HeaderMap, HeaderName, HeaderValue};
use memchr::memmem;

use crate::base::hex::digits;
use crate::cache::TagKey;

/// Among the headers of an answer that is kept: the nonce of its making. It never leaves.
const KEPT: HeaderName = HeaderName::from_static("forecourt-nonce");

/// How many bytes of chance are in one.
const BYTES: usize = 16;

/// A nonce: always as long as any other, letters and digits alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Nonce(String);

impl Nonce {
    /// One that nobody can guess.
    pub(super) fn new() -> Self {
        let mut text = String::with_capacity(2 * BYTES);
        text.extend(digits(&rand::random::<[u8; BYTES]>()).map(char::from));
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a body has it.
    pub(super) fn is_in(&self, body: &[u8]) -> bool {
        memmem::find(body, self.0.as_bytes()).is_some()
    }

    /// The strong tag of a body, whatever its nonce.
    pub(super) fn tag(&self, key: &TagKey, content_type: Option<&HeaderValue>, body: &[u8]) -> HeaderValue {
        key.tag(content_type, pieces(body, self.0.as_bytes()))
    }

    /// Remembers it with an answer that is to be kept.
    pub(super) fn keep(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::try_from(self.0.as_str()) {
            headers.insert(KEPT, value);
        }
    }

    /// The nonce of an answer that was kept.
    pub(super) fn kept(headers: &HeaderMap) -> Option<Self> {
        headers.get(KEPT).and_then(|value| value.to_str().ok()).map(|text| Self(text.to_owned()))
    }
}

/// No upstream may speak of what is ours to remember.
pub(super) fn forget(headers: &mut HeaderMap) {
    headers.remove(KEPT);
}

/// Gives an answer that was kept a nonce of its own, and tells it.
pub(super) fn renew(headers: &mut HeaderMap, body: &Bytes) -> (Bytes, Option<Nonce>) {
    let Some(old) = Nonce::kept(headers) else { return (body.clone(), None) };
    forget(headers);
    let new = Nonce::new();
    for (name, value) in headers.iter_mut() {
        if [CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY, LINK].contains(name)
            && let Ok(text) = value.to_str()
            && let Ok(renewed) = HeaderValue::try_from(text.replace(&old.0, &new.0))
        {
            *value = renewed;
        }
    }
    if !old.is_in(body) {
        return (body.clone(), Some(new));
    }
    let mut renewed = Vec::with_capacity(body.len());
    for (at, piece) in pieces(body, old.0.as_bytes()).enumerate() {
        if at > 0 {
            renewed.extend_from_slice(new.0.as_bytes());
        }
        renewed.extend_from_slice(piece);
    }
    (renewed.into(), Some(new))
}

/// For a 304: the browser has the page with the nonce and the policy that it came with, and another policy would forbid its scripts.
pub(super) fn leave_out(headers: &mut HeaderMap) {
    forget(headers);
    headers.remove(CONTENT_SECURITY_POLICY);
    headers.remove(CONTENT_SECURITY_POLICY_REPORT_ONLY);
    // It has the nonce too, and what it names is there.
    headers.remove(LINK);
    headers.remove(CONTENT_TYPE);
}

/// A body without its nonce, in pieces.
fn pieces<'b>(body: &'b [u8], nonce: &'b [u8]) -> impl Iterator<Item = &'b [u8]> {
    let mut from = Some(0);
    let mut found = memmem::find_iter(body, nonce);
    std::iter::from_fn(move || {
        let start = from?;
        let end = found.next();
        from = end.map(|end| end + nonce.len());
        body.get(start..end.unwrap_or(body.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_128_bits_that_differ_every_time() {
        let (one, other) = (Nonce::new(), Nonce::new());
        assert_eq!((one.0.len(), one.0.bytes().all(|byte| byte.is_ascii_hexdigit())), (32, true));
        assert_ne!(one, other);
    }

    #[test]
    fn the_same_page_has_the_same_tag_whatever_its_nonce() {
        let page = |nonce: &Nonce, text: &str| format!("<style nonce=\"{0}\"></style>{text}<script nonce={0}>", nonce.0);
        let (one, other, key) = (Nonce::new(), Nonce::new(), TagKey::new([]));
        let tag = one.tag(&key, None, page(&one, "a").as_bytes());
        assert_eq!(tag, other.tag(&key, None, page(&other, "a").as_bytes()));
        assert_ne!(tag, other.tag(&key, None, page(&other, "b").as_bytes()));
        assert_ne!(one.tag(&key, None, one.0.as_bytes()), one.tag(&key, None, b""), "a place for a nonce is seen");
        assert_ne!(tag, one.tag(&key, None, page(&other, "a").as_bytes()), "another's nonce is a text like any other");
        assert_eq!(one.tag(&key, None, b"a"), key.tag(None, [&b"a"[..]]));
    }

    #[test]
    fn a_page_that_was_kept_gets_a_nonce_of_its_own_everywhere() {
        let made = Nonce::new();
        let policy = |nonce: &str| format!("script-src 'nonce-{nonce}'");
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_SECURITY_POLICY, policy(&made.0).parse().unwrap());
        made.keep(&mut headers);
        for (body, count) in [("", 0), ("a", 0), ("{}", 1), ("a{}b{}", 2), ("{}{}c", 2)] {
            let mut headers = headers.clone();
            let (renewed, new) = renew(&mut headers, &Bytes::from(body.replace("{}", &made.0)));
            assert_eq!(new.unwrap().is_in(&renewed), count > 0);
            assert!(!headers.contains_key(KEPT));
            let said = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
            let nonce = said.strip_prefix("script-src 'nonce-").and_then(|rest| rest.strip_suffix('\'')).unwrap();
            assert_ne!(nonce, made.0);
            assert_eq!((nonce.len(), std::str::from_utf8(&renewed).unwrap()), (32, body.replace("{}", nonce).as_str()));
            assert_eq!(memmem::find_iter(&renewed, nonce.as_bytes()).count(), count);
        }
        let body = Bytes::from("a");
        assert_eq!(renew(&mut HeaderMap::new(), &body), (body, None));
    }
}
