//! routes.yaml as it was typed: text to a mirror of structs, with the line and column of every node.
//!
//! Stands on `base` and `json`. Never decides what a key means: that is the plan's work.

mod advice;
mod at;
mod cluster;
mod convert;
mod csp;
mod envelope;
mod environment;
mod explain;
mod file;
mod folder;
mod habits;
mod keywords;
mod lines;
mod literal;
mod load;
mod page;
mod problem;
mod reference;
mod report;
mod route;
mod scalar;
mod schema;
mod shape;
mod snapshot;
mod source;
mod standing;
mod syntax;
mod text;
mod tree;
mod units;
mod upstream;
mod words;
mod yaml;

pub use at::At;
pub use cluster::*;
pub use convert::*;
pub use csp::*;
pub use envelope::*;
pub use file::*;
pub use folder::{ReadError, normal};
pub use load::{Loaded, load, load_document, load_preset, load_standing};
pub use page::*;
pub use problem::{Aim, Problem, Problems};
pub use reference::{Reference, reference};
pub use report::Report;
pub use route::*;
pub use schema::schema;
pub use shape::*;
pub use snapshot::Snapshot;
pub use source::Source;
pub use text::*;
pub use upstream::*;

#[cfg(test)]
mod tests;
