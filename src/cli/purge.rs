//! `forecourt purge`: drops what the workers keep of answers.

use anyhow::{Result, anyhow};
use clap::Args;
use http::Method;
use serde::Deserialize;

use super::ask::{self, Patience};
use super::control_argument::ControlArgument;
use super::exit::{self, Exit};

/// What to drop.
#[derive(Debug, Clone, Args)]
pub(super) struct PurgeArguments {
    #[command(flatten)]
    control: ControlArgument,
    #[command(flatten)]
    what: What,
}

#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Everything
    #[arg(long)]
    all: bool,
    /// What a route has answered, by the route as `forecourt routes` shows it
    #[arg(long, value_name = "ROUTE")]
    route: Option<String>,
    /// What was answered under a path, as in /detail/7; with a query, under exactly that query
    #[arg(long, value_name = "PATH")]
    key: Option<String>,
    /// What bears a tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Purged {
    acknowledged: u64,
    laggards: Vec<String>,
}

pub(super) fn run(arguments: &PurgeArguments) -> Result<()> {
    let What { route, key, tag, .. } = &arguments.what;
    let named = [("route", route), ("key", key), ("tag", tag)];
    let (kind, name) = named.into_iter().find_map(|(kind, name)| Some((kind, name.clone()?))).unwrap_or(("all", String::new()));
    ask::with(&arguments.control, async |mut master| {
        let path = format!("/purge/{kind}");
        let Purged { acknowledged, laggards } = master.tell(Method::POST, &path, name.clone(), Patience::Long).await?;
        let what = if name.is_empty() { kind.to_owned() } else { format!("{kind} {name}") };
        let told = format!("{what}: dropped by {acknowledged} {}", if acknowledged == 1 { "worker" } else { "workers" });
        if laggards.is_empty() {
            return exit::print(&told);
        }
        Err(Exit::Busy.because(anyhow!("{told}; not acknowledged yet, and told still: {}", laggards.join(", "))))
    })
}
