//! Problems as people read them: place, text, caret, what was expected, what to do.

use std::fmt;

use unicode_width::UnicodeWidthChar;

use super::tree::Span;
use super::{Problem, Problems, Source};

/// How many columns of a line are shown at most.
const MAX_COLUMNS: usize = 100;

/// How many columns a tab takes.
const TAB: usize = 4;

/// Every problem of a file, sorted by place, for a terminal or a log.
///
/// ```text
/// routes.yaml:12:7: unknown key `timout` in a route
///    |
/// 12 |       timout: 3s
///    |       ^^^^^^
///    = expected one of: call, calls, …
///    = did you mean `timeout`?
///
/// routes.yaml: 1 problem
/// ```
#[derive(Debug)]
pub struct Report<'r> {
    source: &'r Source,
    problems: &'r Problems,
}

impl<'r> Report<'r> {
    /// A report of a file's problems.
    pub fn new(source: &'r Source, problems: &'r Problems) -> Self {
        Self { source, problems }
    }

    fn excerpt(&self, f: &mut fmt::Formatter<'_>, problem: &Problem, span: Span) -> fmt::Result {
        let (line, column) = self.source.place(span.start);
        let (start, end) = self.source.lines().range(self.source.text(), line);
        let text = self.source.text();
        let number = line.to_string();
        let gutter = " ".repeat(number.len());
        writeln!(f, "{}:{line}:{column}: {}", self.source.file(), Clean(&problem.message))?;
        let from = span.start.clamp(start, end);
        let to = span.end.clamp(from, end);
        if let (Some(before), Some(marked), Some(after)) = (text.get(start..from), text.get(from..to), text.get(to..end))
            && start < end
        {
            let shown = Excerpt::cut(before, marked, after);
            writeln!(f, "{gutter} |")?;
            writeln!(f, "{number} | {}", shown.text)?;
            writeln!(f, "{gutter} | {}{}", " ".repeat(shown.indent), "^".repeat(shown.carets))?;
        }
        if let Some(expected) = &problem.expected {
            writeln!(f, "{gutter} = expected {}", Clean(expected))?;
        }
        if let Some(hint) = &problem.hint {
            writeln!(f, "{gutter} = {}", Clean(hint))?;
        }
        Ok(())
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut placed: Vec<(Span, &Problem)> =
            self.problems.iter().map(|problem| (self.source.span_of(problem), problem)).collect();
        placed.sort_by_key(|(span, _)| span.start);
        for (span, problem) in placed {
            self.excerpt(f, problem, span)?;
            writeln!(f)?;
        }
        let count = self.problems.len();
        let more = if self.problems.is_full() { " and more" } else { "" };
        writeln!(f, "{}: {count} problem{}{more}", self.source.file(), if count == 1 { "" } else { "s" })
    }
}

/// A line as it is shown: no tabs, no control characters, no more than fits.
struct Excerpt {
    text: String,
    /// Columns before the carets.
    indent: usize,
    carets: usize,
}

impl Excerpt {
    fn cut(before: &str, marked: &str, after: &str) -> Self {
        const ELLIPSIS: char = '…';
        // The marked piece first, then as much of what is before it as leaves room, then what is after it.
        let (marked_shown, marked_columns, marked_cut) = fit(marked.chars(), MAX_COLUMNS * 3 / 4);
        let room = MAX_COLUMNS - marked_columns;
        let (_, after_least, _) = fit(after.chars(), room / 4);
        let (kept, before_columns, before_cut) = fit(before.chars().rev(), room - after_least);
        let after_room = if marked_cut { 0 } else { room - before_columns };
        let (after_shown, _, after_cut) = fit(after.chars(), after_room);
        let mut text = String::new();
        if before_cut {
            text.push(ELLIPSIS);
        }
        text.extend(kept.iter().rev());
        text.extend(marked_shown);
        text.extend(after_shown);
        if marked_cut || after_cut {
            text.push(ELLIPSIS);
        }
        text.truncate(text.trim_end().len());
        Self { text, indent: before_columns + usize::from(before_cut), carets: marked_columns.max(1) }
    }
}

/// As many characters as fit, as they are shown; their columns; whether some were left out.
fn fit(chars: impl Iterator<Item = char>, room: usize) -> (Vec<char>, usize, bool) {
    let (mut shown, mut columns) = (Vec::new(), 0);
    for c in chars {
        let (c, times) = match c {
            '\t' => (' ', TAB),
            c if is_hidden(c) => (char::REPLACEMENT_CHARACTER, 1),
            c => (c, 1),
        };
        let width = c.width().unwrap_or(1) * times;
        // Characters without a width are bounded too.
        if columns + width > room || shown.len() >= MAX_COLUMNS * 4 {
            return (shown, columns, true);
        }
        columns += width;
        shown.extend(std::iter::repeat_n(c, times));
    }
    (shown, columns, false)
}

/// Control characters, and those that turn the direction of text around: a file shall not paint on the terminal.
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A message without control characters; what was typed is quoted in it.
struct Clean<'t>(&'t str);

impl fmt::Display for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for c in self.0.chars() {
            match c {
                '\n' | '\t' | '\r' => f.write_char(' ')?,
                c if is_hidden(c) => f.write_char(char::REPLACEMENT_CHARACTER)?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}
