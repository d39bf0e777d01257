//! Headers in both directions: what a gateway may pass on, what it must rebuild, what it must keep to itself.

mod field_lines;
pub(crate) mod name;
mod reply;
mod request;
mod trailers;

pub use field_lines::{FieldLines, Text};
pub use reply::{for_new_body, strip_reply};
pub use request::{Forwarding, MakeHeaders, Nominated, Peer, unforwardable};
pub(super) use trailers::Names;
pub use trailers::Trailers;

use http::{HeaderMap, HeaderName, header};

/// What [`Forwarding::read`] has put into Accept-Encoding: the codings that a reply's body is freed from.
pub const ACCEPT_ENCODING: &str = "gzip, deflate, br, zstd";

/// Whether a name is one that a rule may set. Those that frame the message or belong to one connection are not: they
/// follow from the body and the connection.
pub fn settable(name: &HeaderName) -> bool {
    !is_hop_by_hop(name.as_str()) && *name != header::CONTENT_LENGTH && *name != header::EXPECT
}

/// Removes the names that frame a message or steer its connection: they are worked out anew.
pub(super) fn remove_framing(lines: &mut FieldLines<'_>) {
    use header::{CONNECTION, CONTENT_LENGTH, EXPECT, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
    lines.retain(|name| !matches!(*name, CONNECTION | CONTENT_LENGTH | EXPECT | TE | TRAILER | TRANSFER_ENCODING | UPGRADE));
}

/// Names that end at the next hop (RFC 9110, section 7.6.1, and what is treated as such in the field).
fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "http2-settings"
            | "alt-svc"
    )
}

/// Header names are lower case by their type; some servers read `X_User` as `X-User`.
fn is_plain(name: &HeaderName) -> bool {
    name.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// The names that the Connection lines list, in lower case. What they say of the connection itself names no header.
fn nominated(headers: &HeaderMap) -> Vec<String> {
    let lists = headers.get_all(header::CONNECTION).iter();
    let names = lists.flat_map(|list| list.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    let of_connection = |name: &[u8]| name.eq_ignore_ascii_case(b"keep-alive") || name.eq_ignore_ascii_case(b"close");
    let names = names.filter(|name| !name.is_empty() && !of_connection(name));
    names.map(|name| String::from_utf8_lossy(name).to_ascii_lowercase()).collect()
}

#[cfg(test)]
#[path = "../tests/headers.rs"]
mod tests;
