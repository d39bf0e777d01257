//! A template as steps: text, values, conditions and loops. A template with anything else in it has none.

use super::expression::{Expression, expression};
use super::lex::{Piece, Token, pieces};
use super::names::Names;
use super::scope::Scope;

/// The steps of a template, and the names of members that they can read.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) steps: Vec<Do>,
    pub(super) names: Names,
}

/// A step.
#[derive(Debug)]
pub(super) enum Do {
    /// Writes a text.
    Text(Box<str>),
    /// Writes a value, escaped.
    Write(Expression),
    /// Takes the first way.
    If(Expression, Vec<Do>, Vec<Do>),
    /// Takes a way for every element of a list, or the other when there is none.
    For(Expression, Vec<Do>, Vec<Do>),
}

/// The word at which a list of steps ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Template,
    Elif,
    Else,
    /// `endif`
    If,
    /// `endfor`
    For,
}

impl Program {
    /// `None` for a template that the engine has to render.
    pub(super) fn compile(template: &str) -> Option<Self> {
        let pieces = pieces(template)?;
        let mut reader = Reader { pieces: pieces.into_iter(), scope: Scope::default() };
        let (steps, end, _) = reader.steps()?;
        (end == End::Template).then_some(Self { steps, names: reader.scope.names })
    }
}

struct Reader<'t> {
    pieces: std::vec::IntoIter<Piece<'t>>,
    scope: Scope,
}

impl<'t> Reader<'t> {
    /// Steps up to an end, and what stands behind the word of the end.
    fn steps(&mut self) -> Option<(Vec<Do>, End, Vec<Token<'t>>)> {
        let mut steps = Vec::new();
        while let Some(piece) = self.pieces.next() {
            match piece {
                Piece::Text(text) => steps.push(Do::Text(text.into())),
                Piece::Value(tokens) => steps.push(Do::Write(expression(&tokens, &mut self.scope)?)),
                Piece::Tag(tokens) => {
                    let (word, rest) = tokens.split_first()?;
                    let end = match word {
                        Token::Word("if") => {
                            steps.push(self.condition(rest)?);
                            continue;
                        }
                        Token::Word("for") => {
                            steps.push(self.each(rest)?);
                            continue;
                        }
                        Token::Word("elif") => End::Elif,
                        Token::Word("else") => End::Else,
                        Token::Word("endif") => End::If,
                        Token::Word("endfor") => End::For,
                        _ => return None,
                    };
                    return Some((steps, end, rest.to_vec()));
                }
            }
        }
        Some((steps, End::Template, Vec::new()))
    }

    fn condition(&mut self, tokens: &[Token<'t>]) -> Option<Do> {
        let condition = expression(tokens, &mut self.scope)?;
        let (then, end, rest) = self.steps()?;
        let otherwise = match end {
            End::If => Vec::new(),
            End::Elif => vec![self.condition(&rest)?],
            End::Else => {
                let (otherwise, end, _) = self.steps()?;
                (end == End::If).then_some(otherwise)?
            }
            End::Template | End::For => return None,
        };
        Some(Do::If(condition, then, otherwise))
    }

    fn each(&mut self, tokens: &[Token<'t>]) -> Option<Do> {
        let [Token::Word(element), Token::Word("in"), list @ ..] = tokens else { return None };
        let list = expression(list, &mut self.scope)?;
        self.scope.enter(element);
        let (body, mut end, _) = self.steps()?;
        self.scope.leave();
        let mut otherwise = Vec::new();
        if end == End::Else {
            (otherwise, end, _) = self.steps()?;
        }
        (end == End::For).then_some(Do::For(list, body, otherwise))
    }
}
