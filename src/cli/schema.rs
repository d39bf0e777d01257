//! `forecourt schema`: the JSON Schema of routes.yaml.

use anyhow::Result;

use super::exit;
use crate::spec;

pub(super) fn run() -> Result<()> {
    exit::print(&serde_json::to_string_pretty(&spec::schema())?)
}
