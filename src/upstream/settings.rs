//! An upstream as the client knows it.

use std::sync::Arc;
use std::time::Duration;

use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

use super::{Error, Target, headers};

/// How long a call may take, part by part. Each is clipped by the caller's deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the connection stands: name, socket and TLS together.
    pub connect: Duration,
    /// From there until the head of the reply is whole; from the last piece that it was given for a body that is sent as it
    /// comes.
    pub first_byte: Duration,
    /// Between two pieces of the body.
    pub between_bytes: Duration,
    /// In all. A reply that is passed through as it comes is bound by it up to its head only.
    pub total: Duration,
}

/// Headers that every call gets or loses. Removal comes first. The `Debug` form names them without their values, which
/// may be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HeaderRules {
    /// Set on every call, in place of what the client sent. Names that [`headers::settable`] refuses are left alone.
    pub set: Vec<(HeaderName, HeaderValue)>,
    /// Removed from every call.
    pub remove: Vec<HeaderName>,
}

impl std::fmt::Debug for HeaderRules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let set: Vec<&HeaderName> = self.set.iter().map(|(name, _)| name).collect();
        f.debug_struct("HeaderRules").field("set", &set).field("remove", &self.remove).finish()
    }
}

/// What is to be known about an upstream.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it is.
    pub target: Target,
    /// How long a call may take.
    pub timeouts: Timeouts,
    /// The largest body of a reply, in bytes: as it comes, and again after its content coding was removed.
    pub max_bytes: u64,
    /// Headers that every call gets or loses.
    pub headers: HeaderRules,
}

/// An upstream: what was set, and what every call needs of it, worked out once.
#[derive(Debug, Clone)]
pub struct Upstream {
    name: String,
    settings: Settings,
    place: Place,
}

/// Where connections go, and which calls may share them.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// `scheme://authority`, or `demo:`: connections with the same origin are one pool.
    pub(super) origin: Arc<str>,
    /// What the connector dials; `None` is the sample backend.
    pub(super) dial: Option<Uri>,
    host: HeaderValue,
    base_path: String,
}

impl Upstream {
    /// An upstream by its name in routes.yaml.
    pub fn new(name: String, settings: Settings) -> Self {
        let place = Place::of(&settings.target);
        Self { name, settings, place }
    }

    /// The name in routes.yaml.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What was set.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The request target of a call: the base path and what the call adds to it, in origin form.
    pub(super) fn request_target(&self, path_and_query: &str) -> Result<Uri, Error> {
        let bad = || Error::Path(path_and_query.to_owned());
        let rooted = path_and_query.starts_with('/');
        let sendable = path_and_query.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
        if !sendable || !(rooted || path_and_query.is_empty() || path_and_query.starts_with('?')) {
            return Err(bad());
        }
        let slash = if rooted || !self.place.base_path.is_empty() { "" } else { "/" };
        let joined = [self.place.base_path.as_str(), slash, path_and_query].concat();
        PathAndQuery::from_maybe_shared(bytes::Bytes::from(joined)).map(Uri::from).map_err(|_| bad())
    }

    /// The headers of a call: Host and the upstream's own rules.
    pub(super) fn apply_headers(&self, call: &mut HeaderMap) {
        headers::remove_framing(call);
        call.insert(header::HOST, self.place.host.clone());
        for name in self.settings.headers.remove.iter().filter(|name| **name != header::HOST) {
            call.remove(name);
        }
        for (name, value) in &self.settings.headers.set {
            if headers::settable(name) {
                call.insert(name.clone(), value.clone());
            }
        }
    }
}

impl Place {
    fn of(target: &Target) -> Self {
        let Target::Http { base } = target else {
            let host = HeaderValue::from_static("demo");
            return Self { origin: "demo:".into(), dial: None, host, base_path: String::new() };
        };
        let scheme = base.scheme().unwrap_or(&Scheme::HTTP);
        let authority = base.authority().map_or("", |authority| authority.as_str());
        Self {
            origin: format!("{scheme}://{authority}").into(),
            dial: Some(base.clone()),
            host: HeaderValue::from_str(authority).unwrap_or(HeaderValue::from_static("")),
            base_path: base.path().trim_end_matches('/').to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(target: &str, headers: HeaderRules) -> Upstream {
        let second = Duration::from_secs(1);
        let timeouts = Timeouts { connect: second, first_byte: second, between_bytes: second, total: second };
        let settings = Settings { target: Target::parse(target).unwrap(), timeouts, max_bytes: 1024, headers };
        Upstream::new("shop".into(), settings)
    }

    #[test]
    fn a_call_goes_below_the_base_path() {
        for (target, path, expected) in [
            ("http://h:1", "/a?b=c", "/a?b=c"),
            ("http://h:1/", "", "/"),
            ("http://h:1", "?b=c", "/?b=c"),
            ("http://h:1/api", "/a", "/api/a"),
            ("http://h:1/api/", "/", "/api/"),
            ("http://h:1/api", "", "/api"),
            ("http://h:1/api", "?q=1", "/api?q=1"),
            ("demo:", "/x", "/x"),
        ] {
            assert_eq!(upstream(target, HeaderRules::default()).request_target(path).unwrap(), expected, "{target} {path}");
        }
    }

    #[test]
    fn a_path_that_no_request_line_carries_is_refused() {
        for path in ["a", "http://evil/", "/a b", "/a#b", "/a\r\nx: y", "/é", "/\0"] {
            let refused = upstream("http://h", HeaderRules::default()).request_target(path);
            assert!(matches!(refused, Err(Error::Path(_))), "{path:?}");
        }
    }

    #[test]
    fn the_host_is_the_target_s_and_rules_come_last() {
        let name = |name: &'static str| HeaderName::from_static(name);
        let value = HeaderValue::from_static;
        let rules = HeaderRules {
            set: vec![(name("x-client"), value("web")), (name("content-length"), value("9")), (name("connection"), value("x"))],
            remove: vec![name("x-internal"), name("host")],
        };
        let mut headers = HeaderMap::new();
        for (header, text) in [("host", "evil"), ("x-internal", "1"), ("x-client", "phone"), ("content-length", "3")] {
            headers.append(name(header), value(text));
        }
        upstream("http://shop.example:8080/api", rules).apply_headers(&mut headers);
        let mut seen: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        seen.sort();
        assert_eq!(seen, ["host: shop.example:8080", "x-client: web"]);

        let rules = HeaderRules { set: vec![(name("host"), value("other.example"))], remove: vec![] };
        let mut headers = HeaderMap::new();
        upstream("http://shop.example", rules).apply_headers(&mut headers);
        assert_eq!(headers["host"], "other.example");
    }
}
