//! What a client may send at most, and how much is kept.

use super::compiler::Compiler;
use crate::spec::{At, LimitsSpec};

/// The smallest cache, in bytes.
const LEAST_CACHE: u64 = 64 << 10;

/// What a client may send at most, and how much is kept.
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
            cache,
            headers: count("headers", spec.headers, 100),
            json_nodes: count("json_nodes", spec.json_nodes, 100_000),
            json_depth: self.depth(&at.key("json_depth"), spec.json_depth, 64),
        }
    }
}
