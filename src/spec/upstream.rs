//! Backends: where they are, how they speak, how long they may take.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{DurationText, SizeText, UnwrapSpec};

/// A backend.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "an upstream")]
pub struct UpstreamSpec {
    /// Where it is: `http://host:port/base`, `https://…`, or `demo:` for the built-in sample backend.
    pub url: Option<String>,
    /// Several targets instead of `url`.
    pub urls: Option<Vec<TargetSpec>>,
    /// How calls are dealt out over the targets.
    pub balance: Option<BalanceSpec>,
    /// The envelope around every reply: a preset's name or the `unwrap` mapping. Applied before `shape`.
    pub envelope: Option<UnwrapSpec>,
    /// Hygiene before any step.
    pub decode: Option<DecodeSpec>,
    /// How long a call may take, part by part.
    pub timeout: Option<CallTimeoutSpec>,
    /// Whether a failed call is tried again.
    pub retry: Option<RetrySpec>,
    /// When a failing target is left alone.
    pub breaker: Option<BreakerSpec>,
    /// How many calls may be under way.
    pub bulkhead: Option<BulkheadSpec>,
    /// How the target is asked whether it is well.
    pub health: Option<HealthSpec>,
    /// Headers set on or removed from every call.
    pub headers: Option<HeadersSpec>,
}

/// One target of several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum TargetSpec {
    /// Its URL.
    Url(String),
    /// Its URL and weight.
    Weighted(WeightedTargetSpec),
}

/// A target with a weight.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a target")]
pub struct WeightedTargetSpec {
    /// Where it is.
    pub url: String,
    /// Its share of the calls. Default 1.
    pub weight: Option<u32>,
}

/// How calls are dealt out over targets.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BalanceSpec {
    /// The less loaded of two picked at random.
    P2c,
    /// In turn.
    RoundRobin,
    /// In turn, by weight.
    Weighted,
}

/// Hygiene before any step.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`decode`")]
pub struct DecodeSpec {
    /// `auto`, or a WHATWG label such as `gbk`. With `auto`, valid multi-byte UTF-8 wins over a wrong label.
    pub charset: Option<String>,
    /// Forms that are not JSON but meant as such.
    pub lenient: Option<LenientSpec>,
    /// What is cut off in front: `[bom, jsonp, prefix]`, all by default.
    pub strip: Option<Vec<StripSpec>>,
    /// Whether references inside the document are resolved.
    pub refs: Option<RefsSpec>,
    /// The largest reply. Default 8MiB; over it 502.
    pub max_bytes: Option<SizeText>,
    /// The largest reply that is whole before its answer begins; a larger one is shaped while it comes. Default 256KiB.
    pub stream_above: Option<SizeText>,
    /// The deepest reply. Default 128; over it 502.
    pub max_depth: Option<usize>,
}

/// All lenient forms, none, or each on its own.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum LenientSpec {
    /// All or none.
    All(bool),
    /// Each on its own.
    Some(LenientFormsSpec),
}

/// The lenient forms.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`lenient`")]
pub struct LenientFormsSpec {
    /// `NaN`, `Infinity`, `-Infinity`.
    #[serde(default)]
    pub bare_nan: bool,
    /// `{1: "a", b: 2}`.
    #[serde(default)]
    pub unquoted_keys: bool,
    /// `'text'`.
    #[serde(default)]
    pub single_quotes: bool,
    /// `// …`, `/* … */`, and a comma before a closing bracket.
    #[serde(default)]
    pub comments: bool,
}

/// What may be cut off in front of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StripSpec {
    /// A byte order mark.
    Bom,
    /// `callback(…);`
    Jsonp,
    /// `)]}'`, `for(;;);`, `while(1);`, `{}&&`
    Prefix,
}

/// References inside a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefsSpec {
    /// Left as they are.
    Off,
    /// Fastjson's `{"$ref": "$.data[0]"}`.
    Fastjson,
    /// Jackson's `@JsonIdentityInfo`: the object first, its id afterwards.
    JacksonId,
}

/// How long a call may take, part by part.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "the `timeout` of an upstream")]
pub struct CallTimeoutSpec {
    /// Until the connection stands. Default 1s.
    pub connect: Option<DurationText>,
    /// Until the reply's head is there. Default 3s.
    pub first_byte: Option<DurationText>,
    /// Between two pieces of the body. Default 5s.
    pub between_bytes: Option<DurationText>,
    /// In all. Default 10s.
    pub total: Option<DurationText>,
}

/// Whether a failed call is tried again.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`retry`")]
pub struct RetrySpec {
    /// Tries after the first.
    pub attempts: Option<u32>,
    /// Methods that may be repeated.
    pub methods: Option<Vec<String>>,
    /// Failures that are tried again: `connect`, or a status.
    pub on: Option<Vec<serde_json::Value>>,
    /// The wait between tries, `25ms..250ms`.
    #[schemars(with = "Option<super::text::SpanText>")]
    pub backoff: Option<DurationText>,
    /// The share of calls that may be retries, `20%`.
    pub budget: Option<String>,
}

/// When a failing target is left alone.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`breaker`")]
pub struct BreakerSpec {
    /// Failures in a row.
    pub consecutive: Option<u32>,
    /// The share of successes below which it opens, `80%`.
    pub success_below: Option<String>,
    /// The window of that share.
    pub window: Option<DurationText>,
    /// Calls in the window before the share counts.
    pub minimum: Option<u32>,
    /// How long it stays open, first and last: `1s..60s`.
    #[schemars(with = "Option<super::text::SpanText>")]
    pub cooldown: Option<DurationText>,
}

/// How many calls may be under way.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`bulkhead`")]
pub struct BulkheadSpec {
    /// Calls at once.
    pub in_flight: Option<u32>,
    /// Calls that wait.
    pub queue: Option<u32>,
    /// How long they wait.
    pub wait: Option<DurationText>,
}

/// How a target is asked whether it is well.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`health`")]
pub struct HealthSpec {
    /// What is asked.
    pub path: Option<String>,
    /// How often.
    pub every: Option<DurationText>,
}

/// Headers set on or removed from every call.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "the `headers` of an upstream")]
pub struct HeadersSpec {
    /// Headers that every call gets.
    #[serde(default)]
    pub set: IndexMap<String, String>,
    /// Headers that no call gets.
    #[serde(default)]
    pub remove: Vec<String>,
}
