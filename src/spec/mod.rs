//! routes.yaml as it was typed: text to a mirror of structs, with the line and column of every node.
//!
//! Stands on `base` and `json`. Never decides what a key means: that is the plan's work.

mod file;
mod page;
mod route;
mod shape;
mod text;
mod upstream;

pub use file::*;
pub use page::*;
pub use route::*;
pub use shape::*;
pub use text::*;
pub use upstream::*;
