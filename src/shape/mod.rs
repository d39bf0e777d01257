//! Stands in for the front door that the other half of `shape` brings.

mod aims;
mod case;
mod error;
mod fence;
mod flatten;
#[cfg(test)]
mod laws;
mod notes;
mod nulls;
mod numbers;
mod omit;
mod pick;
mod relocate;
mod rename;
mod twins;
#[cfg(test)]
mod vectors;
mod wrap;

pub use case::{Case, CaseOptions, Spelling};
pub use error::{Error, StepError};
pub use flatten::{Arrays, Flatten, FlattenOptions, Join};
pub use notes::Notes;
pub use nulls::{EmptyOptions, Fate, Nulls, NullsOptions};
pub use numbers::{Beyond, Nan, Numbers, NumbersOptions};
pub use omit::Omit;
pub use pick::{Pick, PickOptions};
pub use relocate::{Copy, Move};
pub use rename::Rename;
pub use wrap::Wrap;

/// What a step does; the steps of the other half stand beside these.
#[derive(Debug, Clone)]
pub enum Action {
    /// What becomes of null.
    Nulls(Nulls),
    /// Lifts nested objects.
    Flatten(Flatten),
    /// Keeps these fields only.
    Pick(Pick),
    /// Removes.
    Omit(Omit),
    /// A new name in the same place.
    Rename(Rename),
    /// Another place.
    Move(Move),
    /// Another place, too.
    Copy(Copy),
    /// Numbers that survive JavaScript.
    Numbers(Numbers),
    /// The spelling of names.
    Case(Case),
    /// The document under a key.
    Wrap(Wrap),
}

impl Action {
    /// Runs one step.
    ///
    /// # Errors
    ///
    /// Those of the step.
    pub fn apply<'a>(&self, doc: &mut crate::json::Node<'a>, notes: &mut Notes) -> Result<(), Error> {
        match self {
            Self::Nulls(step) => step.apply(doc, notes),
            Self::Flatten(step) => step.apply(doc, notes),
            Self::Pick(step) => step.apply(doc, notes),
            Self::Omit(step) => step.apply(doc, notes),
            Self::Rename(step) => step.apply(doc, notes),
            Self::Move(step) => step.apply(doc, notes),
            Self::Copy(step) => step.apply(doc, notes),
            Self::Numbers(step) => step.apply(doc, notes),
            Self::Case(step) => step.apply(doc, notes),
            Self::Wrap(step) => step.apply(doc, notes),
        }
    }
}
