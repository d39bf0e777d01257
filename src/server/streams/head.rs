//! The head of an answer as HTTP/2 has it.

use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::SizeHint;

use crate::server::date::with_date;

/// What speaks of a connection of HTTP/1 (RFC 9113, section 8.2.2).
const OF_CONNECTION: [HeaderName; 5] = [
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
];

/// The head that is sent, and whether a body follows it. `left` is what the body has.
pub(super) fn head(parts: Parts, is_head: bool, left: Option<SizeHint>) -> (Response<()>, bool) {
    let Parts { status, mut headers, .. } = parts;
    strip(&mut headers);
    headers.entry(header::DATE).or_insert_with(|| with_date(HeaderValue::clone));
    let is_bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if let Some(length) = left.filter(|_| !is_bodiless).and_then(|left| left.exact()) {
        headers.entry(header::CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    let mut response = Response::new(());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    (response, left.is_some() && !is_head && !is_bodiless)
}

/// Takes out what is of a connection of HTTP/1, what `Connection` names included.
fn strip(headers: &mut HeaderMap) {
    for name in &OF_CONNECTION {
        headers.remove(name);
    }
    while let Some(value) = headers.remove(header::CONNECTION) {
        for name in value.to_str().unwrap_or_default().split(',') {
            headers.remove(name.trim());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(status: u16, headers: &[(&str, &str)], is_head: bool, left: Option<SizeHint>) -> (Vec<(String, String)>, bool) {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let (head, follows) = head(response.body(()).unwrap().into_parts().0, is_head, left);
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        let mut headers: Vec<_> = head.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        headers.retain(|(name, _)| name != "date");
        (headers, follows)
    }

    fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_speaks_of_a_connection_of_http_1_is_left_out() {
        let headers = [
            ("x-kept", "1"),
            ("connection", "close, X-Named"),
            ("x-named", "1"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "close"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("te", "trailers"),
        ];
        assert_eq!(sent(200, &headers, false, None), (owned(&[("x-kept", "1")]), false));
    }

    #[test]
    fn a_length_that_is_known_is_said_and_one_that_was_said_stays() {
        let exact = || Some(SizeHint::with_exact(3));
        assert_eq!(sent(200, &[], false, exact()), (owned(&[("content-length", "3")]), true));
        assert_eq!(sent(200, &[("content-length", "9")], true, exact()), (owned(&[("content-length", "9")]), false));
        assert_eq!(sent(200, &[], true, exact()), (owned(&[("content-length", "3")]), false));
        assert_eq!(sent(200, &[], false, Some(SizeHint::default())), (vec![], true));
        for status in [204, 304] {
            assert_eq!(sent(status, &[], false, exact()), (vec![], false), "{status}");
        }
    }

    #[test]
    fn a_date_is_set_unless_there_is_one() {
        let dated = |response: Response<()>| head(response.into_parts().0, false, None).0.headers()["date"].clone();
        assert!(httpdate::parse_http_date(dated(Response::new(())).to_str().unwrap()).is_ok());
        assert_eq!(dated(Response::builder().header("date", "x").body(()).unwrap()), "x");
    }
}
