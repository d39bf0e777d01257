//! Forecourt.

pub mod base;
pub mod spec;
