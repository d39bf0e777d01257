//! The control socket: HTTP/1.1 for this machine's owner of the master, on a Unix socket.

use std::convert::Infallible;
use std::io;
use std::os::unix::net::UnixListener as StdListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::Method;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::geteuid;
use tokio::net::unix::UCred;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tower::ServiceExt;
use tracing::{debug, info, warn};

use super::purge::KnownRoutes;
use super::routes::router;
use super::socket::{Socket, SocketError, Taking};
use crate::cluster::Handle;

/// Connections at the same time; more wait in the kernel's backlog.
const CONNECTIONS: usize = 64;

/// How long a head may take, and how long a connection may idle.
const HEAD_TIME: Duration = Duration::from_secs(5);

/// The most bytes of a head.
const HEAD: usize = 16 << 10;

/// How long those who are being answered may finish when the master ends.
const FAREWELL: Duration = Duration::from_secs(1);

/// The pause after the kernel would not give a connection, for want of descriptors as a rule.
const PAUSE: Duration = Duration::from_secs(1);

/// A control socket that listens and does not answer yet.
#[derive(Debug)]
pub struct Control {
    socket: Socket,
    listener: StdListener,
}

/// A control socket that answers. Dropping it ends that at once.
#[derive(Debug)]
pub struct Serving {
    socket: Socket,
    ending: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Control {
    /// Makes the socket, with mode 0600 in a folder of its own (0700) when that is not there, in the place of a stale one.
    ///
    /// # Errors
    /// A living master has it, it is something else, or the system refuses. None of these is a reason not to serve.
    pub fn bind(path: &Path, taking: Taking) -> Result<Self, SocketError> {
        let (socket, listener) = Socket::bind(path, taking)?;
        Ok(Self { socket, listener })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.socket.path()
    }

    /// Answers from now on, in a task of the current runtime. Only this user and root are heard. `routes` are those that a purge may name.
    ///
    /// # Errors
    /// The runtime cannot watch the socket.
    pub fn serve(self, handle: Handle, routes: KnownRoutes) -> io::Result<Serving> {
        let listener = UnixListener::from_std(self.listener)?;
        let (ending, ends) = watch::channel(false);
        Ok(Serving { socket: self.socket, ending, task: tokio::spawn(accept(listener, router(handle, routes), ends)) })
    }
}

impl Serving {
    /// Where it is.
    pub fn path(&self) -> &Path {
        self.socket.path()
    }

    /// Whether its path still leads here: whoever has connected is answered in any case.
    pub fn stands(&self) -> bool {
        self.socket.stands()
    }

    /// Removes the socket and lets those who are being answered finish, for a second at the most.
    pub async fn end(mut self) {
        self.ending.send_replace(true);
        // A panic in there has been logged.
        let _ended = timeout(FAREWELL, &mut self.task).await;
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: UnixListener, router: Router, mut ends: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    let for_each = ends.clone();
    let everything = async {
        loop {
            // The semaphore is never closed.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let (router, ends) = (router.clone(), for_each.clone());
                    connections.spawn(async move {
                        answer(stream, router, ends).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    warn!(event = "control", reason = %error, "the control socket gives no connection for the moment");
                    sleep(PAUSE).await;
                }
            }
            while connections.try_join_next().is_some() {}
        }
    };
    tokio::select! {
        () = everything => {}
        () = ended(&mut ends) => {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Also when whoever could have said so is gone.
async fn ended(ends: &mut watch::Receiver<bool>) {
    drop(ends.wait_for(|ended| *ended).await);
}

async fn answer(stream: UnixStream, router: Router, mut ends: watch::Receiver<bool>) {
    let peer = match stream.peer_cred() {
        Ok(peer) if may_control(peer.uid(), geteuid().as_raw()) => peer,
        Ok(peer) => {
            warn!(
                event = "control",
                uid = peer.uid(),
                pid = peer.pid(),
                "another user's connection to the control socket is closed"
            );
            return;
        }
        Err(error) => {
            warn!(event = "control", reason = %error, "a connection to the control socket has no credentials, and is closed");
            return;
        }
    };
    let service = service_fn(move |request| {
        note(&request, peer);
        let router = router.clone();
        async move { Ok::<Response, Infallible>(unfailing(router.oneshot(request.map(Body::new)).await)) }
    });
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(HEAD)
            .serve_connection(TokioIo::new(stream), service)
    );
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = ended(&mut ends) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        debug!(%error, "a connection to the control socket ended early");
    }
}

/// Who asks for a change leaves a line.
fn note(request: &Request<Incoming>, peer: UCred) {
    if request.method() == Method::POST {
        let (uid, pid) = (peer.uid(), peer.pid());
        info!(event = "control", command = request.uri().path(), uid, pid, "asked on the control socket");
    }
}

fn unfailing(result: Result<Response, Infallible>) -> Response {
    let Ok(response) = result;
    response
}

/// The socket's mode keeps others out already; this holds when somebody has changed it.
pub(super) fn may_control(peer: u32, own: u32) -> bool {
    peer == own || peer == 0
}
