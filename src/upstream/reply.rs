//! What the head of a reply must be before its body is believed.

use http::response::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};

use super::error::Malformed;
use crate::base::http1::number;

/// Refuses the framings that two readers could read in two ways; gives the announced length.
pub(super) fn check(head: &Parts) -> Result<Option<Length>, Malformed> {
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Malformed::Switch);
    }
    let headers = &head.headers;
    if let Some(coding) = headers.get(header::TRANSFER_ENCODING) {
        if headers.contains_key(header::CONTENT_LENGTH) {
            return Err(Malformed::LengthAndEncoding);
        }
        let repeated = headers.get_all(header::TRANSFER_ENCODING).iter().nth(1).is_some();
        // HTTP/1.0 knows none: who reads it does not see the chunks (RFC 9112, section 6.1).
        let is_old = head.version == Version::HTTP_10;
        if is_old || repeated || !coding.as_bytes().eq_ignore_ascii_case(b"chunked") {
            return Err(Malformed::TransferEncoding);
        }
        return Ok(None);
    }
    content_length(headers)
}

/// The announced length of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Length {
    pub(super) bytes: u64,
    /// It is announced more than once, or with more than its digits.
    odd: bool,
}

/// The announced length. A number that is repeated is that number (RFC 9110, section 8.6).
fn content_length(headers: &HeaderMap) -> Result<Option<Length>, Malformed> {
    let mut found: Option<Length> = None;
    for line in headers.get_all(header::CONTENT_LENGTH) {
        for text in line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            let bytes = number(text).ok_or(Malformed::Length)?;
            if found.is_some_and(|found| found.bytes != bytes) {
                return Err(Malformed::Length);
            }
            let plain = text.len() == line.len() && (text.len() == 1 || text.first() != Some(&b'0'));
            found = Some(Length { bytes, odd: found.is_some() || !plain });
        }
    }
    Ok(found)
}

/// Writes a length once, and its digits alone.
pub(super) fn settle_length(headers: &mut HeaderMap, length: Option<Length>) {
    if let Some(Length { bytes, odd: true }) = length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
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
        check(&reply.body(()).unwrap().into_parts().0).map(|_| ())
    }

    #[test]
    fn a_reply_has_one_framing() {
        for (status, lines, expected) in [
            (200, vec![], Ok(())),
            (200, vec![("content-length", "5")], Ok(())),
            (200, vec![("content-length", "5"), ("content-length", "5")], Ok(())),
            (200, vec![("content-length", "5, 5")], Ok(())),
            (200, vec![("content-length", "18446744073709551615")], Ok(())),
            (200, vec![("content-length", "18446744073709551616")], Err(Malformed::Length)),
            (200, vec![("content-length", "5,")], Err(Malformed::Length)),
            (200, vec![("content-length", "5 5")], Err(Malformed::Length)),
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
        for lines in [vec!["5, 5"], vec!["5", "5"], vec!["5"], vec!["5,5", "5"], vec!["05"], vec!["5, 05"]] {
            let reply = lines.iter().fold(http::Response::builder(), |reply, line| reply.header("content-length", *line));
            let (mut head, ()) = reply.body(()).unwrap().into_parts();
            let length = check(&head).unwrap();
            settle_length(&mut head.headers, length);
            let written: Vec<_> = head.headers.get_all("content-length").iter().collect();
            assert_eq!(written, ["5"], "{lines:?}");
        }
    }
}
