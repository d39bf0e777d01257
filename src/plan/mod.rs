//! The compiled, immutable form of a generation: every name resolved, every template, schema and shape built.
//!
//! Stands on `spec` and the engines. Pure: no file, no network, no clock, no process; it reads a [`Snapshot`] and gathers every
//! problem before it gives up.

mod broken;
mod caching;
mod calls;
mod cluster;
mod compiler;
mod conversions;
mod csp;
mod degrading;
mod early;
mod envelopes;
mod feeds;
mod graph;
mod groups;
mod heads;
mod input;
mod keys;
mod limits;
mod listen;
mod lookups;
mod named_calls;
mod pages;
mod policies;
mod presets;
mod routes;
mod schemas;
mod site;
mod sitemaps;
mod statics;
mod steps;
mod targets;
mod templates;
#[cfg(test)]
mod tests;
mod upstreams;
mod values;
mod words;

use std::sync::Arc;

pub use broken::Broken;
pub use caching::Caching;
pub use calls::{Call, MethodChoice};
pub use cluster::{ClusterPlan, Restart};
pub use csp::Csp;
pub use degrading::PageDeadline;
pub use groups::{GroupPlan, Policy, Workers};
pub use limits::{Adaptive, AdaptiveMode, Limits};
pub use listen::{Listen, ListenError};
pub use lookups::{Lookup, Source};
pub use named_calls::{Condition, ForEach, Join, NamedCall, OnFailure};
pub use pages::Page;
pub use routes::{Answer, Route};
pub use site::Robots;
pub use sitemaps::Sitemap;
pub use statics::Mount;
pub use upstreams::Backend;

use crate::cache::TagKey;
use crate::page::Templates;
use crate::route::{Router, RouterBuilder};
use crate::spec::Snapshot;

/// One checked configuration, ready to serve.
#[derive(Debug)]
pub struct Plan {
    limits: Limits,
    cluster: ClusterPlan,
    origin: Option<String>,
    robots: Robots,
    sitemap: Option<Sitemap>,
    statics: Vec<Mount>,
    csp: Option<Csp>,
    backends: Vec<Arc<Backend>>,
    router: Router<Arc<Route>>,
    templates: Templates,
    tag_key: TagKey,
    warnings: Vec<String>,
}

/// Compiles a snapshot.
///
/// # Errors
/// Every problem of the file and of the files that belong to it, each with its place.
pub fn compile(snapshot: &Snapshot) -> Result<Plan, Broken> {
    compiler::compile(snapshot)
}

impl Plan {
    /// What a client may send at most.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What a group serves: the same plan with its routes alone. A request for another group's route finds nothing there.
    /// `None` when there is no such group.
    #[must_use]
    pub fn group(mut self, name: &str) -> Option<Self> {
        let group = self.cluster.groups.iter().find(|group| group.name == name)?;
        let mut builder = RouterBuilder::new();
        for (_, route) in self.router.routes().iter().enumerate().filter(|(index, _)| group.serves(*index)) {
            builder.push(route.pattern().clone(), Arc::clone(route));
        }
        // What does not conflict as a whole does not in a part.
        self.router = builder.build().ok()?;
        self.cluster.groups = vec![group.alone()];
        Some(self)
    }

    /// The worker processes.
    pub fn cluster(&self) -> &ClusterPlan {
        &self.cluster
    }

    /// Where the site lives, without a slash at the end.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// What robots may visit.
    pub fn robots(&self) -> &Robots {
        &self.robots
    }

    /// Where the sitemap comes from.
    pub fn sitemap(&self) -> Option<&Sitemap> {
        self.sitemap.as_ref()
    }

    /// The folders of files, those with the longer paths first.
    pub fn statics(&self) -> &[Mount] {
        &self.statics
    }

    /// What browsers may load and run for the pages; none when the file wants no policy.
    pub fn csp(&self) -> Option<&Csp> {
        self.csp.as_ref()
    }

    /// What the entity tags of bodies are made with.
    pub fn tag_key(&self) -> &TagKey {
        &self.tag_key
    }

    /// The backends, in the order of the file.
    pub fn backends(&self) -> &[Arc<Backend>] {
        &self.backends
    }

    /// The table of routes.
    pub fn router(&self) -> &Router<Arc<Route>> {
        &self.router
    }

    /// What is not wrong with the configuration and had better be otherwise, a line each, with its place.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The templates of all pages.
    pub fn templates(&self) -> &Templates {
        &self.templates
    }
}
