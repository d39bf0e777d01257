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
        let marked_full = visible(marked);
        let (marked, marked_columns) = take(marked_full.chars(), MAX_COLUMNS * 3 / 4);
        let marked_cut = marked.len() < marked_full.len();
        let room = MAX_COLUMNS - marked_columns;
        let before_full = visible(before);
        let mut kept: Vec<char> = before_full.chars().collect();
        let (mut before_columns, mut dropped) = (columns(&before_full), 0);
        while before_columns > room.saturating_sub(room / 4) && dropped < kept.len() {
            before_columns -= kept.get(dropped).map_or(0, |c| width(*c));
            dropped += 1;
        }
        kept.drain(..dropped);
        let mut text = String::new();
        let mut indent = before_columns;
        if dropped > 0 {
            text.push(ELLIPSIS);
            indent += 1;
        }
        text.extend(kept);
        text.push_str(&marked);
        let after_full = visible(after);
        let (after, _) = if marked_cut { (String::new(), 0) } else { take(after_full.chars(), room.saturating_sub(before_columns)) };
        text.push_str(&after);
        if marked_cut || after.len() < after_full.len() {
            text.push(ELLIPSIS);
        }
        text.truncate(text.trim_end().len());
        Self { text, indent, carets: marked_columns.max(1) }
    }
}

/// As many characters as fit.
fn take(chars: impl Iterator<Item = char>, room: usize) -> (String, usize) {
    let (mut text, mut columns) = (String::new(), 0);
    for c in chars {
        if columns + width(c) > room {
            break;
        }
        columns += width(c);
        text.push(c);
    }
    (text, columns)
}

fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

fn width(c: char) -> usize {
    c.width().unwrap_or(1)
}

fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push_str(&" ".repeat(TAB)),
            c if is_hidden(c) => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
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
