//! Both ends of the way: a backend that answers what it has ready, and a client that knows when an answer is whole.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};

/// Bytes that a pipe holds.
pub(crate) const PIPE: usize = 64 << 10;

/// What the backend has ready, by path.
pub(crate) struct Replies(HashMap<String, Bytes>);

impl Replies {
    pub(crate) fn new(documents: [(&str, String); 2]) -> Self {
        let reply = |(path, text): (&str, String)| {
            let head = format!(
                "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Sun, 01 Nov 2026 12:00:00 GMT\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\nConnection: keep-alive\r\n\r\n",
                text.len()
            );
            (path.to_owned(), Bytes::from(head + &text))
        };
        Self(documents.into_iter().map(reply).collect())
    }
}

/// A connection to the backend.
pub(crate) fn dial(replies: &Arc<Replies>) -> DuplexStream {
    let (near, far) = tokio::io::duplex(PIPE);
    tokio::spawn(answer(far, Arc::clone(replies)));
    near
}

/// The backend's end of a connection.
pub(crate) async fn answer<T: AsyncRead + AsyncWrite + Unpin>(mut stream: T, replies: Arc<Replies>) {
    let mut asked = BytesMut::new();
    while stream.read_buf(&mut asked).await.is_ok_and(|came| came > 0) {
        while let Some(end) = end_of_head(&asked) {
            let head = asked.split_to(end);
            let path = head[..].split(|byte| *byte == b' ').nth(1).unwrap();
            stream.write_all(&replies.0[std::str::from_utf8(path).unwrap()]).await.unwrap();
        }
    }
}

/// A client with one connection.
pub(crate) struct Client<T> {
    stream: T,
    head: String,
    came: BytesMut,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Client<T> {
    pub(crate) fn new(stream: T, path: &str) -> Self {
        Self { stream, head: format!("GET {path} HTTP/1.1\r\nHost: bench.local\r\n\r\n"), came: BytesMut::new() }
    }

    pub(crate) async fn ask(&mut self) {
        self.stream.write_all(self.head.as_bytes()).await.unwrap();
    }

    /// The next answer, head and body.
    pub(crate) async fn answer(&mut self) -> Bytes {
        loop {
            if let Some(end) = end_of_head(&self.came) {
                let whole = end + length(&self.came[..end]);
                if self.came.len() >= whole {
                    let answer = Bytes::copy_from_slice(&self.came[..whole]);
                    self.came.advance(whole);
                    return answer;
                }
            }
            assert!(self.stream.read_buf(&mut self.came).await.unwrap() > 0, "the connection ended");
        }
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, b"\r\n\r\n").map(|at| at + 4)
}

fn length(head: &[u8]) -> usize {
    let line =
        head.split(|byte| *byte == b'\n').find(|line| line.len() > 15 && line[..15].eq_ignore_ascii_case(b"content-length:"));
    std::str::from_utf8(&line.unwrap()[15..]).unwrap().trim().parse().unwrap()
}
