//! A reader for work in one pass: checked tokens as positions in bytes that may not all be there yet.
//!
//! It is as strict as the [`Scanner`](super::Scanner), and only tells that something is wrong, not what: who needs to know asks the
//! parser. It keeps no place of its own beyond one number, so a caller that ran out of bytes can go back to a place it knows, get
//! more, and read on.

use super::marks::{Marks, NOWHERE};
use super::nest::Kind;
use super::wide::{BLOCK, WIDTH, not_digits, not_space};

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The bytes end before the token does.
    End,
    /// It is not JSON, deeper than allowed, or not for whoever reads.
    Refused,
}

/// Bytes of a document, and how far they are read. The bytes are UTF-8, which the caller has checked.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'s> {
    bytes: &'s [u8],
    /// How many bytes are read.
    pub(crate) at: usize,
    /// Where the block begins that is at hand, and which bytes of it may end a string.
    block: usize,
    bits: u64,
    marks: Marks,
}

impl<'s> Reader<'s> {
    pub(crate) fn new(bytes: &'s [u8], at: usize) -> Self {
        Self { bytes, at, block: NOWHERE, bits: 0, marks: Marks::new() }
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

    /// The name of a member as machines write it: behind `before`, which ends in its quote and stands at `at`, without escapes, and
    /// followed by a colon and a value without white space. None where anything else comes, and nothing has happened in any case.
    #[inline(always)]
    pub(crate) fn name_at(&mut self, at: usize, before: [u8; 2]) -> Option<Name> {
        let [bracket, quote, head @ .., _, _] = *self.bytes.get(at..)?.first_chunk::<8>()?;
        if [bracket, quote] != before {
            return None;
        }
        let to = self.plain_from(at + 2);
        match *self.bytes.get(to..)?.first_chunk()? {
            [b'"', b':', byte, _] => Some(Name { from: at + 2, to, byte, head }),
            _ => None,
        }
    }

    /// Where a scalar ends that stands at `at` and begins with `byte`. None for a string with escapes, a number with an exponent or of
    /// many digits, and whatever is not right: that is for [`Reader::scalar`].
    #[inline(always)]
    pub(crate) fn scalar_end(&mut self, at: usize, byte: u8) -> Option<usize> {
        self.scalar_at(at, byte).map(|(_, end)| end)
    }

    /// What such a scalar is, and where it ends.
    #[inline(always)]
    pub(crate) fn scalar_at(&mut self, at: usize, byte: u8) -> Option<(Kind, usize)> {
        match byte {
            b'"' => {
                let to = self.plain_from(at + 1);
                if self.bytes.get(to) == Some(&b'"') { Some((Kind::String, to + 1)) } else { None }
            }
            b'0'..=b'9' => self.short_number(at).map(|end| (Kind::Number, end)),
            b'-' => self.short_number(at + 1).map(|end| (Kind::Number, end)),
            b'n' if self.stands(at, b"null") => Some((Kind::Null, at + 4)),
            b't' if self.stands(at, b"true") => Some((Kind::Bool, at + 4)),
            b'f' if self.stands(at + 1, b"alse") => Some((Kind::Bool, at + 5)),
            _ => None,
        }
    }

    /// Whether these bytes stand at a place.
    #[inline(always)]
    pub(crate) fn stands(&self, at: usize, word: &[u8; 4]) -> bool {
        self.bytes.get(at..).and_then(|rest| rest.first_chunk()) == Some(word)
    }

    /// The end of a number with less than [`WIDTH`] bytes and no exponent, behind its sign. There is a byte behind it.
    #[inline(always)]
    fn short_number(&self, at: usize) -> Option<usize> {
        let bytes: &[u8; WIDTH] = self.bytes.get(at..)?.first_chunk()?;
        let mut ends = not_digits(bytes);
        let mut end = ends.trailing_zeros() as usize;
        if end == 0 || end > 1 && bytes[0] == b'0' {
            return None;
        }
        let mut next = *bytes.get(end)?;
        if next == b'.' {
            ends &= ends - 1;
            let whole = end;
            end = ends.trailing_zeros() as usize;
            if end == whole + 1 {
                return None;
            }
            next = *bytes.get(end)?;
        }
        if next | 0x20 == b'e' { None } else { Some(at + end) }
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
        self.at = self.plain_from(self.at);
    }

    /// From a place to the next byte that may end a string, or to the end of the bytes.
    #[inline(always)]
    fn plain_from(&mut self, mut at: usize) -> usize {
        loop {
            let ahead = at.wrapping_sub(self.block);
            if ahead < BLOCK {
                let bits = self.bits >> ahead;
                if bits != 0 {
                    return at + bits.trailing_zeros() as usize;
                }
                at = self.block + BLOCK;
            }
            if !self.turn(at) {
                return self.bytes.len();
            }
        }
    }

    /// To the block of a byte; false at the end of the bytes.
    #[inline(always)]
    fn turn(&mut self, at: usize) -> bool {
        let Some((block, bits)) = self.marks.of(self.bytes, at) else { return false };
        (self.block, self.bits) = (block, bits);
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
            let end = not_digits(bytes);
            if end != 0 {
                self.at += end.trailing_zeros() as usize;
                return Ok(());
            }
            self.at += WIDTH;
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

/// The name of a member: from where to where it stands between its quotes, and the first byte of the value, which is two bytes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) byte: u8,
    /// How it begins: four bytes, with what is behind it where it has fewer.
    pub(crate) head: [u8; 4],
}
