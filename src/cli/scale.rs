//! `forecourt scale`: more workers or fewer.

use anyhow::Result;
use clap::Args;
use http::Method;
use serde::Deserialize;

use super::ask::{self, Patience, segment};
use super::control_argument::ControlArgument;
use super::exit;

/// How many, and where.
#[derive(Debug, Clone, Args)]
#[command(allow_missing_positional = true)]
pub(super) struct ScaleArguments {
    #[command(flatten)]
    control: ControlArgument,
    /// The group; the first one of the configuration without it
    group: Option<String>,
    /// How many workers it should have
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1024))]
    workers: u32,
}

#[derive(Debug, Deserialize)]
struct Scaled {
    group: String,
    from: u32,
    to: u32,
}

pub(super) fn run(arguments: &ScaleArguments) -> Result<()> {
    let workers = arguments.workers;
    let path = match &arguments.group {
        Some(group) => format!("/scale/{}/{workers}", segment(group)),
        None => format!("/scale/{workers}"),
    };
    ask::with(&arguments.control, async |mut master| {
        let Scaled { group, from, to } = master.ask(Method::POST, &path, Patience::Long).await?;
        exit::print(&format!("{group}: {to} {}, was {from}", if to == 1 { "worker" } else { "workers" }))
    })
}
