//! Every way that a call fails.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use super::body::BodyError;
use super::coding::CodingError;
use super::live::Verdict;

/// Why a call has no reply, or a reply no end. States facts; which status the client sees is decided elsewhere.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection: nothing was sent.
    #[error("cannot connect: {0}")]
    Connect(#[from] ConnectError),
    /// The connection did not stand in time (name, socket and TLS together): nothing was sent.
    #[error("the connection did not stand in time")]
    ConnectTimeout,
    /// The head of the reply was not there in time.
    #[error("the reply did not begin in time")]
    FirstByteTimeout,
    /// The body stalled.
    #[error("the reply stalled between two pieces of its body")]
    BetweenBytesTimeout,
    /// The call took longer than the upstream's `timeout.total`.
    #[error("the call took longer than the upstream may")]
    TotalTimeout,
    /// The caller's own deadline passed first.
    #[error("the deadline of the request passed during the call")]
    Deadline,
    /// The breakers of all targets are open: nothing was sent.
    #[error("the upstream failed too often and is left alone for {} ms more", .retry_after.as_millis())]
    BreakerOpen {
        /// How long until a call may try it again.
        retry_after: Duration,
    },
    /// The upstream has all the calls that it may have at once, and no place became free in time: nothing was sent.
    #[error("the upstream has all the calls that it may have at once")]
    BulkheadFull,
    /// The connection ended before the head of the reply was whole.
    #[error("the upstream closed the connection before the head of its reply was whole")]
    Closed,
    /// The connection was torn down, or the stream of an HTTP/2 connection.
    #[error("the upstream reset the connection or the stream {}", if *.in_body { "inside the body of its reply" } else { "before its reply" })]
    Reset {
        /// Whether the head of the reply had come.
        in_body: bool,
    },
    /// The server said over HTTP/2 that it has done nothing for the call and will not: it goes, or takes no more.
    #[error("the upstream refused the call before it did anything for it")]
    Unprocessed,
    /// The body ended before its announced end.
    #[error("the body of the reply ended early, after {received} bytes")]
    Incomplete {
        /// Bytes of the body that came, content coding included.
        received: u64,
    },
    /// What came is not a reply that can be trusted.
    #[error("the reply is not well formed: {0}")]
    Malformed(#[from] Malformed),
    /// The body is, or claims to be, larger than the upstream's limit, before or after its content coding was removed.
    #[error("the body of the reply is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The content coding is unknown or broken.
    #[error("the content coding of the reply cannot be removed: {0}")]
    Coding(#[from] CodingError),
    /// The body grew too much when its content coding was removed.
    #[error("the body of the reply grows more than {limit} times when its content coding is removed")]
    Ratio {
        /// The limit.
        limit: u64,
    },
    /// The body that the client sends broke off; the call was abandoned.
    #[error("the body of the request broke off: {0}")]
    ClientBody(BodyError),
    /// The head of the call is larger than upstreams accept: nothing was sent.
    #[error("the head of the call is {what}, over the limit of {limit}")]
    HeadTooLarge {
        /// What is too large: `9000 bytes`, `120 headers`.
        what: String,
        /// The limit, in the same unit.
        limit: usize,
    },
    /// The path and query are not ones that a request line can carry: nothing was sent.
    #[error("{0:?} is not a path that can be sent")]
    Path(String),
}

impl Error {
    /// A stable word for logs, metrics and the client's `code`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Connect(_) => "upstream_connect",
            Self::ConnectTimeout => "upstream_connect_timeout",
            Self::FirstByteTimeout => "upstream_first_byte_timeout",
            Self::BetweenBytesTimeout => "upstream_between_bytes_timeout",
            Self::TotalTimeout => "upstream_total_timeout",
            Self::Deadline => "deadline",
            Self::BreakerOpen { .. } => "upstream_breaker_open",
            Self::BulkheadFull => "upstream_bulkhead_full",
            Self::Closed => "upstream_closed",
            Self::Reset { .. } | Self::Unprocessed => "upstream_reset",
            Self::Incomplete { .. } => "upstream_incomplete",
            Self::Malformed(_) => "upstream_malformed",
            Self::TooLarge { .. } => "upstream_too_large",
            Self::Coding(_) => "upstream_coding",
            Self::Ratio { .. } => "upstream_ratio",
            Self::ClientBody(_) => "body_broken",
            Self::HeadTooLarge { .. } => "head_too_large",
            Self::Path(_) => "internal",
        }
    }

    /// What it says about the target that was called.
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::Connect(ConnectError::NoDemo | ConnectError::Forbidden { .. }) => Verdict::Unknown,
            // Nobody waited as long as the upstream may take, or the client is to blame.
            Self::Deadline | Self::ClientBody(_) | Self::HeadTooLarge { .. } | Self::Path(_) => Verdict::Unknown,
            Self::BreakerOpen { .. } | Self::BulkheadFull => Verdict::Unknown,
            // It answers, though not with what can be used.
            Self::TooLarge { .. } | Self::Coding(_) | Self::Ratio { .. } => Verdict::Good,
            _ => Verdict::Bad,
        }
    }

    /// Whether time ran out, whoever's.
    pub fn is_timeout(&self) -> bool {
        matches!(
            self,
            Self::ConnectTimeout | Self::FirstByteTimeout | Self::BetweenBytesTimeout | Self::TotalTimeout | Self::Deadline
        )
    }
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The name has no address.
    #[error("the name `{name}` cannot be resolved: {reason}")]
    Name {
        /// The name.
        name: String,
        /// What the resolver says.
        reason: String,
    },
    /// The name leads to an address that no upstream has.
    #[error("the name `{name}` leads to {address}, which only a url that says so may reach")]
    Forbidden {
        /// The name.
        name: String,
        /// The address.
        address: IpAddr,
    },
    /// No address answered: refused, unreachable.
    #[error("{reason}")]
    Socket {
        /// What kind of failure it is.
        kind: io::ErrorKind,
        /// What the system says.
        reason: String,
    },
    /// The TLS handshake failed, or TLS cannot be set up at all.
    #[error("TLS: {0}")]
    Tls(String),
    /// The server chose HTTP/2 and does not speak it.
    #[error("HTTP/2: {0}")]
    Http2(String),
    /// `demo:` without a sample backend.
    #[error("there is no sample backend here")]
    NoDemo,
}

/// What is wrong with a reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The head is no head.
    #[error("its head cannot be read: {0}")]
    Head(String),
    /// A line of the head ends without a carriage return.
    #[error("a line of its head ends in a bare line feed")]
    BareLineFeed,
    /// The head never ends.
    #[error("its head is larger than {0} bytes")]
    HeadTooLarge(usize),
    /// 1xx after 1xx.
    #[error("more than {0} interim replies came first")]
    InterimFlood(u32),
    /// Both framings at once: the classic of request smuggling.
    #[error("it has both a Content-Length and a Transfer-Encoding")]
    LengthAndEncoding,
    /// Not one `chunked`.
    #[error("its Transfer-Encoding is not `chunked`")]
    TransferEncoding,
    /// Not a number, or different numbers.
    #[error("its Content-Length is not one number")]
    Length,
    /// The chunks are broken.
    #[error("its chunks cannot be read: {0}")]
    Chunks(String),
    /// Over HTTP/2: frames that do not make a reply. The name of the error code follows.
    #[error("it breaks the rules of HTTP/2: {0}")]
    Frames(String),
    /// 101 that nobody asked for, or that is not the switch that was asked for.
    #[error("it switches protocols, but not as it was asked to")]
    Switch,
}
