//! Expressions: what of the engine's language is worked out here, in the engine's own order of precedence.

use super::lex::Token;
use super::scope::Scope;

/// What can be worked out.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Constant(Constant),
    Path(Path),
    /// A word on the turn of the loop that many loops from the outermost.
    Turn(usize, Turn),
    Not(Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    Is(Test, Box<Expression>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constant {
    None,
    Truth(bool),
    Whole(i64),
    Fraction(f64),
    Text(Box<str>),
}

/// A value and members of members of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Path {
    pub(super) root: Root,
    pub(super) steps: Vec<Step>,
}

/// A member, and whether nothing in front of it is nothing instead of an error: `a?.b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: u16,
    pub(super) is_optional: bool,
}

/// Where a path begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Root {
    /// The document.
    Data,
    /// A member of the document.
    Member(u16),
    /// `head`: that of the page where it has one, else a member of the document.
    Head(u16),
    /// The element of the loop that many loops from the outermost.
    Element(usize),
    Method,
    RequestPath,
    Id,
    Nonce,
    Param(Box<str>),
    Query(Box<str>),
    Route,
    Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Index,
    Index0,
    First,
    Last,
    Length,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Defined,
    Undefined,
    None,
}

/// How tightly an operator holds what is left and right of it. Whoever writes templates knows it from the engine.
const OR: (u8, u8) = (1, 2);
const AND: (u8, u8) = (3, 4);
const IS: u8 = 5;
const NOT: u8 = 5;
const COMPARE: (u8, u8) = (7, 8);

/// How deep expressions may nest; the engine refuses what is deeper.
const DEEPEST: usize = 40;

/// Reads a whole expression. `None` where it has anything in it that is not worked out here.
pub(super) fn expression(tokens: &[Token<'_>], scope: &mut Scope) -> Option<Expression> {
    let mut parser = Parser { tokens, scope, depth: 0 };
    let expression = parser.bound(0)?;
    parser.tokens.is_empty().then_some(expression)
}

struct Parser<'p, 't> {
    tokens: &'p [Token<'t>],
    scope: &'p mut Scope,
    depth: usize,
}

impl<'t> Parser<'_, 't> {
    fn next(&mut self) -> Option<Token<'t>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    fn bound(&mut self, least: u8) -> Option<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut left = self.operand()?;
        while let Some(token) = self.tokens.first() {
            let (comparison, (holds_left, holds_right)) = match token {
                Token::Word("or") => (None, OR),
                Token::Word("and") => (None, AND),
                Token::Word("is") if IS >= least => {
                    self.next();
                    left = self.test(left)?;
                    continue;
                }
                Token::Sign("==") => (Some(Comparison::Equal), COMPARE),
                Token::Sign("!=") => (Some(Comparison::NotEqual), COMPARE),
                Token::Sign("<") => (Some(Comparison::Less), COMPARE),
                Token::Sign("<=") => (Some(Comparison::LessOrEqual), COMPARE),
                Token::Sign(">") => (Some(Comparison::Greater), COMPARE),
                Token::Sign(">=") => (Some(Comparison::GreaterOrEqual), COMPARE),
                // What is no end of this operand makes the whole of it no expression of ours.
                _ => break,
            };
            if holds_left < least {
                break;
            }
            self.next();
            let right = Box::new(self.bound(holds_right)?);
            left = match (comparison, holds_left) {
                (Some(comparison), _) => Expression::Compare(comparison, Box::new(left), right),
                (None, 1) => Expression::Or(Box::new(left), right),
                (None, _) => Expression::And(Box::new(left), right),
            };
        }
        self.depth -= 1;
        Some(left)
    }

    fn operand(&mut self) -> Option<Expression> {
        Some(Expression::Constant(match self.next()? {
            Token::Whole(whole) => Constant::Whole(whole),
            Token::Fraction(fraction) => Constant::Fraction(fraction),
            Token::Text(text) => Constant::Text(text.into()),
            Token::Truth(truth) => Constant::Truth(truth),
            Token::Word("none" | "None" | "null") => Constant::None,
            Token::Sign("-") => match self.next()? {
                Token::Whole(whole) => Constant::Whole(whole.checked_neg()?),
                Token::Fraction(fraction) => Constant::Fraction(-fraction),
                _ => return None,
            },
            Token::Word("not") => return Some(Expression::Not(Box::new(self.bound(NOT)?))),
            Token::Sign("(") => {
                let inner = self.bound(0)?;
                return (self.next()? == Token::Sign(")")).then_some(inner);
            }
            Token::Word(word) => return self.path(word),
            Token::Sign(_) => return None,
        }))
    }

    fn test(&mut self, left: Expression) -> Option<Expression> {
        let is_not = self.tokens.first() == Some(&Token::Word("not"));
        if is_not {
            self.next();
        }
        let test = match self.next()? {
            Token::Word("defined") => Test::Defined,
            Token::Word("undefined") => Test::Undefined,
            Token::Word("none") => Test::None,
            _ => return None,
        };
        let is = Expression::Is(test, Box::new(left));
        Some(if is_not { Expression::Not(Box::new(is)) } else { is })
    }

    /// A path that begins with this word, or what a loop says of its turn.
    fn path(&mut self, word: &'t str) -> Option<Expression> {
        let mut members: Vec<(&str, bool)> = Vec::new();
        while let Some(Token::Sign(sign @ ("." | "?."))) = self.tokens.first() {
            self.next();
            let Token::Word(name) = self.next()? else { return None };
            members.push((name, *sign == "?."));
        }
        // A call, or an index: the engine's.
        if let Some(Token::Sign("(" | "[" | "?[")) = self.tokens.first() {
            return None;
        }
        self.scope.path(word, &members)
    }
}
