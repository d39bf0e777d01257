//! Forecourt.
pub mod cluster;
