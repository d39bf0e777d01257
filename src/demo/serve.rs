//! Two ways in: a listener of its own, and a pipe in memory for `demo:`.

use std::convert::Infallible;
use std::io;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpListener;

use super::shop;
use crate::upstream::Dial;

/// No request to the sample backend is larger.
const MOST: usize = 1 << 20;

/// The sample backend inside of a worker, without a port.
#[derive(Debug, Clone, Copy, Default)]
pub struct InMemory;

impl Dial for InMemory {
    fn dial(&self) -> DuplexStream {
        let (near, far) = tokio::io::duplex(64 << 10);
        tokio::spawn(connection(far));
        near
    }
}

/// Serves the sample backend on a listener until the task is dropped.
///
/// # Errors
/// The listener is no longer one.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream));
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => return Err(error),
        }
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new());
    if let Err(error) = server.serve_connection(TokioIo::new(stream), service_fn(answer)).await {
        tracing::debug!(error = %error, "a connection to the sample backend ended early");
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MOST).collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Ok(shop::answer(&parts, &body).await)
}
