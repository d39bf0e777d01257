//! `forecourt reload` and `forecourt restart`: new workers, for the configuration as it is now or for the one that serves.

use anyhow::Result;
use clap::Args;
use http::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::ask::{self, Patience};
use super::control_argument::ControlArgument;
use super::exit;

/// How to reload or restart.
#[derive(Debug, Clone, Args)]
pub(super) struct ReloadArguments {
    #[command(flatten)]
    control: ControlArgument,
    /// Wait until the new workers serve, or have failed and the old ones serve on (the default)
    #[arg(long, conflicts_with = "no_wait")]
    wait: bool,
    /// Only say that it should begin
    #[arg(long)]
    no_wait: bool,
}

#[derive(Debug, Deserialize)]
struct Reloaded {
    generation: u64,
    workers: u64,
    took_ms: u64,
}

/// `forecourt reload`.
pub(super) fn reload(arguments: &ReloadArguments) -> Result<()> {
    run(arguments, "reload")
}

/// `forecourt restart`.
pub(super) fn restart(arguments: &ReloadArguments) -> Result<()> {
    run(arguments, "restart")
}

fn run(arguments: &ReloadArguments, word: &str) -> Result<()> {
    ask::with(&arguments.control, async |mut master| {
        if arguments.no_wait {
            let _accepted: IgnoredAny = master.ask(Method::POST, &format!("/{word}?wait=false"), Patience::Short).await?;
            return exit::print(&format!("the {word} has been asked for: `forecourt events` and the log tell its end"));
        }
        let done: Reloaded = master.ask(Method::POST, &format!("/{word}"), Patience::Long).await?;
        let Reloaded { generation, workers, took_ms } = done;
        let plural = if workers == 1 { "worker" } else { "workers" };
        exit::print(&format!("{word}: generation {generation} serves with {workers} {plural}, after {took_ms} ms"))
    })
}
