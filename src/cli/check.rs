//! `forecourt check`: everything that is wrong with a configuration, at once.

use std::path::Path;

use anyhow::Result;

use super::{exit, load};

pub(super) fn run(path: &Path) -> Result<()> {
    let (_, plan) = load::load(path)?;
    for warning in plan.warnings() {
        exit::complain(warning);
    }
    let routes = plan.router().routes().len();
    let upstreams = plan.backends().len();
    let plural = |count: usize, word: &str| if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") };
    exit::print(&format!(
        "{}: ok, {}, {}",
        exit::harmless(&path.display().to_string()),
        plural(routes, "route"),
        plural(upstreams, "upstream")
    ))
}
