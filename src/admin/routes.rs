//! What the control socket answers: one function a path.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::events;
use super::problem::Problem;
use super::purge::{KnownRoutes, Purges};
use crate::cache::Purge;
use crate::cluster::topic::READY;
use crate::cluster::{Handle, Refused};
use crate::telemetry;

/// The longest value to publish, in bytes; the master has a limit of its own below it.
const BODY: usize = 64 << 10;

/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(5);

/// Who may follow the events at the same time, so that there is always room for who wants something else.
const FOLLOWERS: usize = 16;

type Answer = Result<Response, Problem>;

/// The paths of the control socket.
pub(super) fn router(handle: Handle, routes: KnownRoutes) -> Router {
    let followers = Arc::new(Semaphore::new(FOLLOWERS));
    let purges = Arc::new(Purges::of(routes));
    Router::new()
        .route("/status", get(status))
        .route("/reload", post(reload))
        .route("/restart", post(restart))
        .route("/scale/{workers}", post(scale_first))
        .route("/scale/{group}/{workers}", post(scale))
        .route("/stop", post(stop))
        .route("/publish/{topic}", post(publish))
        .route("/purge/{kind}", post(async move |handle, path, body| purge(&purges, handle, path, body).await))
        .route("/reopen", post(reopen))
        .route("/upgrade", post(upgrade))
        .route("/events", get(async move |query| follow(&followers, query)))
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "unknown", PATHS))
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "ask with GET, change something with POST")
        })
        .with_state(handle)
}

const PATHS: &str = "no such path: there are GET /status and /events, POST /reload, /restart, /scale/GROUP/N, /stop, \
                     /publish/TOPIC, /purge/KIND, /reopen and /upgrade";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiting {
    #[serde(default = "yes")]
    wait: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stopping {
    #[serde(default)]
    now: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Following {
    #[serde(default = "yes")]
    follow: bool,
}

fn yes() -> bool {
    true
}

async fn status(State(handle): State<Handle>) -> Answer {
    Ok(said(StatusCode::OK, &handle.status().await?))
}

async fn reload(State(handle): State<Handle>, query: Result<Query<Waiting>, QueryRejection>) -> Answer {
    let Query(Waiting { wait }) = query.map_err(|_| odd_query("wait"))?;
    later_or_now(wait, async move { handle.reload().await }).await
}

async fn restart(State(handle): State<Handle>, query: Result<Query<Waiting>, QueryRejection>) -> Answer {
    let Query(Waiting { wait }) = query.map_err(|_| odd_query("wait"))?;
    later_or_now(wait, async move { handle.restart().await }).await
}

/// Somebody who does not wait reads the end in the log and among the events.
async fn later_or_now<T: Serialize + Send>(
    wait: bool,
    work: impl Future<Output = Result<T, Refused>> + Send + 'static,
) -> Answer {
    if wait {
        return Ok(said(StatusCode::OK, &work.await?));
    }
    tokio::spawn(async move { drop(work.await) });
    Ok(said(StatusCode::ACCEPTED, &json!({"accepted": true})))
}

async fn scale_first(State(handle): State<Handle>, path: Result<Path<u32>, PathRejection>) -> Answer {
    let Path(workers) = path.map_err(odd_workers)?;
    Ok(said(StatusCode::OK, &handle.scale(None, workers).await?))
}

async fn scale(State(handle): State<Handle>, path: Result<Path<(String, u32)>, PathRejection>) -> Answer {
    let Path((group, workers)) = path.map_err(odd_workers)?;
    Ok(said(StatusCode::OK, &handle.scale(Some(group), workers).await?))
}

async fn stop(State(handle): State<Handle>, query: Result<Query<Stopping>, QueryRejection>) -> Answer {
    let Query(Stopping { now }) = query.map_err(|_| odd_query("now"))?;
    handle.stop(now).await?;
    Ok(said(StatusCode::ACCEPTED, &json!({"pid": std::process::id(), "now": now})))
}

async fn publish(State(handle): State<Handle>, path: Result<Path<String>, PathRejection>, body: Body) -> Answer {
    let Path(topic) = path.map_err(odd_word)?;
    let value = text(body).await?;
    if topic == READY && !["yes", "no"].contains(&value.as_str()) {
        return Err(Problem::bad(format!("`{READY}` is `yes` or `no`, and nothing else")));
    }
    Ok(said(StatusCode::OK, &handle.publish(topic, value).await?))
}

async fn purge(purges: &Purges, State(handle): State<Handle>, path: Result<Path<String>, PathRejection>, body: Body) -> Answer {
    let Path(kind) = path.map_err(odd_word)?;
    let purge = Purge::new(&kind, &text(body).await?).map_err(|error| Problem::bad(error.to_string()))?;
    Ok(said(StatusCode::OK, &purges.tell(&handle, purge).await?))
}

async fn text(body: Body) -> Result<String, Problem> {
    let value = timeout(BODY_TIME, read(body)).await.map_err(|_| Problem::bad("the value did not come in time"))??;
    String::from_utf8(value).map_err(|_| Problem::bad("the value is not UTF-8"))
}

/// Reads a value. What is too long is read on for a while, or the sender would not hear that it is.
async fn read(mut body: Body) -> Result<Vec<u8>, Problem> {
    let (mut value, mut length) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::bad("the value broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length <= BODY {
            value.extend_from_slice(&data);
        } else if length > BODY * 16 {
            break;
        }
    }
    if length > BODY { Err(Problem::bad(format!("the value has more than {BODY} bytes"))) } else { Ok(value) }
}

async fn reopen(State(handle): State<Handle>) -> Answer {
    handle.reopen().await?;
    Ok(said(StatusCode::OK, &json!({"reopened": true})))
}

async fn upgrade(State(handle): State<Handle>) -> Answer {
    Ok(said(StatusCode::OK, &handle.upgrade().await?))
}

fn follow(followers: &Arc<Semaphore>, query: Result<Query<Following>, QueryRejection>) -> Answer {
    let Query(Following { follow }) = query.map_err(|_| odd_query("follow"))?;
    let told = telemetry::events();
    let body = if follow {
        let place = Arc::clone(followers).try_acquire_owned().map_err(|_| {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "followers", format!("{FOLLOWERS} follow the events already"))
        })?;
        events::following(told, place)
    } else {
        events::kept(told)
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(uncached(response))
}

fn said(status: StatusCode, what: &impl Serialize) -> Response {
    // Only what a map of odd keys would make of itself fails, and there is none in what we say.
    let text = serde_json::to_string(what).unwrap_or_else(|error| json!({"defect": error.to_string()}).to_string());
    let mut response = Response::new(Body::from(format!("{text}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    uncached(response)
}

fn uncached(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn odd_query(known: &str) -> Problem {
    Problem::bad(format!("the query may say `{known}=true` or `{known}=false`, once, and nothing else"))
}

fn odd_workers(_: PathRejection) -> Problem {
    Problem::bad("the number of workers is a whole number: `/scale/4`, or `/scale/web/4` for the group `web`")
}

fn odd_word(_: PathRejection) -> Problem {
    Problem::bad("the last part of the path is not UTF-8")
}
