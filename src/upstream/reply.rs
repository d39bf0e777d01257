//! What the head of a reply must be before its body is believed.

use http::response::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::error::Malformed;

/// Refuses the framings that two readers could read in two ways.
pub(super) fn check(head: &Parts) -> Result<(), Malformed> {
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Malformed::Switch);
    }
    let headers = &head.headers;
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next() {
        if headers.contains_key(header::CONTENT_LENGTH) {
            return Err(Malformed::LengthAndEncoding);
        }
        if codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked") {
            return Err(Malformed::TransferEncoding);
        }
    }
    content_length(headers).map(|_| ())
}

/// The announced length. A number that is repeated is that number (RFC 9110, section 8.6).
pub(super) fn content_length(headers: &HeaderMap) -> Result<Option<u64>, Malformed> {
    let mut found = None;
    for line in headers.get_all(header::CONTENT_LENGTH) {
        for text in line.to_str().map_err(|_| Malformed::Length)?.split(',').map(str::trim) {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            let length: u64 = text.parse().ok().filter(|_| digits).ok_or(Malformed::Length)?;
            if found.is_some_and(|found| found != length) {
                return Err(Malformed::Length);
            }
            found = Some(length);
        }
    }
    Ok(found)
}

/// Writes a repeated length once.
pub(super) fn settle_length(head: &mut Parts) {
    if let Ok(Some(length)) = content_length(&head.headers) {
        head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(status: u16, lines: &[(&'static str, &'static str)]) -> Result<(), Malformed> {
        let mut reply = http::Response::builder().status(status);
        for (name, value) in lines {
            reply = reply.header(*name, *value);
        }
        check(&reply.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn a_reply_has_one_framing() {
        for (status, lines, expected) in [
            (200, vec![], Ok(())),
            (200, vec![("content-length", "5")], Ok(())),
            (200, vec![("content-length", "5"), ("content-length", "5")], Ok(())),
            (200, vec![("content-length", "5, 5")], Ok(())),
            (200, vec![("transfer-encoding", "Chunked")], Ok(())),
            (101, vec![], Err(Malformed::Switch)),
            (200, vec![("content-length", "5"), ("transfer-encoding", "chunked")], Err(Malformed::LengthAndEncoding)),
            (200, vec![("content-length", "5"), ("content-length", "6")], Err(Malformed::Length)),
            (200, vec![("content-length", "5, 6")], Err(Malformed::Length)),
            (200, vec![("content-length", "")], Err(Malformed::Length)),
            (200, vec![("content-length", "+5")], Err(Malformed::Length)),
            (200, vec![("content-length", "99999999999999999999")], Err(Malformed::Length)),
            (200, vec![("transfer-encoding", "gzip, chunked")], Err(Malformed::TransferEncoding)),
            (200, vec![("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")], Err(Malformed::TransferEncoding)),
            (200, vec![("transfer-encoding", "identity")], Err(Malformed::TransferEncoding)),
        ] {
            assert_eq!(checked(status, &lines), expected, "{status} {lines:?}");
        }
    }

    #[test]
    fn a_repeated_length_is_written_once() {
        let reply = http::Response::builder().header("content-length", "5, 5").header("content-length", "5");
        let (mut head, ()) = reply.body(()).unwrap().into_parts();
        settle_length(&mut head);
        let lengths: Vec<_> = head.headers.get_all("content-length").iter().collect();
        assert_eq!(lengths, ["5"]);
    }
}
