//! A backend that answers as it is told and remembers what it was asked, over a real socket.

#![allow(dead_code, unreachable_pub, reason = "every test binary needs its own part of it")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What it answers to a request.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The method; none for any.
    pub method: Option<String>,
    /// The request target, exactly as it stands in the request line.
    pub target: String,
    /// The whole reply, head included.
    pub bytes: Vec<u8>,
    /// What happens after it.
    pub then: Then,
}

/// What happens after the bytes of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The next request.
    Next,
    /// The connection is closed.
    Close,
    /// The connection is torn down.
    Reset,
    /// Nothing, for as long as the other side waits.
    Hang,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub method: String,
    pub target: String,
    /// Names in lower case, values as they came, in their order.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// The backend. It serves until the runtime ends.
#[derive(Debug, Clone)]
pub struct Backend {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    rules: Vec<Rule>,
    state: Mutex<State>,
    change: Notify,
}

#[derive(Debug, Default)]
struct State {
    seen: Vec<Seen>,
    used: Vec<usize>,
    unknown: Vec<String>,
}

impl Backend {
    pub async fn start(rules: Vec<Rule>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let backend = Self { address, shared: Arc::new(Shared { rules, state: Mutex::default(), change: Notify::new() }) };
        let serving = backend.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().connection(stream));
            }
        });
        backend
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What came since the last time this was asked.
    pub fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state().seen)
    }

    /// Requests that no rule answers, and the numbers of the rules that nothing asked for. A request that its gateway gave up may
    /// still be on its way: it is waited for, for a while.
    pub async fn leftovers(&self, patience: Duration) -> (Vec<String>, Vec<usize>) {
        let all = async {
            loop {
                let change = self.shared.change.notified();
                if self.idle().is_empty() {
                    return;
                }
                change.await;
            }
        };
        let _in_time = tokio::time::timeout(patience, all).await;
        let unknown = self.state().unknown.clone();
        (unknown, self.idle())
    }

    fn idle(&self) -> Vec<usize> {
        let state = self.state();
        (0..self.shared.rules.len()).filter(|rule| !state.used.contains(rule)).collect()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connection(self, mut stream: TcpStream) {
        let mut unread = Vec::new();
        while let Some(seen) = request(&mut stream, &mut unread).await {
            let (bytes, then) = self.reply(seen);
            if stream.write_all(&bytes).await.is_err() {
                return;
            }
            match then {
                Then::Next => {}
                Then::Close => return,
                Then::Reset => return drop(stream.set_zero_linger()),
                Then::Hang => {
                    // Until the other side has had enough.
                    while stream.read_buf(&mut unread).await.is_ok_and(|read| read > 0) {}
                    return;
                }
            }
        }
    }

    fn reply(&self, seen: Seen) -> (Vec<u8>, Then) {
        let fits = |rule: &Rule| rule.target == seen.target && rule.method.as_ref().is_none_or(|method| *method == seen.method);
        let found = self.shared.rules.iter().enumerate().find(|(_, rule)| fits(rule));
        let mut state = self.state();
        let answer = match found {
            Some((number, rule)) => {
                state.used.push(number);
                (rule.bytes.clone(), rule.then)
            }
            None => {
                state.unknown.push(format!("{} {}", seen.method, seen.target));
                (b"HTTP/1.1 599 No Rule\r\nContent-Length: 0\r\n\r\n".to_vec(), Then::Next)
            }
        };
        state.seen.push(seen);
        self.shared.change.notify_waiters();
        answer
    }
}

/// One request, whole; none when the connection ended.
async fn request(stream: &mut TcpStream, unread: &mut Vec<u8>) -> Option<Seen> {
    let end = loop {
        if let Some(at) = unread.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        fill(stream, unread).await?;
    };
    let head: Vec<u8> = unread.drain(..end).collect();
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.trim_end().split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let value = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let body = match (value("content-length"), value("transfer-encoding")) {
        (Some(length), None) => exactly(stream, unread, length.parse().expect("a length is a number")).await?,
        (None, Some("chunked")) => chunks(stream, unread).await?,
        (None, None) => Vec::new(),
        framing => panic!("the gateway sent a request that two backends read in two ways: {framing:?}"),
    };
    Some(Seen { method, target, headers, body })
}

async fn fill(stream: &mut TcpStream, unread: &mut Vec<u8>) -> Option<()> {
    stream.read_buf(unread).await.ok().filter(|read| *read > 0).map(drop)
}

async fn exactly(stream: &mut TcpStream, unread: &mut Vec<u8>, length: usize) -> Option<Vec<u8>> {
    while unread.len() < length {
        fill(stream, unread).await?;
    }
    Some(unread.drain(..length).collect())
}

async fn chunks(stream: &mut TcpStream, unread: &mut Vec<u8>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = unread.windows(2).position(|window| window == b"\r\n") {
                break at + 2;
            }
            fill(stream, unread).await?;
        };
        let line: Vec<u8> = unread.drain(..end).collect();
        let size = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).expect("a chunk has a size");
        body.extend(exactly(stream, unread, size).await?);
        exactly(stream, unread, 2).await?;
        if size == 0 {
            return Some(body);
        }
    }
}

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// By `Content-Length`.
    #[default]
    Length,
    /// In two chunks, as Tomcat does past its buffer.
    Chunked,
    /// By the end of the connection.
    Close,
}

/// The bytes of a reply.
pub fn reply(status: u16, headers: &[(String, String)], body: &[u8], framing: Framing) -> Vec<u8> {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Whatever");
    let mut bytes = format!("HTTP/1.1 {status} {reason}\r\n");
    for (name, value) in headers {
        bytes.push_str(&format!("{name}: {value}\r\n"));
    }
    let bodiless = matches!(status, 204 | 304);
    match framing {
        _ if bodiless => {}
        Framing::Length => bytes.push_str(&format!("Content-Length: {}\r\n", body.len())),
        Framing::Chunked => bytes.push_str("Transfer-Encoding: chunked\r\n"),
        Framing::Close => bytes.push_str("Connection: close\r\n"),
    }
    bytes.push_str("\r\n");
    let mut bytes = bytes.into_bytes();
    match framing {
        _ if bodiless => {}
        Framing::Length | Framing::Close => bytes.extend_from_slice(body),
        Framing::Chunked => {
            let (first, second) = body.split_at(body.len() / 2);
            for piece in [first, second].into_iter().filter(|piece| !piece.is_empty()) {
                bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                bytes.extend_from_slice(piece);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
        }
    }
    bytes
}
