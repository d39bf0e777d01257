//! A backend in memory that gives one reply to everything and keeps what it was asked; a gateway in front of it, without a socket.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use forecourt::gateway::Gateway;
use forecourt::gateway::edge::BodyError;
use forecourt::plan::{self, Plan};
use forecourt::spec::Snapshot;
use forecourt::upstream::{Client, Dial};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

/// The reply, and the request lines so far.
#[derive(Clone)]
struct Backend {
    reply: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Dial for Backend {
    fn dial(&self) -> DuplexStream {
        let (near, far) = tokio::io::duplex(1 << 20);
        tokio::spawn(self.clone().serve(far));
        near
    }
}

impl Backend {
    async fn serve(self, mut stream: DuplexStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { return };
            head.push(byte);
        }
        let head = String::from_utf8(head).unwrap();
        let (line, _) = head.split_once(" HTTP/1.1").unwrap();
        self.asked.lock().unwrap().push(line.to_owned());
        let reply = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
            self.reply.len(),
            self.reply
        );
        let _client_gone = stream.write_all(reply.as_bytes()).await;
    }
}

/// What the files of a page make together.
#[derive(Debug, Default, Clone)]
pub(crate) struct Files(pub(crate) BTreeMap<String, Vec<u8>>);

impl Files {
    /// A routes.yaml among them, compiled; the error is its report.
    pub(crate) fn compile(&self, text: &str) -> Result<Plan, String> {
        let snapshot = Snapshot {
            root: "routes.yaml".to_owned(),
            text: text.to_owned(),
            files: self.0.clone(),
            statics: ["public", "public/icon.png", "root"].map(|name| (name.to_owned(), name.to_owned())).into(),
            ..Snapshot::default()
        };
        plan::compile(&snapshot).map_err(|broken| broken.to_string())
    }
}

/// An answer, its body whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// What the backend was asked, as `GET /path?query`.
    pub(crate) asked: Vec<String>,
}

/// Sends a request, written as on the wire with `\n` for line ends, to a plan whose backend gives this reply.
pub(crate) async fn ask(plan: Plan, request: &str, reply: &str) -> Answer {
    let backend = Backend { reply: reply.to_owned(), asked: Arc::default() };
    let gateway = Gateway::new(Arc::new(plan), Client::new(Some(Arc::new(backend.clone()))));
    let answer: Response<_> = gateway.answer(parse(request)).await;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let asked = backend.asked.lock().unwrap().clone();
    Answer { status, body: String::from_utf8(body.to_vec()).unwrap(), asked }
}

fn parse(request: &str) -> Request<impl http_body::Body<Data = Bytes, Error = BodyError> + Send + Sync + 'static> {
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let mut lines = head.trim().lines();
    let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
    let mut builder = Request::builder().method(method).uri(target);
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        builder = builder.header(name, value);
    }
    let body = Full::new(Bytes::from(body.trim().to_owned())).map_err(|never: Infallible| match never {});
    builder.body(body).unwrap()
}
