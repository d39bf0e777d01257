//! The top of routes.yaml and the parts that belong to the whole process.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{ClusterSpec, CspSpec, DurationText, ListenSpec, OneOrMany, RouteSpec, SizeText, StepSpec, UpstreamSpec};

/// routes.yaml: what Forecourt listens on, which backends it calls, and what each route answers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "routes.yaml")]
pub struct FileSpec {
    /// The version of this grammar; 1 when absent.
    #[schemars(range(min = 1, max = 1))]
    pub version: Option<u32>,
    /// Where to listen, or a list: `127.0.0.1:8080`, `[::]:8080`, `unix:/run/forecourt.sock`, `systemd:web`. Default
    /// `127.0.0.1:8080`.
    pub listen: Option<OneOrMany<ListenSpec>>,
    /// The folder of the templates, relative to this file. Default `templates`, when it exists.
    pub templates: Option<String>,
    /// What a client may send at most.
    pub limits: Option<LimitsSpec>,
    /// What every route starts from; a route's own key replaces the default's.
    pub defaults: Option<DefaultsSpec>,
    /// The backends, by name.
    #[serde(default)]
    pub upstreams: IndexMap<String, UpstreamSpec>,
    /// The routes, in any order: the most exact path wins.
    #[serde(default)]
    pub routes: Vec<RouteSpec>,
    /// The public face of the site.
    pub site: Option<SiteSpec>,
    /// The worker processes.
    pub cluster: Option<ClusterSpec>,
}

/// What a client may send at most, over which it is a 4xx; how much is done at once, and how much is kept.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`limits`")]
pub struct LimitsSpec {
    /// The request target. Default 8KiB; over it 414.
    pub uri: Option<SizeText>,
    /// Request line and headers together. Default 32KiB; over it 431.
    pub head: Option<SizeText>,
    /// The number of headers. Default 100; over it 431.
    pub headers: Option<usize>,
    /// The body of a request. Default 1MiB; over it 413. A `proxy` route has no such limit.
    pub body: Option<SizeText>,
    /// How deep a JSON body may nest. Default 64; over it 400.
    pub json_depth: Option<usize>,
    /// How many values a JSON body may have. Default 100000; over it 400.
    pub json_nodes: Option<usize>,
    /// What the cache of each worker may hold. Default 64MiB.
    pub cache: Option<SizeText>,
    /// What a worker may hold of memory of its own: from 85 % of it on it gives things up. Default no limit.
    pub memory: Option<SizeText>,
    /// How many requests a worker answers at once. Default 2000; over it 503.
    pub in_flight: Option<usize>,
    /// Whether that limit shrinks when answers are late, and grows again when they are not. Default false.
    pub adaptive: Option<AdaptiveChoiceSpec>,
}

/// Whether and how the limit of requests finds its own size.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AdaptiveChoiceSpec {
    /// `true` is `aimd`.
    Switch(bool),
    /// What it goes by.
    Mode(AdaptiveModeSpec),
    /// What it goes by, and the rest.
    Set(AdaptiveSpec),
}

/// What the limit of requests goes by.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdaptiveModeSpec {
    /// How long answers may take: `latency`.
    Aimd,
    /// How long the answers of each route take when little is under way.
    Gradient,
}

/// How the limit of requests finds its own size.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`adaptive`")]
pub struct AdaptiveSpec {
    /// What it goes by. Default `aimd`.
    pub mode: Option<AdaptiveModeSpec>,
    /// With `aimd`: an answer that takes longer is late. Default 1s.
    pub latency: Option<DurationText>,
    /// The least limit. Default 16.
    pub least: Option<usize>,
}

/// What every route starts from.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`defaults`")]
pub struct DefaultsSpec {
    /// The time a route may take in all. Default 10s; over it 504.
    pub timeout: Option<DurationText>,
    /// The steps of a route that names none. Default `[{nulls: drop}]`.
    pub shape: Option<Vec<StepSpec>>,
    /// Whether a step that meets a value of the wrong type is a 502. Default false.
    pub strict: Option<bool>,
    /// How replies are kept of routes that take GET, are no `proxy` and do not say so themselves.
    pub cache: Option<super::CacheSpec>,
    /// Whether answers leave in a content coding that the client takes. Default true.
    pub compress: Option<bool>,
}

/// The public face of the site.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`site`")]
pub struct SiteSpec {
    /// Where the site lives, for absolute URLs: `https://shop.example`. Never taken from Host.
    pub origin: Option<String>,
    /// What the pages may load and run. Default `strict`.
    pub csp: Option<CspSpec>,
    /// robots.txt.
    pub robots: Option<RobotsSpec>,
    /// sitemap.xml.
    pub sitemap: Option<SitemapSpec>,
    /// Folders of files, by the path they are served under.
    #[serde(rename = "static")]
    #[schemars(title = "a folder for each path, as in {/assets: public}")]
    pub statics: Option<IndexMap<String, String>>,
}

/// robots.txt.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`robots`")]
pub struct RobotsSpec {
    /// Paths that robots shall not visit.
    pub disallow: Option<Vec<String>>,
    /// Whether the sitemap is announced.
    pub sitemap: Option<bool>,
}

/// sitemap.xml from a call with pages.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`sitemap`")]
pub struct SitemapSpec {
    /// The call, with a `{page}` hole for the number of a page.
    pub call: String,
    /// Where the items are.
    pub items: String,
    /// The path of an item's page, with `{item.…}` holes.
    pub loc: String,
    /// Where an item says when it last changed.
    pub lastmod: Option<String>,
    /// The number of the first page. Default 1.
    pub first: Option<u32>,
}
