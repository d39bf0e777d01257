//! RFC 1951, the stream within gzip and zlib.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::super::Error;
use super::sink::Sink;
use super::{Coding, CodingError};

/// An inflater, what it has written, and whether its stream has ended.
pub(super) struct Inflate {
    engine: Decompress,
    coding: Coding,
    crc: Crc,
    ended: bool,
}

impl Inflate {
    /// `zlib`: with the header and checksum of RFC 1950.
    pub(super) fn new(coding: Coding, zlib: bool) -> Self {
        Self { engine: Decompress::new(zlib), coding, crc: Crc::new(), ended: false }
    }

    pub(super) fn restart(&mut self) {
        self.engine.reset(false);
        self.crc.reset();
        self.ended = false;
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The CRC-32 and the length modulo 2^32 of what was written.
    pub(super) fn sum(&self) -> (u32, u32) {
        (self.crc.sum(), self.crc.amount())
    }

    /// Decodes as far as the input goes; returns what is left of it once the stream has ended.
    pub(super) fn push<'i>(&mut self, mut input: &'i [u8], sink: &mut Sink, sum: bool) -> Result<&'i [u8], Error> {
        while !self.ended {
            let Self { engine, crc, coding, .. } = self;
            let (before_in, before_out) = (engine.total_in(), engine.total_out());
            let decode = |out: &mut [u8]| {
                let status = engine.decompress(input, out, FlushDecompress::None).map_err(|_| CodingError::Corrupt(*coding))?;
                Ok(((engine.total_out() - before_out) as usize, status))
            };
            let (written, status) = sink.fill(decode, |decoded| {
                if sum {
                    crc.update(decoded);
                }
            })?;
            let read = (self.engine.total_in() - before_in) as usize;
            input = input.get(read..).unwrap_or_default();
            self.ended = status == Status::StreamEnd;
            if !self.ended && read == 0 && written == 0 {
                break;
            }
        }
        Ok(input)
    }
}
