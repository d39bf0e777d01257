//! What black-box tests share: the shipped binary as a process, its clients, and backends that misbehave.

#![allow(dead_code, unreachable_pub, reason = "every test binary uses its own part of it")]

pub mod drill;
pub mod fault;
pub mod figures;
pub mod gateway;
pub mod http;
pub mod lines;
pub mod load;
pub mod obituary;
pub mod operator;
pub mod process;
pub mod secure;
pub mod until;
