//! Changes under load: reloads, upgrades and changes of size that cost no request, and reloads that fail and cost none either.

#[path = "../support/mod.rs"]
mod support;

mod changes;
mod refused;
mod silent;

use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use support::gateway::{Gateway, Setup};
use support::{load, operator};

/// One test of this suite at a time: each wants the machine for itself.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A configuration that can be told apart from others: `/which` answers with the item of this number.
struct Release {
    routes: String,
}

impl Release {
    /// Everything that a load needs, under `cluster:` with these keys.
    fn new(cluster: &str) -> Self {
        Self { routes: format!("cluster: {{{cluster}}}\n{}", load::routes(load::slow::start())) }
    }

    fn text(&self, number: usize) -> String {
        format!("{}  - route: GET /which\n    call: GET shop:/api/items/{number}\n", self.routes)
    }

    /// A gateway with the first one, ready to be commanded.
    fn setup(&self) -> Setup {
        operator::commanded(Setup::new(&self.text(1)))
    }

    /// Puts another one in its place.
    fn write(&self, folder: &Path, number: usize) {
        fs::write(folder.join("routes.yaml"), self.text(number)).expect("our own folder");
    }
}

/// The number of the release that answers on a new connection.
fn which(gateway: &Gateway) -> Option<u64> {
    let answer = gateway.get("/which");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json().get("id")?.as_u64()
}
