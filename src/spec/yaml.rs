//! YAML text to a tree: bounded, without aliases, every duplicate and every odd key reported.
//!
//! The parser below gives events with their places; this file decides what a routes.yaml may contain of YAML:
//! one document of mappings with text keys, lists and scalars. No aliases, no merge keys, no tags but `!!str`.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::lines::Lines;
use super::scalar::Scalar;
use super::syntax;
use super::tree::{Content, Entry, Lost, Span, Tree};
use super::{At, Problem, Problems};

/// How deep a file may nest.
pub(super) const MAX_DEPTH: usize = 32;

/// How many bytes a file may have.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// Reads a text. A syntax error ends the reading: the tree is then `broken`.
pub(super) fn read(text: &str, lines: &Lines) -> (Tree, Problems) {
    let whole = Span { start: 0, end: 0 };
    let mut builder = Builder { text, lines, open: Vec::new(), root: None, problems: Problems::new(), documents: 0 };
    if let Err(problem) = builder.read() {
        builder.problems.push(problem);
        return (Tree::broken(whole), builder.problems);
    }
    let tree = builder.root.unwrap_or(Tree::new(whole, Content::Scalar(Scalar::empty())));
    (tree, builder.problems)
}

struct Builder<'t> {
    text: &'t str,
    lines: &'t Lines,
    /// The containers that are not closed yet, outermost first.
    open: Vec<Open>,
    root: Option<Tree>,
    problems: Problems,
    documents: usize,
}

/// A container that is not closed yet.
struct Open {
    start: usize,
    content: Content,
    broken: bool,
    /// Whether one of its keys cannot be one; it was reported.
    lacks: bool,
    next: Next,
    /// Where each key of this mapping stands.
    keys: HashMap<String, Span>,
}

/// What the next value of a mapping is.
enum Next {
    Key,
    ValueOf(String, Span),
    /// The value of a key that cannot be one; it was reported.
    Nothing,
}

impl Builder<'_> {
    fn read(&mut self) -> Result<(), Problem> {
        if self.text.len() > MAX_BYTES {
            let message = format!("the file has {} bytes: 1 MiB is the most", self.text.len());
            return Err(Problem::in_text(At::root(), Span { start: 0, end: 0 }, message));
        }
        // Deeper than is allowed here, so that this file is the one who says so.
        let mut options = granit_parser::options! {
            emit_unresolved_aliases: true,
            flow_nesting_limit: MAX_DEPTH + 2,
            block_nesting_limit: MAX_DEPTH + 2,
        };
        options.set_emit_comments(false);
        for next in Parser::new_from_str_with_options(self.text, options) {
            let (event, span) = next.map_err(|error| syntax::problem(self.text, self.lines, &error, self.bracket()))?;
            self.take(event, &span)?;
        }
        Ok(())
    }

    /// The innermost `[` or `{` that is open.
    fn bracket(&self) -> Option<usize> {
        let begins = |open: &Open| self.text.get(open.start..).is_some_and(|text| text.starts_with(['[', '{']));
        self.open.last().filter(|open| begins(open)).map(|open| open.start)
    }

    /// Takes one event. An error ends the reading.
    fn take(&mut self, event: Event<'_>, span: &granit_parser::Span) -> Result<(), Problem> {
        let place = self.place(span);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let problem = Problem::in_text(At::root(), place, "a second document begins here");
                    return Err(problem.expected("one document a file").hint("remove the line `---`"));
                }
            }
            Event::Scalar(text, style, _, tag) => {
                let broken = self.refuse_tag(tag.as_deref(), span);
                let plain = style == ScalarStyle::Plain && tag.is_none();
                // The parser writes `~` for a value that is not there.
                let text = if place.start == place.end && plain { String::new() } else { text.into_owned() };
                let scalar = Scalar { text, plain, filled: false };
                self.put(Tree { broken, ..Tree::new(place, Content::Scalar(scalar)) });
            }
            Event::SequenceStart(_, _, tag) => self.begin(Content::List(Vec::new()), tag.as_deref(), span)?,
            Event::MappingStart(_, _, tag) => self.begin(Content::Mapping(Vec::new()), tag.as_deref(), span)?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { start, content, broken, lacks, .. }) = self.open.pop() {
                    let lost = Lost { anything: lacks, keys: Vec::new() };
                    self.put(Tree { broken, lost, ..Tree::new(Span { start, end: place.end.max(start) }, content) });
                }
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                let name = self.text.get(place.start..place.end).unwrap_or("*");
                // The value of a key that was refused is no news; `<<` has one always.
                if !self.open.last().is_some_and(|open| matches!(open.next, Next::Nothing)) {
                    if let Some(key) = name.strip_suffix(':') {
                        // A key is meant. To the parser its `:` belongs to the name, and all that follows is out of place.
                        let place = Span { end: place.end - 1, ..place };
                        return Err(Problem::in_text(At::root(), place, syntax::alias(key)).hint(syntax::quote_the_star(key)));
                    }
                    let problem = Problem::in_text(At::root(), place, syntax::alias(name));
                    self.problems.push(match name.get(1..).is_some_and(|rest| rest.contains(['.', '[', '*', '/'])) {
                        true => problem.hint(syntax::quote_the_star(name)),
                        false => problem.hint("write the value out; what every route shares goes into `defaults`"),
                    });
                }
                self.put(Tree::broken(place));
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, content: Content, tag: Option<&Tag>, span: &granit_parser::Span) -> Result<(), Problem> {
        let Span { start, end } = self.place(span);
        if self.open.len() >= MAX_DEPTH {
            return Err(Problem::in_text(At::root(), Span { start, end }, syntax::too_deep()));
        }
        let broken = self.refuse_tag(tag, span);
        self.open.push(Open { start, content, broken, lacks: false, next: Next::Key, keys: HashMap::new() });
        Ok(())
    }

    /// Puts a finished value where it belongs: as a key, as a value, as an entry, or as the whole.
    fn put(&mut self, tree: Tree) {
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(tree);
            return;
        };
        let entries = match &mut open.content {
            Content::List(elements) => {
                elements.push(tree);
                return;
            }
            Content::Mapping(entries) => entries,
            Content::Scalar(_) => return,
        };
        match std::mem::replace(&mut open.next, Next::Key) {
            Next::Nothing => open.lacks = true,
            Next::Key => {
                open.next = match tree.content {
                    _ if tree.broken => Next::Nothing,
                    Content::Scalar(Scalar { text, plain: true, .. }) if text == "<<" => {
                        self.problems.push(
                            Problem::in_text(At::root(), tree.span, "`<<` merges keys, and merge keys are not read here")
                                .hint("write the keys out; what every route shares goes into `defaults`"),
                        );
                        Next::Nothing
                    }
                    Content::Scalar(Scalar { text, .. }) => Next::ValueOf(text, tree.span),
                    Content::List(_) | Content::Mapping(_) => {
                        let outer = self.text.get(open.start..).filter(|text| text.starts_with("{{"));
                        let meant =
                            outer.and_then(|text| text.get(..text.find("}}")? + 2)).filter(|text| !text.contains(['"', '\n']));
                        let problem = Problem::in_text(At::root(), tree.span, "a key cannot be a list or a mapping");
                        self.problems.push(match meant {
                            Some(meant) => problem.hint(format!("a text that begins with `{{` needs quotes: \"{meant}\"")),
                            None => problem.hint("a text with `{`, `}`, `[` or `]` inside of `{ }` or `[ ]` needs quotes"),
                        });
                        // It is meant as a text, and nobody needs to hear that it is a mapping.
                        open.broken |= meant.is_some();
                        Next::Nothing
                    }
                }
            }
            Next::ValueOf(key, key_span) => match open.keys.get(&key) {
                Some(first) if !self.problems.is_full() => {
                    let (line, column) = self.lines.place(self.text, first.start);
                    self.problems.push(
                        Problem::in_text(At::root(), key_span, format!("the key `{key}` stands twice"))
                            .hint(format!("the first one is at line {line}, column {column}")),
                    );
                }
                Some(_) => {}
                None => {
                    open.keys.insert(key.clone(), key_span);
                    entries.push(Entry { key, key_span, value: tree });
                }
            },
        }
    }

    /// Reports a tag other than `!!str`.
    fn refuse_tag(&mut self, tag: Option<&Tag>, span: &granit_parser::Span) -> bool {
        let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema_tag("str")) else { return false };
        let place = span.tag_span().map_or_else(|| self.place(span), |span| self.place(&span));
        let message = format!("`{}` is a tag, and tags are not read here", tag.original());
        self.problems.push(Problem::in_text(At::root(), place, message).hint("remove the tag"));
        true
    }

    fn place(&self, span: &granit_parser::Span) -> Span {
        let start = span.start.byte_offset().unwrap_or_default().min(self.text.len());
        Span { start, end: span.end.byte_offset().unwrap_or(start).clamp(start, self.text.len()) }
    }
}
