//! `zstd`, RFC 8878, one block at a time: the decoder is only called with a whole header or block, so that it never waits
//! in the middle of one.

use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::super::Error;
use super::sink::Sink;
use super::{Coding, CodingError, MAX_MEMBERS, Stream};

/// The window that RFC 9659 grants to this content coding, in bytes.
const MAX_WINDOW: u64 = 8 * 1024 * 1024;
const MAX_BLOCK: usize = 128 * 1024;
const MAGIC: u32 = 0xfd2f_b528;
/// The last four bits are free.
const SKIPPABLE: u32 = 0x184d_2a50;

enum At {
    /// Before a frame.
    Start,
    /// In a frame that holds no data.
    Skip(usize),
    /// Before a block.
    Block { checksum: bool },
}

pub(super) struct Zstd {
    decoder: FrameDecoder,
    at: At,
    pending: Vec<u8>,
    frames: u32,
}

impl Zstd {
    pub(super) fn new() -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Self { decoder, at: At::Start, pending: Vec::new(), frames: 0 }
    }

    /// Takes one step at the front of `input`: how many bytes it used, or `None` when there are too few for any.
    fn step(&mut self, input: &[u8], sink: &mut Sink) -> Result<Option<usize>, Error> {
        match self.at {
            At::Start => self.frame_header(input),
            At::Skip(left) => {
                let used = left.min(input.len());
                self.at = if used == left { At::Start } else { At::Skip(left - used) };
                Ok((used > 0 || left == 0).then_some(used))
            }
            At::Block { checksum } => self.block(input, checksum, sink),
        }
    }

    fn frame_header(&mut self, input: &[u8]) -> Result<Option<usize>, Error> {
        let &[a, b, c, d, ref rest @ ..] = input else { return Ok(None) };
        let magic = u32::from_le_bytes([a, b, c, d]);
        if magic & !0xf == SKIPPABLE {
            let &[a, b, c, d, ..] = rest else { return Ok(None) };
            self.at = At::Skip(usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX));
            self.count()?;
            return Ok(Some(8));
        }
        if magic != MAGIC {
            let started = self.frames > 0;
            let error = if started { CodingError::TrailingGarbage(Coding::Zstd) } else { CodingError::Corrupt(Coding::Zstd) };
            return Err(error.into());
        }
        let Some(&descriptor) = rest.first() else { return Ok(None) };
        let single_segment = descriptor & 0x20 != 0;
        let window = usize::from(!single_segment);
        let dictionary = [0, 1, 2, 4].get(usize::from(descriptor & 3)).copied().unwrap_or(0);
        let content_size = match descriptor >> 6 {
            0 => usize::from(single_segment),
            flag => 1 << flag,
        };
        let length = 5 + window + dictionary + content_size;
        let Some(mut header) = input.get(..length) else { return Ok(None) };
        self.count()?;
        let decoder = &mut self.decoder;
        guarded(|| decoder.reset(&mut header).is_ok())?;
        self.at = At::Block { checksum: descriptor & 4 != 0 };
        Ok(Some(length))
    }

    fn block(&mut self, input: &[u8], checksum: bool, sink: &mut Sink) -> Result<Option<usize>, Error> {
        let &[a, b, c, ..] = input else { return Ok(None) };
        let header = u32::from_le_bytes([a, b, c, 0]);
        let (last, kind, size) = (header & 1 != 0, header >> 1 & 3, (header >> 3) as usize);
        if kind == 3 || size > MAX_BLOCK {
            return Err(CodingError::Corrupt(Coding::Zstd).into());
        }
        let body = if kind == 1 { 1 } else { size };
        let length = 3 + body + if last && checksum { 4 } else { 0 };
        let Some(mut block) = input.get(..length) else { return Ok(None) };
        let decoder = &mut self.decoder;
        guarded(|| decoder.decode_blocks(&mut block, BlockDecodingStrategy::UptoBlocks(1)).is_ok())?;
        while sink.fill(|out| Ok((decoder.read(out).map_err(|_| CodingError::Corrupt(Coding::Zstd))?, ())), |_| ())?.0 > 0 {}
        if last {
            self.at = At::Start;
        }
        Ok(Some(length))
    }

    fn count(&mut self) -> Result<(), CodingError> {
        self.frames += 1;
        if self.frames > MAX_MEMBERS { Err(CodingError::TooManyMembers(Coding::Zstd)) } else { Ok(()) }
    }
}

/// The decoder asserts what a hostile stream may break.
fn guarded(decode: impl FnOnce() -> bool) -> Result<(), CodingError> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(CodingError::Corrupt(Coding::Zstd)),
    }
}

impl Stream for Zstd {
    fn push(&mut self, input: &[u8], sink: &mut Sink) -> Result<(), Error> {
        let mut pending = std::mem::take(&mut self.pending);
        pending.extend_from_slice(input);
        let mut used = 0;
        while let Some(step) = self.step(pending.get(used..).unwrap_or_default(), sink)? {
            used += step;
        }
        pending.drain(..used.min(pending.len()));
        self.pending = pending;
        Ok(())
    }

    fn is_whole(&self) -> bool {
        matches!(self.at, At::Start) && self.pending.is_empty() && self.frames > 0
    }
}
