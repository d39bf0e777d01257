//! A chunked body, read strictly (RFC 9112, section 7.1): hexadecimal digits and CRLF, nothing that some parser forgives.

use super::field::{is_token, is_value};

/// The most digits of a chunk's size: what a u64 holds.
const DIGITS: u8 = 16;
/// The most bytes of one chunk's extensions. They mean nothing to us, and a reply is no place to hide a body in.
const EXTENSION_BYTES: usize = 256;
/// The most bytes of all trailers together.
const TRAILER_BYTES: usize = 8 * 1024;

/// What the bytes of a chunked body amount to.
#[derive(Debug)]
pub(super) enum Step {
    /// They all belong to it, and more is to come.
    More,
    /// It ends after so many bytes.
    Ended(usize),
    /// After so many bytes comes one that breaks a rule.
    Broken(usize, &'static str),
}

/// Follows one chunked body.
#[derive(Debug)]
pub(super) struct ChunkScan {
    place: Place,
    /// The size of the chunk whose size line is being read, then what is left of it.
    size: u64,
    /// Digits of the size, then bytes of the extensions, then bytes of the trailers.
    counted: usize,
    /// How many more trailers may come.
    trailers: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Size,
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

impl ChunkScan {
    /// Begins a body that may have so many trailers.
    pub(super) fn new(trailers: usize) -> Self {
        Self { place: Place::Size, size: 0, counted: 0, trailers }
    }

    pub(super) fn advance(&mut self, bytes: &[u8]) -> Step {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.place == Place::Data {
                let taken = usize::try_from(self.size).unwrap_or(usize::MAX).min(bytes.len() - at);
                self.size -= taken as u64;
                at += taken;
                if self.size == 0 {
                    self.place = Place::DataCr;
                }
                continue;
            }
            match self.step(*byte) {
                Ok(next) => self.place = next,
                Err(rule) => return Step::Broken(at, rule),
            }
            at += 1;
            if self.place == Place::Ended {
                return Step::Ended(at);
            }
        }
        Step::More
    }

    /// Judges one byte of the framing and says where it leads.
    fn step(&mut self, byte: u8) -> Result<Place, &'static str> {
        match (self.place, byte) {
            (Place::Size, b'\r') if self.counted > 0 => Ok(Place::SizeLf),
            (Place::Size, b';') if self.counted > 0 => {
                self.counted = 0;
                Ok(Place::Extension)
            }
            (Place::Size, _) => self.digit(byte),
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
