//! The head of a reply, once all of it is here.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version, header};
use httparse::{Header, ParserConfig, Status};

use crate::base::http1::any_lists;
use crate::upstream::Malformed;
use crate::upstream::exchange::MAX_HEADERS;

/// Headers that a reply gets on its way to the client.
const ADDED: usize = 4;

/// Reads a head. Interim replies before it are passed over, except for a switch of protocols, behind which no HTTP comes.
pub(super) fn head(mut bytes: Bytes) -> Result<Parts, Malformed> {
    loop {
        let mut room = [const { MaybeUninit::<Header<'_>>::uninit() }; MAX_HEADERS];
        let mut reply = httparse::Response::new(&mut []);
        let parsed = ParserConfig::default().parse_response_with_uninit_headers(&mut reply, &bytes, &mut room);
        let length = match parsed.map_err(|error| unreadable(&error))? {
            Status::Complete(length) => length,
            Status::Partial => return Err(Malformed::Head("it has no end".to_owned())),
        };
        let status = reply.code.and_then(|code| StatusCode::from_u16(code).ok());
        let status = status.ok_or_else(|| Malformed::Head("invalid status".to_owned()))?;
        if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
            bytes = bytes.slice(length..);
            continue;
        }
        let mut headers = HeaderMap::with_capacity(reply.headers.len() + ADDED);
        for line in reply.headers.iter() {
            let name = HeaderName::from_bytes(line.name.as_bytes());
            let value = HeaderValue::from_maybe_shared(bytes.slice_ref(line.value));
            let (Ok(name), Ok(value)) = (name, value) else { return Err(unreadable(&httparse::Error::HeaderValue)) };
            headers.append(name, value);
        }
        let version = if reply.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
        let (mut parts, ()) = Response::new(()).into_parts();
        (parts.status, parts.version, parts.headers) = (status, version, headers);
        return Ok(parts);
    }
}

fn unreadable(error: &httparse::Error) -> Malformed {
    Malformed::Head(match error {
        httparse::Error::TooManyHeaders => "too many headers".to_owned(),
        error => error.to_string(),
    })
}

/// Whether the connection may carry another call behind this reply.
pub(super) fn stays(head: &Parts) -> bool {
    let says = |token: &[u8]| any_lists(&head.headers, &header::CONNECTION, token);
    if head.version == Version::HTTP_10 { says(b"keep-alive") } else { !says(b"close") }
}
