//! `br`, RFC 7932. Large windows, which only a private agreement allows, are refused.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::super::Error;
use super::sink::Sink;
use super::{Coding, CodingError, Stream};

pub(super) struct Brotli {
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    ended: bool,
}

impl Brotli {
    pub(super) fn new() -> Self {
        let (bytes, words, codes) = (StandardAlloc::default(), StandardAlloc::default(), StandardAlloc::default());
        Self { state: Box::new(BrotliState::new_strict(bytes, words, codes)), ended: false }
    }
}

impl Stream for Brotli {
    fn push(&mut self, input: &[u8], sink: &mut Sink) -> Result<(), Error> {
        let (mut left, mut offset, mut total) = (input.len(), 0, 0);
        while !self.ended {
            let decode = |out: &mut [u8]| {
                let (mut room, mut written) = (out.len(), 0);
                let result = BrotliDecompressStream(
                    &mut left,
                    &mut offset,
                    input,
                    &mut room,
                    &mut written,
                    out,
                    &mut total,
                    &mut self.state,
                );
                Ok((written, result))
            };
            match sink.fill(decode, |_| ())?.1 {
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::NeedsMoreInput => return Ok(()),
                BrotliResult::ResultSuccess => self.ended = true,
                BrotliResult::ResultFailure => return Err(CodingError::Corrupt(Coding::Brotli).into()),
            }
        }
        if left > 0 { Err(CodingError::TrailingGarbage(Coding::Brotli).into()) } else { Ok(()) }
    }

    fn is_whole(&self) -> bool {
        self.ended
    }
}
