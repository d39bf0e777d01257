//! Content codings of what the gateway makes: which answers leave in one, made once for all where they have a tag, or while they stream.
//!
//! What passes through untouched is nobody's to encode: a proxy's bytes, what has a coding already, a piece of something larger.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT_RANGES, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, COOKIE, ETAG};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use tokio::sync::Semaphore;

use super::coded::Coded;
use super::nonce::Nonce;
use super::reply::{NO_TRANSFORM, vary_on};
use super::{Body, Gateway};
use crate::base::http1::media_type;
use crate::cache;
use crate::coding::{Accepted, CodedStore, Coding, Effort, Encoder, encode};

/// What the body of an answer depends on that may leave in a coding.
const VARIES: [&str; 1] = ["accept-encoding"];

/// The smallest body that is worth a coding, in bytes: below it, answers fit into one packet anyway.
const LEAST: usize = 1 << 10;

/// What is encoded where requests are answered, at most, in bytes; by docs/performance.md about half a millisecond. More is done on a
/// thread beside.
const fn at_once(effort: Effort) -> usize {
    match effort {
        Effort::Once => 96 << 10,
        Effort::Kept => 32 << 10,
    }
}

/// Which coding is taken where the client has no preference: the fastest one for a body that is encoded for one client, the smallest one for
/// one that is kept.
const fn order(effort: Effort) -> [Coding; 3] {
    match effort {
        Effort::Once => [Coding::Zstd, Coding::Brotli, Coding::Gzip],
        Effort::Kept => [Coding::Brotli, Coding::Zstd, Coding::Gzip],
    }
}

/// Among the extensions of an answer: it leaves as it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct AsItIs;

/// Among the extensions of an answer: a name that its tag is one's of, where the tag is not made of the bytes alone.
#[derive(Debug, Clone)]
pub(super) struct KeptAs(pub(super) String);

/// What all requests of a worker share.
#[derive(Debug)]
pub(super) struct Compressing {
    made: CodedStore,
    beside: Arc<Semaphore>,
}

impl Compressing {
    /// Beside a cache of replies of so many bytes, a quarter of that is for what is encoded.
    pub(super) fn new(cache: u64) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { made: CodedStore::new(cache / 4), beside: Arc::new(Semaphore::new(threads)) }
    }

    /// A body in a coding; empty when that would be no smaller.
    async fn encoded(&self, coding: Coding, effort: Effort, body: Bytes) -> Bytes {
        if body.len() <= at_once(effort) {
            return smaller(coding, effort, &body);
        }
        // Closed by nobody.
        let Ok(place) = Arc::clone(&self.beside).acquire_owned().await else { return Bytes::new() };
        let work = tokio::task::spawn_blocking(move || {
            let coded = smaller(coding, effort, &body);
            drop(place);
            coded
        });
        work.await.unwrap_or_default()
    }
}

/// A body in a coding; empty when that is no smaller, or cannot be made.
fn smaller(coding: Coding, effort: Effort, body: &[u8]) -> Bytes {
    match encode(coding, effort, body) {
        Ok(coded) if coded.len() < body.len() => Bytes::from(coded.into_boxed_slice()),
        Ok(_) => Bytes::new(),
        Err(error) => {
            tracing::warn!(coding = coding.word(), %error, "a body leaves without its coding");
            Bytes::new()
        }
    }
}

/// How an answer is to leave.
#[derive(Debug)]
pub(super) struct Wanted {
    coding: Coding,
    effort: Effort,
    /// Under which name it is kept.
    name: Option<Bytes>,
}

impl Gateway {
    /// The same answer, in a coding that its client wants.
    pub(super) async fn encoded(
        &self,
        Wanted { coding, effort, name: known }: Wanted,
        mut response: Response<Body>,
    ) -> Response<Body> {
        if let Some(body) = response.body().whole().cloned() {
            let made = self.compressing.encoded(coding, effort, body);
            let coded = match known {
                Some(name) => self.compressing.made.get_or_make(name, coding, made).await,
                None => made.await,
            };
            if coded.is_empty() {
                return response;
            }
            *response.body_mut() = Body::full(coded);
        } else {
            match Encoder::new(coding, effort, None) {
                Ok(encoder) => response = response.map(|body| Coded::new(encoder, body).into()),
                Err(error) => {
                    tracing::warn!(coding = coding.word(), %error, "an answer leaves without its coding");
                    return response;
                }
            }
        }
        name(coding, response.headers_mut());
        response
    }
}

/// How an answer is to leave, if in a coding; and what its head says of that in any case.
pub(super) fn wanted(parts: &Parts, response: &mut Response<Body>) -> Option<Wanted> {
    if response.extensions().get::<AsItIs>().is_some() || response.body().is_passed() {
        return None;
    }
    if response.status() == StatusCode::NOT_MODIFIED {
        name_known(parts, response.headers_mut());
        return None;
    }
    let length = response.body().len();
    if length == Some(0) || !is_encodable(response.headers()) {
        return None;
    }
    vary_on(response.headers_mut(), &VARIES);
    let accepted = Accepted::of(&parts.headers);
    if length.is_some_and(|length| length < LEAST) && accepted.takes_plain() {
        return None;
    }
    let best = |effort| accepted.best(order(effort)).filter(|_| !could_leak(&parts.headers));
    best(Effort::Kept)?;
    // The same page has the same tag, whatever its nonce: with one in it, its bytes are one client's.
    let is_signed =
        response.extensions().get::<Nonce>().is_some_and(|nonce| response.body().whole().is_none_or(|body| nonce.is_in(body)));
    let headers = response.headers();
    let tag = headers.get(ETAG).filter(|_| !is_signed && !is_for_one(headers)).cloned();
    let name = tag.map(|tag| {
        response.extensions().get::<KeptAs>().map_or_else(
            || Bytes::copy_from_slice(tag.as_bytes()),
            |name| [name.0.as_bytes(), b" ", tag.as_bytes()].concat().into(),
        )
    });
    let effort = if name.is_some() { Effort::Kept } else { Effort::Once };
    best(effort).map(|coding| Wanted { coding, effort, name })
}

/// Says of an answer that is to be kept what its head will say anyway, so that it need not be added for each client: that its body depends
/// on what codings are taken.
pub(super) fn foretell(response: &mut Response<Body>) {
    if response.body().len().is_some_and(|length| length > 0) && is_encodable(response.headers()) {
        vary_on(response.headers_mut(), &VARIES);
    }
}

/// The head of what has got a coding.
fn name(coding: Coding, headers: &mut HeaderMap) {
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.word()));
    headers.remove(CONTENT_LENGTH);
    headers.remove(ACCEPT_RANGES);
    if let Some(tag) = headers.get(ETAG) {
        let tag = coding.tag(tag);
        headers.insert(ETAG, tag);
    }
}

/// Whether a client has the body with this tag, as it is or in a coding that it still takes.
pub(super) fn is_known(request: &HeaderMap, tag: &HeaderValue) -> bool {
    cache::is_known(request, tag) || known_coding(request, tag).is_some()
}

fn known_coding(request: &HeaderMap, tag: &HeaderValue) -> Option<Coding> {
    request.get(http::header::IF_NONE_MATCH)?;
    let accepted = Accepted::of(request);
    Coding::ALL.into_iter().find(|coding| accepted.takes(*coding) && cache::is_known(request, &coding.tag(tag)))
}

/// The tags of a condition as they are without a coding, beside those that it tells; none when it tells of no coding that the client takes.
pub(super) fn plain_tags(request: &HeaderMap, name: &http::HeaderName) -> Option<String> {
    let accepted = Accepted::of(request);
    let lines = request.get_all(name).iter().filter_map(|line| line.to_str().ok());
    let mut tags: Vec<String> = lines.flat_map(|line| line.split(',')).map(|tag| tag.trim().to_owned()).collect();
    let taken = || Coding::ALL.into_iter().filter(|coding| accepted.takes(*coding));
    let plain =
        |tag: &String| taken().find_map(|coding| Some(format!("{}\"", tag.strip_suffix(&format!("-{}\"", coding.word()))?)));
    let found: Vec<String> = tags.iter().filter_map(plain).collect();
    (!found.is_empty()).then(|| {
        tags.extend(found);
        tags.join(", ")
    })
}

/// A 304 names what the client has: the tag that it told.
fn name_known(parts: &Parts, headers: &mut HeaderMap) {
    let Some(tag) = headers.get(ETAG) else { return };
    if !cache::is_known(&parts.headers, tag)
        && let Some(coding) = known_coding(&parts.headers, tag)
    {
        let tag = coding.tag(tag);
        headers.insert(ETAG, tag);
    }
    vary_on(headers, &VARIES);
}

/// Whether the body of an answer may be put into a coding, and would be smaller for it.
fn is_encodable(headers: &HeaderMap) -> bool {
    !headers.contains_key(CONTENT_ENCODING)
        && !headers.contains_key(CONTENT_RANGE)
        && !cache::directs(headers, NO_TRANSFORM)
        && is_text(media_type(headers))
}

/// Whether an answer is for one client, and not worth a place among what is kept.
fn is_for_one(headers: &HeaderMap) -> bool {
    cache::directs(headers, "no-store")
}

/// Whether bytes of this type shrink: text, whatever it is called. Pictures, fonts for the web and archives are packed already; a stream of
/// events is never held back.
fn is_text(media_type: &[u8]) -> bool {
    // Written as it should be, it is not copied.
    let media_type = match media_type.iter().any(u8::is_ascii_uppercase) {
        true => Cow::Owned(media_type.to_ascii_lowercase()),
        false => Cow::Borrowed(media_type),
    };
    let mut parts = media_type.splitn(2, |byte| *byte == b'/');
    let (Some(kind), Some(subtype)) = (parts.next(), parts.next()) else { return false };
    match kind {
        b"text" => subtype != b"event-stream",
        b"application" => {
            matches!(subtype, b"json" | b"javascript" | b"xml" | b"wasm" | b"x-ndjson" | b"vnd.ms-fontobject")
                || subtype.ends_with(b"+json")
                || subtype.ends_with(b"+xml")
        }
        b"image" => matches!(subtype, b"svg+xml" | b"bmp" | b"x-icon" | b"vnd.microsoft.icon"),
        b"font" => matches!(subtype, b"ttf" | b"otf"),
        _ => false,
    }
}

/// Whether the length of an answer could tell a foreign site what is in it (BREACH): its script can make a browser ask here, with the
/// cookies of the person in front of it, as often as it wants. A page that somebody follows a link to is asked for once.
fn could_leak(request: &HeaderMap) -> bool {
    let is_of_person = request.contains_key(COOKIE) || request.contains_key(AUTHORIZATION);
    let says = |name: &str| request.get(name).map(HeaderValue::as_bytes);
    let is_foreign = matches!(says("sec-fetch-site"), Some(b"cross-site" | b"same-site"));
    is_of_person && is_foreign && says("sec-fetch-dest") != Some(b"document")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn text_is_encoded_and_what_is_packed_is_not() {
        for (content_type, expected) in [
            ("text/html; charset=utf-8", true),
            ("Text/CSS", true),
            ("text/event-stream", false),
            ("application/json", true),
            ("application/problem+json", true),
            ("application/rss+xml; charset=utf-8", true),
            ("application/octet-stream", false),
            ("application/zip", false),
            ("image/svg+xml", true),
            ("image/png", false),
            ("font/woff2", false),
            ("font/ttf", true),
            ("video/mp4", false),
            ("", false),
        ] {
            assert_eq!(is_text(media_type(&headers(&[("content-type", content_type)]))), expected, "{content_type}");
        }
    }

    #[test]
    fn what_is_encoded_or_must_not_be_is_let_be() {
        for (line, expected) in [
            (("x-any", "1"), true),
            (("content-encoding", "gzip"), false),
            (("content-range", "bytes 0-1/2"), false),
            (("cache-control", "public, No-Transform"), false),
            (("cache-control", "no-store"), true),
        ] {
            assert_eq!(is_encodable(&headers(&[("content-type", "text/plain"), line])), expected, "{line:?}");
        }
    }

    #[test]
    fn a_foreign_script_learns_nothing_from_a_length() {
        let person = ("cookie", "session=1");
        for (lines, expected) in [
            (&[][..], false),
            (&[person][..], false),
            (&[person, ("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "empty")][..], false),
            (&[person, ("sec-fetch-site", "none"), ("sec-fetch-dest", "document")][..], false),
            (&[person, ("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "document")][..], false),
            (&[person, ("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "image")][..], true),
            (&[person, ("sec-fetch-site", "same-site"), ("sec-fetch-dest", "empty")][..], true),
            (&[person, ("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "iframe")][..], true),
            (&[person, ("sec-fetch-site", "cross-site")][..], true),
            (&[("authorization", "a"), ("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "empty")][..], true),
            (&[("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "empty")][..], false),
        ] {
            assert_eq!(could_leak(&headers(lines)), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_tag_is_known_in_a_coding_that_the_client_still_takes() {
        let tag = HeaderValue::from_static("\"a\"");
        for (known, accepted, expected) in [
            ("\"a\"", "", true),
            ("\"a-br\"", "br", true),
            ("W/\"a-br\"", "br", true),
            ("\"a-br\"", "gzip", false),
            ("\"a-br\"", "br;q=0", false),
            ("\"b\", \"a-zstd\"", "gzip, zstd", true),
            ("\"a-deflate\"", "*", false),
        ] {
            assert_eq!(is_known(&headers(&[("if-none-match", known), ("accept-encoding", accepted)]), &tag), expected, "{known}");
        }
    }
}
