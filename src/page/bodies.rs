//! What stands in what while a page is rendered: templates, blocks, what `super()` leads to, components. Each of them takes the engine's stack for
//! as long as it is rendered, so together they are bounded: the longest way is found before anybody renders it.
//!
//! It takes every way for one that is gone, whatever an `if` says. Components may call one another as data have it; the engine ends that at
//! [`COMPONENTS`] of them, with an error on the page, so ways are followed as far and no further. What goes round without one of them is
//! longer than any bound.

use std::collections::BTreeMap;

use super::TemplateProblem;
use super::arguments::{Piece, Sort, Token, pieces};
use super::facts::AllFacts;
use super::place::place;

/// How many of them may stand in one another.
pub(super) const BODIES: usize = 100;

/// How many components the engine lets stand in one another.
const COMPONENTS: usize = 20;

/// How many names of a way are told from each of its ends.
const TOLD: usize = 4;

/// The first way that is too long, of templates that the engine takes.
pub(super) fn too_deep(texts: &BTreeMap<&str, &str>, facts: &AllFacts) -> Option<TemplateProblem> {
    let files: BTreeMap<&str, File<'_>> = texts.iter().map(|(name, text)| (*name, File::of(text))).collect();
    let mut components = BTreeMap::new();
    for (name, file) in &files {
        components.extend(file.components.iter().map(|(component, body)| (component.as_str(), (*name, body))));
    }
    let mut walk = Walk { files: &files, components, facts, known: BTreeMap::new(), way: Vec::new() };
    files.keys().find_map(|page| {
        let eldest = facts.parents(page).last().copied().unwrap_or(page);
        let Long { template, at, way } = walk.depth(At { page, what: What::All(eldest), left: COMPONENTS }).err()?;
        let (line, column) = place(texts.get(template)?, at);
        let message = format!("more than {BODIES} templates, blocks and components stand in one another from here on: {way}");
        Some(TemplateProblem { template: template.to_owned(), line: Some(line), column: Some(column), message })
    })
}

/// What is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct At<'w> {
    /// The template whose blocks win.
    page: &'w str,
    what: What<'w>,
    /// How many components may still stand in it.
    left: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What<'w> {
    /// A template, but for what its parents have around it.
    All(&'w str),
    /// A block, and which of the bodies that the family has for it, the youngest first.
    Block(&'w str, usize),
    Component(&'w str),
}

/// A way that is too long: where it is, and its names.
struct Long<'w> {
    template: &'w str,
    at: usize,
    way: String,
}

struct Walk<'w> {
    files: &'w BTreeMap<&'w str, File<'w>>,
    /// The components, each with the template that defines it.
    components: BTreeMap<&'w str, (&'w str, &'w Body<'w>)>,
    facts: &'w AllFacts,
    /// How deep it is from there.
    known: BTreeMap<At<'w>, usize>,
    /// What the walk stands in.
    way: Vec<At<'w>>,
}

impl<'w> Walk<'w> {
    /// How many bodies stand in one another from there, itself one of them.
    fn depth(&mut self, at: At<'w>) -> Result<usize, Long<'w>> {
        if let Some(depth) = self.known.get(&at) {
            return Ok(*depth);
        }
        let Some((template, body)) = self.body(at) else { return Ok(0) };
        self.way.push(at);
        let mut depth = 1;
        for (put, place) in &body.0 {
            let Some(next) = self.next(at, put) else { continue };
            let long = |walk: &Self| Long { template, at: *place, way: walk.told(next) };
            // The way so far is counted too: one that goes round would never come to an end.
            if self.way.len() >= BODIES {
                return Err(long(self));
            }
            let inner = self.depth(next)?;
            if self.way.len() + inner > BODIES {
                return Err(long(self));
            }
            depth = depth.max(1 + inner);
        }
        self.way.pop();
        self.known.insert(at, depth);
        Ok(depth)
    }

    /// What is put there, if there is such a thing.
    fn next(&self, at: At<'w>, put: &'w Put<'w>) -> Option<At<'w>> {
        Some(match put {
            Put::Include(name) => {
                let (name, _) = self.files.get_key_value(name.as_str())?;
                At { page: name, what: What::All(name), ..at }
            }
            Put::Block(name) => At { what: What::Block(name, 0), ..at },
            Put::Super => match at.what {
                What::Block(name, level) => At { what: What::Block(name, level + 1), ..at },
                _ => return None,
            },
            Put::Component(name) => {
                let (name, _) = self.components.get_key_value(name.as_str())?;
                At { what: What::Component(name), left: at.left.checked_sub(1)?, ..at }
            }
        })
    }

    fn body(&self, at: At<'w>) -> Option<(&'w str, &'w Body<'w>)> {
        match at.what {
            What::All(name) => self.files.get_key_value(name).map(|(name, file)| (*name, &file.all)),
            What::Component(name) => self.components.get(name).copied(),
            What::Block(block, level) => {
                let family = [at.page].into_iter().chain(self.facts.parents(at.page));
                let bodies = family.filter_map(|name| {
                    let (name, file) = self.files.get_key_value(name)?;
                    Some((*name, file.blocks.get(block)?))
                });
                bodies.into_iter().nth(level)
            }
        }
    }

    /// The names of the way, and of what comes next; of a long one both ends.
    fn told(&self, next: At<'w>) -> String {
        let names: Vec<String> = self.way.iter().chain([&next]).map(At::told).collect();
        let (first, last) = (names.get(..TOLD), names.get(names.len().saturating_sub(TOLD)..));
        match first.zip(last).filter(|_| names.len() > 2 * TOLD) {
            Some((first, last)) => format!("{} → … → {}", first.join(" → "), last.join(" → ")),
            None => names.join(" → "),
        }
    }
}

impl At<'_> {
    fn told(&self) -> String {
        match self.what {
            What::All(name) => format!("`{name}`"),
            What::Block(name, 0) => format!("block `{name}`"),
            What::Block(name, _) => format!("`super()` of block `{name}`"),
            What::Component(name) => format!("component `{name}`"),
        }
    }
}

/// What a body puts in itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Put<'t> {
    Include(String),
    Block(&'t str),
    Super,
    Component(String),
}

/// A template, a block or a component, as it was typed: what it puts in itself, each with its first place.
#[derive(Debug, Default)]
struct Body<'t>(BTreeMap<Put<'t>, usize>);

#[derive(Debug, Default)]
struct File<'t> {
    all: Body<'t>,
    blocks: BTreeMap<&'t str, Body<'t>>,
    components: BTreeMap<String, Body<'t>>,
}

/// Whose body is under way.
enum Open<'t> {
    All,
    Block(&'t str),
    Component(String),
}

impl<'t> File<'t> {
    fn of(text: &'t str) -> Self {
        let mut file = Self::default();
        let mut open = vec![(Open::All, Body::default())];
        for piece in pieces(text) {
            match (piece.tag(), piece.tokens.get(1)) {
                (Some("block"), Some(name)) => {
                    put(&mut open, Put::Block(name.text), name.at);
                    open.push((Open::Block(name.text), Body::default()));
                }
                (Some("component"), Some(_)) => {
                    open.push((Open::Component(dotted(piece.tokens.get(1..).unwrap_or_default())), Body::default()));
                }
                (Some("endblock" | "endcomponent"), _) if open.len() > 1 => {
                    if let Some(ended) = open.pop() {
                        file.take(ended);
                    }
                }
                _ => puts(&piece, &mut open),
            }
        }
        // What the engine takes has an end.
        open.into_iter().for_each(|left| file.take(left));
        file
    }

    fn take(&mut self, (open, body): (Open<'t>, Body<'t>)) {
        match open {
            Open::All => self.all = body,
            Open::Block(name) => _ = self.blocks.insert(name, body),
            Open::Component(name) => _ = self.components.insert(name, body),
        }
    }
}

fn put<'t>(open: &mut [(Open<'t>, Body<'t>)], put: Put<'t>, at: usize) {
    if let Some((_, body)) = open.last_mut() {
        body.0.entry(put).or_insert(at);
    }
}

/// Includes, and what stands in an expression: `super()`, and components. `a <b` has the look of one; that makes a way longer at most.
fn puts<'t>(piece: &Piece<'t>, open: &mut [(Open<'t>, Body<'t>)]) {
    let tokens = piece.tokens.as_slice();
    if let (Some("include"), Some(name)) = (piece.tag(), tokens.get(1).and_then(Token::unquoted)) {
        return put(open, Put::Include(name), tokens.first().map_or(0, |tag| tag.at));
    }
    for (index, token) in tokens.iter().enumerate() {
        let behind = tokens.get(index + 1..).unwrap_or_default();
        match (token.sort, behind.first().map(|next| next.sort)) {
            (Sort::Sign(b'<'), Some(Sort::Word)) => put(open, Put::Component(dotted(behind)), token.at),
            (Sort::Word, Some(Sort::Sign(b'('))) if token.text == "super" => put(open, Put::Super, token.at),
            _ => {}
        }
    }
}

/// A name that may have dots in it.
fn dotted(tokens: &[Token<'_>]) -> String {
    let mut name = String::new();
    for pair in tokens.chunks(2) {
        let Some(word) = pair.first().and_then(Token::word) else { break };
        name.push_str(word);
        match pair.get(1).map(|next| next.sort) {
            Some(Sort::Sign(b'.')) => name.push('.'),
            _ => break,
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(files: &[(&str, String)]) -> Option<String> {
        let texts: BTreeMap<&str, &str> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let facts = AllFacts::of(texts.clone());
        let problem = too_deep(&texts, &facts)?;
        let message =
            problem.message.strip_prefix("more than 100 templates, blocks and components stand in one another from here on: ")?;
        Some(format!("{}:{}:{}: {message}", problem.template, problem.line?, problem.column?))
    }

    #[test]
    fn blocks_that_lead_to_one_another_by_super_never_end() {
        let base = ("b", "{% block x %}{% block y %}{% endblock %}{% endblock %}".to_owned());
        let child = |super_of_x: &str| {
            ("c", format!("{{% extends 'b' %}}\n{{% block y %}}{{% block x %}}{super_of_x}{{% endblock %}}{{% endblock %}}"))
        };
        assert_eq!(told(&[base.clone(), child("")]), None);
        let way = "`b` → block `x` → `super()` of block `x` → block `y` → … → block `x` → `super()` of block `x` → block `y` → block `x`";
        assert_eq!(told(&[base, child("{{ super() }}")]), Some(format!("c:2:23: {way}")));
    }

    #[test]
    fn a_component_that_comes_back_to_itself_is_bounded_by_the_engine() {
        let called =
            |more: &str| ("a", format!("{{% component card() %}}{{% include 'b' %}}{{% endcomponent %}}{{{{ <card/> }}}}{more}"));
        assert_eq!(told(&[called(""), ("b", "{% if x %}{{ <card/> }}{% endif %}".to_owned())]), None);
        // Five templates within each of twenty components are more than a hundred.
        let names = ["b", "c", "d", "e", "f"];
        let link =
            |at: usize| (names[at], names.get(at + 1).map_or("{{ <card/> }}".into(), |next| format!("{{% include '{next}' %}}")));
        let links: Vec<(&str, String)> = [called("")].into_iter().chain((0..5).map(link)).collect();
        assert!(told(&links).unwrap().contains("component `card` → `b` → `c` → … → "), "{:?}", told(&links));
    }

    #[test]
    fn what_looks_like_a_call_in_a_text_or_a_comment_is_none() {
        let text = "{# {{ <a/> }} #}{% raw %}{{ <a/> }}{% endraw %}{{ '<a/>' }}{{ n < 3 }}<a/>";
        assert_eq!(told(&[("t", format!("{{% component a() %}}{text}{{% endcomponent %}}{{{{ <a/> }}}}"))]), None);
    }

    #[test]
    fn what_stands_in_one_another_many_times_over_is_looked_at_once() {
        let names: Vec<String> = (0..40).map(|at| format!("{at:02}")).collect();
        let text = |at: usize| names.get(at + 1).map_or("x".to_owned(), |next| format!("{{% include \"{next}\" %}}").repeat(10));
        let files: Vec<(&str, String)> = names.iter().enumerate().map(|(at, name)| (name.as_str(), text(at))).collect();
        assert_eq!(told(&files), None);
    }
}
