//! An upstream that misbehaves on cue: every connection plays a script of raw bytes, over a socket or in memory.
//!
//! Stands on tokio alone, so that unit tests and integration tests can both include it. It never sleeps by the wall clock:
//! what must be late waits for a `Notify` or, with paused time, for the test's own clock.

#![allow(dead_code, unreachable_pub, reason = "every test binary plays its own part of it")]

#[path = "frames.rs"]
pub mod frames;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;

use frames::Frame;

/// One step of a script. After the last step the connection is closed.
#[derive(Clone)]
pub enum Act {
    /// Reads one request: its head, and its body by Content-Length or chunks.
    Read,
    /// Reads the head of a request and leaves its body.
    ReadHead,
    /// Sends bytes at once.
    Send(Vec<u8>),
    /// Sends bytes in pieces of `size`, each after a pause of the test's clock.
    Drip { bytes: Vec<u8>, size: usize, pause: Duration },
    /// Sends bytes again and again, until nobody takes them any more.
    Forever(Vec<u8>),
    /// Waits by the test's clock.
    Pause(Duration),
    /// Waits until the test says so.
    Wait(Arc<Notify>),
    /// Does nothing, for ever.
    Hang,
    /// Waits until the other side closes.
    AwaitClose,
    /// Tears the connection down (a reset on a socket, a plain end in memory).
    Reset,
    /// HTTP/2: reads what the client says first, and sends these frames behind the server's settings.
    Greet(Vec<Frame>),
    /// HTTP/2: reads the request of one more stream, or only its head. Frames that follow are about that stream.
    ReadStream { whole: bool },
    /// HTTP/2: sends frames about the last stream that was read.
    Frames(Vec<Frame>),
    /// HTTP/2: reads until the client resets a stream.
    AwaitReset,
    /// HTTP/2: answers what a connection lives by, and nothing else, until the other side closes.
    Attend,
}

impl Act {
    pub fn send(bytes: impl AsRef<[u8]>) -> Self {
        Self::Send(bytes.as_ref().to_vec())
    }

    /// A reply with a length.
    pub fn reply(head: &str, body: impl AsRef<[u8]>) -> Self {
        Self::Send(reply(head, body))
    }
}

/// `HTTP/1.1 200 OK`, more header lines in `head` (each ending in CRLF), the length, the body.
pub fn reply(head: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Chunked framing of pieces, with its end.
pub fn chunked(pieces: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for piece in pieces {
        bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

/// Scripts, one a connection in the order they come; the last one is played again for all that follow.
#[derive(Clone)]
pub struct Faults {
    shared: Arc<Shared>,
}

struct Shared {
    scripts: Vec<Vec<Act>>,
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
    closed: AtomicUsize,
    change: Notify,
}

impl Faults {
    pub fn new(scripts: Vec<Vec<Act>>) -> Self {
        assert!(!scripts.is_empty(), "a fault server needs a script");
        let shared = Shared {
            scripts,
            connections: AtomicUsize::new(0),
            requests: Mutex::default(),
            closed: AtomicUsize::new(0),
            change: Notify::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Every connection reads a request and answers `reply`, over and over.
    pub fn answering(reply: Vec<u8>) -> Self {
        Self::answering_after(Vec::new(), reply)
    }

    /// The first connections play these scripts; those that follow read a request and answer `reply`, over and over.
    pub fn answering_after(mut scripts: Vec<Vec<Act>>, reply: Vec<u8>) -> Self {
        let mut script = Vec::new();
        for _ in 0..64 {
            script.extend([Act::Read, Act::Send(reply.clone())]);
        }
        scripts.push(script);
        Self::new(scripts)
    }

    /// Serves on a port of its own.
    pub async fn listen(&self) -> SocketAddr {
        self.listen_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Serves there.
    pub async fn listen_at(&self, address: SocketAddr) -> SocketAddr {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let faults = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                faults.serve(stream, |stream| {
                    stream.set_zero_linger().expect("a socket that lingers not");
                });
            }
        });
        address
    }

    /// Serves one connection in memory, whose other end this is.
    pub fn connect(&self) -> DuplexStream {
        let (near, far) = tokio::io::duplex(64 * 1024);
        self.serve(far, |_| ());
        near
    }

    /// Serves one connection.
    pub fn serve<S>(&self, stream: S, before_reset: impl FnOnce(&S) + Send + 'static)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let number = self.shared.connections.fetch_add(1, Ordering::SeqCst);
        let script = self.shared.scripts.get(number).or(self.shared.scripts.last()).cloned().unwrap_or_default();
        let faults = self.clone();
        tokio::spawn(async move {
            let mut connection = Connection { stream, unread: Vec::new(), last_stream: 0, faults: faults.clone() };
            let reset = connection.play(script).await;
            if reset {
                before_reset(&connection.stream);
            }
            drop(connection);
            faults.shared.closed.fetch_add(1, Ordering::SeqCst);
            faults.shared.change.notify_waiters();
        });
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Requests read so far: heads as they came, bodies after them without their framing.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until so many connections have ended, on this side.
    pub async fn closed(&self, connections: usize) {
        self.until(|faults| faults.shared.closed.load(Ordering::SeqCst) >= connections).await;
    }

    /// Waits until so many requests were read.
    pub async fn read(&self, requests: usize) {
        self.until(|faults| faults.requests().len() >= requests).await;
    }

    async fn until(&self, reached: impl Fn(&Self) -> bool) {
        loop {
            let change = self.shared.change.notified();
            tokio::pin!(change);
            change.as_mut().enable();
            if reached(self) {
                return;
            }
            change.await;
        }
    }

    fn record(&self, request: String) {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        self.shared.change.notify_waiters();
    }
}

/// An address at which nobody listens, nor can for as long as this process lives: its socket is bound, and never let go.
pub fn refused() -> SocketAddr {
    let socket = Box::leak(Box::new(TcpSocket::new_v4().expect("a socket")));
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    socket.local_addr().expect("a bound socket has an address")
}

/// An address that takes connections and says nothing; they live as long as the listener.
pub async fn silent() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    (listener, address)
}

/// A socket for a test that speaks for itself.
pub async fn socket(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("the server listens")
}

struct Connection<S> {
    stream: S,
    unread: Vec<u8>,
    last_stream: u32,
    faults: Faults,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Plays a script to its end; whether that is a reset. A script ends early when the other side is gone.
    async fn play(&mut self, script: Vec<Act>) -> bool {
        for act in script {
            let going_on = match act {
                Act::Read => self.read(true).await,
                Act::ReadHead => self.read(false).await,
                Act::Send(bytes) => self.send(&bytes).await,
                Act::Drip { bytes, size, pause } => self.drip(&bytes, size, pause).await,
                Act::Forever(bytes) => {
                    while self.send(&bytes).await {}
                    false
                }
                Act::Pause(pause) => {
                    tokio::time::sleep(pause).await;
                    true
                }
                Act::Wait(notify) => {
                    notify.notified().await;
                    true
                }
                Act::Hang => std::future::pending().await,
                Act::AwaitClose => {
                    while self.fill().await {}
                    true
                }
                Act::Reset => return true,
                Act::Greet(frames) => self.greet(&frames).await,
                Act::ReadStream { whole } => self.read_stream(whole).await,
                Act::Frames(frames) => self.send_frames(&frames).await,
                Act::AwaitReset => self.await_reset().await,
                Act::Attend => {
                    while self.next_frame().await.is_some() {}
                    true
                }
            };
            if !going_on {
                return false;
            }
        }
        false
    }

    async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok() && self.stream.flush().await.is_ok()
    }

    async fn drip(&mut self, bytes: &[u8], size: usize, pause: Duration) -> bool {
        for piece in bytes.chunks(size) {
            tokio::time::sleep(pause).await;
            if !self.send(piece).await {
                return false;
            }
        }
        true
    }

    async fn fill(&mut self) -> bool {
        self.stream.read_buf(&mut self.unread).await.is_ok_and(|read| read > 0)
    }

    async fn read(&mut self, with_body: bool) -> bool {
        let end = loop {
            if let Some(at) = find(&self.unread, b"\r\n\r\n") {
                break at + 4;
            }
            if !self.fill().await {
                return false;
            }
        };
        let head: Vec<u8> = self.unread.drain(..end).collect();
        let head = String::from_utf8_lossy(&head).into_owned();
        let lower = head.to_ascii_lowercase();
        let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        let body = match length {
            _ if !with_body => Some(Vec::new()),
            None if lower.contains("transfer-encoding: chunked") => self.read_chunks().await,
            None => Some(Vec::new()),
            Some(length) => self.read_exactly(length).await,
        };
        let Some(body) = body else { return false };
        self.faults.record(head + &String::from_utf8_lossy(&body));
        true
    }

    async fn read_exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.unread.len() < length {
            if !self.fill().await {
                return None;
            }
        }
        Some(self.unread.drain(..length).collect())
    }

    async fn read_chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                if let Some(at) = find(&self.unread, b"\r\n") {
                    break at + 2;
                }
                if !self.fill().await {
                    return None;
                }
            };
            let line: Vec<u8> = self.unread.drain(..end).collect();
            let size = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).expect("a chunk size");
            if size == 0 {
                return self.read_trailers().await.then_some(body);
            }
            body.extend(self.read_exactly(size).await?);
            self.read_exactly(2).await?;
        }
    }

    /// Reads to the blank line behind the last chunk.
    async fn read_trailers(&mut self) -> bool {
        loop {
            match find(&self.unread, b"\r\n") {
                Some(end) => {
                    self.unread.drain(..end + 2);
                    if end == 0 {
                        return true;
                    }
                }
                None if self.fill().await => {}
                None => return false,
            }
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
