//! The steps of a route, one after the other.

use super::notes::Mismatch;
use super::{Error, Notes, Step};
use crate::json::Node;

/// The steps of a route, in order.
#[derive(Debug, Clone)]
pub struct Shape {
    steps: Vec<Step>,
    strict: bool,
}

impl Shape {
    /// Steps that run in this order. A `strict` shape fails on the first value that is not what a step needs; any other
    /// leaves it as it is and counts a warning.
    pub fn new(steps: Vec<Step>, strict: bool) -> Self {
        Self { steps, strict }
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Shapes a document in place; what there is to say about it goes to `notes`.
    ///
    /// # Errors
    ///
    /// Every way that [`Error`] names. The document is then of no use: steps before the one that failed have changed it.
    pub fn run<'a>(&self, doc: &mut Node<'a>, notes: &mut Notes) -> Result<(), Error> {
        notes.take_mismatch();
        for step in &self.steps {
            step.apply(doc, notes)?;
            if let Some(Mismatch { step, path, found }) = notes.take_mismatch().filter(|_| self.strict) {
                return Err(Error::Mismatch { step, path, found });
            }
        }
        Ok(())
    }
}
