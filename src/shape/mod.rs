//! The steps that turn a reply into what the front end wants, in their reference form: each works on the tree.
//!
//! Stands on `json`. Never knows YAML, an HTTP exchange or another engine; presets are options that come in from above.
//! Every step is made by a constructor that checks its options once, and after that takes any document without a panic:
//! what a path does not find is left alone, a value of the wrong type stays as it is and is counted in [`Notes`].

mod compare;
mod convert;
mod defaults;
mod each;
mod error;
mod group;
mod lists;
mod merge;
mod notes;
mod paging;
mod run;
mod step;
mod unwrap;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod testing;

pub use convert::{Convert, ConvertOptions, DateForm, DateOptions, To};
pub use defaults::{Defaults, DefaultsOptions};
pub use each::{Each, EachOptions};
pub use error::{Error, StepError};
pub use group::{Group, GroupForm, GroupOptions};
pub use merge::{Merge, MergeConflict, MergeOptions};
pub use notes::Notes;
pub use paging::{Paging, PagingOptions};
pub use run::Shape;
pub use step::{Action, Step, When};
pub use unwrap::{MissingData, MissingVerdict, Payload, Unwrap, UnwrapOptions};
