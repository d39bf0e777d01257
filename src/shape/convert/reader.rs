//! A cursor over a short text, for the forms that dates come in.

/// The text that has not been read yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text }
    }

    /// Whether everything was read.
    pub(super) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// Reads one of these characters.
    pub(super) fn eat(&mut self, one_of: &[char]) -> Option<char> {
        let found = self.rest.chars().next().filter(|found| one_of.contains(found))?;
        self.rest = self.rest.get(found.len_utf8()..)?;
        Some(found)
    }

    /// Reads a whole number of `least` to `most` digits; `most` is at most 9.
    pub(super) fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        self.run(least, most)?.parse().ok()
    }

    /// Reads the digits after a decimal point: nanoseconds, and how many digits there were.
    pub(super) fn fraction(&mut self, least: usize, most: usize) -> Option<(u32, u8)> {
        let digits = self.run(least, most.min(9))?;
        let missing = u32::try_from(9 - digits.len()).ok()?;
        Some((digits.parse::<u32>().ok()? * 10u32.pow(missing), u8::try_from(digits.len()).ok()?))
    }

    /// Reads an offset from UTC, in seconds: `Z`, `+08`, `+0800`, `+08:00`, `+08:00:30`, and `GMT`'s `+8`.
    pub(super) fn offset(&mut self) -> Option<i32> {
        if self.eat(&['Z', 'z']).is_some() {
            return Some(0);
        }
        let sign = if self.eat(&['+', '-'])? == '-' { -1 } else { 1 };
        let hours = self.digits(1, 2)?;
        let minutes = self.sixtieths();
        let seconds = if minutes.is_some() { self.sixtieths() } else { None };
        let (minutes, seconds) = (minutes.unwrap_or(0), seconds.unwrap_or(0));
        let total = i32::try_from(hours * 3600 + minutes * 60 + seconds).ok()?;
        // Java's own bound, so that nothing it writes is refused
        (minutes < 60 && seconds < 60 && total <= 18 * 3600).then_some(sign * total)
    }

    /// Reads the longest of these words, whatever its case; gives its place in the list.
    pub(super) fn word(&mut self, words: &[&str]) -> Option<usize> {
        let matching = words
            .iter()
            .enumerate()
            .filter(|(_, word)| self.rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)));
        let (at, word) = matching.max_by_key(|(_, word)| word.len())?;
        self.rest = self.rest.get(word.len()..)?;
        Some(at)
    }

    /// Reads up to and with a `]` that ends the text.
    pub(super) fn bracket(&mut self) -> bool {
        if self.rest.starts_with('[') && self.rest.ends_with(']') && self.rest.matches(['[', ']']).count() == 2 {
            self.rest = "";
            return true;
        }
        false
    }

    fn sixtieths(&mut self) -> Option<u32> {
        let mut ahead = *self;
        ahead.eat(&[':']);
        let value = ahead.digits(2, 2)?;
        *self = ahead;
        Some(value)
    }

    fn run(&mut self, least: usize, most: usize) -> Option<&'t str> {
        let count = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if count < least.max(1) {
            return None;
        }
        let (digits, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_in_every_form_that_java_writes() {
        for (text, seconds) in [
            ("Z", Some(0)),
            ("+08", Some(28_800)),
            ("+8", Some(28_800)),
            ("+0800", Some(28_800)),
            ("+08:00", Some(28_800)),
            ("-03:30", Some(-12_600)),
            ("+08:05:43", Some(29_143)),
            ("+19:00", None),
            ("+08:60", None),
            ("08:00", None),
        ] {
            let mut reader = Reader::new(text);
            assert_eq!(reader.offset().filter(|_| reader.is_done()), seconds, "{text}");
        }
    }

    #[test]
    fn a_fraction_is_nanoseconds_whatever_its_digits() {
        for (text, read) in [("5", (500_000_000, 1)), ("123", (123_000_000, 3)), ("123456789", (123_456_789, 9))] {
            assert_eq!(Reader::new(text).fraction(1, 9), Some(read));
        }
    }
}
