//! The encoders: pieces in, pieces out, flushed when asked to.

use std::io::{self, Write as _};

use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use zstd::stream::raw::CParameter;

use super::Coding;

/// The window of brotli and zstd, as a power of two: 256 KiB, so that a stream costs a known amount of memory, here and in the client.
const WINDOW: u32 = 18;

/// The buffer between brotli and its output, in bytes.
const BUFFER: usize = 4 << 10;

/// How much work an encoding is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// For one client.
    Once,
    /// Kept for all who ask.
    Kept,
}

/// The level of a coding, by what it costs and brings (docs/performance.md).
fn level(coding: Coding, effort: Effort) -> u32 {
    match (coding, effort) {
        (Coding::Brotli | Coding::Gzip, Effort::Once) => 4,
        (Coding::Zstd, Effort::Once) => 3,
        (Coding::Brotli, Effort::Kept) => 5,
        (Coding::Zstd, Effort::Kept) => 9,
        (Coding::Gzip, Effort::Kept) => 6,
    }
}

/// An encoder of one body.
pub struct Encoder(Inner);

enum Inner {
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, Vec<u8>>>),
    Gzip(Box<flate2::write::GzEncoder<Vec<u8>>>),
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Encoder").field(&self.coding()).finish()
    }
}

impl Encoder {
    /// An encoder for a body of so many bytes, if that is known.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn new(coding: Coding, effort: Effort, size: Option<usize>) -> io::Result<Self> {
        let level = level(coding, effort);
        let out = Vec::with_capacity(size.map_or(0, |size| size / 4));
        Ok(Self(match coding {
            Coding::Brotli => {
                let params = BrotliEncoderParams {
                    quality: level.cast_signed(),
                    lgwin: WINDOW.cast_signed(),
                    size_hint: size.unwrap_or(0),
                    ..BrotliEncoderParams::default()
                };
                Inner::Brotli(Box::new(brotli::CompressorWriter::with_params(out, BUFFER, &params)))
            }
            Coding::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(out, level.cast_signed())?;
                encoder.set_parameter(CParameter::WindowLog(WINDOW))?;
                encoder.set_pledged_src_size(size.map(|size| size as u64))?;
                Inner::Zstd(Box::new(encoder))
            }
            Coding::Gzip => Inner::Gzip(Box::new(flate2::write::GzEncoder::new(out, Compression::new(level)))),
        }))
    }

    fn coding(&self) -> Coding {
        match self.0 {
            Inner::Brotli(_) => Coding::Brotli,
            Inner::Zstd(_) => Coding::Zstd,
            Inner::Gzip(_) => Coding::Gzip,
        }
    }

    /// Takes the next piece of the body.
    ///
    /// # Errors
    /// None that a body could cause.
    pub fn push(&mut self, piece: &[u8]) -> io::Result<()> {
        match &mut self.0 {
            Inner::Brotli(encoder) => encoder.write_all(piece),
            Inner::Zstd(encoder) => encoder.write_all(piece),
            Inner::Gzip(encoder) => encoder.write_all(piece),
        }
    }

    /// Brings out everything that went in so far: a decoder can read all of it.
    ///
    /// # Errors
    /// None that a body could cause.
    pub fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Inner::Brotli(encoder) => encoder.flush(),
            Inner::Zstd(encoder) => encoder.flush(),
            Inner::Gzip(encoder) => encoder.flush(),
        }
    }

    /// What came out since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(match &mut self.0 {
            Inner::Brotli(encoder) => encoder.get_mut(),
            Inner::Zstd(encoder) => encoder.get_mut(),
            Inner::Gzip(encoder) => encoder.get_mut(),
        })
    }

    /// The body is at its end; the rest of what comes out.
    ///
    /// # Errors
    /// The body was not of the size that was told.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        match self.0 {
            Inner::Brotli(encoder) => Ok(encoder.into_inner()),
            Inner::Zstd(encoder) => encoder.finish(),
            Inner::Gzip(encoder) => encoder.finish(),
        }
    }
}

/// A whole body in a coding.
///
/// # Errors
/// There is no memory for it.
pub fn encode(coding: Coding, effort: Effort, body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = Encoder::new(coding, effort, Some(body.len()))?;
    encoder.push(body)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    /// What is read of an encoding's beginning, by decoders that are not the encoders' own where there are others.
    fn read(coding: Coding, bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        // A beginning has no end: what was read before that counts.
        let _ = match coding {
            Coding::Brotli => brotli_decompressor::Decompressor::new(bytes, 4096).read_to_end(&mut text),
            Coding::Zstd => zstd::stream::read::Decoder::new(bytes).unwrap().read_to_end(&mut text),
            Coding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut text),
        };
        text
    }

    fn text(random: &mut fastrand::Rng, length: usize) -> Vec<u8> {
        let words: Vec<String> = (0..40).map(|_| (0..random.usize(1..9)).map(|_| random.alphabetic()).collect()).collect();
        let mut text = Vec::new();
        while text.len() < length {
            text.extend_from_slice(random.choice(&words).unwrap().as_bytes());
            text.push(random.u8(..));
        }
        text.truncate(length);
        text
    }

    #[test]
    fn a_body_comes_out_as_it_went_in_whole_or_in_pieces() {
        let mut random = fastrand::Rng::with_seed(11);
        for length in [0, 1, 7, 4095, 4096, 70_000, 600_000] {
            let body = text(&mut random, length);
            for coding in Coding::ALL {
                for effort in [Effort::Once, Effort::Kept] {
                    assert!(read(coding, &encode(coding, effort, &body).unwrap()) == body, "{coding:?} {effort:?} {length}");
                }
                let mut encoder = Encoder::new(coding, Effort::Once, None).unwrap();
                let (mut out, mut fed) = (Vec::new(), 0);
                while fed < body.len() {
                    let end = (fed + random.usize(1..40_000)).min(body.len());
                    encoder.push(&body[fed..end]).unwrap();
                    fed = end;
                    if random.bool() {
                        encoder.flush().unwrap();
                    }
                    out.extend(encoder.take());
                }
                out.extend(encoder.finish().unwrap());
                assert!(read(coding, &out) == body, "{coding:?} {length} in pieces");
            }
        }
    }

    #[test]
    fn what_is_flushed_can_be_read_at_once() {
        for coding in Coding::ALL {
            let mut encoder = Encoder::new(coding, Effort::Once, None).unwrap();
            let (mut body, mut out) = (Vec::new(), Vec::new());
            for number in 0..50 {
                let piece = format!("event {number}\n");
                body.extend_from_slice(piece.as_bytes());
                encoder.push(piece.as_bytes()).unwrap();
                encoder.flush().unwrap();
                out.extend(encoder.take());
                assert_eq!(read(coding, &out), body, "{coding:?}");
            }
        }
    }

    #[test]
    fn every_effort_makes_a_page_a_fifth_and_the_greater_one_no_larger() {
        let item = "<li class=\"card\"><a href=\"/detail/7\"><h2>A name</h2><p>12.90</p></a></li>\n";
        let page: String = (0..200).map(|number| item.replace('7', &(number * 7919).to_string())).collect();
        for coding in Coding::ALL {
            let [once, kept] = [Effort::Once, Effort::Kept].map(|effort| encode(coding, effort, page.as_bytes()).unwrap().len());
            assert!(kept <= once && once < page.len() / 5, "{coding:?}: {once} and {kept} of {}", page.len());
        }
    }
}
