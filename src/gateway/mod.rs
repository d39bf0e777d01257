//! The life of a request in a straight line: route, check, call, decode, envelope, shape, JSON or page.
//!
//! Stands on `plan` and the engines. Takes and gives `http` types, never axum's, so that it runs without a socket. Infallible to its
//! caller: every failure is a [`fault::Fault`], and `fault` alone knows what a client is told.

mod accept;
mod answer;
mod body;
mod calling;
pub mod edge;
pub mod fault;
mod foreign;
mod fragment;
mod gathered;
mod gathering;
mod holes;
pub mod injection;
mod preparing;
mod problem;
mod receiving;
mod reply;
mod shedding;
mod site;
#[cfg(test)]
mod tests;
mod websocket;

use std::sync::Arc;

use http::{HeaderValue, Method};

pub use body::Body;

use shedding::Shedding;

use crate::plan::Plan;
use crate::upstream::Client;

/// Answers requests by one plan. Cheap to clone; all clones share the plan, the pool of connections and
/// the count of requests under way.
#[derive(Debug, Clone)]
pub struct Gateway {
    plan: Arc<Plan>,
    client: Client,
    shedding: Arc<Shedding>,
    injections: Arc<[injection::Injection]>,
}

impl Gateway {
    /// A gateway for a plan, calling its backends through a client.
    pub fn new(plan: Arc<Plan>, client: Client) -> Self {
        let shedding = Arc::new(Shedding::new(&plan));
        Self { plan, client, shedding, injections: Arc::default() }
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
