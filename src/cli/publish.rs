//! `forecourt publish`: state that every worker is told, those that start later too.

use anyhow::{Result, anyhow};
use clap::Args;
use http::Method;
use serde::Deserialize;

use super::ask::{self, Patience, segment};
use super::control_argument::ControlArgument;
use super::exit::{self, Exit};

/// What to tell.
#[derive(Debug, Clone, Args)]
pub(super) struct PublishArguments {
    #[command(flatten)]
    control: ControlArgument,
    /// What it is about, as in `ready`
    topic: String,
    /// What it is now, as in `no`
    value: String,
}

#[derive(Debug, Deserialize)]
struct Published {
    epoch: u64,
    acknowledged: u64,
    laggards: Vec<String>,
}

pub(super) fn run(arguments: &PublishArguments) -> Result<()> {
    let PublishArguments { control, topic, value } = arguments;
    if topic.is_empty() {
        return Err(Exit::Usage.because(anyhow!("a topic has a name, and this one is empty")));
    }
    ask::with(control, async |mut master| {
        let path = format!("/publish/{}", segment(topic));
        let Published { epoch, acknowledged, laggards } = master.tell(Method::POST, &path, value.clone(), Patience::Long).await?;
        let told = format!(
            "{topic}: {acknowledged} {} it, as change {epoch}",
            if acknowledged == 1 { "worker knows" } else { "workers know" }
        );
        if laggards.is_empty() {
            return exit::print(&told);
        }
        Err(Exit::Busy.because(anyhow!("{told}; not acknowledged yet, and told still: {}", laggards.join(", "))))
    })
}
