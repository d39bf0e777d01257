//! What the HTTP edge and the gateway tell each other about one request, beside the request itself.
//!
//! The edge puts [`RequestId`], [`Peer`] and, for a request that must not be served, [`Refusal`] among the extensions of the
//! request; the gateway puts [`Trace`] among the extensions of its response. All of them are plain values: neither side
//! needs to know how the other works, and no client can forge them, for extensions never travel on the wire. A request whose
//! connection may become a WebSocket carries [`MaySwitch`], and an answer that makes it one a [`Switched`]. One that can be told something before
//! its answer carries an [`Interim`].

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use uuid::{ContextV7, Timestamp};

pub use crate::upstream::{Calls, Tunnel};

/// Why the edge will not have a request served. The gateway answers with the problem document that fits, and looks no
/// further at the request: its path is `/` whenever the real one could not be trusted.
///
/// A rule is a stable `snake_case` word for logs and for the problem's `code` or `detail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The head breaks HTTP, or is a form of it that parsers disagree on (RFC 9112). 400; the connection closes after.
    BadRequest(&'static str),
    /// The path has no single meaning: an encoded slash, a backslash, `..`, `//` and the like. 400; the connection stays.
    BadPath(&'static str),
    /// A path below `/_forecourt/` that the product does not serve. 404.
    NotFound,
    /// `CONNECT`, which a gateway has no use for, or a house path asked with another method than GET or HEAD. 405.
    MethodNotAllowed,
    /// The head took longer than its time. 408; the connection closes after.
    Timeout,
    /// The request target is over `limits.uri`. 414; the connection closes after.
    UriTooLong,
    /// `Expect` asks for something other than `100-continue`. 417; the connection closes after.
    ExpectationFailed,
    /// The head is over `limits.head` bytes or `limits.headers` lines. 431; the connection closes after.
    HeadTooLarge,
    /// The service panicked on this request; this is the second call, to get the page that says so. 500.
    Panicked,
}

impl Refusal {
    /// A stable word for the rule that the request broke.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::BadRequest(rule) | Self::BadPath(rule) => rule,
            Self::NotFound => "reserved_path",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Timeout => "head_timeout",
            Self::UriTooLong => "uri_too_long",
            Self::ExpectationFailed => "expectation",
            Self::HeadTooLarge => "head_too_large",
            Self::Panicked => "panic",
        }
    }
}

/// Who is at the other end of the connection, as the socket says it. Nothing here comes from a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Address and port of the other end.
    pub address: SocketAddr,
    /// Whether the connection to the edge is encrypted.
    pub secure: bool,
}

impl Peer {
    /// The address alone. An IPv4 client of a dual-stack socket is given as IPv4.
    pub fn ip(&self) -> IpAddr {
        self.address.ip().to_canonical()
    }
}

/// The name of one request in logs, problem documents, response and upstream headers.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

/// What keeps names of one millisecond in their order.
static ORDER: Mutex<ContextV7> = Mutex::new(ContextV7::new());

impl RequestId {
    /// A new, time-ordered name (UUID version 7).
    pub fn generate(now: SystemTime) -> Self {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let time = Timestamp::from_unix(&ORDER, since.as_secs(), since.subsec_nanos());
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        uuid::Uuid::new_v7(time).hyphenated().encode_lower(&mut text);
        Self(HeaderValue::from_bytes(&text).expect("hexadecimal digits and dashes"))
    }

    /// Takes over the name that a client or a proxy in front gave, when it is 8 to 64 letters, digits, `.`, `_` or `-`.
    pub fn adopt(given: &HeaderValue) -> Option<Self> {
        let bytes = given.as_bytes();
        let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        ((8..=64).contains(&bytes.len()) && bytes.iter().all(plain)).then(|| Self(given.clone()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.0.as_bytes()).unwrap_or_default()
    }

    /// The name as a header value.
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

/// Why the body of a request ended before its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not one byte for longer than the edge waits.
    #[error("the client sent no byte of its body for too long")]
    Timeout,
    /// Bytes drip in below the least rate that the edge accepts.
    #[error("the client sends its body too slowly")]
    TooSlow,
    /// The client went away, or its framing is wrong. The text is for the log.
    #[error("the body broke off: {0}")]
    Broken(String),
}

/// Among the extensions of a request: it asks for WebSocket, and what the client sends behind it is held back until there is an
/// answer, so that nothing of it can be taken for HTTP. Only such a request may be answered with 101.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaySwitch;

/// Among the extensions of a 101: the upstream's end of the tunnel.
#[derive(Debug, Clone)]
pub struct Switched(Arc<Mutex<Option<Tunnel>>>);

impl Switched {
    /// Holds the tunnel until it is taken.
    pub fn new(tunnel: Tunnel) -> Self {
        Self(Arc::new(Mutex::new(Some(tunnel))))
    }

    /// The tunnel, once.
    pub fn take(&self) -> Option<Tunnel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What a request is told before its answer: 103 Early Hints (RFC 8297). Only one whose protocol has room for that carries it. It leaves
/// when the gateway next waits for something, once.
#[derive(Debug, Clone, Default)]
pub struct Interim(Arc<Mutex<Hint>>);

#[derive(Debug, Default)]
enum Hint {
    #[default]
    None,
    Given(HeaderValue),
    Taken,
}

impl Interim {
    /// Gives the value of its `Link` header. Browsers heed the first alone, so there is one.
    pub fn give(&self, links: HeaderValue) {
        let mut hint = self.hint();
        if matches!(*hint, Hint::None) {
            *hint = Hint::Given(links);
        }
    }

    /// What was given, once.
    pub fn take(&self) -> Option<HeaderValue> {
        let mut hint = self.hint();
        if !matches!(*hint, Hint::Given(_)) {
            return None;
        }
        if let Hint::Given(links) = std::mem::replace(&mut *hint, Hint::Taken) { Some(links) } else { None }
    }

    fn hint(&self) -> MutexGuard<'_, Hint> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the gateway did for a request, for the access log. Goes into the extensions of the response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// The route that matched, as routes.yaml writes it: `GET /detail/{id}`.
    pub route: Option<Arc<str>>,
    /// Time spent waiting for upstreams; zero when none was asked.
    pub upstream: Duration,
    /// The stable code of the fault, when the answer is one.
    pub code: Option<Cow<'static, str>>,
    /// How many values were not what the route expects of them.
    pub warnings: u32,
    /// What became of its calls.
    pub calls: Calls,
    /// What the cache did, for a route that has one: `hit`, `stale`, `miss`, `collapsed` or `bypass`.
    pub cache: Option<&'static str>,
    /// What there is to say of it once it has ended, where that is more.
    pub later: Later,
}

/// What is known of a request only when the answer that has begun has ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Later(Option<Arc<OnceLock<Trace>>>);

impl Later {
    /// A place for what will be known.
    pub fn awaited() -> Self {
        Self(Some(Arc::default()))
    }

    /// It is known now.
    pub fn tell(&self, trace: &Trace) {
        if let Some(later) = &self.0 {
            later.get_or_init(|| trace.clone());
        }
    }

    /// What is known, if there is more.
    pub fn told(&self) -> Option<&Trace> {
        self.0.as_ref()?.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_kept_only_when_it_is_short_and_plain() {
        let long = "a".repeat(64);
        let longer = "a".repeat(65);
        for (given, kept) in [
            ("01234567", true),
            ("a.b_c-d.e", true),
            (long.as_str(), true),
            ("0123456", false),
            (longer.as_str(), false),
            ("with space", false),
            ("quote\"inside", false),
            ("<script>aa", false),
            ("", false),
        ] {
            assert_eq!(RequestId::adopt(&HeaderValue::from_str(given).unwrap()).is_some(), kept, "{given:?}");
        }
    }

    #[test]
    fn a_generated_request_id_is_one_that_would_be_kept() {
        let id = RequestId::generate(SystemTime::now());
        assert_eq!(RequestId::adopt(&id.header()), Some(id.clone()));
        assert_eq!(id.as_str().len(), 36);
    }

    #[test]
    fn a_hint_is_given_and_taken_once() {
        let interim = Interim::default();
        assert_eq!(interim.take(), None);
        interim.give(HeaderValue::from_static("a"));
        interim.give(HeaderValue::from_static("b"));
        assert_eq!(interim.clone().take(), Some(HeaderValue::from_static("a")));
        interim.give(HeaderValue::from_static("c"));
        assert_eq!(interim.take(), None);
    }

    #[test]
    fn an_ipv4_peer_of_a_dual_stack_socket_reads_as_ipv4() {
        let peer = Peer { address: "[::ffff:10.0.0.7]:4000".parse().unwrap(), secure: false };
        assert_eq!(peer.ip().to_string(), "10.0.0.7");
    }
}
