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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Mutex;

/// Serves a client's connection from a kept one to the backend.
pub(crate) async fn serve<C, U>(client: C, upstream: U)
where
    C: AsyncRead + AsyncWrite + Unpin,
    U: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, driver) = client::handshake(TokioIo::new(upstream)).await.unwrap();
    tokio::spawn(driver);
    let sender = Arc::new(Mutex::new(sender));
    let service = service_fn(move |request: Request<Incoming>| {
        let sender = Arc::clone(&sender);
        async move { pass(&sender, request).await }
    });
    server::Builder::new().serve_connection(TokioIo::new(client), service).await.unwrap();
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
