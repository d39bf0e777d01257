//! `nulls`: what becomes of `null` and of what is empty.

#[cfg(test)]
mod tests;

use super::aims::{Aims, Sight, Walk};
use super::fence::{Fence, Ground};
use super::{Error, Notes, StepError};
use crate::json::{Node, Path, Segment};

const STEP: &str = "nulls";

/// Whether a kind of value stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stays.
    Keep,
    /// It goes.
    Drop,
}

/// What becomes of values that were empty upstream, or became so.
#[derive(Debug, Clone, Copy)]
pub struct EmptyOptions {
    /// `""`
    pub strings: Fate,
    /// `{}`
    pub objects: Fate,
    /// `[]`
    pub arrays: Fate,
}

/// What becomes of `null`, kind by kind. The default is the one of routes.yaml: members that are null go, all else stays.
#[derive(Debug, Clone)]
pub struct NullsOptions {
    /// Members that are null.
    pub members: Fate,
    /// Elements that are null. While they are kept, no element of any kind goes: positions have a meaning.
    pub elements: Fate,
    /// What is empty, looked at after its inside was done.
    pub empty: EmptyOptions,
    /// Containers that this step emptied.
    pub emptied: Fate,
    /// Values that are left alone, with everything inside.
    pub except: Vec<Path>,
    /// What stands in for null at a path, instead of its going. Values at these paths never go, also not for being empty.
    /// The first path that names a value wins.
    pub to: Vec<(Path, Node<'static>)>,
}

impl Default for NullsOptions {
    fn default() -> Self {
        Self {
            members: Fate::Drop,
            elements: Fate::Keep,
            empty: EmptyOptions { strings: Fate::Keep, objects: Fate::Keep, arrays: Fate::Keep },
            emptied: Fate::Keep,
            except: Vec::new(),
            to: Vec::new(),
        }
    }
}

/// Drops, keeps or replaces what is null or empty.
///
/// Only the token `null` counts as null. The document itself is never removed. Doing it twice changes nothing more.
#[derive(Debug, Clone)]
pub struct Nulls {
    pub(super) members: Fate,
    pub(super) elements: Fate,
    pub(super) empty: EmptyOptions,
    pub(super) emptied: Fate,
    pub(super) except: Fence,
    pub(super) to: Aims,
    /// What stands in for null, in the order of the paths.
    pub(super) instead: Vec<Node<'static>>,
    /// Nothing but null members concerns the step: the common case, with a walk of its own.
    pub(super) plain: bool,
}

impl Nulls {
    /// # Errors
    ///
    /// When `except` names the document itself; when a stand-in holds null somewhere inside, so that it would need stand-ins of
    /// its own; when a path counts positions that the step itself would shift.
    pub fn new(options: NullsOptions) -> Result<Self, StepError> {
        let NullsOptions { members, elements, empty, emptied, except, to } = options;
        let EmptyOptions { strings, objects, arrays } = empty;
        let (paths, instead): (Vec<_>, Vec<_>) = to.into_iter().unzip();
        if let Some((path, _)) = paths.iter().zip(&instead).find(|(_, value)| holds_null(value)) {
            return Err(StepError::new(format!("what stands in at `{path}` holds null itself")).of_value());
        }
        let counts = |path: &&Path| path.segments().iter().any(|segment| matches!(segment, Segment::Index(_)));
        if elements == Fate::Drop
            && let Some(path) = except.iter().chain(&paths).find(counts)
        {
            return Err(StepError::new(format!("`{path}` counts positions, and `elements: drop` changes them")));
        }
        let plain = members == Fate::Drop
            && [elements, strings, objects, arrays, emptied].iter().all(|fate| *fate == Fate::Keep)
            && except.is_empty()
            && paths.is_empty();
        let except = Fence::new("except", except)?;
        Ok(Self { members, elements, empty, emptied, except, to: Aims::new(paths), instead, plain })
    }

    /// Never fails.
    pub(super) fn apply(&self, doc: &mut Node<'_>, notes: &mut Notes) -> Result<(), Error> {
        if self.plain {
            drop_members(doc);
        } else {
            let (walk, top) = self.to.walk();
            Sweep { rules: self, walk, notes }.goes(doc, Fate::Keep, &self.except.start(), top);
        }
        Ok(())
    }
}

/// Whether there is a null inside a value. Null alone is no such value: it says that null stays.
fn holds_null(value: &Node<'_>) -> bool {
    let null = |inside: &Node<'_>| inside.is_null() || holds_null(inside);
    match value {
        Node::Array(elements) => elements.iter().any(null),
        Node::Object(object) => object.members().iter().any(|member| null(&member.value)),
        _ => false,
    }
}

/// The step with all its defaults.
fn drop_members(node: &mut Node<'_>) {
    match node {
        Node::Object(object) => object.members_mut().retain_mut(|member| {
            drop_members(&mut member.value);
            !member.value.is_null()
        }),
        Node::Array(elements) => elements.iter_mut().for_each(drop_members),
        _ => {}
    }
}

/// The step with any options.
struct Sweep<'s, 'p> {
    rules: &'s Nulls,
    walk: Walk<'p>,
    notes: &'s mut Notes,
}

impl Sweep<'_, '_> {
    /// Does the inside of a value first; whether it goes itself then. `null` is what becomes of it when it is null.
    fn goes(&mut self, value: &mut Node<'_>, null: Fate, ground: &Ground, sight: Sight) -> bool {
        let named = self.walk.hit(sight);
        if value.is_null() {
            let Some(instead) = named.and_then(|at| self.rules.instead.get(at)) else { return null == Fate::Drop };
            *value = instead.clone();
        }
        if let Some(path) = self.walk.balked(sight, value) {
            self.notes.mismatch(STEP, path, value.kind());
        }
        let was_empty = is_empty(value);
        let (kind, became) = match value {
            Node::String(_) => (self.rules.empty.strings, Fate::Keep),
            Node::Array(elements) => {
                self.elements(elements, ground, sight);
                (self.rules.empty.arrays, self.rules.emptied)
            }
            Node::Object(object) => {
                object.members_mut().retain_mut(|member| {
                    let Some(ground) = self.rules.except.member(ground, &member.key) else { return true };
                    let below = self.walk.member(sight, &member.key);
                    let goes = self.goes(&mut member.value, self.rules.members, &ground, below);
                    self.walk.leave(below);
                    !goes
                });
                (self.rules.empty.objects, self.rules.emptied)
            }
            _ => return false,
        };
        named.is_none() && is_empty(value) && (kind == Fate::Drop || !was_empty && became == Fate::Drop)
    }

    fn elements(&mut self, elements: &mut Vec<Node<'_>>, ground: &Ground, sight: Sight) {
        let mut places = 0..;
        elements.retain_mut(|element| {
            let at = places.next().unwrap_or_default();
            let Some(ground) = self.rules.except.element(ground, at) else { return true };
            let below = self.walk.element(sight, at);
            let goes = self.goes(element, self.rules.elements, &ground, below);
            self.walk.leave(below);
            !goes || self.rules.elements == Fate::Keep
        });
    }
}

fn is_empty(value: &Node<'_>) -> bool {
    match value {
        Node::String(text) => text.as_raw().is_empty(),
        Node::Array(elements) => elements.is_empty(),
        Node::Object(object) => object.is_empty(),
        _ => false,
    }
}
