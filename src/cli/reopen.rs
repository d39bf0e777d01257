//! `forecourt reopen`: log files that somebody has moved away are opened again.

use anyhow::Result;
use http::Method;
use serde::de::IgnoredAny;

use super::ask::{self, Patience};
use super::control_argument::ControlArgument;
use super::exit;

pub(super) fn run(control: &ControlArgument) -> Result<()> {
    ask::with(control, async |mut master| {
        let _reopened: IgnoredAny = master.ask(Method::POST, "/reopen", Patience::Short).await?;
        exit::print("reopened: the log files are those under their names again")
    })
}
