//! Routes: what is asked, what is checked, which call answers it.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{DurationText, Literal, PageSpec, StepSpec, Switchable};

/// A route: which requests it takes and how they are answered.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a route")]
pub struct RouteSpec {
    /// `METHOD[,METHOD|ANY] PATH`; `{name}` is one segment, `{*name}` the rest. GET also serves HEAD.
    #[schemars(title = "a route such as GET /detail/{id}")]
    pub route: String,
    /// What a request must look like; checked once, here.
    pub input: Option<InputSpec>,
    /// `[METHOD] upstream:/path`, with holes. Without it the request's method, path and query go to the only upstream.
    #[schemars(title = "a call such as GET shop:/api/items/{path.id}")]
    pub call: Option<String>,
    /// Several calls, by name.
    pub calls: Option<IndexMap<String, CallSpec>>,
    /// `upstream:/path`: bytes through untouched.
    #[schemars(title = "an upstream and a path, as in files:/{path.rest}")]
    pub proxy: Option<String>,
    /// The page that a browser gets: a template's name, or the long form.
    pub page: Option<PageSpec>,
    /// The steps that turn the reply into what the front end wants, in order.
    pub shape: Option<Vec<StepSpec>>,
    /// How replies are kept; `false` for not at all, whatever `defaults` say.
    pub cache: Option<Switchable<CacheSpec>>,
    /// The time the route may take in all.
    pub timeout: Option<DurationText>,
    /// Whether a step that meets a value of the wrong type is a 502.
    pub strict: Option<bool>,
    /// Whether its calls may be made again: `true` whatever their method, `false` never. Without it their methods decide.
    pub retry: Option<bool>,
    /// Whether its answers leave in a content coding that the client takes. Default true.
    pub compress: Option<bool>,
    /// How many of its requests a worker answers at once; over it 503.
    pub in_flight: Option<usize>,
}

/// What a request must look like.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`input`")]
pub struct InputSpec {
    /// Rules for the path's holes, by name.
    #[serde(default)]
    pub path: IndexMap<String, FieldSpec>,
    /// Rules for query parameters, by name.
    #[serde(default)]
    pub query: IndexMap<String, FieldSpec>,
    /// Rules for headers, by name.
    #[serde(default)]
    pub headers: IndexMap<String, FieldSpec>,
    /// The JSON Schema (2020-12) of the body, inline or `{$ref: file}`.
    #[schemars(with = "Option<super::keywords::JsonSchemaText>")]
    pub body: Option<serde_json::Value>,
    /// What becomes of query parameters without a rule. Default `pass`.
    pub unknown_query: Option<UnknownQuerySpec>,
}

/// A rule: a JSON Schema for the value, and two words of ours: `required` and `default`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct FieldSpec {
    /// Whether the request must have it. A path's hole always does.
    #[serde(default)]
    pub required: bool,
    /// The value when the request has none.
    #[serde(default, deserialize_with = "super::text::given")]
    pub default: Option<Literal>,
    /// `string`, `integer`, `number`, `boolean`, or `array` of those (a repeated parameter).
    #[serde(rename = "type")]
    pub kind: Option<FieldKind>,
    /// Every other keyword of JSON Schema 2020-12.
    #[serde(flatten)]
    pub keywords: IndexMap<String, serde_json::Value>,
}

/// The type that a text is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Text as it came.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A repeated parameter.
    Array,
}

/// What becomes of query parameters without a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnknownQuerySpec {
    /// They go upstream.
    Pass,
    /// They are left out.
    Drop,
    /// They are a 422.
    Reject,
}

/// One of several calls.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum CallSpec {
    /// `[METHOD] upstream:/path`.
    Short(String),
    /// The long form.
    Long(Box<CallFormSpec>),
}

/// The long form of a call.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a call")]
pub struct CallFormSpec {
    /// `[METHOD] upstream:/path`.
    pub to: String,
    /// Whether the route answers without it.
    pub optional: Option<bool>,
    /// What stands in for it.
    #[serde(default, deserialize_with = "super::text::given")]
    pub fallback: Option<Literal>,
    /// The time it may take.
    pub timeout: Option<DurationText>,
    /// Steps for its reply alone.
    pub shape: Option<Vec<StepSpec>>,
    /// A list whose elements are each asked for.
    pub for_each: Option<String>,
    /// Where the answers go.
    #[serde(rename = "as")]
    pub into: Option<String>,
    /// How many are asked at once.
    pub at_once: Option<usize>,
    /// Whether it is made at all.
    pub when: Option<super::WhenSpec>,
}

/// How replies are kept.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`cache`")]
pub struct CacheSpec {
    /// How long a reply is fresh.
    pub ttl: Option<DurationText>,
    /// How long a stale one answers while a new one is fetched. Default 10s.
    pub swr: Option<DurationText>,
    /// How long a stale one answers while the upstream fails. Default 5m.
    pub stale_if_error: Option<DurationText>,
    /// Query parameters that tell replies apart; others are dropped. Default: all that the route takes.
    pub query: Option<Vec<String>>,
    /// Headers that tell replies apart; others are not sent to the upstream.
    pub vary: Option<Vec<String>>,
    /// Whether equal requests share a call. Default `worker`.
    pub coalesce: Option<CoalesceSpec>,
    /// Which of the upstream's own words about keeping a reply count. Default `refusals`.
    pub obey: Option<ObeySpec>,
    /// Names to drop replies by, with holes of the path: `item-{path.id}`.
    pub tags: Option<Vec<String>>,
}

/// Which equal requests share a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CoalesceSpec {
    /// Those of one worker.
    Worker,
    /// Those of all workers.
    Machine,
}

/// Which of the upstream's own words about keeping a reply count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObeySpec {
    /// `Set-Cookie`, `private` and `Vary: *`, which always do.
    Private,
    /// `no-store` and `no-cache` too.
    Refusals,
    /// Times too: `max-age` and its like go before `ttl`.
    All,
}
