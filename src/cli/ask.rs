//! The operator's end of the control socket.

use std::io::ErrorKind;
use std::time::Duration;

use anyhow::{Error, Result, anyhow};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::control_argument::ControlArgument;
use super::exit::Exit;
use super::runtime;

/// How long an answer may take that needs no work.
const SOON: Duration = Duration::from_secs(10);

/// What a name in a path may hold as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How long the master may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It only has to look.
    Short,
    /// It starts processes and watches them, within limits of its own.
    Long,
}

/// A connection to a running master.
#[derive(Debug)]
pub(super) struct Master {
    path: String,
    pid: Option<u32>,
    sender: SendRequest<Full<Bytes>>,
}

/// What a refusal says.
#[derive(Debug, Deserialize)]
struct Problem {
    detail: String,
}

/// Does something with a running master, in a runtime of its own.
pub(super) fn with<T>(arguments: &ControlArgument, work: impl AsyncFnOnce(Master) -> Result<T>) -> Result<T> {
    runtime::one_thread()?.block_on(async { work(Master::reach(arguments).await?).await })
}

/// A name as a part of a path.
pub(super) fn segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

impl Master {
    async fn reach(arguments: &ControlArgument) -> Result<Self> {
        let off = || Exit::Usage.because(anyhow!("--control is `off`, and commands need a control socket"));
        let socket = arguments.path().ok_or_else(off)?;
        let (path, config) = (socket.display().to_string(), arguments.config.config.display());
        let advice = if arguments.is_derived() {
            format!("start one with `forecourt serve -c {config}`, or name its socket with --control")
        } else {
            format!("start one with `forecourt serve -c {config} --control {path}`")
        };
        let stream = UnixStream::connect(&socket).await.map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied => {
                Exit::NoPermission.because(anyhow!("{path} belongs to another user: be that user, or root"))
            }
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => {
                Exit::Unavailable.because(anyhow!("no master answers at {path}: {advice}"))
            }
            _ => Exit::Unavailable.because(Error::new(error).context(format!("no master answers at {path}"))),
        })?;
        let pid = stream.peer_cred().ok().and_then(|peer| u32::try_from(peer.pid()?).ok()).filter(|pid| *pid > 0);
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| unanswered(&path, error))?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { path, pid, sender })
    }

    /// The master's process, when it is one that can be seen from here.
    pub(super) fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// Asks, and reads what was answered.
    pub(super) async fn ask<T: DeserializeOwned>(&mut self, method: Method, path: &str, patience: Patience) -> Result<T> {
        self.tell(method, path, String::new(), patience).await
    }

    /// The same, with something to tell.
    pub(super) async fn tell<T: DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        body: String,
        patience: Patience,
    ) -> Result<T> {
        let whole = async {
            let body = self.send(method, path, body).await?;
            body.collect().await.map(http_body_util::Collected::to_bytes).map_err(|error| unanswered(&self.path, error))
        };
        let bytes = match patience {
            Patience::Long => whole.await?,
            Patience::Short => timeout(SOON, whole).await.map_err(|_| {
                Exit::Unavailable.because(anyhow!("the master at {} does not answer: it may be stopped, or stuck", self.path))
            })??,
        };
        serde_json::from_slice(&bytes).map_err(|error| {
            let odd = Error::new(error).context("the master answered something that this version does not understand");
            Exit::Software.because(odd)
        })
    }

    /// Asks for a body that is read as it comes.
    pub(super) async fn open(&mut self, path: &str) -> Result<Incoming> {
        self.send(Method::GET, path, String::new()).await
    }

    async fn send(&mut self, method: Method, path: &str, body: String) -> Result<Incoming> {
        let request = Request::builder().method(method).uri(path).header("host", "forecourt");
        let request = request.body(Full::new(Bytes::from(body))).map_err(|error| Exit::Usage.because(error))?;
        let response = self.sender.send_request(request).await.map_err(|error| unanswered(&self.path, error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.into_body());
        }
        let body = response.into_body().collect().await.map_err(|error| unanswered(&self.path, error))?.to_bytes();
        let detail = match serde_json::from_slice(&body) {
            Ok(Problem { detail }) => detail,
            Err(_) => format!("the master answered {status}"),
        };
        Err(exit_of(status).because(anyhow!("{}", detail.trim_end())))
    }
}

fn exit_of(status: StatusCode) -> Exit {
    match status {
        StatusCode::UNPROCESSABLE_ENTITY => Exit::Configuration,
        StatusCode::CONFLICT => Exit::Busy,
        status if status.is_client_error() => Exit::Usage,
        _ => Exit::Unavailable,
    }
}

fn unanswered(path: &str, error: hyper::Error) -> Error {
    Exit::Unavailable.because(Error::new(error).context(format!("the master at {path} ended before it had answered")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_its_exit_code() {
        for (status, exit) in [
            (422, Exit::Configuration),
            (409, Exit::Busy),
            (400, Exit::Usage),
            (404, Exit::Usage),
            (503, Exit::Unavailable),
            (500, Exit::Unavailable),
        ] {
            assert_eq!(exit_of(StatusCode::from_u16(status).unwrap()), exit, "{status}");
        }
    }

    #[test]
    fn a_name_stays_one_segment_whatever_it_holds() {
        assert_eq!(segment("web-1_a.b~"), "web-1_a.b~");
        assert_eq!(segment("a/b?c d%é"), "a%2Fb%3Fc%20d%25%C3%A9");
    }
}
