//! Strings, numbers, booleans into each other.

use super::Failed;
use crate::json::{Node, Number};
use crate::shape::compare::spelled;

/// The longest string that may be a number, in bytes.
const LONGEST: usize = 1024;

/// A string with the same characters.
pub(super) fn string<'a>(node: &Node<'a>) -> Result<Option<Node<'a>>, Failed> {
    match node {
        Node::String(_) => Ok(None),
        Node::Number(number) => Ok(Some(Node::text(number.as_raw().to_owned()))),
        Node::Bool(truth) => Ok(Some(Node::text(if *truth { "true" } else { "false" }))),
        other => Err(other.kind()),
    }
}

/// A number with the same characters.
pub(super) fn number<'a>(node: &Node<'a>) -> Result<Option<Node<'a>>, Failed> {
    match node {
        Node::Number(_) => Ok(None),
        other => Ok(Some(Node::Number(read(other)?.into_owned()))),
    }
}

/// A number without a point or an exponent.
pub(super) fn integer<'a>(node: &Node<'a>) -> Result<Option<Node<'a>>, Failed> {
    let number = read(node)?;
    if number.is_integer() {
        let is_one = matches!(node, Node::Number(_));
        return Ok((!is_one).then(|| Node::Number(number.into_owned())));
    }
    let plain = number.plain().map_err(|_| "a number too long to write out")?;
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    if fraction.bytes().any(|digit| digit != b'0') {
        return Err("a number with a fraction");
    }
    let whole = if whole == "-0" { "0" } else { whole };
    Ok(Some(Node::Number(Number::raw(whole.to_owned()))))
}

/// A string in plain notation, with its scale: `1E+2` is "100", `1.10` is "1.10".
pub(super) fn decimal_string<'a>(node: &Node<'a>) -> Result<Option<Node<'a>>, Failed> {
    let plain = read(node)?.plain().map_err(|_| "a number too long to write out")?;
    match node {
        Node::String(text) if *text == *plain => Ok(None),
        _ => Ok(Some(Node::text(plain))),
    }
}

/// 1 and 0, "true" and "false", "Y" and "N", "yes" and "no", in any case.
pub(super) fn boolean<'a>(node: &Node<'a>) -> Result<Option<Node<'a>>, Failed> {
    let truth = match node {
        Node::Bool(_) => return Ok(None),
        Node::Number(number) if number.same_value(&Number::from(1_i64)) => true,
        Node::Number(number) if number.same_value(&Number::from(0_i64)) => false,
        Node::Number(_) => return Err("a number that is neither 1 nor 0"),
        Node::String(text) => {
            let text = text.decode();
            let is = |words: [&str; 4]| words.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
            match (is(["true", "1", "y", "yes"]), is(["false", "0", "n", "no"])) {
                (true, _) => true,
                (_, true) => false,
                _ => return Err("a string that is neither true nor false"),
            }
        }
        other => return Err(other.kind()),
    };
    Ok(Some(Node::Bool(truth)))
}

/// The number that a node is, or that its string spells.
fn read<'n>(node: &'n Node<'_>) -> Result<Number<'n>, Failed> {
    match node {
        Node::Number(number) => Ok(Number::raw(number.as_raw())),
        Node::String(text) if text.as_raw().len() > LONGEST => Err("a string that is no number"),
        Node::String(text) => spelled(text.decode().trim()).ok_or("a string that is no number"),
        other => Err(other.kind()),
    }
}
