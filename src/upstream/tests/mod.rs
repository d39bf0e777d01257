//! The client against upstreams that misbehave. Where time matters the wire is in memory and the clock is the test's.

mod alone;
pub(super) mod fixtures;
mod flow;
mod open;
mod pool;
mod send;
mod shared;
mod sockets;
mod streams;
mod tries;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use tokio::io::DuplexStream;
use tokio::time::Instant;

use super::fault::Faults;
use super::headers::Trailers;
use super::*;

/// The wire in memory, to scripted faults.
struct InMemory(Faults);

impl Dial for InMemory {
    fn dial(&self) -> DuplexStream {
        self.0.connect()
    }
}

fn client(faults: &Faults) -> Client {
    Client::new(Some(Arc::new(InMemory(faults.clone()))))
}

fn settings(target: &str) -> Settings {
    let seconds = Duration::from_secs;
    Settings {
        targets: vec![WeightedTarget { target: Target::parse(target).unwrap(), weight: 1 }],
        timeouts: Timeouts { connect: seconds(1), first_byte: seconds(3), between_bytes: seconds(5), total: seconds(10) },
        max_bytes: 256 * 1024,
        headers: HeaderRules::default(),
        policies: Policies::NONE,
    }
}

fn demo() -> Upstream {
    Upstream::new("demo".into(), settings("demo:"))
}

fn call(method: Method, path: &str) -> Call<'static> {
    Call {
        method,
        path_and_query: path.into(),
        headers: HeaderMap::new().into(),
        body: Bytes::new(),
        repeat: Repeat::ByMethod,
        tally: Tally::default(),
    }
}

fn get(path: &str) -> Call<'static> {
    call(Method::GET, path)
}

/// The headers of a call that has them ready.
fn headers_of<'c>(call: &'c mut Call<'_>) -> &'c mut HeaderMap {
    match &mut call.headers {
        CallHeaders::Fixed(headers) => headers,
        CallHeaders::Made(_) => panic!("they are made later"),
    }
}

fn in_a_minute() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}
