//! The worker processes: how many, how connections are dealt out, which groups they form, where each listens.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{DurationText, OneOrMany, SizeText};

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
    /// How connections are dealt out. Default `round_robin`; the variable FORECOURT_SCHED_POLICY goes before it.
    pub policy: Option<PolicySpec>,
    /// The weights of worker 1, 2 and so on, for the policy `weighted`; 1 for those beyond the list.
    #[schemars(with = "Option<Vec<super::text::WeightText>>")]
    pub weights: Option<Vec<u32>>,
    /// How a worker that died is started again.
    pub restart: Option<RestartSpec>,
    /// How long a worker that leaves may finish what it has. Default 30s.
    pub drain: Option<DurationText>,
    /// How long WebSockets and streams may go on in a worker that leaves. Default: as `drain`, which is the most.
    pub stream_drain: Option<DurationText>,
    /// A worker that is silent for so long is replaced, and killed after as long again. Default 10s.
    pub heartbeat: Option<DurationText>,
    /// A worker with more memory of its own is replaced. Default no limit.
    pub memory: Option<SizeText>,
    /// How long the new workers of a reload serve before the old ones are let go. Default 2s.
    pub probation: Option<DurationText>,
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
    /// Workers accept from the listeners themselves.
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

/// A group of workers. What it does not say it takes from `cluster` and from the top-level `listen`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a group of workers")]
pub struct GroupSpec {
    /// Where the group listens, or a list.
    pub listen: Option<OneOrMany<ListenSpec>>,
    /// How many workers.
    pub workers: Option<WorkersSpec>,
    /// The paths of the routes that this group alone serves, as they stand under `routes`; `*` is any segment, `**` at the
    /// end the rest.
    pub routes: Option<Vec<String>>,
    /// How its connections are dealt out.
    pub policy: Option<PolicySpec>,
    /// The weights of its workers.
    #[schemars(with = "Option<Vec<super::text::WeightText>>")]
    pub weights: Option<Vec<u32>>,
}

/// Where to listen: a text, or the mapping.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ListenSpec {
    /// `127.0.0.1:8080`, `unix:/run/forecourt.sock`, `systemd:web`.
    Text(#[schemars(with = "super::text::AddressText")] String),
    /// With more to say.
    Mapping(ListenMapSpec),
}

/// Where to listen, and how: one of `tcp` and `unix`, and what belongs to it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a listener")]
pub struct ListenMapSpec {
    /// An IP address and a port.
    #[schemars(with = "Option<super::text::AddressText>")]
    pub tcp: Option<String>,
    /// Whether `[::]` leaves IPv4 alone. Default false.
    pub ipv6_only: Option<bool>,
    /// The path of a socket in the file system.
    pub unix: Option<String>,
    /// The socket's permission bits, such as "0660". Default what the umask leaves.
    #[schemars(with = "Option<super::text::ModeText>")]
    pub mode: Option<String>,
    /// The user and the group that own the socket, such as `www-data:www-data`. Default those of the process.
    pub owner: Option<String>,
}
