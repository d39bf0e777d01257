//! An upstream as the client knows it.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use http::uri::{PathAndQuery, Scheme};
use http::{HeaderName, HeaderValue, Uri};

use super::headers::{FieldLines, name};
use super::live::{Live, Policies};
use super::{Error, Finding, Target, headers};

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
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderRules {
    /// Set on every call, in place of what the client sent. Names that [`headers::settable`] refuses are left alone.
    pub set: Vec<(HeaderName, HeaderValue)>,
    /// Removed from every call.
    pub remove: Vec<HeaderName>,
    /// Tells a call how many milliseconds it has left.
    pub deadline: Option<HeaderName>,
}

impl HeaderRules {
    /// The name by which a call is told how many milliseconds it has left, when nobody says another.
    pub const DEADLINE: HeaderName = HeaderName::from_static("x-request-deadline-ms");
}

impl Default for HeaderRules {
    fn default() -> Self {
        Self { set: Vec::new(), remove: Vec::new(), deadline: Some(Self::DEADLINE) }
    }
}

impl std::fmt::Debug for HeaderRules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let set: Vec<&HeaderName> = self.set.iter().map(|(name, _)| name).collect();
        f.debug_struct("HeaderRules").field("set", &set).field("remove", &self.remove).field("deadline", &self.deadline).finish()
    }
}

/// What is to be known about an upstream.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it is: one target, or several that serve the same.
    pub targets: Vec<WeightedTarget>,
    /// How long a call may take.
    pub timeouts: Timeouts,
    /// The largest body of a reply, in bytes: as it comes, and again after its content coding was removed.
    pub max_bytes: u64,
    /// Headers that every call gets or loses.
    pub headers: HeaderRules,
    /// What becomes of calls that fail, or that are too many.
    pub policies: Policies,
}

/// A target and its share of the calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightedTarget {
    /// Where it is.
    pub target: Target,
    /// Its share, beside the weights of the others; 1 or more.
    pub weight: u32,
}

/// An upstream: what was set, what every call needs of it, worked out once, and how it is doing. Clones are the same upstream.
#[derive(Debug, Clone)]
pub struct Upstream {
    name: String,
    settings: Settings,
    places: Vec<Place>,
    live: Arc<Live>,
}

/// Where connections go, and which calls may share them.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// `scheme://authority`, or `demo:`: connections with the same origin are one pool.
    pub(super) origin: Arc<str>,
    /// What the connector dials; `None` is the sample backend.
    pub(super) dial: Option<Uri>,
    /// Whether TLS is spoken, in which the protocol is chosen.
    pub(super) is_secure: bool,
    host: HeaderValue,
    base_path: String,
}

impl Upstream {
    /// An upstream by its name in routes.yaml.
    pub fn new(name: String, settings: Settings) -> Self {
        let places: Vec<Place> = settings.targets.iter().map(|weighted| Place::of(&weighted.target)).collect();
        let weights = settings.targets.iter().map(|weighted| weighted.weight);
        let targets = places.iter().map(|place| Arc::clone(&place.origin)).zip(weights).collect();
        let live = Live::new(&name, targets, &settings.policies);
        Self { name, settings, places, live }
    }

    /// The name in routes.yaml.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What was set.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The places of its targets, in their order.
    pub(super) fn places(&self) -> &[Place] {
        &self.places
    }

    pub(super) fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// So many workers of this machine, this one among them, make calls to this upstream: what all of them may do in a time is divided by
    /// that.
    pub fn shared_by(&self, workers: NonZeroU32) {
        self.live.shared_by(workers);
    }

    /// Another worker's checks say something of a target of this upstream: it holds here too.
    pub fn told(&self, finding: &Finding) {
        for (place, _) in self.places.iter().enumerate().filter(|(_, place)| place.name() == finding.target) {
            self.live.told(place, finding.well);
        }
    }

    /// The headers of a call to one of its places: Host and the upstream's own rules.
    pub(super) fn apply_headers<'u>(&'u self, place: &'u Place, call: &mut FieldLines<'u>) {
        headers::remove_framing(call);
        call.set(&name::HOST, &place.host);
        for removed in &self.settings.headers.remove {
            call.remove(removed);
        }
        for (name, value) in &self.settings.headers.set {
            if headers::settable(name) {
                call.set(name, value);
            }
        }
    }
}

impl Place {
    /// The target as workers call it among themselves.
    pub(super) fn name(&self) -> String {
        [&self.origin, self.base_path.as_str()].concat()
    }

    /// The request target of a call: the base path and what the call adds to it, in origin form.
    pub(super) fn request_target(&self, path_and_query: &str) -> Result<Uri, Error> {
        let bad = || Error::Path(path_and_query.to_owned());
        let rooted = path_and_query.starts_with('/');
        let sendable = path_and_query.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
        if !sendable || !(rooted || path_and_query.is_empty() || path_and_query.starts_with('?')) {
            return Err(bad());
        }
        let slash = if rooted || !self.base_path.is_empty() { "" } else { "/" };
        let joined = [self.base_path.as_str(), slash, path_and_query].concat();
        PathAndQuery::from_maybe_shared(bytes::Bytes::from(joined)).map(Uri::from).map_err(|_| bad())
    }

    fn of(target: &Target) -> Self {
        let Target::Http { base } = target else {
            let host = HeaderValue::from_static("demo");
            return Self { origin: "demo:".into(), dial: None, is_secure: false, host, base_path: String::new() };
        };
        let scheme = base.scheme().unwrap_or(&Scheme::HTTP);
        let authority = base.authority().map_or("", |authority| authority.as_str());
        Self {
            origin: format!("{scheme}://{authority}").into(),
            dial: Some(base.clone()),
            is_secure: *scheme == Scheme::HTTPS,
            host: HeaderValue::from_str(authority).unwrap_or(HeaderValue::from_static("")),
            base_path: base.path().trim_end_matches('/').to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, header};

    use super::*;

    fn upstream(target: &str, headers: HeaderRules) -> Upstream {
        let second = Duration::from_secs(1);
        let timeouts = Timeouts { connect: second, first_byte: second, between_bytes: second, total: second };
        let targets = vec![WeightedTarget { target: Target::parse(target).unwrap(), weight: 1 }];
        let settings = Settings { targets, timeouts, max_bytes: 1024, headers, policies: Policies::NONE };
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
            let upstream = upstream(target, HeaderRules::default());
            assert_eq!(upstream.places()[0].request_target(path).unwrap(), expected, "{target} {path}");
        }
    }

    #[test]
    fn a_path_that_no_request_line_carries_is_refused() {
        for path in ["a", "http://evil/", "/a b", "/a#b", "/a\r\nx: y", "/é", "/\0"] {
            let refused = upstream("http://h", HeaderRules::default()).places()[0].request_target(path);
            assert!(matches!(refused, Err(Error::Path(_))), "{path:?}");
        }
    }

    #[test]
    fn the_host_is_the_target_s_and_rules_come_last() {
        let named = |name: &'static str| HeaderName::from_static(name);
        let value = HeaderValue::from_static;
        let rules = HeaderRules {
            set: vec![
                (named("x-client"), value("web")),
                (named("content-length"), value("9")),
                (named("connection"), value("x")),
            ],
            remove: vec![named("x-internal")],
            deadline: None,
        };
        let mut came = HeaderMap::new();
        for (header, text) in [("host", "evil"), ("x-internal", "1"), ("x-client", "phone"), ("content-length", "3")] {
            came.append(named(header), value(text));
        }
        let shop = upstream("http://shop.example:8080/api", rules);
        let mut lines = FieldLines::from(&came);
        shop.apply_headers(&shop.places()[0], &mut lines);
        let mut seen: Vec<String> = lines.iter().map(|(name, value)| format!("{name}: {}", value.escape_ascii())).collect();
        seen.sort();
        assert_eq!(seen, ["host: shop.example:8080", "x-client: web"]);

        let rules = HeaderRules { set: vec![(named("host"), value("other.example"))], remove: vec![], deadline: None };
        let shop = upstream("http://shop.example", rules);
        let mut lines = FieldLines::with_room(0);
        shop.apply_headers(&shop.places()[0], &mut lines);
        assert_eq!(lines.get_all(&header::HOST).collect::<Vec<_>>(), [b"other.example"]);
    }
}
