//! What a client may send at most, how much is done at once, and how much is kept.

use std::time::Duration;

use super::compiler::Compiler;
use crate::spec::{AdaptiveChoiceSpec, AdaptiveModeSpec, AdaptiveSpec, At, LimitsSpec, Problem};

/// The smallest cache, in bytes.
const LEAST_CACHE: u64 = 64 << 10;

/// What a client may send at most, how much is done at once, and how much is kept.
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
    /// What the cache of each worker may hold, in bytes.
    pub cache: u64,
    /// What a worker may hold of its own, in bytes: it gives things up before.
    pub memory: Option<u64>,
    /// The requests that a worker answers at once.
    pub in_flight: usize,
    /// Whether that shrinks when answers are late.
    pub adaptive: Option<Adaptive>,
}

/// How the limit of requests finds its own size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adaptive {
    /// What it goes by.
    pub mode: AdaptiveMode,
    /// The least limit.
    pub least: usize,
}

/// What a limit that finds its own size goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdaptiveMode {
    /// How long answers may take: one that takes longer is late.
    Aimd {
        /// So long.
        latency: Duration,
    },
    /// How long answers take when little is under way.
    Gradient,
}

impl Compiler<'_> {
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
        let cache = self.size(&at.key("cache"), &spec.cache, 64 << 20);
        for (key, bytes, least) in [("uri", uri, 64), ("head", head, 512)] {
            if bytes < least {
                let shown = self.source().shown(&at.key(key)).unwrap_or_default();
                self.expected(&at.key(key), format!("`{shown}` is too little to serve anyone"), &format!("{least}B at least"));
            }
        }
        if cache < LEAST_CACHE {
            let shown = self.source().shown(&at.key("cache")).unwrap_or_default();
            self.expected(&at.key("cache"), format!("`{shown}` is too little to keep anything"), "64KiB at least");
        }
        let memory = self.memory(&at.key("memory"), spec.memory.as_ref());
        let mut count = |key: &str, value: Option<usize>, default| {
            if value == Some(0) {
                self.expected(&at.key(key), "0 would refuse every request".to_owned(), "1 or more");
            }
            value.unwrap_or(default)
        };
        let (headers, json_nodes) = (count("headers", spec.headers, 100), count("json_nodes", spec.json_nodes, 100_000));
        let in_flight = count("in_flight", spec.in_flight, 2000);
        let adaptive = match &spec.adaptive {
            None | Some(AdaptiveChoiceSpec::Switch(false)) => None,
            Some(AdaptiveChoiceSpec::Switch(true)) => Some(AdaptiveSpec::default()),
            Some(AdaptiveChoiceSpec::Mode(mode)) => Some(AdaptiveSpec { mode: Some(*mode), ..AdaptiveSpec::default() }),
            Some(AdaptiveChoiceSpec::Set(spec)) => Some(spec.clone()),
        };
        let adaptive = adaptive.map(|spec| {
            let at = at.key("adaptive");
            if spec.least == Some(0) {
                self.expected(&at.key("least"), "0 would refuse every request".to_owned(), "1 or more");
            }
            let latency = self.limit(&at.key("latency"), spec.latency.as_ref(), Duration::from_secs(1));
            let mode = match spec.mode {
                None | Some(AdaptiveModeSpec::Aimd) => AdaptiveMode::Aimd { latency },
                Some(AdaptiveModeSpec::Gradient) => {
                    if spec.latency.is_some() {
                        let problem = Problem::new(at.key("latency"), "`gradient` knows no late answers").at_key();
                        self.push(problem.hint("remove it: it goes by how long answers take when little is under way"));
                    }
                    AdaptiveMode::Gradient
                }
            };
            Adaptive { mode, least: spec.least.unwrap_or(16) }
        });
        Limits {
            uri,
            head,
            body,
            cache,
            headers,
            json_nodes,
            in_flight,
            memory,
            adaptive,
            json_depth: self.depth(&at.key("json_depth"), spec.json_depth, 64),
        }
    }
}
