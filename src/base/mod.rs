//! What every floor may use: addresses as text, durations, sizes, shares, templates with holes, suggestions.
//!
//! Stands on nothing of this crate. Never reads a file, a clock or the network.

pub mod address;
pub mod duration;
pub mod hole;
pub mod share;
pub mod size;
mod suggest;

pub use suggest::suggest;
