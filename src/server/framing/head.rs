//! One request head, line by line as it comes.

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

/// What the bytes of a head amount to so far.
#[derive(Debug)]
pub(super) enum Step {
    /// Its end has not come.
    Partial,
    /// It ends after `length` bytes, and a body framed so follows.
    Whole { length: usize, framing: Framing },
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
    /// Where in the head the authority of an absolute target stands.
    authority: Option<Range<usize>>,
    /// Where in the head the value of `Host` stands.
    host: Option<Range<usize>>,
}

impl HeadScan {
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Goes on with `head`, which begins where the head begins.
    pub(super) fn advance(&mut self, head: &[u8], limits: &Limits) -> Step {
        match self.lines(head, limits) {
            Ok(None) => Step::Partial,
            Ok(Some(framing)) => Step::Whole { length: self.line, framing },
            Err(refusal) => Step::Refused(refusal),
        }
    }

    fn lines(&mut self, head: &[u8], limits: &Limits) -> Result<Option<Framing>, Refusal> {
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
            match (&self.request, line.is_empty()) {
                // RFC 9112, section 2.2: a blank line before a request is to be ignored.
                (None, true) if self.blank < BLANK_LINES => self.blank += 1,
                (None, true) => return Err(Refusal::BadRequest("blank_lines")),
                (None, false) => self.request_line(line, start, limits)?,
                (Some(_), false) => self.header(line, head, start, limits)?,
                (Some(request), true) => return self.end(request, head).map(Some).map_err(Refusal::BadRequest),
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

    fn request_line(&mut self, line: &[u8], start: usize, limits: &Limits) -> Result<(), Refusal> {
        let request = line::parse(line, limits.uri)?;
        self.authority = request.authority.clone().map(|at| start + at.start..start + at.end);
        self.request = Some(request);
        Ok(())
    }

    fn header(&mut self, line: &[u8], head: &[u8], start: usize, limits: &Limits) -> Result<(), Refusal> {
        if self.fields.count >= limits.headers {
            return Err(Refusal::HeadTooLarge);
        }
        let (name, value) = split(line).map_err(Refusal::BadRequest)?;
        if self.fields.take(name, value)? {
            let blanks = head.get(start + name.len() + 1..).unwrap_or_default().iter().take_while(|b| matches!(b, b' ' | b'\t'));
            let at = start + name.len() + 1 + blanks.count();
            self.host = Some(at..at + value.len());
        }
        Ok(())
    }

    /// Judges the head as a whole.
    fn end(&self, request: &RequestLine, head: &[u8]) -> Result<Framing, &'static str> {
        let Fields { length, chunked, .. } = self.fields;
        let websocket = request.is_11 && request.is_get && self.fields.ask_for_websocket();
        if chunked && !request.is_11 {
            return Err("encoding_in_http_10");
        }
        if chunked && length.is_some() {
            return Err("length_and_encoding");
        }
        let text = |range: &Range<usize>| head.get(range.clone()).unwrap_or_default();
        match (self.authority.as_ref().map(text), self.host.as_ref().map(text)) {
            (_, None) if request.is_11 => return Err("host_missing"),
            (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => return Err("authority"),
            _ => {}
        }
        Ok(match length {
            _ if chunked => Framing::Chunked,
            None | Some(0) if websocket => Framing::Switch,
            length => Framing::Sized(length.unwrap_or(0)),
        })
    }
}
