//! The compiled, immutable form of a generation: every name resolved, every template, schema and shape built.
//!
//! Stands on `spec` and the engines. Pure: no file, no network, no clock, no process; it reads a [`Snapshot`] and gathers every
//! problem before it gives up.

mod broken;
mod calls;
mod compiler;
mod conversions;
mod envelopes;
mod feeds;
mod input;
mod pages;
mod presets;
mod routes;
mod schemas;
mod settings;
mod steps;
#[cfg(test)]
mod tests;
mod upstreams;
mod values;
mod words;

use std::sync::Arc;

pub use broken::Broken;
pub use calls::{Call, MethodChoice};
pub use pages::Page;
pub use routes::{Answer, Route};
pub use settings::{ClusterPlan, Limits, Restart, Workers};
pub use upstreams::Backend;

use crate::page::Templates;
use crate::route::Router;
use crate::spec::Snapshot;

/// One checked configuration, ready to serve.
#[derive(Debug)]
pub struct Plan {
    listen: Vec<std::net::SocketAddr>,
    limits: Limits,
    cluster: ClusterPlan,
    origin: Option<String>,
    backends: Vec<Arc<Backend>>,
    router: Router<Arc<Route>>,
    templates: Templates,
}

/// Compiles a snapshot.
///
/// # Errors
/// Every problem of the file and of the files that belong to it, each with its place.
pub fn compile(snapshot: &Snapshot) -> Result<Plan, Broken> {
    compiler::compile(snapshot)
}

impl Plan {
    /// The addresses to listen on.
    pub fn listen(&self) -> &[std::net::SocketAddr] {
        &self.listen
    }

    /// What a client may send at most.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The worker processes.
    pub fn cluster(&self) -> &ClusterPlan {
        &self.cluster
    }

    /// Where the site lives, without a slash at the end.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// The backends, in the order of the file.
    pub fn backends(&self) -> &[Arc<Backend>] {
        &self.backends
    }

    /// The table of routes.
    pub fn router(&self) -> &Router<Arc<Route>> {
        &self.router
    }

    /// The templates of all pages.
    pub fn templates(&self) -> &Templates {
        &self.templates
    }
}
