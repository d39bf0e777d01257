//! Values at work: what an expression comes to, before it is written or asked whether it holds.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;

use super::expression::{Comparison, Constant};
use super::run::Halt;
use super::tape::{Entry, Tape};
use crate::json::{Kind, Node, Number, Text};
use crate::page::value::{value_of, value_of_number};

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value<'v> {
    /// A name that stands for nothing.
    Undefined,
    None,
    Truth(bool),
    Whole(i64),
    Fraction(f64),
    /// A number of the document, as it was typed.
    Number(&'v str),
    Text(Cow<'v, str>),
    /// Markup of our own, which nobody escapes.
    Markup(Cow<'v, str>),
    /// A list or an object of the document.
    Container(Entry),
    List(Rc<[Value<'v>]>),
    Range(Range),
    /// What was made by the engine, or in its terms.
    Engine(tera::Value),
}

/// Whole numbers, one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) start: i64,
    pub(super) step: i64,
    pub(super) length: usize,
}

impl Range {
    pub(super) fn at(&self, index: usize) -> i64 {
        i64::try_from(index).map_or(self.start, |index| self.start.wrapping_add(index.wrapping_mul(self.step)))
    }
}

impl<'v> Value<'v> {
    pub(super) fn of(entry: Entry, tape: &Tape<'v>) -> Self {
        let raw = tape.raw(entry);
        match entry.kind {
            Kind::Null => Self::None,
            Kind::Bool => Self::Truth(raw == "true"),
            Kind::Number => Self::Number(raw),
            Kind::String => Self::Text(Cow::Borrowed(raw)),
            Kind::Escaped => Self::Text(decoded(raw)),
            Kind::Array | Kind::Object => Self::Container(entry),
        }
    }

    pub(super) fn of_constant(constant: &'v Constant) -> Self {
        match constant {
            Constant::None => Self::None,
            Constant::Truth(truth) => Self::Truth(*truth),
            Constant::Whole(whole) => Self::Whole(*whole),
            Constant::Fraction(fraction) => Self::Fraction(*fraction),
            Constant::Text(text) => Self::Text(text.as_ref().into()),
            Constant::Engine(value) => Self::Engine(value.clone()),
        }
    }

    pub(super) fn of_node(node: &'v Node<'_>) -> Self {
        match node {
            Node::Null => Self::None,
            Node::Bool(truth) => Self::Truth(*truth),
            Node::Number(number) if number.is_finite() => Self::Number(number.as_raw()),
            Node::Number(_) => Self::None,
            Node::String(text) => Self::Text(text.decode()),
            Node::Array(_) | Node::Object(_) => Self::Engine(value_of(node)),
        }
    }

    /// Whether a condition with it holds.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Undefined | Self::None => false,
            Self::Truth(truth) => *truth,
            Self::Whole(whole) => *whole != 0,
            Self::Fraction(fraction) => *fraction != 0.0,
            Self::Number(raw) => number_is_true(raw),
            Self::Text(text) | Self::Markup(text) => !text.is_empty(),
            Self::Container(entry) => !entry.is_empty,
            Self::List(values) => !values.is_empty(),
            Self::Range(range) => range.length > 0,
            Self::Engine(value) => value.is_truthy(),
        }
    }

    pub(super) fn is_undefined(&self) -> bool {
        match self {
            Self::Undefined => true,
            Self::Engine(value) => value.is_undefined(),
            _ => false,
        }
    }

    pub(super) fn is_none(&self) -> bool {
        match self {
            Self::None => true,
            Self::Engine(value) => value.is_none(),
            _ => false,
        }
    }

    /// Whether two values compare so, if the engine does not fail.
    pub(super) fn compare(&self, how: Comparison, other: &Self, tape: &Tape<'_>) -> Result<bool, Halt> {
        if let (Some(a), Some(b)) = (self.small(), other.small()) {
            return Ok(how.holds(a.cmp(&b)));
        }
        if let (Self::Text(a), Self::Text(b)) = (self, other) {
            return Ok(how.holds(a.cmp(b)));
        }
        let (a, b) = (self.of_engine(tape)?, other.of_engine(tape)?);
        match how {
            Comparison::Equal => Ok(a == b),
            Comparison::NotEqual => Ok(a != b),
            how => a.partial_cmp(&b).map(|order| how.holds(order)).ok_or(Halt::Back),
        }
    }

    /// A whole number of few digits.
    pub(super) fn small(&self) -> Option<i64> {
        match self {
            Self::Whole(whole) => Some(*whole),
            Self::Number(raw) if *raw != "-0" && raw.len() < 19 => raw.parse().ok(),
            _ => None,
        }
    }

    /// The text of a text, and whether nobody escapes it. A number that would not print as it was typed is such a one, too.
    pub(super) fn text(&self) -> Option<(&str, bool)> {
        match self {
            Self::Text(text) => Some((text, false)),
            Self::Markup(text) => Some((text, true)),
            Self::Number(raw) if self.small().is_none() && value_of_number(&Number::raw(*raw)).is_string() => Some((raw, true)),
            Self::Engine(value) => value.as_str().map(|text| (text, value.is_safe())),
            _ => None,
        }
    }

    /// What is written of it where nothing is escaped.
    pub(super) fn shown<'s>(&'s self, tape: &Tape<'_>) -> Result<Cow<'s, str>, Halt> {
        Ok(match self {
            Self::Undefined | Self::None => "".into(),
            Self::Truth(truth) => if *truth { "true" } else { "false" }.into(),
            Self::Whole(whole) => whole.to_string().into(),
            Self::Fraction(fraction) => format!("{fraction:?}").into(),
            Self::Number(raw) => (*raw).into(),
            Self::Text(text) | Self::Markup(text) => text.as_ref().into(),
            Self::Engine(value) => value.as_str().map_or_else(|| value.to_string().into(), Into::into),
            Self::Container(_) | Self::List(_) | Self::Range(_) => self.of_engine(tape)?.to_string().into(),
        })
    }

    /// The same as the engine has it.
    pub(super) fn of_engine(&self, tape: &Tape<'_>) -> Result<tera::Value, Halt> {
        Ok(match self {
            Self::Undefined => tera::Value::undefined(),
            Self::None => tera::Value::none(),
            Self::Truth(truth) => (*truth).into(),
            Self::Whole(whole) => (*whole).into(),
            Self::Fraction(fraction) => (*fraction).into(),
            Self::Number(raw) => value_of_number(&Number::raw(*raw)),
            Self::Text(text) => tera::Value::normal_string(text),
            Self::Markup(text) => tera::Value::safe_string(text),
            Self::Container(entry) => tape.whole(*entry).ok_or(Halt::Back)?,
            Self::List(values) => values.iter().map(|value| value.of_engine(tape)).collect::<Result<Vec<_>, _>>()?.into(),
            Self::Range(range) => (0..range.length).map(|index| i128::from(range.at(index))).collect::<Vec<_>>().into(),
            Self::Engine(value) => value.clone(),
        })
    }
}

impl Constant {
    pub(super) fn of_engine(&self) -> tera::Value {
        match self {
            Self::None => tera::Value::none(),
            Self::Truth(truth) => (*truth).into(),
            Self::Whole(whole) => (*whole).into(),
            Self::Fraction(fraction) => (*fraction).into(),
            Self::Text(text) => tera::Value::normal_string(text),
            Self::Engine(value) => value.clone(),
        }
    }
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// Whether a number is none of the zeros. Only one that prints as it was typed is a number at all: `0.00` is a text, and holds.
fn number_is_true(raw: &str) -> bool {
    match raw.as_bytes() {
        [b'0'] => false,
        [b'1'..=b'9', ..] => true,
        _ => value_of_number(&Number::raw(raw)).is_truthy(),
    }
}

/// A text with escapes. Not inline, for it is rare.
#[inline(never)]
pub(super) fn decoded(raw: &str) -> Cow<'_, str> {
    Text::raw(raw).decode().into_owned().into()
}
