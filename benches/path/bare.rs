//! What any proxy out of hyper's parts must do: read a request, send it on over a kept connection, hand the reply back as it comes.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1 as client;
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::sync::Mutex;

use crate::pipes::{self, Replies};

/// The client's end of a connection to the bare proxy.
pub(crate) fn serve(replies: &Arc<Replies>) -> DuplexStream {
    let (near, far) = tokio::io::duplex(pipes::PIPE);
    let upstream = pipes::dial(replies);
    tokio::spawn(async move {
        let (sender, driver) = client::handshake(TokioIo::new(upstream)).await.unwrap();
        tokio::spawn(driver);
        let sender = Arc::new(Mutex::new(sender));
        let service = service_fn(move |request: Request<Incoming>| {
            let sender = Arc::clone(&sender);
            async move { pass(&sender, request).await }
        });
        server::Builder::new().serve_connection(TokioIo::new(far), service).await.unwrap();
    });
    near
}

async fn pass(
    sender: &Mutex<client::SendRequest<Empty<Bytes>>>,
    request: Request<Incoming>,
) -> Result<Response<Incoming>, hyper::Error> {
    let (parts, _) = request.into_parts();
    let mut sender = sender.lock().await;
    sender.ready().await?;
    sender.send_request(Request::from_parts(parts, Empty::new())).await
}
