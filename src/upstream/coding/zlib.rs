//! `deflate`: RFC 1950 as specified, RFC 1951 as often sent.

use super::super::Error;
use super::inflate::Inflate;
use super::sink::Sink;
use super::{Coding, CodingError, Stream};

/// Two bytes tell which of the two it is.
pub(super) struct Deflate {
    first: Option<u8>,
    inflate: Option<Inflate>,
}

impl Deflate {
    pub(super) fn new() -> Self {
        Self { first: None, inflate: None }
    }
}

/// The header of RFC 1950: method 8, a window of at most 32 KiB, and a multiple of 31. A bare stream never looks like that:
/// it would begin with a stored block that fills its padding with ones.
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && first >> 4 <= 7 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}

impl Stream for Deflate {
    fn push(&mut self, input: &[u8], sink: &mut Sink) -> Result<(), Error> {
        let rest = match (&mut self.inflate, self.first, input) {
            (_, _, []) => return Ok(()),
            (Some(inflate), _, _) => inflate.push(input, sink, false)?,
            (None, None, [first]) => {
                self.first = Some(*first);
                return Ok(());
            }
            (None, None, [first, second, ..]) => {
                self.inflate.insert(Inflate::new(Coding::Deflate, is_zlib(*first, *second))).push(input, sink, false)?
            }
            (None, Some(first), [second, ..]) => {
                let inflate = self.inflate.insert(Inflate::new(Coding::Deflate, is_zlib(first, *second)));
                inflate.push(&[first], sink, false)?;
                inflate.push(input, sink, false)?
            }
        };
        if rest.is_empty() { Ok(()) } else { Err(CodingError::TrailingGarbage(Coding::Deflate).into()) }
    }

    fn is_whole(&self) -> bool {
        self.inflate.as_ref().is_some_and(Inflate::has_ended)
    }
}
