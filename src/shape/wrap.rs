//! `wrap`: the whole document under a key.

use super::{Error, Notes, StepError};
use crate::json::{Node, Object, Text};

/// Puts the document under a key: `wrap: data` makes `{"data": ...}` of it, whatever its type.
#[derive(Debug, Clone)]
pub struct Wrap {
    pub(super) key: Text<'static>,
}

impl Wrap {
    /// # Errors
    ///
    /// None today: every name is a key. The signature is that of all steps.
    pub fn new(key: impl Into<String>) -> Result<Self, StepError> {
        Ok(Self { key: Text::plain(key.into()) })
    }

    /// Never fails.
    pub(super) fn apply(&self, doc: &mut Node<'_>, _: &mut Notes) -> Result<(), Error> {
        let mut around = Object::new();
        around.push(self.key.clone(), std::mem::take(doc));
        *doc = Node::Object(around);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::vectors::shaped;

    #[test]
    fn the_document_stands_under_the_key_whatever_its_type() {
        let step = Wrap::new("da\"ta").expect("every name is a key");
        for doc in ["null", "1.10", "[1,2]", r#"{"data":{"a":1},"a":2,"a":3}"#] {
            assert_eq!(shaped(doc, |doc, notes| step.apply(doc, notes)), format!(r#"{{"da\"ta":{doc}}}"#));
        }
    }
}
