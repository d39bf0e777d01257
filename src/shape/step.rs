//! One step: what it does, and when.

use super::compare::same;
use super::{
    Case, Convert, Copy, Defaults, Each, Error, Flatten, Group, Merge, Move, Notes, Nulls, Numbers, Omit, Paging, Pick, Rename,
    Unwrap, Wrap,
};
use crate::json::{Node, Path};

/// One step of a shape.
#[derive(Debug, Clone)]
pub struct Step {
    /// The step runs only when this holds; without it, always.
    pub when: Option<When>,
    /// What it does.
    pub action: Action,
}

/// A condition on the document that a step sees.
#[derive(Debug, Clone)]
pub struct When {
    /// Where to look. With `[]`, `*` or `**`, one value that fits is enough.
    pub path: Path,
    /// What must be there: numbers are compared by value, a string is never a number. Without it: anything but null.
    pub equals: Option<Node<'static>>,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Takes the payload out of an envelope.
    Unwrap(Unwrap),
    /// Gives a page of a list its one form.
    Page(Paging),
    /// What becomes of null.
    Nulls(Nulls),
    /// Lifts nested objects.
    Flatten(Flatten),
    /// Keeps these members only.
    Pick(Pick),
    /// Removes what paths name.
    Omit(Omit),
    /// A new name in the same place.
    Rename(Rename),
    /// Another place.
    Move(Move),
    /// Another place, too.
    Copy(Copy),
    /// Runs steps on every element of a list.
    Each(Each),
    /// Fills in what is null or missing.
    Default(Defaults),
    /// Changes types.
    Convert(Convert),
    /// Numbers that survive JavaScript.
    Numbers(Numbers),
    /// The spelling of names.
    Case(Case),
    /// Regroups a list.
    Group(Group),
    /// Puts the document under a key.
    Wrap(Wrap),
    /// Joins objects.
    Merge(Merge),
}

impl Step {
    /// A step that always runs.
    pub fn new(action: Action) -> Self {
        Self { when: None, action }
    }

    /// The step's name, as in routes.yaml.
    pub fn name(&self) -> &'static str {
        self.action.name()
    }

    pub(super) fn apply<'a>(&self, doc: &mut Node<'a>, notes: &mut Notes) -> Result<(), Error> {
        if self.when.as_ref().is_none_or(|when| when.holds(doc)) { self.action.apply(doc, notes) } else { Ok(()) }
    }
}

impl When {
    /// Whether it is so in a document.
    pub fn holds(&self, doc: &Node<'_>) -> bool {
        let mut holds = false;
        self.path.each(doc, |found| {
            holds |= match &self.equals {
                Some(equals) => same(found, equals),
                None => !found.is_null(),
            };
        });
        holds
    }
}

impl Action {
    /// Whether a document can make the step fail, so that it may have done half of its work.
    pub(super) fn can_fail(&self) -> bool {
        match self {
            Self::Unwrap(_) | Self::Numbers(_) => true,
            Self::Merge(step) => step.can_fail(),
            _ => false,
        }
    }

    /// The step's name, as in routes.yaml.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unwrap(_) => "unwrap",
            Self::Page(_) => "page",
            Self::Nulls(_) => "nulls",
            Self::Flatten(_) => "flatten",
            Self::Pick(_) => "pick",
            Self::Omit(_) => "omit",
            Self::Rename(_) => "rename",
            Self::Move(_) => "move",
            Self::Copy(_) => "copy",
            Self::Each(_) => "each",
            Self::Default(_) => "default",
            Self::Convert(_) => "convert",
            Self::Numbers(_) => "numbers",
            Self::Case(_) => "case",
            Self::Group(_) => "group",
            Self::Wrap(_) => "wrap",
            Self::Merge(_) => "merge",
        }
    }

    pub(super) fn apply<'a>(&self, doc: &mut Node<'a>, notes: &mut Notes) -> Result<(), Error> {
        match self {
            Self::Unwrap(step) => step.apply(doc, notes),
            Self::Page(step) => step.apply(doc, notes),
            Self::Nulls(step) => step.apply(doc, notes),
            Self::Flatten(step) => step.apply(doc, notes),
            Self::Pick(step) => step.apply(doc, notes),
            Self::Omit(step) => step.apply(doc, notes),
            Self::Rename(step) => step.apply(doc, notes),
            Self::Move(step) => step.apply(doc, notes),
            Self::Copy(step) => step.apply(doc, notes),
            Self::Each(step) => step.apply(doc, notes),
            Self::Default(step) => step.apply(doc, notes),
            Self::Convert(step) => step.apply(doc, notes),
            Self::Numbers(step) => step.apply(doc, notes),
            Self::Case(step) => step.apply(doc, notes),
            Self::Group(step) => step.apply(doc, notes),
            Self::Wrap(step) => step.apply(doc, notes),
            Self::Merge(step) => step.apply(doc, notes),
        }
    }
}
