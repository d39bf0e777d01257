//! Conditions of a request that `ServeDir` does not know: `If-Range` (RFC 9110, 13.1.5).

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

#[cfg(test)]
mod tests {
    use super::*;

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
