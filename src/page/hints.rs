//! What a page names in its head whatever its data say, told from the texts of its templates: so it can be told before there are data.
//!
//! The family of templates is written down as one text, in which a mark stands for everything that data decide: expressions, what is
//! within an `if` or a `for`, and whatever else is not known here. A tag with that mark in it is passed over. The nonce is no such thing:
//! no hint has one.

use std::collections::BTreeMap;

use super::links::{MARK, named};
use super::place::opened;
use super::strays::mark;
use super::tags::IN_HEAD;

/// Templates within templates: more than anybody has.
const DEPTH: usize = 16;

/// How many bytes of templates are read for one page, each as often as it stands there: those that stand in one another many times over come to
/// more than anybody could read. What is left then is taken for something that data decide.
const READ: usize = 1024 * 1024;

/// What a page names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hints {
    /// These, as a `Link` header has them.
    Links(String),
    /// All that it names hangs on its data.
    Unsure,
    /// Nothing.
    Nothing,
}

/// What the page of a template names, by the texts of all templates.
pub(super) fn hints(texts: &BTreeMap<String, String>, name: &str) -> Hints {
    let written = |data: bool| {
        let mut page = Page { text: String::new(), muted: 0, data, left: READ };
        let family = Family::of(texts, name, &mut page)?;
        family.write(&mut page, 0);
        named(&page.text)
    };
    match written(false) {
        Some(links) => Hints::Links(links),
        None if written(true).is_some() => Hints::Unsure,
        None => Hints::Nothing,
    }
}

/// The text of a page, as far as it is known.
struct Page {
    text: String,
    /// Within how many tags it is that data decide on.
    muted: usize,
    /// Whether data are taken to say yes to everything, which tells what they might bring.
    data: bool,
    /// How many bytes of templates may still be read.
    left: usize,
}

impl Page {
    /// Whether so many bytes may be read.
    fn reads(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or_default();
        left.is_some()
    }

    fn write(&mut self, text: &str) {
        if self.muted == 0 || self.data {
            self.text.push_str(text);
        } else if may_end_head(text) {
            self.text.push_str("</head>");
        }
    }

    /// Data decide what stands here.
    fn decide(&mut self) {
        if self.data {
            self.text.push('x');
        } else if self.muted == 0 {
            self.text.push(MARK);
        }
    }
}

/// Whether, behind a text that data decide on, nobody knows whether it is still the head: it has a tag that no head has, or opens a
/// comment.
fn may_end_head(text: &str) -> bool {
    text.split('<').skip(1).any(|tag| {
        let name = tag.strip_prefix('/').unwrap_or(tag);
        let name = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default();
        let is_of_head = IN_HEAD.iter().any(|known| name.eq_ignore_ascii_case(known));
        tag.starts_with("!--") || name.starts_with(|c: char| c.is_ascii_alphabetic()) && !is_of_head
    })
}

/// A piece of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'t> {
    Text(&'t str),
    /// `{{ … }}`
    Value(&'t str),
    /// `{% word rest %}`
    Tag(&'t str, &'t str),
}

/// A template with its parents.
struct Family<'t> {
    texts: &'t BTreeMap<String, String>,
    /// The pieces of the eldest.
    eldest: Vec<Piece<'t>>,
    /// The bodies of each block, the youngest first.
    blocks: BTreeMap<&'t str, Vec<Vec<Piece<'t>>>>,
}

impl<'t> Family<'t> {
    /// `None` where that is too much to read.
    fn of(texts: &'t BTreeMap<String, String>, name: &str, page: &mut Page) -> Option<Self> {
        let mut family = Self { texts, eldest: Vec::new(), blocks: BTreeMap::new() };
        let mut next = texts.get(name);
        // Circles were refused before there is anybody to ask.
        while let Some(text) = next {
            if !page.reads(text.len()) {
                return None;
            }
            let pieces = pieces(text);
            for (at, piece) in pieces.iter().enumerate() {
                if let Piece::Tag("block", rest) = piece {
                    let body = pieces.get(at + 1..end_of_block(&pieces, at)).unwrap_or_default();
                    family.blocks.entry(first_word(rest)).or_default().push(body.to_vec());
                }
            }
            let parent =
                pieces.iter().find_map(|piece| if let Piece::Tag("extends", rest) = piece { quoted(rest) } else { None });
            next = parent.and_then(|parent| texts.get(parent));
            family.eldest = pieces;
        }
        Some(family)
    }

    fn write(&self, page: &mut Page, depth: usize) {
        self.write_pieces(&self.eldest, &[], page, depth);
    }

    /// Writes pieces. `elders` are the bodies that `super()` leads to.
    fn write_pieces(&self, pieces: &[Piece<'t>], elders: &[Vec<Piece<'t>>], page: &mut Page, depth: usize) {
        if depth > DEPTH {
            return page.decide();
        }
        let mut at = 0;
        while let Some(piece) = pieces.get(at) {
            at += 1;
            let length = if let Piece::Text(text) = piece { text.len() } else { 1 };
            if !page.reads(length) {
                return page.decide();
            }
            match *piece {
                Piece::Text(text) => page.write(text),
                Piece::Value("super()") => {
                    if let Some((elder, elders)) = elders.split_first() {
                        self.write_pieces(elder, elders, page, depth + 1);
                    }
                }
                Piece::Value("request.nonce") if page.text.ends_with("nonce=\"") || page.text.ends_with("nonce='") => {}
                Piece::Value(_) => page.decide(),
                Piece::Tag("block", rest) => {
                    at = end_of_block(pieces, at - 1) + 1;
                    if let Some((body, elders)) = self.blocks.get(first_word(rest)).and_then(|bodies| bodies.split_first()) {
                        self.write_pieces(body, elders, page, depth + 1);
                    }
                }
                Piece::Tag("include", rest) => {
                    let included = quoted(rest).filter(|name| self.texts.contains_key(*name));
                    match included.and_then(|name| Family::of(self.texts, name, page)) {
                        Some(included) => included.write(page, depth + 1),
                        None => page.decide(),
                    }
                }
                Piece::Tag(word, rest) if opens(word, rest) => {
                    page.decide();
                    page.muted += 1;
                }
                Piece::Tag(word, rest) if closes(word, rest) => page.muted = page.muted.saturating_sub(1),
                // What is set, and what follows in a tag that has begun, prints nothing by itself.
                Piece::Tag(..) => {}
            }
        }
    }
}

/// Whether data decide on what stands between this tag and its end.
fn opens(word: &str, rest: &str) -> bool {
    match word {
        "if" | "for" | "filter" | "component" | "macro" => true,
        "set" | "set_global" => !rest.contains('='),
        // The body of a component that is called: `{% <Card> %}`.
        "" => rest.starts_with('<') && !rest.starts_with("</"),
        _ => false,
    }
}

fn closes(word: &str, rest: &str) -> bool {
    match word {
        "endif" | "endfor" | "endfilter" | "endcomponent" | "endmacro" | "endset" | "endset_global" => true,
        "" => rest.starts_with("</"),
        _ => false,
    }
}

/// Where the end tag of the block stands that begins at a place, among the pieces.
fn end_of_block(pieces: &[Piece<'_>], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, piece) in pieces.iter().enumerate().skip(from) {
        match piece {
            Piece::Tag("block", _) => depth += 1,
            Piece::Tag("endblock", _) => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return at;
        }
    }
    pieces.len()
}

fn first_word(rest: &str) -> &str {
    rest.split_ascii_whitespace().next().unwrap_or_default()
}

/// The text in quotes that is all there is.
fn quoted(rest: &str) -> Option<&str> {
    let rest = rest.trim_ascii();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'))?;
    let name = rest.get(1..)?.strip_suffix(quote)?;
    (!name.contains([quote, '\\'])).then_some(name)
}

/// The pieces of a template; comments are none, and what stands raw is text.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let next = opened(rest).map_or(rest.len(), |(at, ..)| at);
        let (plain, behind) = rest.split_at(next);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        if behind.starts_with("{#") {
            rest = behind.split_once("#}").map_or("", |(_, behind)| behind);
            continue;
        }
        let Some((typed, behind)) = mark(behind).and_then(|length| behind.split_at_checked(length)) else { break };
        rest = behind;
        let inside = typed.get(2..typed.len() - 2).unwrap_or_default();
        let inside = inside.strip_prefix('-').unwrap_or(inside);
        let inside = inside.strip_suffix('-').unwrap_or(inside).trim_ascii();
        if typed.starts_with("{{") {
            pieces.push(Piece::Value(inside));
            continue;
        }
        let (word, behind) = inside.split_at(inside.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inside.len()));
        if word == "raw" {
            let (raw, end) = rest.split_at(rest.find("endraw").unwrap_or(rest.len()));
            pieces.push(Piece::Text(raw.rfind("{%").and_then(|at| raw.get(..at)).unwrap_or(raw)));
            rest = end.split_once("%}").map_or("", |(_, behind)| behind);
            continue;
        }
        pieces.push(Piece::Tag(word, behind.trim_ascii()));
    }
    pieces
}
