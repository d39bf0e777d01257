//! From our tree to the values that templates see.

use std::fmt::Write as _;

use tera::{Map, Value};

use crate::json::{Node, Number};

/// The document as a template sees it, without another form of it in between.
///
/// Whole numbers that fit 128 bits are numbers, and so is a fraction that prints as it was typed: `1.5`. Any other number, such as
/// `1.10` or `1e400`, is a text that prints as it was typed. It is marked safe, which tells it from a string that the backend sent:
/// no string of a document is.
pub(super) fn value_of(node: &Node<'_>) -> Value {
    match node {
        Node::Null => Value::none(),
        Node::Bool(truth) => (*truth).into(),
        Node::Number(number) => value_of_number(number),
        Node::String(text) => Value::normal_string(&text.decode()),
        Node::Array(elements) => elements.iter().map(value_of).collect::<Vec<_>>().into(),
        Node::Object(object) => {
            let mut map = Map::with_capacity(object.len());
            for member in object.members() {
                map.insert(member.key.decode().into(), value_of(&member.value));
            }
            map.into()
        }
    }
}

/// A map of a few named values.
pub(super) fn named<const N: usize>(members: [(&'static str, Value); N]) -> Value {
    members.into_iter().map(|(name, value)| (name.into(), value)).collect::<Map>().into()
}

pub(super) fn value_of_number(number: &Number<'_>) -> Value {
    let raw = number.as_raw();
    if !number.is_finite() {
        return Value::none();
    }
    if raw != "-0" {
        if let Ok(whole) = raw.parse::<i64>() {
            return whole.into();
        }
        if let Ok(whole) = raw.parse::<i128>() {
            return whole.into();
        }
    }
    match raw.parse::<f64>() {
        Ok(float) if prints_as(float, raw) => float.into(),
        _ => Value::safe_string(raw),
    }
}

/// Whether Tera prints a number like this; it does so in Rust's debug form.
fn prints_as(float: f64, text: &str) -> bool {
    let mut left = Left(text);
    write!(left, "{float:?}").is_ok() && left.0.is_empty()
}

/// What is left of a text after that which was written; writing anything else is an error.
struct Left<'a>(&'a str);

impl std::fmt::Write for Left<'_> {
    fn write_str(&mut self, piece: &str) -> std::fmt::Result {
        self.0 = self.0.strip_prefix(piece).ok_or(std::fmt::Error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_prints_as_it_was_typed() {
        for raw in [
            "1",
            "-1",
            "0",
            "-0",
            "1.5",
            "1.10",
            "1.0",
            "1e400",
            "0E-8",
            "12345678901234567890",
            "9007199254740993",
            "0.1",
            "123456789012345678901234567890123456789012345678901234567890",
            "1e3",
            "-0.0",
            "1E+2",
        ] {
            let value = value_of(&Node::Number(Number::raw(raw)));
            assert_eq!(value.to_string(), raw);
        }
        assert!(value_of(&Node::Number(Number::raw("1.5"))).is_number());
        assert!(value_of(&Node::Number(Number::raw("1.10"))).is_safe());
        assert!(!value_of(&Node::text("1.10")).is_safe());
        assert!(value_of(&Node::Number(Number::raw("NaN"))).is_none());
    }
}
