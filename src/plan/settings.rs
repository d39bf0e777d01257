//! What belongs to the whole process: listeners, limits, workers.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::compiler::Compiler;
use crate::spec::{At, ClusterSpec, FileSpec, LimitsSpec, Problem, WorkersSpec};

const LISTEN: &str = "an IP address and a port, as in 127.0.0.1:8080, 0.0.0.0:80 or [::]:8080";

/// What a client may send at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The request target, in bytes.
    pub uri: usize,
    /// Request line and headers together, in bytes.
    pub head: usize,
    /// The number of headers.
    pub headers: usize,
    /// The body, in bytes.
    pub body: usize,
    /// How deep a JSON body may nest.
    pub json_depth: usize,
    /// How many values a JSON body may have.
    pub json_nodes: usize,
}

/// How many worker processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workers {
    /// One a processor, two at least.
    Auto,
    /// That many.
    Count(usize),
}

/// How a worker that died is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restart {
    /// How many deaths within [`Restart::within`] are too many.
    pub limit: u32,
    /// The window in which deaths are counted.
    pub within: Duration,
    /// The wait before a restart, first and last.
    pub backoff: (Duration, Duration),
}

/// The worker processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterPlan {
    /// How many.
    pub workers: Workers,
    /// Runtime threads in each.
    pub threads: usize,
    /// How they are started again.
    pub restart: Restart,
    /// How long one that leaves may finish what it has.
    pub drain: Duration,
    /// How long WebSockets and answers without a known end may go on in it; at most as long as [`ClusterPlan::drain`].
    pub stream_drain: Duration,
}

impl Compiler<'_> {
    pub(super) fn listen(&mut self, file: &FileSpec) -> Vec<SocketAddr> {
        let at = At::root().key("listen");
        let texts: Vec<String> =
            file.listen.as_ref().map_or_else(|| vec!["127.0.0.1:8080".to_owned()], |listen| listen.as_slice().to_vec());
        let many = matches!(file.listen, Some(crate::spec::OneOrMany::Many(_)));
        let mut addresses = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let at = if many { at.index(index) } else { at.clone() };
            match text.parse::<SocketAddr>() {
                Ok(address) if address.port() != 0 && addresses.contains(&address) => {
                    self.expected(&at, format!("the address {address} stands twice"), "each address once");
                }
                Ok(address) => addresses.push(address),
                Err(_) => self.no_address(&at, text),
            }
        }
        if texts.is_empty() {
            self.expected(&at, "there is nothing to listen on".to_owned(), LISTEN);
        }
        addresses
    }

    fn no_address(&mut self, at: &At, text: &str) {
        let shown = self.source().shown(at).unwrap_or(text);
        let problem = Problem::new(at, format!("`{shown}` is not an address to listen on")).expected(LISTEN);
        let bare = text.trim_start_matches("http://").trim_start_matches("https://").trim_end_matches('/');
        let (host, port) = bare.rsplit_once(':').unwrap_or(("", bare));
        let hint = match (host, port.parse::<u16>()) {
            ("localhost", Ok(port)) => Some(format!("write 127.0.0.1:{port}")),
            ("" | "*", Ok(port)) => {
                Some(format!("write 127.0.0.1:{port} for this machine alone, or 0.0.0.0:{port} for everybody"))
            }
            (host, Ok(_)) if bare != text && host.parse::<IpAddr>().is_ok() => Some(format!("write {bare}")),
            _ if text.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4()) => Some(format!("add the port: {text}:8080")),
            _ => None,
        };
        self.push(match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        });
    }

    pub(super) fn limits(&mut self, spec: Option<&LimitsSpec>) -> Limits {
        let none = LimitsSpec::default();
        let spec = spec.unwrap_or(&none);
        let at = At::root().key("limits");
        let mut size = |key: &str, text, default| {
            let bytes = self.size(&at.key(key), text, default);
            usize::try_from(bytes).unwrap_or(usize::MAX)
        };
        let (uri, head, body) =
            (size("uri", &spec.uri, 8 << 10), size("head", &spec.head, 32 << 10), size("body", &spec.body, 1 << 20));
        for (key, bytes, least) in [("uri", uri, 64), ("head", head, 512)] {
            if bytes < least {
                let shown = self.source().shown(&at.key(key)).unwrap_or_default();
                self.expected(&at.key(key), format!("`{shown}` is too little to serve anyone"), &format!("{least}B at least"));
            }
        }
        let mut count = |key: &str, value: Option<usize>, default| {
            if value == Some(0) {
                self.expected(&at.key(key), "0 would refuse every request".to_owned(), "1 or more");
            }
            value.unwrap_or(default)
        };
        Limits {
            uri,
            head,
            body,
            headers: count("headers", spec.headers, 100),
            json_nodes: count("json_nodes", spec.json_nodes, 100_000),
            json_depth: self.depth(&at.key("json_depth"), spec.json_depth, 64),
        }
    }

    pub(super) fn cluster(&mut self, spec: Option<&ClusterSpec>) -> ClusterPlan {
        let none = ClusterSpec::default();
        let spec = spec.unwrap_or(&none);
        let at = At::root().key("cluster");
        let workers = match spec.workers {
            None | Some(WorkersSpec::Auto(_)) => Workers::Auto,
            Some(WorkersSpec::Count(count)) => Workers::Count(count),
        };
        let restart = spec.restart.clone().unwrap_or_default();
        let below = at.key("restart");
        let limit = restart.limit.unwrap_or(5);
        if limit == 0 {
            self.expected(&below.key("limit"), "0 would give up at the first death".to_owned(), "1 or more");
        }
        let drain = self.duration(&at.key("drain"), spec.drain.as_ref(), Duration::from_secs(30));
        let stream_drain = self.stream_drain(&at.key("stream_drain"), spec, drain);
        ClusterPlan {
            workers,
            threads: spec.threads.unwrap_or(1),
            restart: Restart {
                limit,
                within: self.limit(&below.key("within"), restart.within.as_ref(), Duration::from_secs(60)),
                backoff: self.span(
                    &below.key("backoff"),
                    restart.backoff.as_ref(),
                    (Duration::from_millis(100), Duration::from_secs(10)),
                ),
            },
            drain,
            stream_drain,
        }
    }

    fn stream_drain(&mut self, at: &At, spec: &ClusterSpec, drain: Duration) -> Duration {
        let stream_drain = self.duration(at, spec.stream_drain.as_ref(), drain);
        if stream_drain > drain {
            let shown = self.source().shown(at).unwrap_or_default().to_owned();
            self.expected(
                at,
                format!("`{shown}` is longer than `drain`, after which everything is cut"),
                "as long as `drain` at most",
            );
        }
        stream_drain.min(drain)
    }

    pub(super) fn origin(&mut self, file: &FileSpec) -> Option<String> {
        let origin = file.site.as_ref()?.origin.as_ref()?;
        let uri = origin.parse::<http::Uri>().ok();
        let fits = uri.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.authority().is_some()
                && matches!(uri.path(), "/" | "")
                && uri.query().is_none()
        });
        if !fits {
            let at = At::root().key("site").key("origin");
            let shown = self.source().shown(&at).unwrap_or(origin);
            self.expected(&at, format!("`{shown}` is not an origin"), "a scheme and a host alone, as in https://shop.example");
        }
        Some(origin.trim_end_matches('/').to_owned())
    }
}
