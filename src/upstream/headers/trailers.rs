//! Trailers: what is known of a message when its body has ended (RFC 9110, section 6.5).

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{is_hop_by_hop, is_plain};
use crate::base::http1::any_lists;

/// What a client says of trailers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trailers {
    /// It takes those of the reply: `TE: trailers`.
    pub(in crate::upstream) takes: bool,
    /// It sends some itself.
    pub(in crate::upstream) gives: Names,
}

impl Trailers {
    /// What the head of a request says.
    pub fn of(request: &HeaderMap) -> Self {
        let takes = any_lists(request, &header::TE, b"trailers");
        Self { takes, gives: Names::announced(request) }
    }
}

/// Names of trailers that a message announces in `Trailer`, and that may pass.
///
/// Only what is announced passes, and nothing whose place is in a head: who reads a trailer late as if it were a header must find
/// nothing there that frames, routes, identifies or unlocks anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::upstream) struct Names(Vec<HeaderName>);

impl Names {
    /// Those that the head of a message announces.
    pub(in crate::upstream) fn announced(head: &HeaderMap) -> Self {
        let lines = head.get_all(header::TRAILER).iter();
        let items = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
        let mut names: Vec<HeaderName> = Vec::new();
        for name in items.filter_map(|item| HeaderName::from_bytes(item.trim_ascii()).ok()).filter(may_trail) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Self(names)
    }

    /// The value of `Trailer` for the next hop; none when no trailer may come.
    pub(in crate::upstream) fn line(&self) -> Option<HeaderValue> {
        let names: Vec<&str> = self.0.iter().map(HeaderName::as_str).collect();
        (!names.is_empty()).then(|| HeaderValue::from_str(&names.join(", ")).ok()).flatten()
    }

    /// Of the trailers that came, those that pass; none when there are none.
    pub(in crate::upstream) fn select(&self, came: &HeaderMap) -> Option<HeaderMap> {
        let mut passing = HeaderMap::new();
        for name in &self.0 {
            for value in came.get_all(name) {
                passing.append(name, value.clone());
            }
        }
        (!passing.is_empty()).then_some(passing)
    }
}

/// Whether a field may stand behind a body.
fn may_trail(name: &HeaderName) -> bool {
    let text = name.as_str();
    let is_digest = matches!(text, "content-digest" | "content-md5");
    let is_of_the_head = matches!(
        text,
        "age"
            | "authorization"
            | "cache-control"
            | "cookie"
            | "date"
            | "expect"
            | "expires"
            | "forwarded"
            | "host"
            | "location"
            | "max-forwards"
            | "origin"
            | "pragma"
            | "range"
            | "referer"
            | "retry-after"
            | "server"
            | "set-cookie"
            | "vary"
            | "warning"
            | "www-authenticate"
            | "x-powered-by"
            | "x-real-ip"
            | "x-request-id"
    );
    let of_a_kind =
        ["access-control-", "content-", "cross-origin-", "if-", "proxy-", "sec-", "strict-transport-", "x-forwarded-"];
    is_plain(name)
        && !is_hop_by_hop(text)
        && !is_of_the_head
        && (is_digest || !of_a_kind.iter().any(|prefix| text.starts_with(prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_what_is_announced_and_belongs_behind_a_body_passes() {
        let announces =
            head(&[("trailer", "X-Sum, server-timing,Set-Cookie, x-sum, X_Odd,"), ("trailer", "Content-Length, a b")]);
        let names = Names::announced(&announces);
        assert_eq!(names.line().unwrap(), "x-sum, server-timing");
        let came = head(&[("x-sum", "1"), ("x-sum", "2"), ("set-cookie", "a=b"), ("x-other", "3")]);
        assert_eq!(names.select(&came), Some(head(&[("x-sum", "1"), ("x-sum", "2")])));
        assert_eq!(names.select(&head(&[("x-other", "3")])), None);
        assert_eq!(Names::announced(&head(&[("x-sum", "1")])).line(), None);
    }

    #[test]
    fn what_frames_routes_identifies_or_unlocks_never_trails() {
        for name in [
            "connection",
            "transfer-encoding",
            "trailer",
            "te",
            "content-length",
            "content-type",
            "content-encoding",
            "host",
            "authorization",
            "proxy-authorization",
            "cookie",
            "set-cookie",
            "cache-control",
            "location",
            "x-forwarded-for",
            "x-request-id",
            "if-match",
            "sec-fetch-site",
            "access-control-allow-origin",
            "x_sum",
        ] {
            let announces = HeaderMap::from_iter([(header::TRAILER, HeaderValue::from_static(name))]);
            assert_eq!(Names::announced(&announces), Names::default(), "{name}");
        }
        for name in ["x-sum", "etag", "server-timing", "content-digest", "repr-digest", "x-amz-checksum-crc32", "grpc-status"] {
            let announces = HeaderMap::from_iter([(header::TRAILER, HeaderValue::from_static(name))]);
            assert_eq!(Names::announced(&announces).line().unwrap(), name);
        }
    }

    #[test]
    fn a_client_takes_trailers_when_it_says_so() {
        for (line, takes) in [("trailers", true), ("deflate, Trailers;q=1", false), ("deflate, Trailers", true), ("gzip", false)]
        {
            assert_eq!(Trailers::of(&head(&[("te", line)])).takes, takes, "{line}");
        }
        assert!(!Trailers::of(&HeaderMap::new()).takes);
    }
}
