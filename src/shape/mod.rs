//! The steps that turn a reply into what the front end wants, in their reference form: each works on the tree.
//!
//! Stands on `json`. Never knows YAML, an HTTP exchange or another engine; presets are options that come in from above.
//! Every step is made by a constructor that checks its options once, and after that takes any document without a panic:
//! what a path does not find is left alone, a value of the wrong type stays as it is and is counted in [`Notes`].

mod aims;
mod case;
mod compare;
mod convert;
mod defaults;
mod each;
mod error;
mod fence;
mod flatten;
mod fused;
mod group;
mod lists;
mod merge;
mod notes;
mod nulls;
mod numbers;
mod omit;
mod paging;
mod pick;
mod relocate;
mod rename;
mod run;
mod step;
mod twins;
mod unwrap;
mod wrap;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod vectors;

pub use case::{Case, CaseOptions, Spelling};
pub use convert::{Convert, ConvertOptions, DateForm, DateOptions, To};
pub use defaults::{Defaults, DefaultsOptions};
pub use each::{Each, EachOptions};
pub use error::{Error, StepError};
pub use flatten::{Arrays, Flatten, FlattenOptions, Join};
pub use fused::{Fused, PassPlan, Refused, Stream};
pub use group::{Group, GroupForm, GroupOptions};
pub use merge::{Merge, MergeConflict, MergeOptions};
pub use notes::Notes;
pub use nulls::{EmptyOptions, Fate, Nulls, NullsOptions};
pub use numbers::{Beyond, Nan, Numbers, NumbersOptions};
pub use omit::Omit;
pub use paging::{Paging, PagingOptions};
pub use pick::{Pick, PickOptions};
pub use relocate::{Copy, Move};
pub use rename::Rename;
pub use run::Shape;
pub use step::{Action, Step, When};
pub use unwrap::{MissingData, MissingVerdict, Payload, Unwrap, UnwrapOptions};
pub use wrap::Wrap;
