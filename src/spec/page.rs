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
    /// What goes into the page's head: template texts over the same variables as the page.
    pub head: Option<HeadSpec>,
    /// What the browser's code can read.
    pub state: Option<StateSpec>,
    /// What must be there and not be empty, as paths: without it the page is 404.
    pub required: Option<Vec<String>>,
    /// The status. Default 200.
    #[schemars(range(min = 100, max = 599))]
    pub status: Option<u16>,
    /// How long the page may take before something stands in.
    pub deadline: Option<PageDeadlineSpec>,
    /// The template that stands in while the page cannot be made.
    pub fallback: Option<String>,
    /// Whether the head leaves once the required calls are over, before the optional ones are. Default false.
    pub early_head: Option<bool>,
    /// Whether what the page's head names, whatever its data say, is told before the calls are made: 103 Early Hints, over HTTP/2. Default
    /// false.
    pub early_hints: Option<bool>,
    /// `accept`: HTML for a client that asks for it, JSON for the rest; `always`: HTML for everyone. Default `accept`.
    pub when: Option<PageWhenSpec>,
}

/// What goes into a page's head. Every value is a template text, such as `{{ title }} - Shop`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "the `head` of a page")]
pub struct HeadSpec {
    /// The title.
    pub title: Option<String>,
    /// What search engines show below the title.
    pub description: Option<String>,
    /// The page's own path, with holes of the route, made absolute by `site.origin`; or a whole address.
    pub canonical: Option<String>,
    /// What robots may do, such as `noindex`.
    pub robots: Option<String>,
    /// Open Graph properties, without `og:`. Title, description and url come from the head when they are missing.
    pub og: Option<IndexMap<String, String>>,
    /// Properties of a card, without `twitter:`.
    pub twitter: Option<IndexMap<String, String>>,
    /// Structured data: a template that writes JSON, a mapping whose texts are template texts, or a list of either.
    #[schemars(with = "Option<JsonLdSpec>")]
    pub json_ld: Option<serde_json::Value>,
    /// The same page in other languages: a path or an address by language.
    pub hreflang: Option<IndexMap<String, String>>,
    /// The page before this one in a list.
    pub prev: Option<String>,
    /// The page after this one in a list.
    pub next: Option<String>,
}

/// The shape of structured data, for the schema: what is in it is nobody's business but that of search engines.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(title = "a template's name, a mapping, or a list of them")]
#[expect(dead_code, reason = "only its schema is used")]
enum JsonLdSpec {
    Template(String),
    Inline(serde_json::Map<String, serde_json::Value>),
    Several(Vec<JsonLdPieceSpec>),
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(title = "a template's name or a mapping")]
#[expect(dead_code, reason = "only its schema is used")]
enum JsonLdPieceSpec {
    Template(String),
    Inline(serde_json::Map<String, serde_json::Value>),
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

/// How long a page may take before something stands in, from when its request is there.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "the `deadline` of a page")]
pub struct PageDeadlineSpec {
    /// From then on a stale page does. Default 800ms.
    pub soft: Option<DurationText>,
    /// From then on the fallback does. Default 3s.
    pub hard: Option<DurationText>,
}
