//! A backend whose requests and replies take their time: `/echo` gives a body back, `/events` is a stream of events that lasts
//! more than a second, `/late/MS` answers after so many milliseconds.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// How many events a stream has, and the pause before each: 1.2 seconds in all.
const EVENTS: usize = 40;
const PAUSE: Duration = Duration::from_millis(30);

/// Starts it in a thread of its own; it serves until the process ends.
pub fn start() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    listener.set_nonblocking(true).expect("a socket for the runtime");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(serve(listener));
    });
    address
}

/// All bytes of `/events`.
pub fn events() -> Vec<u8> {
    (0..EVENTS).flat_map(|number| event(number).into_bytes()).collect()
}

fn event(number: usize) -> String {
    format!("id: {number}\ndata: one of {EVENTS}\n\n")
}

async fn serve(listener: std::net::TcpListener) {
    let listener = TcpListener::from_std(listener).expect("a listening socket");
    loop {
        // Out of descriptors for a moment: the gateway's own time limits tell.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _nodelay = stream.set_nodelay(true);
        tokio::spawn(async move {
            // A gateway that is killed breaks its connections off, which is what the tests are about.
            let _broken = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<UnsyncBoxBody<Bytes, Infallible>>, hyper::Error> {
    let path = request.uri().path().to_owned();
    if let Some(wait) = path.strip_prefix("/late/").and_then(|digits| digits.parse().ok()) {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        return Ok(reply("application/json", Full::new(Bytes::from_static(b"{\"late\":true}")).boxed_unsync()));
    }
    if path == "/events" {
        let pieces = stream::unfold(0, |number| async move {
            if number == EVENTS {
                return None;
            }
            tokio::time::sleep(PAUSE).await;
            Some((Ok(Frame::data(Bytes::from(event(number)))), number + 1))
        });
        return Ok(reply("text/event-stream", StreamBody::new(pieces).boxed_unsync()));
    }
    let body = request.into_body().collect().await?.to_bytes();
    Ok(reply("text/plain", Full::new(body).boxed_unsync()))
}

fn reply(kind: &str, body: UnsyncBoxBody<Bytes, Infallible>) -> Response<UnsyncBoxBody<Bytes, Infallible>> {
    Response::builder().header("content-type", kind).body(body).expect("a reply of constants")
}
