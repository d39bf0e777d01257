//! From tokens to expressions, in the engine's own order of precedence.

use super::expression::{Arithmetic, Comparison, Constant, Expression, Item, Step, Test, Which};
use super::filter::{Args, Filter};
use super::function::Call;
use super::lex::Token;
use super::scope::Scope;
use super::stays::Odd;

/// How tightly an operator holds what is left and right of it. Whoever writes templates knows it from the engine.
pub(super) const CHOICE: u8 = 0;
const OR: (u8, u8) = (1, 2);
const AND: (u8, u8) = (3, 4);
const IN: (u8, u8) = (5, 6);
const NOT: u8 = 5;
const COMPARE: (u8, u8) = (7, 8);
const ADD: (u8, u8) = (11, 12);
const MULTIPLY: (u8, u8) = (13, 14);
const POWER: (u8, u8) = (16, 15);
const PIPE: u8 = 17;
const NEGATIVE: u8 = 20;

/// How deep expressions may nest; the engine refuses what is deeper.
const DEEPEST: usize = 40;

/// Reads a whole expression.
///
/// # Errors
/// It has something in it that is not worked out here.
pub(super) fn expression(tokens: &[Token<'_>], scope: &mut Scope) -> Result<Expression, Odd> {
    let mut parser = Parser { tokens, scope, depth: 0 };
    let expression = parser.bound(0)?;
    parser.end(expression)
}

/// Reads the filters of a section: each behind a `|`, the first one perhaps without.
///
/// # Errors
/// As [`expression`].
pub(super) fn filters(tokens: &[Token<'_>], scope: &mut Scope) -> Result<Vec<Filter>, Odd> {
    let mut parser = Parser { tokens, scope, depth: 0 };
    let mut filters = Vec::new();
    while !parser.tokens.is_empty() {
        parser.takes("|");
        filters.push(parser.filter()?);
    }
    Ok(filters)
}

pub(super) struct Parser<'p, 't> {
    pub(super) tokens: &'p [Token<'t>],
    pub(super) scope: &'p mut Scope,
    depth: usize,
}

/// What the engine would not have taken either.
pub(super) fn odd() -> Odd {
    "this expression".into()
}

impl<'t> Parser<'_, 't> {
    pub(super) fn next(&mut self) -> Result<Token<'t>, Odd> {
        let (first, rest) = self.tokens.split_first().ok_or_else(odd)?;
        self.tokens = rest;
        Ok(first.clone())
    }

    /// Whether a sign comes next; it is taken then.
    pub(super) fn takes(&mut self, sign: &'static str) -> bool {
        let is_next = self.tokens.first() == Some(&Token::Sign(sign));
        if is_next {
            self.tokens = self.tokens.get(1..).unwrap_or_default();
        }
        is_next
    }

    pub(super) fn takes_word(&mut self, word: &'static str) -> bool {
        let is_next = self.tokens.first() == Some(&Token::Word(word));
        if is_next {
            self.tokens = self.tokens.get(1..).unwrap_or_default();
        }
        is_next
    }

    pub(super) fn wants(&mut self, sign: &'static str) -> Result<(), Odd> {
        if self.takes(sign) { Ok(()) } else { Err(odd()) }
    }

    pub(super) fn word(&mut self) -> Result<&'t str, Odd> {
        if let Token::Word(word) = self.next()? { Ok(word) } else { Err(odd()) }
    }

    fn end<T>(&self, read: T) -> Result<T, Odd> {
        if self.tokens.is_empty() { Ok(read) } else { Err(odd()) }
    }

    pub(super) fn bound(&mut self, least: u8) -> Result<Expression, Odd> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(odd());
        }
        let mut left = self.operand()?;
        while let Some(token) = self.tokens.first() {
            let (holds_left, holds_right) = match token {
                Token::Word("or") => OR,
                Token::Word("and") => AND,
                Token::Word("in" | "is" | "not") => IN,
                Token::Word("if") => (CHOICE, CHOICE),
                Token::Sign("[") => {
                    self.next()?;
                    left = self.item(left, false)?;
                    continue;
                }
                Token::Sign("|") => (PIPE, PIPE),
                Token::Sign("+" | "-") => ADD,
                Token::Sign("*" | "/" | "//" | "%" | "~") => MULTIPLY,
                Token::Sign("**") => POWER,
                Token::Sign("==" | "!=" | "<" | "<=" | ">" | ">=") => COMPARE,
                // What is no end of this operand makes the whole of it no expression of ours.
                _ => break,
            };
            if holds_left < least {
                break;
            }
            let operator = self.next()?;
            left = self.operation(left, &operator, holds_right)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operation(&mut self, left: Expression, operator: &Token<'t>, holds: u8) -> Result<Expression, Odd> {
        let compare = |how, left, right| Expression::Compare(how, Box::new(left), Box::new(right));
        let arithmetic = |how, left, right| Expression::Arithmetic(how, Box::new(left), Box::new(right));
        match operator {
            Token::Sign("|") => {
                let filter = self.filter()?;
                return Ok(Expression::Filtered(Box::new(left), Box::new(filter)));
            }
            Token::Word("is") => return self.test(left),
            Token::Word("if") => {
                let condition = self.bound(0)?;
                if !self.takes_word("else") {
                    return Err(odd());
                }
                return Ok(Expression::Choice(Box::new([condition, left, self.bound(0)?])));
            }
            Token::Word("not") => {
                if !self.takes_word("in") {
                    return Err(odd());
                }
                let list = self.bound(holds)?;
                return Ok(Expression::Not(Box::new(Expression::In(Box::new(left), Box::new(list)))));
            }
            _ => {}
        }
        let right = self.bound(holds)?;
        Ok(match operator {
            Token::Word("or") => Expression::Or(Box::new(left), Box::new(right)),
            Token::Word("and") => Expression::And(Box::new(left), Box::new(right)),
            Token::Word("in") => Expression::In(Box::new(left), Box::new(right)),
            Token::Sign("==") => compare(Comparison::Equal, left, right),
            Token::Sign("!=") => compare(Comparison::NotEqual, left, right),
            Token::Sign("<") => compare(Comparison::Less, left, right),
            Token::Sign("<=") => compare(Comparison::LessOrEqual, left, right),
            Token::Sign(">") => compare(Comparison::Greater, left, right),
            Token::Sign(">=") => compare(Comparison::GreaterOrEqual, left, right),
            Token::Sign("+") => arithmetic(Arithmetic::Add, left, right),
            Token::Sign("-") => arithmetic(Arithmetic::Subtract, left, right),
            Token::Sign("*") => arithmetic(Arithmetic::Multiply, left, right),
            Token::Sign("/") => arithmetic(Arithmetic::Divide, left, right),
            Token::Sign("//") => arithmetic(Arithmetic::DivideWhole, left, right),
            Token::Sign("%") => arithmetic(Arithmetic::Remainder, left, right),
            Token::Sign("**") => arithmetic(Arithmetic::Power, left, right),
            Token::Sign("~") => match left {
                Expression::Concat(mut texts) => {
                    texts.push(right);
                    Expression::Concat(texts)
                }
                left => Expression::Concat(vec![left, right]),
            },
            _ => return Err(odd()),
        })
    }

    fn operand(&mut self) -> Result<Expression, Odd> {
        Ok(Expression::Constant(match self.next()? {
            Token::Whole(whole) => Constant::Whole(whole),
            Token::Fraction(fraction) => Constant::Fraction(fraction),
            Token::Text(text) => Constant::Text(text.into()),
            Token::Truth(truth) => Constant::Truth(truth),
            Token::Word("none" | "None" | "null") => Constant::None,
            Token::Sign("-") => match self.bound(NEGATIVE)? {
                Expression::Constant(Constant::Whole(whole)) => Constant::Whole(whole.checked_neg().ok_or_else(odd)?),
                Expression::Constant(Constant::Fraction(fraction)) => Constant::Fraction(-fraction),
                other => return Ok(Expression::Negative(Box::new(other))),
            },
            Token::Word("not") => return Ok(Expression::Not(Box::new(self.bound(NOT)?))),
            Token::Sign("(") => {
                let inner = self.bound(0)?;
                self.wants(")")?;
                return Ok(inner);
            }
            Token::Sign("[") => return self.list(),
            Token::Sign("{") => return self.map(),
            Token::Sign("<") => return Err("a component".into()),
            Token::Word(word) => return self.named(word),
            Token::Sign(_) => return Err(odd()),
        }))
    }

    fn test(&mut self, left: Expression) -> Result<Expression, Odd> {
        let is_not = self.takes_word("not");
        let name = self.word()?;
        let test = Test::named(name).ok_or_else(|| format!("the test `{name}`"))?;
        if self.takes("(") {
            return Err(format!("the test `{name}` with arguments").into());
        }
        let is = Expression::Is(test, Box::new(left));
        Ok(if is_not { Expression::Not(Box::new(is)) } else { is })
    }

    fn filter(&mut self) -> Result<Filter, Odd> {
        let name = self.word()?;
        let args = Args::new(self.args()?);
        if name == "absolute" && !self.scope.is_free("site") {
            return Err("the filter `absolute` where `site` is another one".into());
        }
        Filter::named(name, args).ok_or_else(|| format!("the filter `{name}`").into())
    }

    /// What stands in brackets behind the name of a filter or a function.
    fn args(&mut self) -> Result<Vec<(String, Expression)>, Odd> {
        let mut args = Vec::new();
        if self.takes("(") {
            while !self.takes(")") {
                if !args.is_empty() && self.takes(",") && self.takes(")") {
                    break;
                }
                let name = self.word()?;
                self.wants("=")?;
                args.push((name.to_owned(), self.bound(0)?));
            }
        }
        Ok(args)
    }

    /// What begins with this word: a path, what a loop says of its turn, or a call.
    fn named(&mut self, word: &'t str) -> Result<Expression, Odd> {
        if self.tokens.first() == Some(&Token::Sign("(")) {
            let args = self.args()?;
            let call = if word == "range" { Call::range(args) } else { Call::named(word, Args::new(args)) };
            let call = call.ok_or_else(|| format!("the function `{word}`"))?;
            return Ok(Expression::Called(Box::new(call)));
        }
        let mut members: Vec<(&str, bool)> = Vec::new();
        while let Some(member) = self.member()? {
            members.push(member);
        }
        let mut value = self.scope.path(word, &members)?;
        loop {
            if let Some((name, is_optional)) = self.member()? {
                let name = self.scope.id(name)?;
                value = Expression::Member(Box::new(value), Step { name, is_optional });
            } else if self.takes("[") {
                value = self.item(value, false)?;
            } else if self.takes("?[") {
                value = self.item(value, true)?;
            } else {
                return Ok(value);
            }
        }
    }

    /// `.name` or `?.name`, if that comes next.
    fn member(&mut self) -> Result<Option<(&'t str, bool)>, Odd> {
        let is_optional = self.takes("?.");
        if !is_optional && !self.takes(".") {
            return Ok(None);
        }
        Ok(Some((self.word()?, is_optional)))
    }

    /// What stands in square brackets behind a value, the first of which is taken.
    fn item(&mut self, of: Expression, is_optional: bool) -> Result<Expression, Odd> {
        let colon = Token::Sign(":");
        let mut range = [None, None, None];
        if self.tokens.first() != Some(&colon) {
            range[0] = Some(self.bound(0)?);
        }
        let is_range = self.takes(":");
        if is_range && !matches!(self.tokens.first(), Some(Token::Sign(":" | "]"))) {
            range[1] = Some(self.bound(0)?);
        }
        if is_range && self.takes(":") {
            range[2] = Some(self.bound(0)?);
        }
        self.wants("]")?;
        let which = match range {
            range if is_range => Which::Range(range),
            [Some(Expression::Constant(Constant::Text(name))), ..] => Which::Name(self.scope.id(&name)?),
            [Some(at), ..] => Which::At(at),
            _ => return Err(odd()),
        };
        Ok(Expression::Item(Box::new(Item { of, which, is_optional })))
    }
}
