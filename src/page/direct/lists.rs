//! Lists and maps as templates write them: element by element, or made of another list.

use tera::value::Key;

use super::expression::{Constant, Each, Expression};
use super::lex::Token;
use super::parse::{CHOICE, Parser, expression, odd};
use super::stays::Odd;

impl<'t> Parser<'_, 't> {
    /// A list, whose opening bracket is taken.
    pub(super) fn list(&mut self) -> Result<Expression, Odd> {
        if let Some((before, behind)) = comprehension(self.tokens)? {
            self.tokens = behind;
            return self.each(before);
        }
        let mut elements = Vec::new();
        while !self.takes("]") {
            if !elements.is_empty() && self.takes(",") && self.takes("]") {
                break;
            }
            if self.takes("...") {
                return Err("`...` in a list".into());
            }
            elements.push(self.bound(0)?);
        }
        let constant =
            |element: &Expression| if let Expression::Constant(constant) = element { Some(constant.of_engine()) } else { None };
        let constants: Option<Vec<tera::Value>> = elements.iter().map(constant).collect();
        Ok(match constants {
            Some(constants) => Expression::Constant(Constant::Engine(constants.into())),
            None => Expression::List(elements),
        })
    }

    /// `[each for element in list if condition]`; the tokens go on behind `for`.
    fn each(&mut self, before: &[Token<'t>]) -> Result<Expression, Odd> {
        let mut element = self.word()?;
        let mut key = None;
        if self.takes(",") {
            key = Some(std::mem::replace(&mut element, self.word()?));
        }
        if !self.takes_word("in") {
            return Err(odd());
        }
        let list = self.bound(CHOICE + 1)?;
        self.scope.enter_each(element, key);
        let mut condition = None;
        if self.takes_word("if") {
            condition = Some(self.bound(CHOICE + 1)?);
        }
        self.wants("]")?;
        let each = expression(before, self.scope)?;
        self.scope.leave();
        Ok(Expression::Each(Box::new(Each { list, has_key: key.is_some(), condition, each })))
    }

    /// A map, whose opening bracket is taken.
    pub(super) fn map(&mut self) -> Result<Expression, Odd> {
        let mut members = Vec::new();
        while !self.takes("}") {
            if !members.is_empty() && self.takes(",") && self.takes("}") {
                break;
            }
            let key = match self.next()? {
                Token::Text(name) => Key::from(name.into_owned()),
                Token::Whole(whole) => Key::I64(whole),
                Token::Truth(truth) => Key::Bool(truth),
                Token::Sign("...") => return Err("`...` in a map".into()),
                _ => return Err(odd()),
            };
            self.wants(":")?;
            members.push((key, self.bound(0)?));
        }
        Ok(Expression::Map(members))
    }
}

type BeforeAndBehind<'p, 't> = (&'p [Token<'t>], &'p [Token<'t>]);

/// Of the tokens of a list that is made of another one, those before its `for` and those behind.
fn comprehension<'p, 't>(tokens: &'p [Token<'t>]) -> Result<Option<BeforeAndBehind<'p, 't>>, Odd> {
    let mut depth = 0_usize;
    let mut found = None;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign("(" | "[" | "{" | "?[") => depth += 1,
            Token::Sign(")" | "]" | "}") if depth == 0 => break,
            Token::Sign(")" | "]" | "}") => depth -= 1,
            Token::Sign(",") if depth == 0 && found.is_none() => return Ok(None),
            Token::Word("for") if depth == 0 && at > 0 => {
                let is_member = matches!(tokens.get(at - 1), Some(Token::Sign("." | "?.")));
                if !is_member && found.replace(at).is_some() {
                    return Err(odd());
                }
            }
            _ => {}
        }
    }
    Ok(found.and_then(|at| Some((tokens.get(..at)?, tokens.get(at + 1..)?))))
}
