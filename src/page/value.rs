//! From our tree to the values that templates see.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use tera::Value;

use crate::json::{Node, Number};

/// The document as a template sees it, without a JSON text in between.
///
/// Whole numbers that fit 128 bits are numbers, and so is a fraction that prints as it was typed: `1.5`. Any other number, such as
/// `1.10` or `1e400`, is a text that prints as it was typed. It is marked safe, which tells it from a string that the backend sent:
/// no string of a document is.
pub(super) fn value_of(node: &Node<'_>) -> Result<Value, tera::Error> {
    Value::try_from_serializable(&Shown(node))
}

/// A map of a few named values.
pub(super) fn named<const N: usize>(members: [(&'static str, Value); N]) -> Value {
    members.into_iter().map(|(name, value)| (name.into(), value)).collect::<tera::Map>().into()
}

/// A document that goes into a [`Value`].
struct Shown<'a>(&'a Node<'a>);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Node::Null => serializer.serialize_unit(),
            Node::Bool(truth) => serializer.serialize_bool(*truth),
            Node::Number(number) => serialize_number(number, serializer),
            Node::String(text) => serializer.serialize_str(&text.decode()),
            Node::Array(elements) => {
                let mut list = serializer.serialize_seq(Some(elements.len()))?;
                elements.iter().try_for_each(|element| list.serialize_element(&Shown(element)))?;
                list.end()
            }
            Node::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.len()))?;
                for member in object.members() {
                    map.serialize_entry(&*member.key.decode(), &Shown(&member.value))?;
                }
                map.end()
            }
        }
    }
}

fn serialize_number<S: Serializer>(number: &Number<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let raw = number.as_raw();
    if !number.is_finite() {
        return serializer.serialize_unit();
    }
    if raw != "-0" {
        if let Ok(whole) = raw.parse::<i64>() {
            return serializer.serialize_i64(whole);
        }
        if let Ok(whole) = raw.parse::<i128>() {
            return serializer.serialize_i128(whole);
        }
    }
    match raw.parse::<f64>() {
        // Debug is how Tera prints it.
        Ok(float) if format!("{float:?}") == raw => serializer.serialize_f64(float),
        _ => Value::safe_string(raw).serialize(serializer),
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
            let value = value_of(&Node::Number(Number::raw(raw))).unwrap();
            assert_eq!(value.to_string(), raw);
        }
        assert!(value_of(&Node::Number(Number::raw("1.5"))).unwrap().is_number());
        assert!(value_of(&Node::Number(Number::raw("1.10"))).unwrap().is_safe());
        assert!(!value_of(&Node::text("1.10")).unwrap().is_safe());
        assert!(value_of(&Node::Number(Number::raw("NaN"))).unwrap().is_none());
    }
}
