//! What belongs to the whole process: listeners, limits, workers.

use std::net::SocketAddr;
use std::time::Duration;

use super::compiler::Compiler;
use crate::spec::{At, ClusterSpec, FileSpec, LimitsSpec, WorkersSpec};

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
                    self.problem(&at, format!("the address {address} stands twice"));
                }
                Ok(address) => addresses.push(address),
                Err(_) => self.expected(
                    &at,
                    format!("`{text}` is not an address to listen on"),
                    "an IP address and a port, as in 127.0.0.1:8080, 0.0.0.0:80 or [::]:8080",
                ),
            }
        }
        if texts.is_empty() {
            self.problem(&at, "nothing to listen on".to_owned());
        }
        addresses
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
                self.problem(&at.key(key), format!("{bytes} bytes is too little to serve anyone: write at least {least}B"));
            }
        }
        let mut count = |key: &str, value: Option<usize>, default| {
            if value == Some(0) {
                self.problem(&at.key(key), "0 would refuse every request: write 1 or more".to_owned());
            }
            value.unwrap_or(default)
        };
        Limits {
            uri,
            head,
            body,
            headers: count("headers", spec.headers, 100),
            json_depth: count("json_depth", spec.json_depth, 64),
            json_nodes: count("json_nodes", spec.json_nodes, 100_000),
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
        let threads = spec.threads.unwrap_or(1);
        if !(1..=64).contains(&threads) {
            self.expected(&at.key("threads"), format!("{threads} threads in a worker"), "1 to 64");
        }
        let restart = spec.restart.clone().unwrap_or_default();
        let below = at.key("restart");
        let limit = restart.limit.unwrap_or(5);
        if limit == 0 {
            self.problem(&below.key("limit"), "0 would give up at the first death: write 1 or more".to_owned());
        }
        ClusterPlan {
            workers,
            threads,
            restart: Restart {
                limit,
                within: self.duration(&below.key("within"), restart.within.as_ref(), Duration::from_secs(60)),
                backoff: self.span(
                    &below.key("backoff"),
                    restart.backoff.as_ref(),
                    (Duration::from_millis(100), Duration::from_secs(10)),
                ),
            },
            drain: self.duration(&at.key("drain"), spec.drain.as_ref(), Duration::from_secs(30)),
        }
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
            self.expected(&at, format!("`{origin}` is not an origin"), "a scheme and a host, as in https://shop.example");
        }
        Some(origin.trim_end_matches('/').to_owned())
    }
}
