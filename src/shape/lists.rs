//! The lists that a path names, for the steps that work on whole lists.

use super::{Error, Notes, StepError};
use crate::json::{Node, Path, Segment};

/// Checks a path that names lists: the list itself, not its elements.
pub(super) fn check(path: &Path) -> Result<(), StepError> {
    if matches!(path.segments().last(), Some(Segment::Elements)) {
        return Err(StepError::new(format!("`in` names the list itself, without the last `[]` of `{path}`")));
    }
    Ok(())
}

/// Visits every list at a path; anything else that is not null is a mismatch.
pub(super) fn visit<'a>(
    step: &'static str,
    path: &Path,
    doc: &mut Node<'a>,
    notes: &mut Notes,
    mut visit: impl FnMut(&mut Node<'a>, &mut Notes) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut outcome = Ok(());
    path.each_mut(doc, |found| match found {
        _ if outcome.is_err() => {}
        Node::Array(_) => outcome = visit(found, notes),
        Node::Null => {}
        other => notes.mismatch(step, path, other.kind()),
    });
    outcome
}
