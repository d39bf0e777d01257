//! Offsets to lines and columns.

/// Where the lines of a text begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// Finds the lines of a text; `\n`, `\r\n` and a lone `\r` end one, as YAML has it.
    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        Self { starts: std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect() }
    }

    /// Line and column of a byte, both from 1; columns count characters.
    pub(super) fn place(&self, text: &str, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        let before = text.get(start..offset.min(text.len())).unwrap_or_default();
        (line, before.chars().count() + 1)
    }

    /// Where a line begins and ends, without its line break.
    pub(super) fn range(&self, text: &str, line: usize) -> (usize, usize) {
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(text.len());
        let end = self.starts.get(line).copied().unwrap_or(text.len());
        let kept = text.get(start..end).unwrap_or_default().trim_end_matches(['\r', '\n']);
        (start, start + kept.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_break_ends_a_line() {
        let text = "a\nbc\r\n\rwörd x";
        let lines = Lines::of(text);
        let x = text.find('x').unwrap();
        assert_eq!(lines.place(text, 0), (1, 1));
        assert_eq!(lines.place(text, 3), (2, 2));
        assert_eq!(lines.place(text, x), (4, 6));
        let all: Vec<&str> = (1..=5).map(|line| lines.range(text, line)).map(|(start, end)| &text[start..end]).collect();
        assert_eq!(all, ["a", "bc", "", "wörd x", ""]);
    }

    #[test]
    fn a_place_past_the_end_is_the_end() {
        assert_eq!(Lines::of("").place("", 9), (1, 1));
        assert_eq!(Lines::of("a\n").place("a\n", 2), (2, 1));
        assert_eq!(Lines::of("ab").place("ab", 99), (1, 3));
    }
}
