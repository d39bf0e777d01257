//! A client that forgives nothing: bytes out as they are, answers in only when they are well formed to the last byte.

#![expect(clippy::indexing_slicing, reason = "a JSON value that lacks a member gives null")]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use super::lines::PATIENCE;

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether the connection ended before the body did.
    pub cut: bool,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// In good order.
    Closed,
    /// Torn down.
    Reset,
}

impl Answer {
    /// The only value of a header.
    ///
    /// # Panics
    /// There are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str());
        let first = values.next();
        assert!(values.next().is_none(), "{name} came more than once: {self:?}");
        first
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap_or_else(|_| panic!("the body is not UTF-8: {self:?}"))
    }

    /// The body as JSON. Numbers lose their spelling: compare texts where that matters.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    /// The code of a problem document, after a look at everything that every such document has.
    ///
    /// # Panics
    /// The answer is no whole problem document.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        assert!(!self.cut, "{self:?}");
        let document = self.json();
        let text = |name: &str| document[name].as_str().unwrap_or_else(|| panic!("no {name}: {document}")).to_owned();
        assert_eq!(document["status"], self.status, "{document}");
        assert!(!text("type").is_empty() && !text("title").is_empty() && !text("detail").is_empty(), "{document}");
        assert_eq!(Some(text("request_id").as_str()), self.header("x-request-id"), "{document}");
        text("code")
    }
}

/// A connection.
pub struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
    ended: Option<End>,
}

impl Client {
    /// # Panics
    /// Nobody listens there.
    pub fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).unwrap_or_else(|error| panic!("cannot connect to {address}: {error}"))
    }

    pub fn try_connect(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        Ok(Self::over(stream))
    }

    /// A client on a socket that the test has made.
    pub fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        stream.set_write_timeout(Some(PATIENCE)).expect("a time limit");
        stream.set_nodelay(true).expect("small writes leave at once");
        Self { stream, unread: Vec::new(), ended: None }
    }

    /// Sends bytes as they are. A server that closes meanwhile is no error: what it said is still there to be read.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        if let Err(error) = self.stream.write_all(bytes.as_ref()) {
            let gone = matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset);
            assert!(gone, "cannot send: {error}");
        }
        self
    }

    /// Says that nothing more will be sent.
    pub fn finish(&mut self) -> &mut Self {
        let _gone = self.stream.shutdown(Shutdown::Write);
        self
    }

    /// The socket below.
    pub fn socket(&self) -> &TcpStream {
        &self.stream
    }

    /// Reads the answer to a request that may have a body in its answer.
    ///
    /// # Panics
    /// None comes, or it is badly formed.
    pub fn read(&mut self) -> Answer {
        self.try_read("GET").unwrap_or_else(|end| panic!("the connection ended without an answer: {end:?}"))
    }

    /// Reads the head of an answer and leaves its body.
    ///
    /// # Panics
    /// None comes, or it is badly formed.
    pub fn head(&mut self) -> Answer {
        self.try_head().unwrap_or_else(|end| panic!("the connection ended without an answer: {end:?}"))
    }

    /// Reads one answer to a request of this method; the end of the connection when there is none.
    ///
    /// # Panics
    /// What comes is no well-formed answer.
    pub fn try_read(&mut self, method: &str) -> Result<Answer, End> {
        let mut answer = self.try_head()?;
        let bodiless = method == "HEAD" || matches!(answer.status, 100..=199 | 204 | 304);
        match (answer.header("content-length").map(ToOwned::to_owned), answer.header("transfer-encoding")) {
            (Some(_), Some(_)) => panic!("both framings: {answer:?}"),
            _ if bodiless => {}
            (Some(length), None) => self.sized(&mut answer, &length),
            (None, Some("chunked")) => self.chunks(&mut answer),
            (None, Some(other)) => panic!("transfer-encoding {other}: {answer:?}"),
            (None, None) => panic!("a body without a framing: {answer:?}"),
        }
        Ok(answer)
    }

    fn try_head(&mut self) -> Result<Answer, End> {
        loop {
            if let Some(end) = find(&self.unread, b"\r\n\r\n") {
                let head: Vec<u8> = self.unread.drain(..end + 4).collect();
                return Ok(parse_head(&head));
            }
            if let Some(end) = self.fill() {
                assert!(self.unread.is_empty(), "half a head, then {end:?}: {:?}", String::from_utf8_lossy(&self.unread));
                return Err(end);
            }
        }
    }

    /// Reads the next piece of a chunked body; `None` at its end.
    ///
    /// # Panics
    /// The connection ends first.
    pub fn piece(&mut self) -> Option<Vec<u8>> {
        let line = self.line().expect("a chunk, or the last one");
        let size = std::str::from_utf8(&line).ok().and_then(|text| usize::from_str_radix(text, 16).ok()).expect("its size");
        assert!(self.fill_to(size + 2), "the end of a chunk");
        let piece: Vec<u8> = self.unread.drain(..size).collect();
        self.unread.drain(..2);
        (size > 0).then_some(piece)
    }

    fn sized(&mut self, answer: &mut Answer, length: &str) {
        let length: usize = length.parse().unwrap_or_else(|_| panic!("content-length {length}"));
        answer.cut = !self.fill_to(length);
        answer.body = self.unread.drain(..length.min(self.unread.len())).collect();
    }

    fn chunks(&mut self, answer: &mut Answer) {
        while let Some(line) = self.line() {
            let text = std::str::from_utf8(&line).unwrap_or("?");
            let size = usize::from_str_radix(text, 16).unwrap_or_else(|_| panic!("chunk size {text:?}"));
            if size == 0 {
                let Some(last) = self.line() else { break };
                assert!(last.is_empty(), "trailers: {last:?}");
                return;
            }
            let whole = self.fill_to(size + 2);
            let came = size.min(self.unread.len());
            answer.body.extend(self.unread.drain(..came));
            if !whole {
                break;
            }
            let end: Vec<u8> = self.unread.drain(..2).collect();
            assert_eq!(end, b"\r\n", "the end of a chunk");
        }
        answer.cut = true;
    }

    /// A line of the framing; `None` when the connection ends in it.
    fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(end) = find(&self.unread, b"\r\n") {
                let line = self.unread.drain(..end).collect();
                self.unread.drain(..2);
                return Some(line);
            }
            self.fill().map_or(Some(()), |_| None)?;
        }
    }

    /// Waits for the end of the connection, after which nothing more may come.
    ///
    /// # Panics
    /// More comes, or no end.
    pub fn end(&mut self) -> End {
        loop {
            assert!(self.unread.is_empty(), "more came: {:?}", String::from_utf8_lossy(&self.unread));
            if let Some(end) = self.fill() {
                return end;
            }
        }
    }

    /// Reads on until so many bytes are there; tells whether they are.
    pub fn fill_to(&mut self, length: usize) -> bool {
        while self.unread.len() < length {
            if self.fill().is_some() {
                return false;
            }
        }
        true
    }

    /// Gives out what was read and is no answer: the bytes of another protocol.
    pub fn drain(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.unread)
    }

    /// Reads once.
    fn fill(&mut self) -> Option<End> {
        if self.ended.is_some() {
            return self.ended;
        }
        let mut room = [0; 16 * 1024];
        match self.stream.read(&mut room) {
            Ok(0) => self.ended = Some(End::Closed),
            Ok(read) => self.unread.extend_from_slice(room.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
                self.ended = Some(End::Reset)
            }
            Err(error) => panic!("nothing comes, and no end: {error}; unread: {:?}", String::from_utf8_lossy(&self.unread)),
        }
        self.ended
    }
}

fn parse_head(head: &[u8]) -> Answer {
    let text = std::str::from_utf8(head).unwrap_or_else(|_| panic!("a head that is not text: {head:?}"));
    let mut lines = text.strip_suffix("\r\n\r\n").unwrap_or(text).split("\r\n");
    let line = lines.next().unwrap_or_default();
    // HTTP/1.0 is the answer to a client of 1.0.
    let rest = line.strip_prefix("HTTP/1.1 ").or_else(|| line.strip_prefix("HTTP/1.0 "));
    let status = rest.and_then(|rest| rest.get(..3)?.parse().ok());
    let status = status.unwrap_or_else(|| panic!("not a status line: {line:?}"));
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("not a header line: {line:?}"));
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        assert!(!name.is_empty() && name.chars().all(token), "{line:?}");
        assert!(!value.contains(['\r', '\n', '\0']), "{line:?}");
        (name.to_ascii_lowercase(), value.to_owned())
    });
    Answer { status, headers: headers.collect(), body: Vec::new(), cut: false }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
