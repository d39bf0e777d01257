//! A backend-for-frontend gateway.

pub mod base;
pub mod upstream;
