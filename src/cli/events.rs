//! `forecourt events`: what happens to a running gateway, as lines of JSON.

use anyhow::Result;
use clap::Args;
use http_body_util::BodyExt;

use super::ask;
use super::control_argument::ControlArgument;
use super::exit;

/// Which events.
#[derive(Debug, Clone, Args)]
pub(super) struct EventsArguments {
    #[command(flatten)]
    control: ControlArgument,
    /// Go on with each new one, until the master ends
    #[arg(short, long)]
    follow: bool,
}

pub(super) fn run(arguments: &EventsArguments) -> Result<()> {
    ask::with(&arguments.control, async |mut master| {
        let mut body = master.open(&format!("/events?follow={}", arguments.follow)).await?;
        // A body that breaks off is the end of the master.
        while let Some(Ok(frame)) = body.frame().await {
            if let Ok(lines) = frame.into_data()
                && !exit::pass_on(&lines)?
            {
                break;
            }
        }
        Ok(())
    })
}
