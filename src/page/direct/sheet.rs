//! The page while it is written: text as it stands or escaped, within a limit in bytes and in time.

use std::time::Instant;

use super::run::Halt;

/// How often the clock is read: after that many bytes, or looks.
const BYTES_BETWEEN_LOOKS: usize = 4096;
const LOOKS_BETWEEN: usize = 256;

/// How many bytes are looked at together.
const BLOCK: usize = 16;

/// A page that is being written.
#[derive(Debug)]
pub(super) struct Sheet {
    text: String,
    limit: usize,
    deadline: Option<Instant>,
    looked_at: usize,
    looks: usize,
}

impl Sheet {
    /// Of about that many bytes.
    pub(super) fn new(expected: usize, limit: usize, deadline: Option<Instant>) -> Self {
        Self { text: String::with_capacity(expected.min(limit)), limit, deadline, looked_at: 0, looks: LOOKS_BETWEEN }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    #[inline(always)]
    pub(super) fn write(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Whether the page may go on: asked at every step, so it is over its limit by one text at most before it ends.
    #[inline(always)]
    pub(super) fn look(&mut self) -> Result<(), Halt> {
        if self.text.len() > self.limit {
            return Err(Halt::Size);
        }
        self.looks += 1;
        if self.looks < LOOKS_BETWEEN && self.text.len() - self.looked_at < BYTES_BETWEEN_LOOKS {
            return Ok(());
        }
        self.look_at_clock()
    }

    #[inline(never)]
    fn look_at_clock(&mut self) -> Result<(), Halt> {
        self.looks = 0;
        self.looked_at = self.text.len();
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) { Err(Halt::Time) } else { Ok(()) }
    }

    /// Writes a text so that it stands for itself, as the engine escapes it.
    #[inline(always)]
    pub(super) fn escape(&mut self, text: &str) {
        let (blocks, rest) = text.as_bytes().as_chunks::<BLOCK>();
        let in_blocks = blocks.iter().fold(false, |found, block| found | has_special(block));
        if in_blocks | rest.iter().fold(false, |found, byte| found | is_special(*byte)) {
            self.escape_slowly(text);
        } else {
            self.text.push_str(text);
        }
    }

    #[inline(never)]
    fn escape_slowly(&mut self, text: &str) {
        let mut from = 0;
        for (at, byte) in text.bytes().enumerate() {
            if let Some(replacement) = replacement(byte) {
                self.text.push_str(text.get(from..at).unwrap_or_default());
                self.text.push_str(replacement);
                from = at + 1;
            }
        }
        self.text.push_str(text.get(from..).unwrap_or_default());
    }
}

/// Whether one of the bytes means something in HTML. Without a way out of the loop, which lets the compiler compare all of them at once.
#[inline(always)]
fn has_special(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(false, |found, byte| found | is_special(*byte))
}

#[inline(always)]
fn is_special(byte: u8) -> bool {
    matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'')
}

#[inline(always)]
fn replacement(byte: u8) -> Option<&'static str> {
    Some(match byte {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'"' => "&quot;",
        b'\'' => "&#39;",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str) -> String {
        let mut sheet = Sheet::new(0, usize::MAX, None);
        sheet.escape(text);
        sheet.into_text()
    }

    proptest! {
        #[test]
        fn it_escapes_as_the_engine_does(text in "([a-z0-9 ]{0,20}|[&<>\"'/é中\u{0}]{0,3}){0,4}") {
            let mut expected = Vec::new();
            tera::escape_html(&text, &mut expected).unwrap();
            prop_assert_eq!(escaped(&text).into_bytes(), expected);
        }
    }

    #[test]
    fn a_page_may_be_as_large_as_its_limit_and_no_larger() {
        let mut sheet = Sheet::new(0, 4, None);
        sheet.write("1234");
        assert_eq!(sheet.look(), Ok(()));
        sheet.write("5");
        assert_eq!(sheet.look(), Err(Halt::Size));
    }

    #[test]
    fn a_deadline_that_passed_stops_the_first_step() {
        assert_eq!(Sheet::new(0, 9, Some(Instant::now())).look(), Err(Halt::Time));
    }
}
