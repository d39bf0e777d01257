//! Templates as they stand on each other: parents, blocks, includes.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::lex::{Piece, Token, What, pieces};
use super::stays::Stays;

/// All templates, by name, each read when it is asked for.
#[derive(Debug)]
pub(super) struct Family<'t>(BTreeMap<&'t str, Known<'t>>);

#[derive(Debug)]
struct Known<'t> {
    text: &'t str,
    member: OnceCell<Result<Member<'t>, Stays>>,
}

#[derive(Debug)]
struct Member<'t> {
    text: &'t str,
    pieces: Vec<Piece<'t>>,
    parent: Option<String>,
    includes: BTreeSet<String>,
    /// The names that it sets.
    sets: BTreeSet<String>,
    /// Where the bodies of its blocks are, among the pieces.
    blocks: BTreeMap<&'t str, Range<usize>>,
}

/// Pieces of a template: all of them, or those of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Body<'f, 't> {
    pub(super) template: &'f str,
    pub(super) text: &'t str,
    pub(super) pieces: &'f [Piece<'t>],
    /// The name of the block, if it is one.
    pub(super) block: &'f str,
}

impl<'t> Family<'t> {
    pub(super) fn new(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        Self(files.into_iter().map(|(name, text)| (name, Known { text, member: OnceCell::new() })).collect())
    }

    fn member(&self, name: &str) -> Result<(&'t str, &Member<'t>), Stays> {
        let missing = || Stays { template: name.to_owned(), line: 1, what: "a template that is not there".to_owned() };
        let (name, Known { text, member }) = self.0.get_key_value(name).ok_or_else(missing)?;
        let member = member.get_or_init(|| Member::read(name, text));
        member.as_ref().map(|member| (*name, member)).map_err(Clone::clone)
    }

    /// A template and its parents, the eldest last. Circles were refused before there is anybody to ask.
    fn line(&self, name: &str) -> Result<Vec<(&'t str, &Member<'t>)>, Stays> {
        let mut line = vec![self.member(name)?];
        while let Some(parent) = line.last().and_then(|(_, member)| member.parent.as_deref()) {
            line.push(self.member(parent)?);
        }
        Ok(line)
    }

    /// A template's own body.
    pub(super) fn body(&self, name: &str) -> Result<Body<'_, 't>, Stays> {
        let (name, member) = self.member(name)?;
        Ok(Body { template: name, text: member.text, pieces: &member.pieces, block: "" })
    }

    /// The body of the eldest that a template stands on.
    pub(super) fn eldest(&self, name: &str) -> Result<Body<'_, 't>, Stays> {
        let eldest = self.line(name)?.last().map_or(name, |(name, _)| *name);
        self.body(eldest)
    }

    /// The bodies of all blocks of a template, that of the youngest first; behind it those that `super()` leads to.
    pub(super) fn lineages(&self, name: &str) -> Result<BTreeMap<String, Vec<Body<'_, 't>>>, Stays> {
        let mut lineages: BTreeMap<String, Vec<Body<'_, 't>>> = BTreeMap::new();
        for (template, member) in self.line(name)? {
            for (block, range) in &member.blocks {
                let pieces = member.pieces.get(range.clone()).unwrap_or_default();
                let body = Body { template, text: member.text, pieces, block };
                lineages.entry((*block).to_owned()).or_default().push(body);
            }
        }
        Ok(lineages)
    }

    /// The names that a template, its parents, or what they include sets.
    pub(super) fn assigned(&self, name: &str) -> BTreeSet<String> {
        let (mut names, mut seen, mut open) = (BTreeSet::new(), BTreeSet::new(), vec![name.to_owned()]);
        while let Some(name) = open.pop() {
            if let Ok((_, member)) = self.member(&name)
                && seen.insert(name)
            {
                names.extend(member.sets.iter().cloned());
                open.extend(member.parent.iter().chain(&member.includes).cloned());
            }
        }
        names
    }
}

impl<'t> Member<'t> {
    fn read(name: &str, text: &'t str) -> Result<Self, Stays> {
        let pieces = pieces(text).map_err(|(at, what)| Stays::at(name, text, at, what))?;
        let mut member = Self {
            text,
            pieces: Vec::new(),
            parent: None,
            includes: BTreeSet::new(),
            sets: BTreeSet::new(),
            blocks: BTreeMap::new(),
        };
        let mut open: Vec<(&'t str, usize)> = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            let What::Tag(tokens) = &piece.what else { continue };
            match tokens.as_slice() {
                [Token::Word("extends"), Token::Text(parent)] => member.parent = Some(parent.to_string()),
                [Token::Word("include"), Token::Text(name)] => _ = member.includes.insert(name.to_string()),
                [Token::Word("set" | "set_global"), Token::Word(name), ..] => _ = member.sets.insert((*name).to_owned()),
                [Token::Word("block"), Token::Word(name), ..] => open.push((name, at + 1)),
                [Token::Word("endblock"), ..] => {
                    if let Some((name, start)) = open.pop() {
                        member.blocks.insert(name, start..at);
                    }
                }
                _ => {}
            }
        }
        member.pieces = pieces;
        Ok(member)
    }
}

impl Body<'_, '_> {
    /// The place behind the end of a block whose tag stands in front of this place.
    pub(super) fn behind_block(&self, from: usize) -> usize {
        let mut depth = 1_usize;
        for (at, piece) in self.pieces.iter().enumerate().skip(from) {
            let What::Tag(tokens) = &piece.what else { continue };
            match tokens.first() {
                Some(Token::Word("block")) => depth += 1,
                Some(Token::Word("endblock")) => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return at + 1;
            }
        }
        self.pieces.len()
    }
}
