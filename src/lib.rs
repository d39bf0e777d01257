//! Forecourt: a backend-for-frontend gateway. See `docs/ARCHITECTURE.md` for the floors; a module uses lower floors only.

pub mod base;
pub mod json;
pub mod shape;
