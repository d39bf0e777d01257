//! The page while it is written: text as it stands or escaped, within a limit in bytes and in time.

use std::time::Instant;

use super::run::Halt;

/// How often the clock is read: after that many bytes, or looks.
const BYTES_BETWEEN_LOOKS: usize = 4096;
const LOOKS_BETWEEN: usize = 256;

/// How many bytes are looked at together.
const BLOCK: usize = 16;

/// What means something in HTML.
const SPECIAL: [u8; 5] = *b"&<>\"'";

/// A page that is being written.
#[derive(Debug)]
pub(super) struct Sheet {
    text: String,
    pub(super) limit: usize,
    deadline: Option<Instant>,
    looked_at: usize,
    looks: usize,
    /// Whether values are escaped: in a page they are, in a value of its head they are not yet.
    pub(super) escapes: bool,
    /// The texts around the one that is written, while a section is kept for something else.
    around: Vec<String>,
}

impl Sheet {
    /// Of about that many bytes.
    pub(super) fn new(expected: usize, limit: usize, deadline: Option<Instant>) -> Self {
        let text = String::with_capacity(expected.min(limit));
        Self { text, limit, deadline, looked_at: 0, looks: LOOKS_BETWEEN, escapes: true, around: Vec::new() }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Where the page is now, in bytes. `None` while a section is kept.
    pub(super) fn place(&self) -> Option<usize> {
        self.around.is_empty().then_some(self.text.len())
    }

    /// What is written from here on is kept, and not yet in the page.
    pub(super) fn keep(&mut self) {
        self.around.push(std::mem::take(&mut self.text));
        self.looked_at = 0;
    }

    /// What was kept.
    pub(super) fn kept(&mut self) -> String {
        self.looked_at = 0;
        std::mem::replace(&mut self.text, self.around.pop().unwrap_or_default())
    }

    /// Writes a text as the page has it: escaped or not.
    #[inline(always)]
    pub(super) fn value(&mut self, text: &str) {
        if self.escapes { self.escape(text) } else { self.write(text) }
    }

    #[inline(always)]
    pub(super) fn write(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Whether the page may go on: asked at every step, so it is over its limit by one text at most before it ends.
    #[inline(always)]
    pub(super) fn look(&mut self) -> Result<(), Halt> {
        if self.text.len() > self.limit {
            // What is kept for later may be as long as it likes with the engine.
            return Err(if self.around.is_empty() { Halt::Size } else { Halt::Back });
        }
        self.looks += 1;
        if self.looks < LOOKS_BETWEEN && self.text.len().wrapping_sub(self.looked_at) < BYTES_BETWEEN_LOOKS {
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
        if has_special(text.as_bytes()) {
            self.escape_slowly(text);
        } else {
            self.text.push_str(text);
        }
    }

    #[inline(never)]
    fn escape_slowly(&mut self, text: &str) {
        escape_onto(&mut self.text, text);
    }
}

/// A text so that it stands for itself.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    escape_onto(&mut out, text);
    out
}

fn escape_onto(out: &mut String, text: &str) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(replacement) = replacement(byte) {
            out.push_str(text.get(from..at).unwrap_or_default());
            out.push_str(replacement);
            from = at + 1;
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
}

/// Whether one of the bytes means something in HTML: whole blocks, and then the last one, which may overlap the one before it.
#[inline(always)]
fn has_special(text: &[u8]) -> bool {
    if let Some(last) = text.last_chunk::<BLOCK>() {
        let (blocks, _) = text.as_chunks::<BLOCK>();
        return blocks.iter().chain([last]).fold(false, |found, block| found | any_special(block));
    }
    match (text.first_chunk::<8>(), text.last_chunk::<8>(), text.first_chunk::<4>(), text.last_chunk::<4>()) {
        (Some(first), Some(last), ..) => any_special(&[*first, *last].as_flattened().try_into().unwrap_or([0; BLOCK])),
        (_, _, Some(first), Some(last)) => any_special(first) | any_special(last),
        _ => text.iter().any(|byte| SPECIAL.contains(byte)),
    }
}

/// One byte of the answer for each byte of the block, which the compiler works out for all of them at once.
#[inline(always)]
fn any_special<const N: usize>(block: &[u8; N]) -> bool {
    let mut found = [0; N];
    for (found, byte) in found.iter_mut().zip(block) {
        SPECIAL.iter().for_each(|special| *found |= u8::from(byte == special));
    }
    found.iter().fold(0, |all, found| all | found) != 0
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

    fn written(text: &str) -> String {
        let mut sheet = Sheet::new(0, usize::MAX, None);
        sheet.escape(text);
        sheet.into_text()
    }

    proptest! {
        #[test]
        fn it_escapes_as_the_engine_does(text in "([a-z0-9 ]{0,20}|[&<>\"'/é中\u{0}]{0,3}){0,4}|[a-z]{0,17}[&<>\"'a][a-z]{0,17}") {
            let mut expected = Vec::new();
            tera::escape_html(&text, &mut expected).unwrap();
            prop_assert_eq!(written(&text), escaped(&text));
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
