//! Data cases: a configuration, a backend, requests and what they must give, in one YAML file each.

#![allow(dead_code, unreachable_pub, reason = "every test binary needs its own part of it")]

pub mod diff;
pub mod file;
pub mod judge;
pub mod play;
