//! WebSocket through a `proxy:` route: the handshake is checked here and answered by the upstream; what comes after it is bytes.
//!
//! Browsers send no preflight for WebSocket and no CORS rule stops it: whether an `Origin` may connect is the upstream's to
//! say, which gets the header as it came.

use std::time::Instant as Clock;

use http::header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use tokio::time::Instant;

use super::calling::{nominated, peer, tally, target};
use super::edge::{MaySwitch, Switched, Trace};
use super::fault::Fault;
use super::{Body, Gateway};
use crate::check::{In, Input, Violation};
use crate::plan::{Call, MethodChoice};
use crate::upstream::Opened;
use crate::upstream::headers::Forwarding;

/// Sixteen bytes in base64.
const KEY_LENGTH: usize = 24;

/// Whether a request on a `proxy:` route is to become a WebSocket. A route that fixes another method than GET has no use for it,
/// and answers as if it had not been asked (RFC 9110, section 7.8).
pub(super) fn is_asked_for(call: &Call, parts: &Parts) -> bool {
    let get = match call.method() {
        MethodChoice::Fixed(method) => *method == Method::GET,
        MethodChoice::AsRequested => parts.method == Method::GET,
    };
    get && parts.extensions.get::<MaySwitch>().is_some()
}

impl Gateway {
    /// Passes a handshake on. An upstream that agrees is answered for with 101 and the tunnel; what it says else is passed as
    /// any reply of a `proxy:` route.
    pub(super) async fn connect(
        &self,
        call: &Call,
        parts: &Parts,
        input: &Input<'_>,
        deadline: Instant,
        trace: &mut Trace,
    ) -> Result<Response<Body>, Fault> {
        check(parts)?;
        let headers = Forwarding::untouched(&parts.headers, peer(parts)).map_err(nominated)?;
        let path_and_query = target(call, parts, input)?;
        let started = Clock::now();
        let upstream = call.backend().upstream();
        let repeat = (call.repeat(), &tally(parts));
        let result = self.client.open_websocket(upstream, &path_and_query, &headers, repeat, deadline).await;
        trace.upstream = started.elapsed();
        match result.map_err(|error| self.failed(call, error))? {
            Opened::Kept(response) => Ok((*response).map(Body::stream)),
            Opened::Switched(headers, tunnel) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
                *response.headers_mut() = headers;
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
                response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
                response.extensions_mut().insert(Switched::new(tunnel));
                Ok(response)
            }
        }
    }
}

/// What RFC 6455, section 4.2.1, has a server look at. The version is the upstream's to judge: it answers 426 with its own.
fn check(parts: &Parts) -> Result<(), Fault> {
    let key = |key: &[u8]| {
        let (digits, end) = key.split_at_checked(KEY_LENGTH - 2).unwrap_or_default();
        end == b"==" && digits.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
    };
    let version = |version: &[u8]| !version.is_empty() && version.len() <= 3 && version.iter().all(u8::is_ascii_digit);
    one(parts, &SEC_WEBSOCKET_KEY, key, "must be sixteen bytes in base64")?;
    one(parts, &SEC_WEBSOCKET_VERSION, version, "must be a number")
}

fn one(parts: &Parts, name: &HeaderName, fits: impl Fn(&[u8]) -> bool, message: &str) -> Result<(), Fault> {
    let mut values = parts.headers.get_all(name).iter();
    if values.next().is_some_and(|value| fits(value.as_bytes())) && values.next().is_none() {
        return Ok(());
    }
    Err(Fault::Malformed(Violation {
        place: In::Headers,
        path: name.as_str().to_owned(),
        rule: "websocket".to_owned(),
        message: message.to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_has_one_key_and_one_version() {
        let (key, version) = (("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="), ("sec-websocket-version", "13"));
        for (lines, wrong) in [
            (vec![key, version], None),
            (vec![key, ("sec-websocket-version", "8")], None),
            (vec![version], Some("sec-websocket-key")),
            (vec![key, key, version], Some("sec-websocket-key")),
            (vec![("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ"), version], Some("sec-websocket-key")),
            (vec![("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZ!=="), version], Some("sec-websocket-key")),
            (vec![("sec-websocket-key", ""), version], Some("sec-websocket-key")),
            (vec![key], Some("sec-websocket-version")),
            (vec![key, ("sec-websocket-version", "13, 8")], Some("sec-websocket-version")),
            (vec![key, version, version], Some("sec-websocket-version")),
        ] {
            let request = lines.iter().fold(http::Request::get("/"), |request, (name, value)| request.header(*name, *value));
            let (parts, ()) = request.body(()).unwrap().into_parts();
            let found = check(&parts).err().map(|fault| match fault {
                Fault::Malformed(violation) => violation.path,
                other => panic!("{other:?}"),
            });
            assert_eq!(found.as_deref(), wrong, "{lines:?}");
        }
    }
}
