//! Pages: a template with its head and state.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::DurationText;

/// The page that a browser gets.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PageSpec {
    /// The template's name.
    Template(String),
    /// The long form.
    Long(Box<PageFormSpec>),
}

/// The long form of a page.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a page")]
pub struct PageFormSpec {
    /// The template's name, relative to the templates folder.
    pub template: String,
    /// The template that the page is set into.
    pub layout: Option<String>,
    /// What goes into the page's head.
    pub head: Option<IndexMap<String, serde_json::Value>>,
    /// What the browser's code can read.
    pub state: Option<StateSpec>,
    /// The status. Default 200.
    #[schemars(range(min = 100, max = 599))]
    pub status: Option<u16>,
    /// When the page gives up.
    pub deadline: Option<PageDeadlineSpec>,
    /// The page that stands in.
    pub fallback: Option<String>,
    /// Whether the head leaves first.
    pub early_head: Option<bool>,
    /// `accept`: HTML for a client that asks for it, JSON for the rest; `always`: HTML for everyone. Default `accept`.
    pub when: Option<PageWhenSpec>,
}

/// When a page answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PageWhenSpec {
    /// HTML for a client that asks for it.
    Accept,
    /// HTML for everyone.
    Always,
}

/// What the browser's code can read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum StateSpec {
    /// All or nothing.
    All(bool),
    /// These members.
    Fields(Vec<String>),
}

/// When a page gives up.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "the `deadline` of a page")]
pub struct PageDeadlineSpec {
    /// After it a stale page does.
    pub soft: Option<DurationText>,
    /// After it the fallback.
    pub hard: Option<DurationText>,
}
