//! `gzip`, RFC 1952: a header, a deflate stream, a checksum; then perhaps another member.

use flate2::Crc;

use super::super::Error;
use super::inflate::Inflate;
use super::sink::Sink;
use super::{Coding, CodingError, MAX_MEMBERS, Stream};

const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// Where in a member the stream is.
enum At {
    /// Before a member.
    Start,
    /// In the ten fixed bytes.
    Fixed(u8),
    /// In the two bytes of the extra field's length.
    ExtraLength { low: Option<u8> },
    /// In the extra field.
    Extra { left: u16 },
    /// In the file name.
    Name,
    /// In the comment.
    Comment,
    /// In the checksum of the header.
    HeaderCrc { low: Option<u8> },
    /// In the deflate stream.
    Body,
    /// In the checksum and length.
    Trailer { bytes: [u8; 8], count: usize },
}

pub(super) struct Gzip {
    at: At,
    flags: u8,
    header: Crc,
    inflate: Inflate,
    members: u32,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self { at: At::Start, flags: 0, header: Crc::new(), inflate: Inflate::new(Coding::Gzip, false), members: 0 }
    }

    fn begin(&mut self, byte: u8) -> Result<At, CodingError> {
        if byte != 0x1f {
            let started = self.members > 0;
            return Err(if started { CodingError::TrailingGarbage(Coding::Gzip) } else { CodingError::Corrupt(Coding::Gzip) });
        }
        self.members += 1;
        if self.members > MAX_MEMBERS {
            return Err(CodingError::TooManyMembers(Coding::Gzip));
        }
        self.header.reset();
        self.inflate.restart();
        Ok(At::Fixed(1))
    }

    /// The next part of the header that the flags ask for; each part clears its own flag.
    fn next_part(&mut self) -> At {
        let has = |flag| self.flags & flag != 0;
        let (flag, at) = if has(EXTRA) {
            (EXTRA, At::ExtraLength { low: None })
        } else if has(NAME) {
            (NAME, At::Name)
        } else if has(COMMENT) {
            (COMMENT, At::Comment)
        } else if has(HEADER_CRC) {
            (HEADER_CRC, At::HeaderCrc { low: None })
        } else {
            (0, At::Body)
        };
        self.flags &= !flag;
        at
    }

    fn header_byte(&mut self, byte: u8) -> Result<At, CodingError> {
        let corrupt = CodingError::Corrupt(Coding::Gzip);
        // The checksum of the header covers what comes before it.
        if !matches!(self.at, At::HeaderCrc { .. }) {
            self.header.update(&[byte]);
        }
        Ok(match self.at {
            At::Fixed(1) if byte != 0x8b => return Err(corrupt),
            At::Fixed(2) if byte != 8 => return Err(corrupt),
            At::Fixed(3) if byte & RESERVED != 0 => return Err(corrupt),
            At::Fixed(3) => {
                self.flags = byte;
                At::Fixed(4)
            }
            At::Fixed(9) => self.next_part(),
            At::Fixed(count) => At::Fixed(count + 1),
            At::ExtraLength { low: None } => At::ExtraLength { low: Some(byte) },
            At::ExtraLength { low: Some(low) } => match u16::from_le_bytes([low, byte]) {
                0 => self.next_part(),
                left => At::Extra { left },
            },
            At::Extra { left: 1 } => self.next_part(),
            At::Extra { left } => At::Extra { left: left - 1 },
            At::Name | At::Comment if byte == 0 => self.next_part(),
            At::Name => At::Name,
            At::Comment => At::Comment,
            At::HeaderCrc { low: None } => At::HeaderCrc { low: Some(byte) },
            At::HeaderCrc { low: Some(low) } if u32::from(u16::from_le_bytes([low, byte])) != self.header.sum() & 0xffff => {
                return Err(corrupt);
            }
            At::HeaderCrc { .. } | At::Start | At::Body | At::Trailer { .. } => At::Body,
        })
    }

    fn check(&self, trailer: [u8; 8]) -> Result<(), CodingError> {
        let [a, b, c, d, e, f, g, h] = trailer;
        let stated = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        if stated == self.inflate.sum() { Ok(()) } else { Err(CodingError::Corrupt(Coding::Gzip)) }
    }
}

impl Stream for Gzip {
    fn push(&mut self, mut input: &[u8], sink: &mut Sink) -> Result<(), Error> {
        while let [byte, rest @ ..] = input {
            self.at = match self.at {
                At::Body => {
                    input = self.inflate.push(input, sink, true)?;
                    if self.inflate.has_ended() { At::Trailer { bytes: [0; 8], count: 0 } } else { At::Body }
                }
                At::Trailer { mut bytes, count } => {
                    input = rest;
                    if let Some(slot) = bytes.get_mut(count) {
                        *slot = *byte;
                    }
                    if count == 7 {
                        self.check(bytes)?;
                        At::Start
                    } else {
                        At::Trailer { bytes, count: count + 1 }
                    }
                }
                At::Start => {
                    input = rest;
                    let at = self.begin(*byte)?;
                    self.header.update(&[*byte]);
                    at
                }
                _ => {
                    input = rest;
                    self.header_byte(*byte)?
                }
            };
        }
        Ok(())
    }

    fn is_whole(&self) -> bool {
        matches!(self.at, At::Start) && self.members > 0
    }
}
