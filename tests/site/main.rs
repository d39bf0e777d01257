//! What a site is beside its routes, as the shipped binary serves it: answers in content codings, files, the sitemap.

#[path = "../support/mod.rs"]
mod support;

#[path = "../streaming/backend.rs"]
#[expect(dead_code, reason = "other suites use the rest of it")]
mod backend;
mod compression;
mod files;
mod methods;
mod paged;
mod sitemap;
#[path = "../cache/upstream.rs"]
#[expect(dead_code, reason = "other suites use the rest of it")]
mod upstream;
