//! What expressions come to.

use tera::Number as Figure;

use super::bounds::{weigh, within};
use super::expression::{Arithmetic, Each, Expression, Path, Root, Test, Turn};
use super::run::{Element, Halt, Loop, Run};
use super::tape::Entry;
use super::value::Value;
use crate::json::{Kind, Number};
use crate::page::value::value_of_number;
use crate::page::{request, site};

impl<'r> Run<'r> {
    #[inline(always)]
    pub(super) fn holds(&mut self, condition: &'r Expression) -> Result<bool, Halt> {
        match condition {
            Expression::Not(inner) => Ok(!self.holds(inner)?),
            Expression::And(a, b) => Ok(self.value(a)?.is_true() && self.value(b)?.is_true()),
            Expression::Or(a, b) => Ok(self.value(a)?.is_true() || self.value(b)?.is_true()),
            Expression::Path(path) => match self.there(path) {
                Some(entry) => Ok(self.tape.is_true(entry)),
                None => Ok(self.path(path)?.is_true()),
            },
            condition => Ok(self.value(condition)?.is_true()),
        }
    }

    pub(super) fn value(&mut self, expression: &'r Expression) -> Result<Value<'r>, Halt> {
        Ok(match expression {
            Expression::Constant(constant) => Value::of_constant(constant),
            Expression::Path(path) => self.path(path)?,
            Expression::Held(places, otherwise) => {
                for place in places {
                    match self.slots.get(place.slot) {
                        // The engine goes on with the document then.
                        Some(Some(value)) if place.is_outer && value.is_undefined() => return Err(Halt::Back),
                        Some(Some(value)) => return Ok(value.clone()),
                        _ => {}
                    }
                }
                self.value(otherwise)?
            }
            Expression::Turn(depth, turn) => self.turn(*depth, *turn)?,
            Expression::Not(inner) => Value::Truth(!self.value(inner)?.is_true()),
            Expression::And(a, b) => {
                let a = self.value(a)?;
                if a.is_true() { self.value(b)? } else { a }
            }
            Expression::Or(a, b) => {
                let a = self.value(a)?;
                if a.is_true() { a } else { self.value(b)? }
            }
            Expression::Compare(how, a, b) => {
                let a = self.value(a)?;
                Value::Truth(a.compare(*how, &self.value(b)?, self.tape)?)
            }
            Expression::In(needle, list) => {
                let needle = self.value(needle)?;
                Value::Truth(self.value(list)?.contains(&needle, self.tape)?)
            }
            Expression::Is(test, inner) => {
                let value = self.value(inner)?;
                Value::Truth(self.is(*test, &value)?)
            }
            Expression::Choice(choice) => {
                let [condition, then, otherwise] = &**choice;
                let way = if self.holds(condition)? { then } else { otherwise };
                self.value(way)?
            }
            Expression::Negative(inner) => match figure(&self.value(inner)?).ok_or(Halt::Back)? {
                Figure::Integer(whole) => whole_of(whole.checked_neg())?,
                Figure::Float(fraction) => Value::Fraction(-fraction),
                _ => return Err(Halt::Back),
            },
            Expression::Arithmetic(how, a, b) => {
                let a = self.value(a)?;
                worked(*how, &a, &self.value(b)?)?
            }
            Expression::Concat(texts) => {
                let mut made = String::new();
                for text in texts {
                    let value = self.value(text)?;
                    let shown = value.shown(self.tape)?;
                    within(made.len().saturating_add(shown.len()), self.sheet.limit)?;
                    made.push_str(&shown);
                }
                Value::Text(made.into())
            }
            Expression::Member(of, step) => {
                let value = self.value(of)?;
                self.member(&value, *step)?
            }
            Expression::Item(item) => self.item(item)?,
            Expression::List(elements) => {
                let elements = elements.iter().map(|element| self.value(element)).collect::<Result<_, _>>()?;
                self.made(Value::List(elements))?
            }
            Expression::Map(members) => {
                let mut map = tera::Map::with_capacity(members.len());
                for (key, value) in members {
                    map.insert(key.clone(), self.value(value)?.of_engine(self.tape)?);
                }
                self.made(Value::Engine(map.into()))?
            }
            Expression::Each(each) => self.each_of(each)?,
            Expression::Filtered(value, filter) => {
                let value = self.value(value)?;
                self.filtered(filter, value)?
            }
            Expression::Called(call) => self.called(call)?,
        })
    }

    /// A list made of another one.
    fn each_of(&mut self, each: &'r Each) -> Result<Value<'r>, Halt> {
        let list = self.value(&each.list)?;
        if each.has_key {
            return Err(Halt::Back);
        }
        let length = list.elements(self.tape).ok_or(Halt::Back)?;
        let depth = self.loops.len();
        let mut made = Vec::with_capacity(length);
        for index in 0..length {
            let element = Element::Value(list.element(index, self.tape)?.ok_or(Halt::Back)?);
            self.loops.truncate(depth);
            self.loops.push(Loop { element, key: Value::None, index, length });
            let is_in = match &each.condition {
                Some(condition) => self.holds(condition)?,
                None => true,
            };
            if is_in {
                made.push(self.value(&each.each)?);
            }
        }
        self.loops.truncate(depth);
        self.made(Value::List(made.into()))
    }

    /// A list or a map that is new.
    fn made(&self, value: Value<'r>) -> Result<Value<'r>, Halt> {
        weigh(&value, self.tape, self.sheet.limit)?;
        Ok(value)
    }

    fn is(&self, test: Test, value: &Value<'r>) -> Result<bool, Halt> {
        Ok(match test {
            Test::Defined => !value.is_undefined(),
            Test::Undefined => value.is_undefined(),
            Test::None => value.is_none(),
            Test::String => value.text().is_some(),
            Test::Array => value.elements(self.tape).is_some(),
            Test::Bool => matches!(value, Value::Truth(_)) || matches!(value, Value::Engine(value) if value.is_bool()),
            Test::Map => match value {
                Value::Container(entry) => entry.kind == Kind::Object,
                Value::Engine(value) => value.is_map(),
                _ => false,
            },
            Test::Iterable => value.text().is_some() || value.elements(self.tape).is_some() || self.is(Test::Map, value)?,
            Test::Number | Test::Integer | Test::Float => {
                let value = if matches!(value, Value::Container(_) | Value::List(_) | Value::Range(_)) {
                    tera::Value::none()
                } else {
                    value.of_engine(self.tape)?
                };
                value.is_number() && (test != Test::Integer || !value.is_f64()) && (test != Test::Float || value.is_f64())
            }
            Test::Odd | Test::Even => match figure(value) {
                Some(Figure::Integer(whole)) => (whole % 2 != 0) == (test == Test::Odd),
                _ => return Err(Halt::Back),
            },
        })
    }

    fn turn(&self, depth: usize, turn: Turn) -> Result<Value<'r>, Halt> {
        let Loop { index, length, .. } = self.loops.get(depth).ok_or(Halt::Back)?;
        let whole = |number: usize| i64::try_from(number).map(Value::Whole).map_err(|_| Halt::Back);
        match turn {
            Turn::Index => whole(index + 1),
            Turn::Index0 => whole(*index),
            Turn::First => Ok(Value::Truth(*index == 0)),
            Turn::Last => Ok(Value::Truth(index + 1 == *length)),
            Turn::Length => whole(*length),
        }
    }

    pub(super) fn path(&self, path: &'r Path) -> Result<Value<'r>, Halt> {
        let mut entry = match &path.root {
            Root::Member(name) => self.tape.member(self.tape.root, *name),
            Root::Head(name) if self.head.is_none() => self.tape.member(self.tape.root, *name),
            Root::Data => Some(self.tape.root),
            Root::Element(depth) => match self.loops.get(*depth).ok_or(Halt::Back)?.element {
                Element::Entry(entry) => Some(entry),
                Element::Value(_) => return self.elsewhere(path),
            },
            _ => return self.elsewhere(path),
        };
        for step in &path.steps {
            entry = match entry {
                Some(entry) => self.tape.member(entry, step.name),
                None if step.is_optional => None,
                // A name that stands for nothing may be the last of a path alone.
                None => return Err(Halt::Back),
            };
        }
        Ok(entry.map_or(Value::Undefined, |entry| Value::of(entry, self.tape)))
    }

    /// What a path leads to, where it leads to something of the document: what most do.
    #[inline(always)]
    pub(super) fn there(&self, path: &'r Path) -> Option<Entry> {
        let start = match &path.root {
            Root::Member(name) => self.tape.member(self.tape.root, *name)?,
            Root::Element(depth) => match self.loops.get(*depth)?.element {
                Element::Entry(entry) => entry,
                Element::Value(_) => return None,
            },
            _ => return None,
        };
        path.steps.iter().try_fold(start, |entry, step| self.tape.member(entry, step.name))
    }

    /// What a path leads to that does not begin in the document.
    fn elsewhere(&self, path: &'r Path) -> Result<Value<'r>, Halt> {
        let around = self.around;
        let text = |text: &'r str| Value::Text(text.into());
        let mut value = match &path.root {
            Root::Element(depth) => match &self.loops.get(*depth).ok_or(Halt::Back)?.element {
                Element::Value(value) if value.is_undefined() => return Err(Halt::Back),
                Element::Value(value) => value.clone(),
                Element::Entry(entry) => Value::of(*entry, self.tape),
            },
            Root::Key(depth) => self.loops.get(*depth).ok_or(Halt::Back)?.key.clone(),
            Root::Data | Root::Member(_) | Root::Head(_) => Value::Markup(self.head.unwrap_or_default().into()),
            Root::Method => text(around.method),
            Root::RequestPath => text(around.path),
            Root::Id => text(around.id),
            Root::Nonce => text(around.nonce),
            Root::Route => text(around.route),
            Root::Origin => around.origin.map_or(Value::None, text),
            Root::Request => Value::Engine(request(around)),
            Root::Site => Value::Engine(site(around)),
            // The last one of that name, as in a map that they were put into one by one.
            Root::Param(name) => named(around.params, name),
            Root::Query(name) => named(around.query, name),
        };
        for step in &path.steps {
            value = self.member(&value, *step)?;
        }
        Ok(value)
    }
}

fn named<'n>(pairs: &'n [(String, crate::json::Node<'_>)], name: &str) -> Value<'n> {
    pairs.iter().rfind(|(known, _)| known == name).map_or(Value::Undefined, |(_, node)| Value::of_node(node))
}

/// A number to count with. `None` for what is no number to the engine.
fn figure(value: &Value<'_>) -> Option<Figure> {
    match value {
        Value::Whole(whole) => Some(Figure::Integer((*whole).into())),
        Value::Fraction(fraction) => Some(Figure::Float(*fraction)),
        Value::Number(raw) => match value.small() {
            Some(whole) => Some(Figure::Integer(whole.into())),
            None => value_of_number(&Number::raw(*raw)).as_number(),
        },
        Value::Engine(value) => value.as_number(),
        _ => None,
    }
}

fn whole_of<'r>(whole: Option<i128>) -> Result<Value<'r>, Halt> {
    let whole = whole.ok_or(Halt::Back)?;
    Ok(i64::try_from(whole).map_or_else(|_| Value::Engine(whole.into()), Value::Whole))
}

/// Numbers as the engine counts: whole ones stay whole but where they are divided, and what has no result is an error.
fn worked<'r>(how: Arithmetic, a: &Value<'_>, b: &Value<'_>) -> Result<Value<'r>, Halt> {
    let (a, b) = (figure(a).ok_or(Halt::Back)?, figure(b).ok_or(Halt::Back)?);
    let divides = matches!(how, Arithmetic::Divide | Arithmetic::DivideWhole | Arithmetic::Remainder);
    if divides && b.as_float() == 0.0 {
        return Err(Halt::Back);
    }
    if let (Figure::Integer(a), Figure::Integer(b)) = (a, b) {
        match how {
            Arithmetic::Add => return whole_of(a.checked_add(b)),
            Arithmetic::Subtract => return whole_of(a.checked_sub(b)),
            Arithmetic::Multiply => return whole_of(a.checked_mul(b)),
            Arithmetic::DivideWhole => return whole_of(a.checked_div_euclid(b)),
            Arithmetic::Remainder => return whole_of(a.checked_rem_euclid(b)),
            Arithmetic::Power if b >= 0 => return whole_of(u32::try_from(b).ok().and_then(|b| a.checked_pow(b))),
            Arithmetic::Power | Arithmetic::Divide => {}
        }
    }
    let (a, b) = (a.as_float(), b.as_float());
    Ok(Value::Fraction(match how {
        Arithmetic::Add => a + b,
        Arithmetic::Subtract => a - b,
        Arithmetic::Multiply => a * b,
        Arithmetic::Divide => a / b,
        Arithmetic::DivideWhole => a.div_euclid(b),
        Arithmetic::Remainder => a.rem_euclid(b),
        Arithmetic::Power => a.powf(b),
    }))
}
