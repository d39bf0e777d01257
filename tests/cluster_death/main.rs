//! Deaths under load: what a dying worker costs, what a dying master leaves behind, and what is the same afterwards.

#[path = "../support/mod.rs"]
mod support;

mod descriptors;
mod limit;
mod master;
mod spinning;
mod stopped;
mod storm;

use std::sync::{Mutex, MutexGuard, PoisonError};

use support::gateway::Setup;
use support::load;

/// Workers may die as often as a test wants.
const RESILIENT: &str = "cluster: {restart: {limit: 1000, within: 60s, backoff: 10ms..20ms}}\n";

/// One test of this suite at a time: each wants the machine for itself.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A gateway for a load, with more lines at the top of routes.yaml.
fn setup(top: &str) -> Setup {
    Setup::new(&format!("{top}{}", load::routes(load::slow::start())))
}
