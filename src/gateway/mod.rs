//! The life of a request.

pub mod edge;
