//! The top of routes.yaml and the parts that belong to the whole process.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{DurationText, OneOrMany, RouteSpec, SizeText, StepSpec, UpstreamSpec};

/// routes.yaml: what Forecourt listens on, which backends it calls, and what each route answers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "routes.yaml")]
pub struct FileSpec {
    /// The version of this grammar; 1 when absent.
    #[schemars(range(min = 1, max = 1))]
    pub version: Option<u32>,
    /// The address to listen on, or a list: `127.0.0.1:8080`, `[::]:8080`. Default `127.0.0.1:8080`.
    #[schemars(with = "Option<OneOrMany<super::text::AddressText>>")]
    pub listen: Option<OneOrMany<String>>,
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

/// What a client may send at most; over it is a 4xx.
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
    /// How replies are kept.
    pub cache: Option<super::CacheSpec>,
}

/// The public face of the site.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`site`")]
pub struct SiteSpec {
    /// Where the site lives, for absolute URLs: `https://shop.example`. Never taken from Host.
    pub origin: Option<String>,
    /// robots.txt.
    pub robots: Option<RobotsSpec>,
    /// sitemap.xml.
    pub sitemap: Option<SitemapSpec>,
    /// Folders of files, by the path they are served under.
    #[serde(rename = "static")]
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
    /// The call, with a `{page}` hole.
    pub call: String,
    /// Where the items are.
    pub items: String,
    /// The path of an item's page, with `{item.…}` holes.
    pub loc: String,
    /// Where an item says when it last changed.
    pub lastmod: Option<String>,
}

/// The worker processes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`cluster`")]
pub struct ClusterSpec {
    /// How many worker processes, or `auto`: one a processor, two at least.
    pub workers: Option<WorkersSpec>,
    /// Runtime threads in each worker. Default 1.
    #[schemars(range(min = 1, max = 64))]
    pub threads: Option<usize>,
    /// How connections are dealt out. Default `round_robin`.
    pub policy: Option<PolicySpec>,
    /// How a worker that died is started again.
    pub restart: Option<RestartSpec>,
    /// How long a worker that leaves may finish what it has. Default 30s.
    pub drain: Option<DurationText>,
    /// How long WebSockets and streams may go on in a worker that leaves. Default: as `drain`, which is the most.
    pub stream_drain: Option<DurationText>,
    /// How often a worker says that it is alive.
    pub heartbeat: Option<DurationText>,
    /// A worker above it is replaced.
    pub memory: Option<SizeText>,
    /// Groups of workers, each with listeners and routes of its own.
    pub groups: Option<IndexMap<String, GroupSpec>>,
}

/// A number of workers, or `auto`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum WorkersSpec {
    /// That many.
    Count(#[schemars(range(min = 1, max = 1024))] usize),
    /// One a processor, two at least.
    Auto(AutoWord),
}

/// The word `auto`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AutoWord {
    /// As many as fit the machine.
    Auto,
}

/// How connections are dealt out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PolicySpec {
    /// In turn.
    RoundRobin,
    /// In turn, by weight.
    Weighted,
    /// To the worker with the fewest connections.
    LeastConnections,
    /// Workers accept from one listener themselves.
    Shared,
}

/// How a worker that died is started again.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`restart`")]
pub struct RestartSpec {
    /// How many deaths within `within` are too many.
    pub limit: Option<u32>,
    /// The window in which deaths are counted.
    pub within: Option<DurationText>,
    /// The wait before a restart, first and last: `100ms..10s`.
    #[schemars(with = "Option<super::text::SpanText>")]
    pub backoff: Option<DurationText>,
}

/// A group of workers.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a group of workers")]
pub struct GroupSpec {
    /// What the group listens on.
    #[schemars(with = "Option<OneOrMany<super::text::AddressText>>")]
    pub listen: Option<OneOrMany<String>>,
    /// How many workers.
    pub workers: Option<WorkersSpec>,
    /// The paths it serves.
    pub routes: Option<Vec<String>>,
    /// How its connections are dealt out.
    pub policy: Option<PolicySpec>,
}
