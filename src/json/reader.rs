//! A reader for work in one pass: checked tokens as positions in bytes that may not all be there yet.
//!
//! It is as strict as the [`Scanner`](super::Scanner), and only tells that something is wrong, not what: who needs to know asks the
//! parser. It keeps no place of its own beyond one number, so a caller that ran out of bytes can go back to a place it knows, get
//! more, and read on.

use super::Limits;
use super::wide::{BLOCK, WIDTH, not_digit, not_space, specials};

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The bytes end before the token does.
    End,
    /// It is not JSON, deeper than allowed, or not for whoever reads.
    Refused,
}

/// Bytes of a document, and how far they are read. The bytes are UTF-8, which the caller has checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'s> {
    bytes: &'s [u8],
    /// How many bytes are read.
    pub(crate) at: usize,
    marks: Marks,
}

/// Which bytes of a block may end a string. To look them up takes a third of the time that it takes to look at the bytes, and names
/// and values follow on each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks {
    /// Where the block begins.
    block: usize,
    /// One bit for each byte.
    bits: u64,
}

impl Marks {
    /// Of no block.
    pub(crate) const NONE: Self = Self { block: usize::MAX / 2, bits: 0 };
}

impl<'s> Reader<'s> {
    pub(crate) fn new(bytes: &'s [u8], at: usize) -> Self {
        Self { bytes, at, marks: Marks::NONE }
    }

    /// The next byte. At the end it is 0, which stands nowhere in JSON outside of what [`Reader::wrong`] refuses.
    #[inline(always)]
    pub(crate) fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// What it means that something else than expected comes next.
    #[cold]
    pub(crate) fn wrong(&self) -> Stop {
        if self.at >= self.bytes.len() { Stop::End } else { Stop::Refused }
    }

    /// Passes over one byte that has to stand here.
    #[inline(always)]
    pub(crate) fn byte(&mut self, byte: u8) -> Result<(), Stop> {
        if self.peek() != byte {
            return Err(self.wrong());
        }
        self.at += 1;
        Ok(())
    }

    /// Passes over white space; whether there was any.
    #[inline(always)]
    pub(crate) fn space(&mut self) -> bool {
        if self.peek() > b' ' {
            return false;
        }
        self.more_space()
    }

    fn more_space(&mut self) -> bool {
        let start = self.at;
        while let b' ' | b'\t' | b'\n' | b'\r' = self.peek() {
            self.at += 1;
            while let Some(bytes) = self.ahead() {
                let spaces = not_space(bytes);
                self.at += spaces;
                if spaces < WIDTH {
                    break;
                }
            }
        }
        self.at > start
    }

    /// Passes over a string; whether it holds an escape.
    #[inline(always)]
    pub(crate) fn string(&mut self) -> Result<bool, Stop> {
        self.byte(b'"')?;
        self.plain();
        if self.peek() == b'"' {
            self.at += 1;
            return Ok(false);
        }
        self.rest_of_string()
    }

    /// Passes over a name and its colon that follow right on a comma, as machines write them; whether they do. Nothing has happened
    /// otherwise.
    #[inline(always)]
    pub(crate) fn close_name(&mut self) -> bool {
        let start = self.at;
        if self.two() != Some(*b",\"") {
            return false;
        }
        self.at += 2;
        self.plain();
        if self.two() != Some(*b"\":") {
            self.at = start;
            return false;
        }
        self.at += 2;
        true
    }

    #[inline(always)]
    fn two(&self) -> Option<[u8; 2]> {
        self.bytes.get(self.at..)?.first_chunk().copied()
    }

    /// The rest of a string with escapes, from the first one on.
    #[inline(never)]
    fn rest_of_string(&mut self) -> Result<bool, Stop> {
        loop {
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    return Ok(true);
                }
                b'\\' => self.escape()?,
                _ => return Err(self.wrong()),
            }
            self.plain();
        }
    }

    /// To the next byte that may end a string, or to the end of the bytes.
    #[inline(always)]
    fn plain(&mut self) {
        loop {
            let ahead = self.at.wrapping_sub(self.marks.block);
            if ahead < BLOCK {
                let bits = self.marks.bits >> ahead;
                if bits != 0 {
                    self.at += bits.trailing_zeros() as usize;
                    return;
                }
                self.at = self.marks.block + BLOCK;
            }
            if !self.look() {
                return;
            }
        }
    }

    /// Looks at the block of the next byte; false at the end of the bytes.
    #[inline(always)]
    fn look(&mut self) -> bool {
        // The next block does not wait for where the string before ended.
        let next = self.marks.block + BLOCK;
        let block = if self.at.wrapping_sub(next) < BLOCK { next } else { self.at };
        let Some(rest) = self.bytes.get(block..) else {
            self.at = self.bytes.len();
            return false;
        };
        self.marks = Marks { block, bits: rest.first_chunk().map_or_else(|| last_specials(rest), specials) };
        true
    }

    fn escape(&mut self) -> Result<(), Stop> {
        self.at += 1;
        match self.peek() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
            b'u' => {
                for _ in 0..4 {
                    self.at += 1;
                    if !self.peek().is_ascii_hexdigit() {
                        return Err(self.wrong());
                    }
                }
                self.at += 1;
            }
            _ => return Err(self.wrong()),
        }
        Ok(())
    }

    /// Passes over a number. At the end of the bytes more digits may follow, so who expects more bytes reads it again then.
    #[inline(always)]
    pub(crate) fn number(&mut self) -> Result<(), Stop> {
        if self.peek() == b'-' {
            self.at += 1;
        }
        let is_zero = self.peek() == b'0';
        let start = self.at;
        self.digits()?;
        if is_zero && self.at > start + 1 {
            return Err(Stop::Refused);
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if self.peek() | 0x20 == b'e' {
            self.at += 1;
            if let b'+' | b'-' = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    #[inline(always)]
    fn digits(&mut self) -> Result<(), Stop> {
        if !self.peek().is_ascii_digit() {
            return Err(self.wrong());
        }
        while let Some(bytes) = self.ahead() {
            let digits = not_digit(bytes);
            self.at += digits;
            if digits < WIDTH {
                return Ok(());
            }
        }
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }

    /// Passes over `true`, `false` or `null`.
    #[inline(always)]
    pub(crate) fn word(&mut self, word: &[u8]) -> Result<(), Stop> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        Err(if word.starts_with(rest) { Stop::End } else { Stop::Refused })
    }

    /// Passes over a string, a number or a word; tells which. No container may stand here.
    #[inline(always)]
    pub(crate) fn scalar(&mut self) -> Result<Kind, Stop> {
        match self.peek() {
            b'"' => self.string().map(|escaped| if escaped { Kind::Escaped } else { Kind::String }),
            b'-' | b'0'..=b'9' => self.number().map(|()| Kind::Number),
            b'n' => self.word(b"null").map(|()| Kind::Null),
            b't' => self.word(b"true").map(|()| Kind::Bool),
            b'f' => self.word(b"false").map(|()| Kind::Bool),
            _ => Err(self.wrong()),
        }
    }

    #[inline(always)]
    fn ahead(&self) -> Option<&'s [u8; WIDTH]> {
        self.bytes.get(self.at..)?.first_chunk()
    }
}

/// The bytes of the last block, which is no whole one. What is not there ends a string, too.
#[cold]
fn last_specials(rest: &[u8]) -> u64 {
    let mut bytes = [0; BLOCK];
    for (byte, to) in rest.iter().zip(&mut bytes) {
        *to = *byte;
    }
    specials(&bytes)
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    /// A string without escapes.
    String,
    /// A string with escapes.
    Escaped,
    Array,
    Object,
}

/// The open containers: one bit each, set for an object.
#[derive(Debug, Clone)]
pub(crate) struct Nest {
    bits: [u64; Limits::DEEPEST / 64],
    depth: usize,
    deepest: usize,
}

impl Nest {
    /// None open yet, and at most so many, or [`Limits::DEEPEST`] where that is less.
    pub(crate) fn new(deepest: usize) -> Self {
        Self { bits: [0; Limits::DEEPEST / 64], depth: 0, deepest: deepest.min(Limits::DEEPEST) }
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Opens one more.
    #[inline(always)]
    pub(crate) fn open(&mut self, is_object: bool) -> Result<(), Stop> {
        if self.depth >= self.deepest {
            return Err(Stop::Refused);
        }
        let bit = 1 << (self.depth % 64);
        if let Some(bits) = self.bits.get_mut(self.depth / 64) {
            *bits = if is_object { *bits | bit } else { *bits & !bit };
        }
        self.depth += 1;
        Ok(())
    }

    /// Closes the innermost one.
    #[inline(always)]
    pub(crate) fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Whether the open one with so many around it is an object.
    pub(crate) fn is_object(&self, around: usize) -> bool {
        around < self.depth && self.bits.get(around / 64).is_some_and(|bits| bits >> (around % 64) & 1 == 1)
    }

    /// Whether the innermost open one is an object.
    #[inline(always)]
    pub(crate) fn in_object(&self) -> bool {
        let at = self.depth.wrapping_sub(1);
        self.bits.get(at / 64).is_some_and(|bits| bits >> (at % 64) & 1 == 1)
    }
}
