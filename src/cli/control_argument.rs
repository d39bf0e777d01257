//! Which control socket: said, or derived from the configuration.

use std::path::PathBuf;

use clap::Args;

use super::ConfigArgument;
use crate::admin::place;

/// The word for no socket at all.
const OFF: &str = "off";

/// Which configuration's master, by which socket.
#[derive(Debug, Clone, Args)]
pub(super) struct ControlArgument {
    #[command(flatten)]
    pub(super) config: ConfigArgument,
    /// The control socket, or `off`; by default one that follows from the configuration's path
    #[arg(long, value_name = "PATH", env = "FORECOURT_CONTROL")]
    control: Option<PathBuf>,
}

impl ControlArgument {
    /// Where the socket is; none when there is to be none.
    pub(super) fn path(&self) -> Option<PathBuf> {
        match &self.control {
            Some(path) if path.as_os_str() == OFF => None,
            Some(path) => Some(path.clone()),
            None => Some(place::socket(&self.config.config)),
        }
    }

    /// Whether nobody has said where.
    pub(super) fn is_derived(&self) -> bool {
        self.control.is_none()
    }
}
