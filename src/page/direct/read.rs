//! From a family of templates to the steps of one: blocks, parents and includes are put where they are rendered.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::Expression;
use super::family::{Body, Family};
use super::lex::{Piece, Token, What};
use super::names::Names;
use super::parse::{expression, filters};
use super::program::{Do, For, Keep, Program};
use super::scope::Scope;
use super::stays::{Odd, Stays};

/// How much of it a template may be once everything is in its place: each piece counts once, and once more for each [`BYTES`] of its text. And
/// how deep bodies, and what there is in them, may stand in each other.
const MOST_PIECES: usize = 50_000;
const BYTES: usize = 1024;
const DEEPEST: usize = 100;

/// The word at which a list of steps ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Body,
    Elif,
    Else,
    /// `endif`
    If,
    /// `endfor`
    For,
    /// `endset`
    Set,
    /// `endfilter`
    Filter,
}

/// Reads a template of a family.
///
/// # Errors
/// What only the engine knows.
pub(super) fn program(family: &Family<'_>, name: &str, names: Names) -> Result<(Program, Names), Stays> {
    let assigned: BTreeSet<String> = family.assigned(name);
    let scope = Scope::new(names, assigned);
    let mut reader = Reader { family, scope, blocks: Vec::new(), lineages: Vec::new(), left: MOST_PIECES, depth: 0 };
    let steps = reader.template(name, true)?;
    let Reader { scope, blocks, .. } = reader;
    Ok((Program { steps, slots: scope.slots, blocks }, scope.names))
}

struct Reader<'f, 't> {
    family: &'f Family<'t>,
    scope: Scope,
    /// The names of the blocks that were met.
    blocks: Vec<String>,
    /// The bodies of each block, that of the youngest template first; the innermost template that is included is the last one.
    lineages: Vec<BTreeMap<String, Vec<Body<'f, 't>>>>,
    left: usize,
    depth: usize,
}

/// A body that is read, and how far.
struct Reading<'f, 't> {
    body: Body<'f, 't>,
    at: usize,
    /// The block that it is of, and which of the bodies of that block it is.
    block: Option<(&'f str, usize)>,
}

impl<'t> Reading<'_, 't> {
    fn stays(&self, piece: &Piece<'t>, what: Odd) -> Stays {
        Stays::at(self.body.template, self.body.text, piece.at, what)
    }
}

impl<'f, 't> Reader<'f, 't> {
    /// All of a template: of one that stands on others, the eldest's body. What is included is rendered for itself alone.
    fn template(&mut self, name: &str, with_parents: bool) -> Result<Vec<Do>, Stays> {
        let body = if with_parents { self.family.eldest(name)? } else { self.family.body(name)? };
        let lineages = self.family.lineages(name)?;
        self.left = self.left.saturating_sub(lineages.len());
        self.lineages.push(lineages);
        let near = self.scope.enter_template();
        let steps = self.body(body, None);
        let clears = self.scope.leave_template(near);
        self.lineages.pop();
        let mut steps = steps?;
        if !with_parents && !clears.is_empty() {
            steps.insert(0, Do::Clear(clears));
        }
        Ok(steps)
    }

    fn body(&mut self, body: Body<'f, 't>, block: Option<(&'f str, usize)>) -> Result<Vec<Do>, Stays> {
        let mut reading = Reading { body, at: 0, block };
        let (steps, end, _) = self.steps(&mut reading)?;
        let odd = || Stays::at(body.template, body.text, 0, "what stands here".into());
        if end == End::Body { Ok(steps) } else { Err(odd()) }
    }

    /// Steps up to an end, and what stands behind the word of the end.
    fn steps(&mut self, reading: &mut Reading<'f, 't>) -> Result<(Vec<Do>, End, &'f [Token<'t>]), Stays> {
        let mut steps = Vec::new();
        self.depth += 1;
        while let Some(piece) = reading.body.pieces.get(reading.at) {
            reading.at += 1;
            self.left = self.left.saturating_sub(1 + piece.length() / BYTES);
            if self.left == 0 || self.depth > DEEPEST {
                return Err(reading.stays(piece, "so much of it".into()));
            }
            match &piece.what {
                What::Text(text) => match steps.last_mut() {
                    Some(Do::Text(before)) => before.push_str(text),
                    _ => steps.push(Do::Text((*text).to_owned())),
                },
                What::Value(tokens) if is_super(tokens) => steps.extend(self.parent(reading, piece)?),
                What::Value(tokens) => steps.push(Do::Write(self.expression(reading, piece, tokens)?)),
                What::Tag(tokens) => {
                    if let Some((end, rest)) = end(tokens) {
                        self.depth -= 1;
                        return Ok((steps, end, rest));
                    }
                    self.tag(reading, piece, tokens, &mut steps)?;
                }
            }
        }
        self.depth -= 1;
        Ok((steps, End::Body, &[]))
    }

    fn tag(
        &mut self,
        reading: &mut Reading<'f, 't>,
        piece: &'f Piece<'t>,
        tokens: &'f [Token<'t>],
        steps: &mut Vec<Do>,
    ) -> Result<(), Stays> {
        let odd = |what: &'static str| reading.stays(piece, what.into());
        let Some((Token::Word(word), rest)) = tokens.split_first() else { return Err(odd("a component")) };
        match (*word, rest) {
            ("if", _) => {
                let step = self.condition(reading, piece, rest)?;
                steps.push(step);
            }
            ("for", _) => {
                let step = self.each(reading, piece, rest)?;
                steps.push(step);
            }
            ("set" | "set_global", [Token::Word(name), rest @ ..]) => {
                let step = self.set(reading, piece, name, rest, *word == "set_global")?;
                steps.push(step);
            }
            ("filter", _) => {
                let filters = filters(rest, &mut self.scope).map_err(|what| reading.stays(piece, what))?;
                let (kept, end, _) = self.steps(reading)?;
                if end != End::Filter {
                    return Err(reading.stays(piece, "a section".into()));
                }
                steps.push(Do::Keep(Box::new(Keep { steps: kept, filters, place: None })));
            }
            ("include", [Token::Text(name)]) => steps.extend(self.template(name, false)?),
            ("block", [Token::Word(name), ..]) => {
                reading.at = reading.body.behind_block(reading.at);
                steps.extend(self.block(reading, piece, name)?);
            }
            // Its parents stand around it already.
            ("extends", _) => {}
            ("break", []) => steps.push(Do::Break),
            ("continue", []) => steps.push(Do::Continue),
            ("component", _) => return Err(odd("a component")),
            (word, _) => return Err(reading.stays(piece, format!("`{{% {word} %}}`").into())),
        }
        Ok(())
    }

    fn expression(&mut self, reading: &Reading<'f, 't>, piece: &Piece<'t>, tokens: &[Token<'t>]) -> Result<Expression, Stays> {
        expression(tokens, &mut self.scope).map_err(|what| reading.stays(piece, what))
    }

    fn condition(&mut self, reading: &mut Reading<'f, 't>, piece: &'f Piece<'t>, tokens: &[Token<'t>]) -> Result<Do, Stays> {
        let mut ways = Vec::new();
        let mut tokens = tokens;
        let end = loop {
            let condition = self.expression(reading, piece, tokens)?;
            let (then, end, rest) = self.steps(reading)?;
            ways.push((condition, then));
            if end != End::Elif {
                break end;
            }
            tokens = rest;
        };
        let (otherwise, end) = match end {
            End::Else => self.steps(reading).map(|(otherwise, end, _)| (otherwise, end))?,
            end => (Vec::new(), end),
        };
        if end != End::If {
            return Err(reading.stays(piece, "a condition".into()));
        }
        let only = if ways.len() == 1 { ways.pop() } else { None };
        Ok(match only {
            Some((condition, then)) => Do::If(condition, then, otherwise),
            None => Do::Choose(ways, otherwise),
        })
    }

    fn each(&mut self, reading: &mut Reading<'f, 't>, piece: &'f Piece<'t>, tokens: &[Token<'t>]) -> Result<Do, Stays> {
        let (element, key, list) = match tokens {
            [Token::Word(element), Token::Word("in"), list @ ..] => (*element, None, list),
            [Token::Word(key), Token::Sign(","), Token::Word(element), Token::Word("in"), list @ ..] => {
                (*element, Some(*key), list)
            }
            _ => return Err(reading.stays(piece, "a loop".into())),
        };
        self.scope.before_loop();
        let list = self.expression(reading, piece, list)?;
        self.scope.enter_loop(element, key);
        let (body, mut end, _) = self.steps(reading)?;
        let clears = self.scope.leave_loop();
        let mut otherwise = Vec::new();
        if end == End::Else {
            (otherwise, end, _) = self.steps(reading)?;
        }
        if end != End::For {
            return Err(reading.stays(piece, "a loop".into()));
        }
        Ok(Do::For(Box::new(For { list, has_key: key.is_some(), clears, body, otherwise })))
    }

    fn set(
        &mut self,
        reading: &mut Reading<'f, 't>,
        piece: &'f Piece<'t>,
        name: &str,
        tokens: &[Token<'t>],
        in_template: bool,
    ) -> Result<Do, Stays> {
        let place = self.scope.set(name, in_template).map_err(|what| reading.stays(piece, what))?;
        if let [Token::Sign("="), value @ ..] = tokens {
            return Ok(Do::Set(place, self.expression(reading, piece, value)?));
        }
        let filters = filters(tokens, &mut self.scope).map_err(|what| reading.stays(piece, what))?;
        let (steps, end, _) = self.steps(reading)?;
        if end != End::Set {
            return Err(reading.stays(piece, "a section".into()));
        }
        Ok(Do::Keep(Box::new(Keep { steps, filters, place: Some(place) })))
    }

    /// A block, as the youngest template that has it says.
    fn block(&mut self, reading: &Reading<'f, 't>, piece: &Piece<'t>, name: &str) -> Result<Vec<Do>, Stays> {
        let body = self.of_lineage(name, 0).ok_or_else(|| reading.stays(piece, "a block".into()))?;
        // Of what is included, no block is ever asked for by name.
        let number = match (self.lineages.len(), self.blocks.iter().position(|known| known == name)) {
            (1, Some(number)) => Some(number),
            (1, None) => {
                self.blocks.push(name.to_owned());
                Some(self.blocks.len() - 1)
            }
            _ => None,
        };
        let mut steps: Vec<Do> = number.map(Do::Begin).into_iter().collect();
        steps.extend(self.body(body, Some((body.block, 0)))?);
        steps.extend(number.map(Do::End));
        Ok(steps)
    }

    /// `{{ super() }}`
    fn parent(&mut self, reading: &Reading<'f, 't>, piece: &Piece<'t>) -> Result<Vec<Do>, Stays> {
        let found = reading.block.and_then(|(name, level)| Some((name, level + 1, self.of_lineage(name, level + 1)?)));
        let (name, level, body) = found.ok_or_else(|| reading.stays(piece, "`super()` of a block without a parent".into()))?;
        self.body(body, Some((name, level)))
    }

    fn of_lineage(&self, name: &str, level: usize) -> Option<Body<'f, 't>> {
        self.lineages.last()?.get(name)?.get(level).copied()
    }
}

fn is_super(tokens: &[Token<'_>]) -> bool {
    *tokens == [Token::Word("super"), Token::Sign("("), Token::Sign(")")]
}

fn end<'f, 't>(tokens: &'f [Token<'t>]) -> Option<(End, &'f [Token<'t>])> {
    let (Token::Word(word), rest) = tokens.split_first()? else { return None };
    let end = match *word {
        "elif" => End::Elif,
        "else" => End::Else,
        "endif" => End::If,
        "endfor" => End::For,
        "endset" => End::Set,
        "endfilter" => End::Filter,
        _ => return None,
    };
    Some((end, rest))
}
