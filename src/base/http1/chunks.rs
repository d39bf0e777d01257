//! A chunked body, read strictly (RFC 9112, section 7.1): hexadecimal digits and CRLF, nothing that some parser forgives.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

use super::{is_token, is_value};

/// The most digits of a chunk's size: what a u64 holds.
const DIGITS: u8 = 16;
/// The most bytes of one chunk's extensions. They mean nothing to us, and a reply is no place to hide a body in.
const EXTENSION_BYTES: usize = 256;
/// The most bytes of all trailers together.
const TRAILER_BYTES: usize = 8 * 1024;

/// What the bytes of a chunked body amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// They all belong to its framing, and more is to come.
    More,
    /// After so many bytes of framing come so many of its data, and more may follow.
    Data {
        /// Bytes of framing.
        skip: usize,
        /// Bytes of data behind them.
        bytes: usize,
    },
    /// It ends after so many bytes, all of them framing.
    Ended(usize),
    /// After so many bytes comes one that breaks a rule, which has this word.
    Broken(usize, &'static str),
}

/// Whether blanks may stand behind the size of a chunk. No grammar has them, and some old servers fill their sizes up with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blanks {
    /// They break the body.
    Refused,
    /// They say nothing.
    Ignored,
}

/// Follows one chunked body.
#[derive(Debug)]
pub struct Chunks {
    place: Place,
    blanks: Blanks,
    /// The size of the chunk whose size line is being read, then what is left of it.
    size: u64,
    /// Digits of the size, then bytes of the extensions, then bytes of the trailers.
    counted: usize,
    /// How many more trailers may come.
    trailers: usize,
    /// The lines of the trailers so far.
    lines: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Size,
    Blank,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    Ended,
}

impl Chunks {
    /// Begins a body that may have so many trailers.
    pub fn new(trailers: usize, blanks: Blanks) -> Self {
        Self { place: Place::Size, blanks, size: 0, counted: 0, trailers, lines: Vec::new() }
    }

    /// Looks at the next bytes, up to the end of the first piece of data in them.
    pub fn next(&mut self, bytes: &[u8]) -> Step {
        for (at, byte) in bytes.iter().enumerate() {
            if self.place == Place::Data {
                let taken = usize::try_from(self.size).unwrap_or(usize::MAX).min(bytes.len() - at);
                self.size -= taken as u64;
                if self.size == 0 {
                    self.place = Place::DataCr;
                }
                return Step::Data { skip: at, bytes: taken };
            }
            match self.step(*byte) {
                Ok(next) => self.place = next,
                Err(rule) => return Step::Broken(at, rule),
            }
            match self.place {
                Place::TrailerName | Place::TrailerValue | Place::TrailerLf => self.lines.push(*byte),
                Place::TrailerStart if !self.lines.is_empty() => self.lines.push(*byte),
                Place::Ended => return Step::Ended(at + 1),
                _ => {}
            }
        }
        Step::More
    }

    /// The trailers, once it has ended; none if there are none.
    pub fn trailers(&self) -> Option<HeaderMap> {
        let mut found = HeaderMap::new();
        for line in self.lines.split(|byte| *byte == b'\n') {
            let Some(colon) = memchr::memchr(b':', line) else { continue };
            let (name, value) = line.split_at(colon);
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
                found.append(name, value);
            }
        }
        (!found.is_empty()).then_some(found)
    }

    /// Judges one byte of the framing and says where it leads.
    fn step(&mut self, byte: u8) -> Result<Place, &'static str> {
        match (self.place, byte) {
            (Place::Size, b'\r') if self.counted > 0 => Ok(Place::SizeLf),
            (Place::Size, b';') if self.counted > 0 => {
                self.counted = 0;
                Ok(Place::Extension)
            }
            (Place::Size, b' ' | b'\t') if self.counted > 0 && self.blanks == Blanks::Ignored => {
                self.counted = 0;
                Ok(Place::Blank)
            }
            (Place::Size, _) => self.digit(byte),
            (Place::Blank, b'\r') => Ok(Place::SizeLf),
            (Place::Blank, b';') => Ok(Place::Extension),
            (Place::Blank, b' ' | b'\t') => self.count(EXTENSION_BYTES, Place::Blank, "chunk_extension_too_long"),
            (Place::Blank, _) => Err("chunk_size"),
            (Place::Extension, b'\r') => Ok(Place::SizeLf),
            (Place::Extension, _) if is_value(byte) => self.count(EXTENSION_BYTES, Place::Extension, "chunk_extension_too_long"),
            (Place::Extension, _) => Err("chunk_extension"),
            (Place::SizeLf, b'\n') => {
                self.counted = 0;
                Ok(if self.size == 0 { Place::TrailerStart } else { Place::Data })
            }
            (Place::DataCr, b'\r') => Ok(Place::DataLf),
            (Place::DataLf, b'\n') => Ok(Place::Size),
            (Place::TrailerStart, b'\r') => Ok(Place::EndLf),
            (Place::TrailerStart, _) if is_token(byte) => {
                self.trailers = self.trailers.checked_sub(1).ok_or("trailers_too_many")?;
                self.count(TRAILER_BYTES, Place::TrailerName, "trailers_too_long")
            }
            (Place::TrailerName, b':') => self.count(TRAILER_BYTES, Place::TrailerValue, "trailers_too_long"),
            (Place::TrailerName, _) if is_token(byte) => self.count(TRAILER_BYTES, Place::TrailerName, "trailers_too_long"),
            (Place::TrailerStart | Place::TrailerName, _) => Err("trailer_name"),
            (Place::TrailerValue, b'\r') => Ok(Place::TrailerLf),
            (Place::TrailerValue, _) if is_value(byte) => self.count(TRAILER_BYTES, Place::TrailerValue, "trailers_too_long"),
            (Place::TrailerValue, _) => Err("trailer_value"),
            (Place::TrailerLf, b'\n') => Ok(Place::TrailerStart),
            (Place::EndLf, b'\n') => Ok(Place::Ended),
            _ => Err("chunk_line_end"),
        }
    }

    fn digit(&mut self, byte: u8) -> Result<Place, &'static str> {
        let digit = char::from(byte).to_digit(16).ok_or("chunk_size")?;
        if self.counted >= usize::from(DIGITS) {
            return Err("chunk_size_too_long");
        }
        self.size = self.size << 4 | u64::from(digit);
        self.counted += 1;
        Ok(Place::Size)
    }

    fn count(&mut self, most: usize, next: Place, rule: &'static str) -> Result<Place, &'static str> {
        self.counted += 1;
        if self.counted > most { Err(rule) } else { Ok(next) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data of a body cut into pieces of `size`, its trailers, and what follows it; or the rule that it breaks.
    fn read(body: &str, size: usize, blanks: Blanks) -> Result<(String, Option<HeaderMap>, String), &'static str> {
        let (mut chunks, mut data, mut rest) = (Chunks::new(2, blanks), Vec::new(), Vec::new());
        let mut over = false;
        for mut piece in body.as_bytes().chunks(size) {
            while !piece.is_empty() && !over {
                match chunks.next(piece) {
                    Step::More => break,
                    Step::Data { skip, bytes } => {
                        data.extend_from_slice(&piece[skip..skip + bytes]);
                        piece = &piece[skip + bytes..];
                    }
                    Step::Ended(taken) => (over, piece) = (true, &piece[taken..]),
                    Step::Broken(_, rule) => return Err(rule),
                }
            }
            if over {
                rest.extend_from_slice(piece);
            }
        }
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ok((text(data), chunks.trailers(), text(rest)))
    }

    #[test]
    fn a_body_is_the_same_however_it_is_cut() {
        let trailers = HeaderMap::from_iter([
            (HeaderName::from_static("x-a"), HeaderValue::from_static("1 2")),
            (HeaderName::from_static("x-b"), HeaderValue::from_static("")),
        ]);
        for (body, expected) in [
            ("0\r\n\r\n", ("", None, "")),
            ("3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\nHTTP", ("abc0123456789", None, "HTTP")),
            ("1\r\na\r\n00\r\nX-A: 1 2 \r\nX-B:\r\n\r\n", ("a", Some(trailers), "")),
        ] {
            for size in 1..=body.len() {
                let (data, trailers, rest) = read(body, size, Blanks::Refused).unwrap();
                assert_eq!((data.as_str(), trailers.clone(), rest.as_str()), expected, "{body:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn blanks_behind_a_size_are_ignored_where_they_may_stand() {
        for body in ["2  \r\nab\r\n0\r\n\r\n", "2\t;x\r\nab\r\n0 \r\n\r\n"] {
            for size in 1..=body.len() {
                assert_eq!(read(body, size, Blanks::Ignored).unwrap().0, "ab");
                assert_eq!(read(body, size, Blanks::Refused).unwrap_err(), "chunk_size");
            }
        }
        assert_eq!(read("2 1\r\nab\r\n0\r\n\r\n", 3, Blanks::Ignored).unwrap_err(), "chunk_size");
        let endless = format!("2{}\r\nab\r\n0\r\n\r\n", " ".repeat(EXTENSION_BYTES + 2));
        assert_eq!(read(&endless, 7, Blanks::Ignored).unwrap_err(), "chunk_extension_too_long");
    }
}
