//! The life of a request in a straight line: route, check, call, decode, envelope, shape, JSON or page.
//!
//! Stands on `plan` and the engines. Takes and gives `http` types, never axum's, so that it runs without a socket. Infallible to its
//! caller: every failure is a [`fault::Fault`], and `fault` alone knows what a client is told.

mod abroad;
mod accept;
mod adaptive;
mod answer;
mod aside;
mod begun;
mod body;
mod caching;
mod calling;
mod coded;
mod compressing;
mod degrading;
mod early;
pub mod edge;
pub mod fault;
mod fetching;
mod filing;
mod foreign;
mod fragment;
mod gathered;
mod gathering;
mod hinting;
mod holes;
pub mod injection;
mod internals;
mod keeping;
mod making;
mod nonce;
mod paper;
mod preparing;
mod pressure;
mod problem;
mod receiving;
mod rehearsing;
mod reply;
mod shedding;
mod showing;
mod site;
mod sitemap;
mod standing_in;
mod streaming;
#[cfg(test)]
mod tests;
mod truth;
mod websocket;

use std::sync::Arc;

use http::{HeaderValue, Method};

pub use abroad::Peers;
pub use body::{Body, Broken};
pub use pressure::Pressure;

use aside::Aside;
use shedding::Shedding;
use tokio::time::Instant;

use crate::cache::{Entry, Flights, Purge, Store};
use crate::files::Folder;
use crate::plan::Plan;
use crate::upstream::Client;

/// Answers requests by one plan. Cheap to clone; all clones share the plan, the pool of connections, what is kept of replies and the
/// count of requests under way.
#[derive(Debug, Clone)]
pub struct Gateway {
    plan: Arc<Plan>,
    client: Client,
    kept: Arc<Store>,
    compressing: Arc<compressing::Compressing>,
    files: Arc<[Folder]>,
    walks: Arc<sitemap::Walks>,
    flights: Arc<Flights<fetching::Landing>>,
    abroad: Option<Arc<abroad::Abroad>>,
    shedding: Arc<Shedding>,
    aside: Arc<Aside>,
    injections: Arc<[injection::Injection]>,
}

impl Gateway {
    /// A gateway for a plan, calling its backends through a client.
    pub fn new(plan: Arc<Plan>, client: Client) -> Self {
        let kept = Arc::new(Store::new(plan.limits().cache));
        let (shedding, aside) = (Arc::new(Shedding::new(&plan)), Arc::new(Aside::new(&plan)));
        let compressing = Arc::new(compressing::Compressing::new(plan.limits().cache));
        let files = plan.statics().iter().map(|mount| Folder::new(&mount.path, mount.place.clone())).collect();
        Self {
            plan,
            client,
            kept,
            compressing,
            files,
            walks: Arc::default(),
            flights: Arc::default(),
            abroad: None,
            shedding,
            aside,
            injections: Arc::default(),
        }
    }

    /// The same, with a way to the other workers of the machine: without one, `coalesce: machine` is that of a worker.
    #[must_use]
    pub fn among(self, peers: Arc<dyn Peers>) -> Self {
        Self { abroad: Some(Arc::new(abroad::Abroad::new(peers))), ..self }
    }

    /// The other workers leave it to this one to bring what has this name.
    pub fn bring(&self, name: &str) {
        if let Some(abroad) = &self.abroad {
            abroad.bring(name);
        }
    }

    /// Another worker has brought what has this name, or nothing that others could use.
    pub fn take(&self, name: &str, bytes: Option<Vec<u8>>) {
        let unwanted = self.abroad.as_ref().and_then(|abroad| abroad.take(name, bytes));
        // Nobody waits for it yet: it is kept for who comes.
        if let Some((key, entry)) = unwanted.and_then(|bytes| Entry::unpack(&bytes, Instant::now())) {
            let _kept = self.kept.keep(&key, &Arc::new(entry), self.kept.epoch());
        }
    }

    /// Drops what is covered of all that is kept. What is being asked for at this moment is not kept either.
    pub fn purge(&self, purge: &Purge) {
        self.kept.purge(purge);
        self.flights.part();
    }
}

/// The value of `Allow`: the methods that a path takes, and OPTIONS, which every path does.
fn allow(methods: &[Method]) -> HeaderValue {
    let mut words: Vec<&str> = methods.iter().map(Method::as_str).collect();
    if !words.contains(&"OPTIONS") {
        words.push("OPTIONS");
    }
    HeaderValue::from_str(&words.join(", ")).unwrap_or_else(|_| HeaderValue::from_static("OPTIONS"))
}
