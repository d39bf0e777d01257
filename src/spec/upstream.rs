//! Backends: where they are, how they speak, how long they may take.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{DurationText, NameOrOff, ShareText, SizeText, Switchable, UnwrapSpec};

/// A backend.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "an upstream")]
pub struct UpstreamSpec {
    /// Where it is: `http://host:port/base`, `https://…`, or `demo:` for the built-in sample backend.
    pub url: Option<String>,
    /// Several targets that serve the same, instead of `url`.
    pub urls: Option<Vec<TargetSpec>>,
    /// How calls are dealt out over the targets. Default `p2c`.
    pub balance: Option<BalanceSpec>,
    /// The envelope around every reply: a preset's name or the `unwrap` mapping. Applied before `shape`.
    pub envelope: Option<UnwrapSpec>,
    /// Hygiene before any step.
    pub decode: Option<DecodeSpec>,
    /// How long a call may take, part by part.
    pub timeout: Option<CallTimeoutSpec>,
    /// Whether a failed call is made again; `false` for never.
    pub retry: Option<Switchable<RetrySpec>>,
    /// When a failing target is left alone; `false` for never.
    pub breaker: Option<Switchable<BreakerSpec>>,
    /// How many calls may be under way in each worker; `false` for any number.
    pub bulkhead: Option<Switchable<BulkheadSpec>>,
    /// Whether a call that takes unusually long has a second one beside it. Default false.
    pub hedge: Option<Switchable<HedgeSpec>>,
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
    /// Its share of the calls, beside the weights of the others. Default 1.
    #[schemars(with = "Option<super::text::WeightText>")]
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

/// Whether a failed call is made again.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`retry`")]
pub struct RetrySpec {
    /// Tries after the first. Default 1.
    #[schemars(range(max = 10))]
    pub attempts: Option<u32>,
    /// Methods that may be repeated when something was sent. Default `[GET, HEAD, OPTIONS]`.
    pub methods: Option<Vec<String>>,
    /// Failures that are tried again. Default `[connect, 502, 503, 504]`.
    pub on: Option<Vec<RetryOnSpec>>,
    /// The longest wait before the second try and before any, `25ms..250ms`, which is the default.
    #[schemars(with = "Option<super::text::SpanText>")]
    pub backoff: Option<DurationText>,
    /// The share of calls that may be made again. Default `20%`; ten a second of the whole machine may be in any case.
    pub budget: Option<ShareText>,
}

/// A failure that is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RetryOnSpec {
    /// On the way.
    Word(RetryWordSpec),
    /// A reply with this status.
    Status(#[schemars(with = "super::text::StatusText")] u16),
}

/// A failure on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryWordSpec {
    /// No connection, or one that broke before the head of the reply was whole.
    Connect,
    /// No head of a reply within `timeout.first_byte`.
    FirstByte,
}

/// When a failing target is left alone.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`breaker`")]
pub struct BreakerSpec {
    /// Failures in a row that open it. Default 7.
    pub consecutive: Option<u32>,
    /// The share of successes below which it opens. Default `80%`.
    pub success_below: Option<ShareText>,
    /// The time that the share is taken over. Default 10s.
    pub window: Option<DurationText>,
    /// Calls in that time before the share counts. Default 20.
    pub minimum: Option<u32>,
    /// How long it stays open, the first time and at most. Default `1s..60s`.
    #[schemars(with = "Option<super::text::SpanText>")]
    pub cooldown: Option<DurationText>,
}

/// How many calls may be under way.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`bulkhead`")]
pub struct BulkheadSpec {
    /// Calls at once. Default 256.
    pub in_flight: Option<u32>,
    /// Calls that wait; the last one in is the first one out. Default 64.
    pub queue: Option<u32>,
    /// How long they wait. Default 500ms.
    pub wait: Option<DurationText>,
}

/// When a second call is made beside one that takes long.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`hedge`")]
pub struct HedgeSpec {
    /// After how long. Without it, after the time in which 95 of 100 answers come lately.
    pub after: Option<DurationText>,
    /// The share of calls that may have a second one. Default `5%`.
    pub budget: Option<ShareText>,
}

/// How targets are asked whether they are well.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`health`")]
pub struct HealthSpec {
    /// What is asked, below the base path: any 2xx or 3xx is well. Default `/`.
    pub path: Option<String>,
    /// How often. Default 5s.
    pub every: Option<DurationText>,
    /// How long an answer may take. Default 1s.
    pub timeout: Option<DurationText>,
    /// Failed checks in a row after which a target is out. Default 3.
    pub fall: Option<u32>,
    /// Passed checks in a row after which it is in again. Default 2.
    pub rise: Option<u32>,
    /// How long a target that is back takes to get all of its calls again. Default 10s.
    pub slow_start: Option<DurationText>,
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
    /// The header that tells a call how many milliseconds it has left; `false` for none. Default `x-request-deadline-ms`.
    pub deadline: Option<NameOrOff>,
}
