//! Keys that are values: those of `map`, and of an envelope's `status`.

use super::compiler::Compiler;
use crate::json::{Node, Number};
use crate::spec::{At, Problem};

impl Compiler<'_> {
    /// Reports keys of the mapping at a place that no value of a reply is looked up by. A table compares texts as they are, and numbers by
    /// their value.
    ///
    /// `null` is what becomes of a null, and what to do about it.
    pub(super) fn dead_keys<'k>(&mut self, at: &At, keys: impl Iterator<Item = &'k String>, null: (&str, &str)) {
        let mut numbers: Vec<(&str, Number<'static>)> = Vec::new();
        for key in keys {
            match self.source().literal_key(&at.key(key)) {
                Some(Node::Null) => {
                    self.dead_key(at, key, &format!("null is never looked up: it {}", null.0), null.1);
                }
                Some(Node::Bool(truth)) if truth.to_string() != *key => {
                    self.dead_key(
                        at,
                        key,
                        &format!("no reply says `{key}` for {truth}"),
                        &format!("write {truth} for the truth"),
                    );
                }
                Some(Node::Number(number)) if number.as_raw() != key => {
                    let message = format!("no reply has a number that is written `{key}`");
                    self.dead_key(at, key, &message, &format!("write {} for the number", number.as_raw()));
                }
                Some(Node::Number(number)) => numbers.push((key, number)),
                _ => {}
            }
        }
        numbers.sort_by(|(_, one), (_, other)| one.cmp_value(other));
        for pair in numbers.windows(2) {
            if let [(first, one), (key, other)] = pair
                && one.same_value(other)
            {
                self.dead_key(at, key, &format!("`{key}` is the same number as `{first}`"), "take one of the two out");
            }
        }
    }

    fn dead_key(&mut self, at: &At, key: &str, message: &str, instead: &str) {
        self.push(Problem::new(at.key(key), message).at_key().hint(format!("{instead}, or write \"{key}\" for the text")));
    }
}
