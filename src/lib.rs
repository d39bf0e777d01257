//! Forecourt: a backend-for-frontend gateway. See `docs/ARCHITECTURE.md` for the floors; a module uses lower floors only.

pub mod admin;
pub mod base;
pub mod cache;
pub mod check;
pub mod cli;
pub mod cluster;
pub mod coding;
pub mod demo;
pub mod files;
pub mod gateway;
pub mod json;
pub mod page;
pub mod plan;
pub mod route;
pub mod server;
pub mod shape;
pub mod spec;
pub mod telemetry;
pub mod upstream;
