//! What of ranges and conditions `ServeDir` does not know: `If-Range` (RFC 9110, 13.1.5), and which ranges are none (14.2).

use http::header::{ETAG, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE};
use http::{HeaderMap, HeaderValue};

/// The condition on a range, when the head has both, and the head without any condition, to ask what is there.
pub(super) fn on_range(headers: &HeaderMap) -> Option<(&HeaderValue, HeaderMap)> {
    let condition = headers.get(IF_RANGE).filter(|_| headers.contains_key(RANGE))?;
    let mut bare = headers.clone();
    for name in [RANGE, IF_RANGE, IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE] {
        bare.remove(name);
    }
    Some((condition, bare))
}

/// Whether a piece of what the client has fits to what is there: by a strong tag, or by the very date.
pub(super) fn holds(condition: &HeaderValue, there: &HeaderMap) -> bool {
    let is_tag = condition.as_bytes().starts_with(b"\"");
    let validator = if is_tag { ETAG } else { LAST_MODIFIED };
    there.get(validator).is_some_and(|validator| validator == condition)
}

/// Leaves a head with a range in its one form, or without one.
pub(super) fn tidy(headers: &mut HeaderMap) {
    if let Some(range) = headers.remove(RANGE).as_ref().and_then(tidied) {
        headers.insert(RANGE, range);
    }
}

/// The range of a head that has one, and the same head without it.
pub(super) fn without_range(headers: &HeaderMap) -> Option<(HeaderValue, HeaderMap)> {
    let range = headers.get(RANGE)?.clone();
    let mut whole = headers.clone();
    whole.remove(RANGE);
    Some((range, whole))
}

/// A range in the one form that everybody reads; none for what is to be ignored: another unit, or no range at all.
fn tidied(range: &HeaderValue) -> Option<HeaderValue> {
    let (unit, set) = range.to_str().ok()?.split_once('=')?;
    let ranges: Option<Vec<String>> = set.split(',').map(|range| one(range.trim())).collect();
    let tidied = format!("bytes={}", ranges?.join(","));
    unit.trim().eq_ignore_ascii_case("bytes").then(|| HeaderValue::try_from(tidied).ok()).flatten()
}

/// Whether a range in its one form is the end of a file.
pub(super) fn is_end(range: &HeaderValue) -> bool {
    let range = range.to_str().unwrap_or_default();
    range.starts_with("bytes=-") && range != "bytes=-0" && !range.contains(',')
}

fn one(range: &str) -> Option<String> {
    let number = |digits: &str| {
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        // No file is that long.
        is_number.then(|| digits.parse::<u64>().unwrap_or(u64::MAX))
    };
    let (first, last) = range.split_once('-')?;
    if first.is_empty() {
        return Some(format!("-{}", number(last)?));
    }
    let first = number(first)?;
    if last.is_empty() {
        return Some(format!("{first}-"));
    }
    let last = number(last)?;
    (first <= last).then(|| format!("{first}-{last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_one_form_or_is_none() {
        for (range, expected) in [
            ("bytes=0-5", Some("bytes=0-5")),
            ("BYTES=0-5", Some("bytes=0-5")),
            ("bytes=5-", Some("bytes=5-")),
            ("bytes=-5", Some("bytes=-5")),
            ("bytes=0-1, 4-5", Some("bytes=0-1,4-5")),
            ("bytes=0-99999999999999999999", Some("bytes=0-18446744073709551615")),
            ("bytes=-99999999999999999999", Some("bytes=-18446744073709551615")),
            ("lines=0-1", None),
            ("bytes", None),
            ("bytes=", None),
            ("bytes=-", None),
            ("bytes=a-b", None),
            ("bytes=5-4", None),
            ("bytes=+1-2", None),
            ("bytes=0-1,x", None),
        ] {
            assert_eq!(tidied(&HeaderValue::from_static(range)), expected.map(HeaderValue::from_static), "{range}");
        }
    }

    #[test]
    fn a_range_is_of_the_file_that_is_there_by_a_strong_tag_or_the_very_date() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let there: HeaderMap = [(ETAG, "\"a\""), (LAST_MODIFIED, date)]
            .map(|(name, value)| (name, HeaderValue::from_static(value)))
            .into_iter()
            .collect();
        for (condition, expected) in [
            ("\"a\"", true),
            ("\"b\"", false),
            ("\"a-br\"", false),
            ("W/\"a\"", false),
            (date, true),
            ("Sun, 06 Nov 1994 08:49:38 GMT", false),
            ("nonsense", false),
        ] {
            assert_eq!(holds(&HeaderValue::from_static(condition), &there), expected, "{condition}");
        }
        assert!(!holds(&HeaderValue::from_static("\"a\""), &HeaderMap::new()));
    }
}
