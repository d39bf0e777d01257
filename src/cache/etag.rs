//! Entity tags: a strong one for every body that is kept, and `If-None-Match` (RFC 9110, sections 8.8.3 and 13.1.2).

use http::header::IF_NONE_MATCH;
use http::{HeaderMap, HeaderValue};
use ring::digest::{Context, SHA256};

use crate::base::hex::digits;

/// How many bytes of a digest are used: enough that no two texts ever meet, made up or not.
const LENGTH: usize = 16;

/// The tag of a body, given in pieces, in one form: the same bytes have the same tag in every worker and on every machine.
pub fn strong<'b>(content_type: Option<&HeaderValue>, body: impl IntoIterator<Item = &'b [u8]>) -> HeaderValue {
    let mut digest = Context::new(&SHA256);
    digest.update(content_type.map_or(&[][..], HeaderValue::as_bytes));
    digest.update(b"\n");
    body.into_iter().for_each(|piece| digest.update(piece));
    let mut text = [b'"'; 2 * LENGTH + 2];
    text.iter_mut().skip(1).take(2 * LENGTH).zip(digits(digest.finish().as_ref())).for_each(|(place, digit)| *place = digit);
    HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
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
    fn a_tag_is_that_of_bytes_and_form() {
        let json = HeaderValue::from_static("application/json");
        let html = HeaderValue::from_static("text/html");
        let tag = strong(Some(&json), [&b"{}"[..]]);
        assert_eq!(tag, strong(Some(&json), [&b"{}"[..]]));
        assert_eq!(tag.len(), 34);
        for other in [strong(Some(&html), [&b"{}"[..]]), strong(Some(&json), [&b"{ }"[..]]), strong(None, [&b"{}"[..]])] {
            assert_ne!(tag, other);
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
