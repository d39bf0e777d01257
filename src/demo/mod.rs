//! The sample backend: a small shop that answers as Java does. `demo:` in routes.yaml reaches it without a port, `forecourt demo` serves
//! it alone.
//!
//! Stands on `upstream` for the way in. Keeps no state: equal requests get equal answers, in every worker.

mod goods;
mod java;
mod serve;
mod shop;
#[cfg(test)]
mod tests;

pub use serve::{InMemory, serve};
