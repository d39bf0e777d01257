//! The head of a reply as raw bytes: its line endings, its size, and how many interim replies come before it.

use super::error::Malformed;

/// The largest head, interim replies included, in bytes.
pub(super) const MAX_HEAD: usize = 64 * 1024;
/// Interim replies (1xx) before the real one.
pub(super) const MAX_INTERIM: u32 = 8;
/// `HTTP/1.1 1`: where the status begins.
const STATUS_AT: usize = 9;
/// What a status line begins with.
const PROTOCOL: &[u8] = b"HTTP/1.";

/// Sees the bytes of a reply as they come and looks no further than the end of its head.
#[derive(Debug)]
pub(super) struct HeadScan {
    done: bool,
    size: usize,
    interim: u32,
    /// Bytes of the line under way.
    line: usize,
    last: u8,
    /// Whether a whole line of the head under way was seen.
    in_fields: bool,
    /// The three digits of the status under way.
    status: [u8; 3],
}

impl HeadScan {
    pub(super) fn new() -> Self {
        Self { done: false, size: 0, interim: 0, line: 0, last: 0, in_fields: false, status: [0; 3] }
    }

    /// Takes the next bytes; where the head ends in all of them, once it does, interim replies included.
    pub(super) fn see(&mut self, mut bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        while !self.done && !bytes.is_empty() {
            let end = memchr::memchr(b'\n', bytes);
            let (piece, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
            self.size += piece.len();
            if self.size > MAX_HEAD {
                return Err(Malformed::HeadTooLarge(MAX_HEAD));
            }
            self.note_status_line(piece)?;
            let before = piece.len().checked_sub(2).and_then(|at| piece.get(at)).copied().unwrap_or(self.last);
            self.line += piece.len();
            self.last = piece.last().copied().unwrap_or(self.last);
            if end.is_some() {
                if before != b'\r' || self.line < 2 {
                    return Err(Malformed::BareLineFeed);
                }
                self.end_line()?;
            }
            bytes = rest;
        }
        Ok(self.done.then_some(self.size))
    }

    /// Keeps the status of the line under way. What begins no status line is refused at once: its end may never come.
    fn note_status_line(&mut self, piece: &[u8]) -> Result<(), Malformed> {
        if self.in_fields || self.line >= STATUS_AT + self.status.len() {
            return Ok(());
        }
        let is_blank = self.line == 0 && matches!(piece.first(), Some(b'\r' | b'\n')) || self.line > 0 && self.last == b'\r';
        for (at, byte) in (self.line..).zip(piece) {
            match at.checked_sub(STATUS_AT) {
                None if PROTOCOL.get(at).is_some_and(|expected| expected != byte) && !is_blank => {
                    return Err(Malformed::Head("it is no reply of HTTP/1".to_owned()));
                }
                None => {}
                Some(digit) => match self.status.get_mut(digit) {
                    Some(slot) => *slot = *byte,
                    None => break,
                },
            }
        }
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), Malformed> {
        let blank = self.line == 2;
        self.line = 0;
        self.last = 0;
        if !blank {
            self.in_fields = true;
            return Ok(());
        }
        // A blank line before the status line ends nothing.
        if !std::mem::take(&mut self.in_fields) {
            return Ok(());
        }
        let status = std::mem::take(&mut self.status);
        if status.first() != Some(&b'1') || status == *b"101" {
            self.done = true;
            return Ok(());
        }
        self.interim += 1;
        if self.interim > MAX_INTERIM { Err(Malformed::InterimFlood(MAX_INTERIM)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result is the same however the bytes are cut.
    fn scan(text: &str) -> Result<bool, Malformed> {
        let whole = see_in_pieces(text.as_bytes(), text.len().max(1));
        for size in [1, 2, 3, 7] {
            assert_eq!(see_in_pieces(text.as_bytes(), size), whole, "{text:?} in pieces of {size}");
        }
        whole
    }

    fn see_in_pieces(bytes: &[u8], size: usize) -> Result<bool, Malformed> {
        let mut scan = HeadScan::new();
        for piece in bytes.chunks(size) {
            scan.see(piece)?;
        }
        Ok(scan.done)
    }

    #[test]
    fn a_head_ends_at_its_blank_line_and_the_body_is_not_looked_at() {
        assert_eq!(scan("HTTP/1.1 200 OK\r\nA: b\r\n\r\n{\n\"a\": 1\n}"), Ok(true));
        assert_eq!(scan("\r\nHTTP/1.1 200 OK\r\n\r\n"), Ok(true));
        assert_eq!(scan("HTTP/1.1 101 Switching Protocols\r\n\r\n\n"), Ok(true));
        assert_eq!(scan("HTTP/1.1 200 OK\r\nA: b\r\n"), Ok(false));
        assert_eq!(scan("HTTP/1.1 200 OK\r\nA: b\r\n\r"), Ok(false));
        assert_eq!(scan(""), Ok(false));
    }

    #[test]
    fn what_begins_no_reply_is_refused_at_its_first_byte_that_differs() {
        for text in ["SSH-2.0-OpenSSH", "H2", "HTTP/2 200", "\u{15}", "\r\n{", "{\"a\": 1}", "HTTP/1.1 103 Early Hints\r\n\r\nX"]
        {
            assert!(matches!(scan(text), Err(Malformed::Head(_))), "{text:?}");
        }
    }

    #[test]
    fn a_bare_line_feed_in_the_head_is_refused() {
        for text in [
            "HTTP/1.1 200 OK\nA: b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\r\n\n",
            "\nHTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\n\r\n",
        ] {
            assert_eq!(scan(text), Err(Malformed::BareLineFeed), "{text:?}");
        }
    }

    #[test]
    fn a_few_interim_replies_pass_and_a_flood_does_not() {
        let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
        let reply = "HTTP/1.1 200 OK\r\n\r\n";
        assert_eq!(scan(&(interim.repeat(8) + reply)), Ok(true));
        assert_eq!(scan(&(interim.repeat(9) + reply)), Err(Malformed::InterimFlood(8)));
    }

    #[test]
    fn a_head_that_never_ends_is_refused() {
        let head = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(MAX_HEAD));
        assert_eq!(see_in_pieces(head.as_bytes(), 4096), Err(Malformed::HeadTooLarge(MAX_HEAD)));
        let head = "HTTP/1.1 200 OK\r\n".to_owned() + &"A: b\r\n".repeat(MAX_HEAD / 6);
        assert_eq!(see_in_pieces(head.as_bytes(), 4096), Err(Malformed::HeadTooLarge(MAX_HEAD)));
    }
}
