//! One request head, line by line as it comes.

use std::cell::Cell;
use std::ops::Range;

use super::Framing;
use super::field::{Fields, split};
use super::line::{self, AROUND_TARGET, RequestLine};
use crate::base::http1;
use crate::gateway::edge::Refusal;
use crate::server::settings::Limits;

/// Blank lines before a request that are ignored. A client that sends one more than its body has is known; one that sends them to
/// keep its connection means no request.
const BLANK_LINES: usize = 8;

thread_local! {
    /// Room for the lines of the next head.
    static LINES: Cell<Vec<Line>> = const { Cell::new(Vec::new()) };
}

/// Where a header stands in its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Line {
    pub(in super::super) name: Range<usize>,
    /// Without the blanks around it.
    pub(in super::super) value: Range<usize>,
}

/// A head that may be served, as places in its bytes.
#[derive(Debug)]
pub(in super::super) struct Head {
    /// How many bytes it has, with the blank line that ends it.
    pub(in super::super) length: usize,
    pub(in super::super) request: RequestLine,
    pub(in super::super) lines: Vec<Line>,
    pub(in super::super) framing: Framing,
    /// The connection may go on behind its answer.
    pub(in super::super) keep: bool,
    /// The client waits to be told that its body is wanted.
    pub(in super::super) expects: bool,
    /// The client takes trailers.
    pub(in super::super) trailers: bool,
}

impl Drop for Head {
    fn drop(&mut self) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        LINES.set(lines);
    }
}

/// What the bytes of a head amount to so far.
#[derive(Debug)]
pub(super) enum Scanned {
    /// Its end has not come.
    Partial,
    Whole(Head),
    /// It must not be served.
    Refused(Refusal),
}

/// Reads one head. Fed with the same bytes and more behind them until it is whole.
///
/// Every line is judged when its line feed has come, and every limit at the byte that goes beyond it, so the first wrong
/// byte decides and no cutting into reads changes the judgement.
#[derive(Debug, Default)]
pub(super) struct HeadScan {
    /// Where the line that is being read begins.
    line: usize,
    /// Up to where no line feed is left to find.
    searched: usize,
    /// How many blank lines have come before the request.
    blank: usize,
    /// Whether anything but blank lines has come.
    begun: bool,
    request: Option<RequestLine>,
    fields: Fields,
    lines: Vec<Line>,
    /// Which of the lines is `Host`.
    host: Option<usize>,
}

impl HeadScan {
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Goes on with `head`, which begins where the head begins.
    pub(super) fn advance(&mut self, head: &[u8], limits: &Limits) -> Scanned {
        match self.scan(head, limits) {
            Ok(None) => Scanned::Partial,
            Ok(Some(head)) => Scanned::Whole(head),
            Err(refusal) => Scanned::Refused(refusal),
        }
    }

    fn scan(&mut self, head: &[u8], limits: &Limits) -> Result<Option<Head>, Refusal> {
        loop {
            self.begin(head)?;
            let found = memchr::memchr(b'\n', head.get(self.searched..).unwrap_or_default());
            let end = found.map(|at| self.searched + at + 1);
            self.limit(end.unwrap_or(head.len()), limits)?;
            let Some(end) = end else {
                self.searched = head.len();
                return Ok(None);
            };
            let start = std::mem::replace(&mut self.line, end);
            self.searched = end;
            let line = head.get(start..end - 1).unwrap_or_default();
            let line = line.strip_suffix(b"\r").ok_or(Refusal::BadRequest("bare_lf"))?;
            match (self.request.is_some(), line.is_empty()) {
                // RFC 9112, section 2.2: a blank line before a request is to be ignored.
                (false, true) if self.blank < BLANK_LINES => self.blank += 1,
                (false, true) => return Err(Refusal::BadRequest("blank_lines")),
                (false, false) => {
                    self.request = Some(line::parse(line, start, limits.uri)?);
                    self.lines = LINES.take();
                }
                (true, false) => self.header(line, start, limits)?,
                (true, true) => return self.end(head).map_err(Refusal::BadRequest),
            }
        }
    }

    /// Notices the first byte of a request line. What can begin none, such as a TLS handshake, is refused at once.
    fn begin(&mut self, head: &[u8]) -> Result<(), Refusal> {
        match head.get(self.line) {
            Some(byte) if !self.begun && !matches!(byte, b'\r' | b'\n') => {
                self.begun = true;
                if http1::is_token(*byte) { Ok(()) } else { Err(Refusal::BadRequest("method")) }
            }
            _ => Ok(()),
        }
    }

    /// Refuses a head of which `length` bytes are known to be needed.
    fn limit(&self, length: usize, limits: &Limits) -> Result<(), Refusal> {
        if self.request.is_some() {
            return if length > limits.head { Err(Refusal::HeadTooLarge) } else { Ok(()) };
        }
        let most = limits.head.min(self.line + limits.uri + AROUND_TARGET);
        if length > most { Err(Refusal::UriTooLong) } else { Ok(()) }
    }

    fn header(&mut self, line: &[u8], start: usize, limits: &Limits) -> Result<(), Refusal> {
        if self.lines.len() >= limits.headers {
            return Err(Refusal::HeadTooLarge);
        }
        let (name, blanks, value) = split(line).map_err(Refusal::BadRequest)?;
        if self.fields.take(name, value)? {
            self.host = Some(self.lines.len());
        }
        let at = start + name.len() + 1 + blanks;
        self.lines.push(Line { name: start..start + name.len(), value: at..at + value.len() });
        Ok(())
    }

    /// Judges the head as a whole.
    fn end(&mut self, head: &[u8]) -> Result<Option<Head>, &'static str> {
        let Some(request) = self.request.take() else { return Ok(None) };
        let Fields { length, chunked, expects, trailers, .. } = self.fields;
        let websocket = request.is_11 && request.is_get && self.fields.ask_for_websocket();
        if chunked && !request.is_11 {
            return Err("encoding_in_http_10");
        }
        if chunked && length.is_some() {
            return Err("length_and_encoding");
        }
        let text = |range: &Range<usize>| head.get(range.clone()).unwrap_or_default();
        let host = self.host.and_then(|host| self.lines.get(host)).map(|line| text(&line.value));
        match (request.authority.as_ref().map(text), host) {
            (_, None) if request.is_11 => return Err("host_missing"),
            (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => return Err("authority"),
            _ => {}
        }
        let framing = match length {
            _ if chunked => Framing::Chunked,
            None | Some(0) if websocket => Framing::Switch,
            length => Framing::Sized(length.unwrap_or(0)),
        };
        let keep = self.fields.keeps(request.is_11);
        let lines = std::mem::take(&mut self.lines);
        Ok(Some(Head { length: self.line, request, lines, framing, keep, expects, trailers }))
    }
}
