//! What a site is beside its routes, as the shipped binary serves it: answers in content codings, files.

#[path = "../support/mod.rs"]
mod support;

#[path = "../streaming/backend.rs"]
#[expect(dead_code, reason = "other suites use the rest of it")]
mod backend;
mod compression;
mod files;
#[path = "../cache/upstream.rs"]
#[expect(dead_code, reason = "other suites use the rest of it")]
mod upstream;
