//! One step: what it does, and when.

use super::compare::same;
use super::{Convert, Defaults, Each, Error, Group, Merge, Notes, Paging, Unwrap};
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
    /// Runs steps on every element of a list.
    Each(Each),
    /// Fills in what is null or missing.
    Default(Defaults),
    /// Changes types.
    Convert(Convert),
    /// Regroups a list.
    Group(Group),
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
    fn holds(&self, doc: &Node<'_>) -> bool {
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
            Self::Unwrap(_) => true,
            Self::Merge(step) => step.can_fail(),
            _ => false,
        }
    }

    /// The step's name, as in routes.yaml.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unwrap(_) => "unwrap",
            Self::Page(_) => "page",
            Self::Each(_) => "each",
            Self::Default(_) => "default",
            Self::Convert(_) => "convert",
            Self::Group(_) => "group",
            Self::Merge(_) => "merge",
        }
    }

    fn apply<'a>(&self, doc: &mut Node<'a>, notes: &mut Notes) -> Result<(), Error> {
        match self {
            Self::Unwrap(step) => step.apply(doc, notes),
            Self::Page(step) => step.apply(doc, notes),
            Self::Each(step) => step.apply(doc, notes),
            Self::Default(step) => step.apply(doc, notes),
            Self::Convert(step) => step.apply(doc, notes),
            Self::Group(step) => step.apply(doc, notes),
            Self::Merge(step) => step.apply(doc, notes),
        }
    }
}
