//! The product's own paths: `/_forecourt/live` and `/_forecourt/ready`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};

use crate::gateway::edge::Refusal;

/// What all paths of the product's own begin with.
pub(super) const PREFIX: &str = "/_forecourt/";

/// Whether the process wants requests. Clones are the same switch.
#[derive(Debug, Clone)]
pub(super) struct Readiness(Arc<AtomicBool>);

impl Default for Readiness {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Readiness {
    pub(super) fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Relaxed);
    }
}

/// Marks a response of the router's that is none: the gateway has the answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unanswered(pub(super) Refusal);

/// Answers the paths below [`PREFIX`]. What it has no answer for is marked [`Unanswered`].
pub(super) fn router(readiness: &Readiness) -> Router {
    Router::new()
        .route("/_forecourt/live", get(live))
        .route("/_forecourt/ready", get(ready))
        .fallback(async || unanswered(Refusal::NotFound))
        .method_not_allowed_fallback(async || unanswered(Refusal::MethodNotAllowed))
        .with_state(readiness.clone())
}

async fn live() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], "live\n")
}

async fn ready(State(readiness): State<Readiness>) -> impl IntoResponse {
    let (status, text) = if readiness.0.load(Ordering::Relaxed) {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    };
    (status, [(header::CACHE_CONTROL, "no-store")], text)
}

fn unanswered(refusal: Refusal) -> Response {
    let mut response = StatusCode::NOT_FOUND.into_response();
    response.extensions_mut().insert(Unanswered(refusal));
    response
}
