//! The product's own paths: `/_forecourt/live`, `/_forecourt/ready` and `/_forecourt/client.js`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::cache::is_known;
use crate::gateway::edge::Refusal;
use crate::page;

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
        .route("/_forecourt/client.js", get(client))
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

/// The module that pages import. It changes with the program alone, so a browser asks again once an hour, by its tag.
async fn client(headers: HeaderMap) -> Response {
    let tag = page::client_tag();
    let about = [(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")), (header::ETAG, tag.clone())];
    if is_known(&headers, tag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], page::CLIENT).into_response()
}

fn unanswered(refusal: Refusal) -> Response {
    let mut response = StatusCode::NOT_FOUND.into_response();
    response.extensions_mut().insert(Unanswered(refusal));
    response
}
