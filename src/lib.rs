//! Forecourt.

pub mod base;
pub mod json;
pub mod spec;
