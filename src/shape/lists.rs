//! The lists that a path names, for the steps that work on whole lists.

use super::aims::Aims;
use super::{Error, Notes, StepError};
use crate::json::{Node, Path, Segment};

/// Lists by one path: the list itself, not its elements.
#[derive(Debug, Clone)]
pub(super) struct Lists(Aims);

impl Lists {
    /// # Errors
    ///
    /// When the path ends in `[]`.
    pub(super) fn new(path: Path) -> Result<Self, StepError> {
        if matches!(path.segments().last(), Some(Segment::Elements)) {
            return Err(StepError::new(format!("`in` names the list itself, without the last `[]` of `{path}`")));
        }
        Ok(Self(Aims::new(vec![path])))
    }

    /// The path.
    pub(super) fn path(&self) -> Option<&Path> {
        self.0.path(0)
    }

    /// Visits every list, those inside of another one first; anything else that is not null is a mismatch.
    pub(super) fn each_mut<'a>(
        &self,
        step: &'static str,
        doc: &mut Node<'a>,
        notes: &mut Notes,
        mut visit: impl FnMut(&mut Node<'a>, &Path, &mut Notes) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.0.each_mut(step, doc, notes, &mut |found, path, notes| match found {
            Node::Array(_) => visit(found, path, notes),
            Node::Null => Ok(()),
            other => {
                notes.mismatch(step, path, other.kind());
                Ok(())
            }
        })
    }
}
