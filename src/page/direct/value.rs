//! Values at work: what an expression comes to, before it is written or asked whether it holds.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::expression::Comparison;
use super::tape::{Entry, Tape};
use crate::json::{Kind, Number, Text};
use crate::page::value::value_of_number;

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
    /// Markup of our own.
    Markup(&'v str),
    /// A list or an object.
    Container(Entry),
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

    /// Whether a condition with it holds.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Undefined | Self::None => false,
            Self::Truth(truth) => *truth,
            Self::Whole(whole) => *whole != 0,
            Self::Fraction(fraction) => *fraction != 0.0,
            Self::Number(raw) => number_is_true(raw),
            Self::Text(text) => !text.is_empty(),
            Self::Markup(text) => !text.is_empty(),
            Self::Container(entry) => !entry.is_empty,
        }
    }

    /// Whether two values compare so. `None` where the engine has to decide or to fail.
    pub(super) fn compare(&self, how: Comparison, other: &Self) -> Option<bool> {
        if let (Some(a), Some(b)) = (self.small(), other.small()) {
            return Some(how.holds(a.cmp(&b)));
        }
        let (a, b) = (self.of_engine()?, other.of_engine()?);
        match how {
            Comparison::Equal => Some(a == b),
            Comparison::NotEqual => Some(a != b),
            how => a.partial_cmp(&b).map(|order| how.holds(order)),
        }
    }

    /// A whole number of few digits.
    fn small(&self) -> Option<i64> {
        match self {
            Self::Whole(whole) => Some(*whole),
            Self::Number(raw) if *raw != "-0" && raw.len() < 19 => raw.parse().ok(),
            _ => None,
        }
    }

    /// The same as the engine has it.
    fn of_engine(&self) -> Option<tera::Value> {
        Some(match self {
            Self::Undefined => tera::Value::undefined(),
            Self::None => tera::Value::none(),
            Self::Truth(truth) => (*truth).into(),
            Self::Whole(whole) => (*whole).into(),
            Self::Fraction(fraction) => (*fraction).into(),
            Self::Number(raw) => value_of_number(&Number::raw(*raw)),
            Self::Text(text) => tera::Value::normal_string(text),
            Self::Markup(text) => tera::Value::safe_string(text),
            Self::Container(_) => return None,
        })
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
