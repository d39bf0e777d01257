//! One connection of the load client: a request out, an answer in, and exactly what went wrong.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection.
pub(super) struct Wire {
    stream: TcpStream,
    local: SocketAddr,
    unread: Vec<u8>,
    /// Answers that came over it.
    pub(super) answers: u32,
}

/// A whole answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) request_id: Option<String>,
    /// The server will close behind it.
    pub(super) closes: bool,
    pub(super) body: Vec<u8>,
}

/// What is no whole answer.
pub(super) enum Broken {
    /// The connection ended and no byte had come.
    Before(String),
    /// The connection ended and some had.
    Within(String),
    /// What came is not HTTP.
    Malformed(String),
}

impl Wire {
    pub(super) async fn connect(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        Ok(Self { stream, local, unread: Vec::with_capacity(4096), answers: 0 })
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Whether the server has closed the connection, or said something that nobody asked for. The kernel is asked, not
    /// the runtime, which may not have looked yet.
    pub(super) fn is_over(&self) -> bool {
        !matches!(recv(&self.stream, &mut [0u8; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT), Err(rustix::io::Errno::AGAIN))
    }

    /// Sends bytes. `false`: the server takes no more, though it may have answered.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Sends bytes in pieces with a pause before each.
    pub(super) async fn drip(&mut self, bytes: &[u8], size: usize, pause: Duration) -> bool {
        for piece in bytes.chunks(size) {
            tokio::time::sleep(pause).await;
            if !self.send(piece).await {
                return false;
            }
        }
        true
    }

    /// Reads one answer to the end of its body.
    pub(super) async fn answer(&mut self) -> Result<Answer, Broken> {
        let (mut answer, framing) = loop {
            if let Some(found) = self.head()? {
                break found;
            }
            self.fill().await?;
        };
        match framing {
            Framing::Length(length) => {
                self.fill_to(length).await?;
                answer.body = self.unread.drain(..length).collect();
            }
            Framing::Chunks => loop {
                let (from, size) = loop {
                    match httparse::parse_chunk_size(&self.unread) {
                        Ok(httparse::Status::Complete((from, size))) => {
                            break (from, usize::try_from(size).unwrap_or(usize::MAX));
                        }
                        Ok(httparse::Status::Partial) => self.fill_within().await?,
                        Err(error) => return Err(Broken::Malformed(error.to_string())),
                    }
                };
                self.fill_to(from + size + 2).await?;
                answer.body.extend(self.unread.drain(..from + size).skip(from));
                let end: Vec<u8> = self.unread.drain(..2).collect();
                if end != b"\r\n" {
                    return Err(Broken::Malformed(format!("a chunk ends with {end:?}")));
                }
                if size == 0 {
                    break;
                }
            },
        }
        self.answers += 1;
        Ok(answer)
    }

    /// Waits for the end of the connection; whether it came in good order, and nothing before it.
    pub(super) async fn ends_well(&mut self) -> bool {
        self.unread.is_empty() && matches!(self.stream.read(&mut [0; 1]).await, Ok(0))
    }

    fn head(&mut self) -> Result<Option<(Answer, Framing)>, Broken> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut headers);
        let malformed = |text: String| Broken::Malformed(text);
        let length = match response.parse(&self.unread) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(error) => return Err(malformed(error.to_string())),
        };
        let values = |name: &'static str| {
            let same = response.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
            same.map(|header| String::from_utf8_lossy(header.value).into_owned()).collect::<Vec<_>>()
        };
        let framing = match (values("content-length").as_slice(), values("transfer-encoding").as_slice()) {
            ([length], []) => Framing::Length(length.parse().map_err(|_| malformed(format!("content-length {length}")))?),
            ([], [coding]) if coding == "chunked" => Framing::Chunks,
            (lengths, codings) => return Err(malformed(format!("content-length {lengths:?}, transfer-encoding {codings:?}"))),
        };
        let closes = values("connection").iter().any(|value| value.eq_ignore_ascii_case("close"));
        let request_id = values("x-request-id").pop();
        let status = response.code.unwrap_or_default();
        self.unread.drain(..length);
        Ok(Some((Answer { status, request_id, closes, body: Vec::new() }, framing)))
    }

    async fn fill_to(&mut self, length: usize) -> Result<(), Broken> {
        while self.unread.len() < length {
            self.fill_within().await?;
        }
        Ok(())
    }

    /// Reads once; the answer has begun, even when nothing of it lies unread.
    async fn fill_within(&mut self) -> Result<(), Broken> {
        self.fill().await.map_err(|broken| match broken {
            Broken::Before(how) => Broken::Within(how),
            other => other,
        })
    }

    async fn fill(&mut self) -> Result<(), Broken> {
        let how = match self.stream.read_buf(&mut self.unread).await {
            Ok(0) => "it was closed".to_owned(),
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => "it was torn down".to_owned(),
            Err(error) => error.to_string(),
        };
        Err(if self.unread.is_empty() { Broken::Before(how) } else { Broken::Within(how) })
    }
}

enum Framing {
    Length(usize),
    Chunks,
}
