//! `forecourt upgrade`: a new program in the place of the running one, on the same listeners.

use anyhow::Result;
use http::Method;
use serde::Deserialize;

use super::ask::{self, Patience};
use super::control_argument::ControlArgument;
use super::exit;

#[derive(Debug, Deserialize)]
struct Upgraded {
    pid: u32,
}

pub(super) fn run(control: &ControlArgument) -> Result<()> {
    ask::with(control, async |mut master| {
        let Upgraded { pid } = master.ask(Method::POST, "/upgrade", Patience::Long).await?;
        exit::print(&format!("upgraded: process {pid} is the master now"))
    })
}
