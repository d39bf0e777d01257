//! The keywords that compare numbers, decimal-exact: the engine's own compare as 64-bit floats.

use std::cmp::Ordering;

use jsonschema::paths::Location;
use jsonschema::{Keyword, ValidationError, ValidationOptions};
use serde_json::{Map, Value};

use super::decimal::Decimal;
use super::instance::Tree;
use crate::json::{Node, Number};

type Built<'a> = Result<Box<dyn for<'i> Keyword<'i, Tree>>, ValidationError<'a>>;

/// Puts our keywords in the place of the engine's.
pub(super) fn exact<'i, R>(options: ValidationOptions<'i, R, Tree>) -> ValidationOptions<'i, R, Tree> {
    options
        .with_keyword("minimum", |_, value, _| bound(value, "must be at least", |order| order.is_ge()))
        .with_keyword("maximum", |_, value, _| bound(value, "must be at most", |order| order.is_le()))
        .with_keyword("exclusiveMinimum", |_, value, _| bound(value, "must be more than", |order| order.is_gt()))
        .with_keyword("exclusiveMaximum", |_, value, _| bound(value, "must be less than", |order| order.is_lt()))
        .with_keyword("multipleOf", multiple)
}

fn bound<'a>(value: &'a Value, words: &str, holds: fn(Ordering) -> bool) -> Built<'a> {
    let Value::Number(limit) = value else { return Err(ValidationError::schema("must be a number")) };
    let limit = limit.to_string();
    let (message, limit) = (format!("{words} {limit}"), Number::raw(limit));
    Ok(Box::new(Bound { message, whole: limit.as_i64(), limit, holds }))
}

fn multiple<'a>(_: &'a Map<String, Value>, value: &'a Value, _: Location) -> Built<'a> {
    let Value::Number(divisor) = value else { return Err(ValidationError::schema("must be a number")) };
    let divisor = divisor.to_string();
    let message = format!("must be a multiple of {divisor}");
    match Decimal::of(&divisor) {
        Some(divisor) => Ok(Box::new(Multiple { divisor, message })),
        None => Err(ValidationError::schema("has too large an exponent")),
    }
}

/// `minimum` and its kin.
struct Bound {
    limit: Number<'static>,
    /// The same in short, where it fits: most limits and most numbers do.
    whole: Option<i64>,
    holds: fn(Ordering) -> bool,
    message: String,
}

impl<'i> Keyword<'i, Tree> for Bound {
    fn validate(&self, instance: &'i Node<'i>) -> Result<(), ValidationError<'i>> {
        verdict(Keyword::is_valid(self, instance), &self.message)
    }

    fn is_valid(&self, instance: &'i Node<'i>) -> bool {
        match instance {
            Node::Number(number) => {
                let short = self.whole.and_then(|limit| number.as_i64().map(|number| number.cmp(&limit)));
                (self.holds)(short.unwrap_or_else(|| number.cmp_value(&self.limit)))
            }
            _ => true,
        }
    }
}

/// `multipleOf`.
struct Multiple {
    divisor: Decimal,
    message: String,
}

impl<'i> Keyword<'i, Tree> for Multiple {
    fn validate(&self, instance: &'i Node<'i>) -> Result<(), ValidationError<'i>> {
        verdict(Keyword::is_valid(self, instance), &self.message)
    }

    fn is_valid(&self, instance: &'i Node<'i>) -> bool {
        match instance {
            Node::Number(number) => Decimal::of(number.as_raw()).is_some_and(|value| value.is_multiple_of(&self.divisor)),
            _ => true,
        }
    }
}

fn verdict(holds: bool, message: &str) -> Result<(), ValidationError<'static>> {
    if holds { Ok(()) } else { Err(ValidationError::custom(message)) }
}
