//! What a master is told to run: one generation with its groups, as the floors above have checked it.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::listen::Address;
use super::restart::RestartPolicy;

/// How connections are dealt out to the workers of a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// To each ready worker in turn.
    #[default]
    RoundRobin,
    /// In turn, by weight: smooth weighted round robin.
    Weighted,
    /// To the worker with the fewest open connections.
    LeastConnections,
    /// Workers accept from the listeners themselves; the kernel decides.
    Shared,
}

impl Policy {
    /// Every policy with its word in routes.yaml and in `FORECOURT_SCHED_POLICY`.
    pub const WORDS: [(Self, &'static str); 4] = [
        (Self::RoundRobin, "round_robin"),
        (Self::Weighted, "weighted"),
        (Self::LeastConnections, "least_connections"),
        (Self::Shared, "shared"),
    ];

    /// Reads the word of a policy.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, known)| *known == word).map(|(policy, _)| *policy)
    }

    /// The word of a policy.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(policy, _)| *policy == self).map_or("", |(_, word)| word)
    }
}

/// One group: workers that share listeners and routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSettings {
    /// Its name; a worker finds it in `FORECOURT_GROUP`.
    pub name: String,
    /// Where it listens.
    pub listen: Vec<Address>,
    /// How many worker processes.
    pub workers: NonZeroU32,
    /// How its connections are dealt out.
    pub policy: Policy,
    /// The weight of worker 1, 2 and so on, for [`Policy::Weighted`]; 1 for those beyond the list.
    pub weights: Vec<u32>,
}

/// One generation: what every worker serves, and how the master keeps them.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// What every worker is told to serve; opaque here.
    pub generation: Vec<u8>,
    /// At least one group; names differ.
    pub groups: Vec<GroupSettings>,
    /// Arguments of every worker's program.
    pub args: Vec<OsString>,
    /// How a worker that ended is started again.
    pub restart: RestartPolicy,
    /// How long a worker that leaves may finish what it has.
    pub drain: Duration,
    /// A worker that is silent for so long is out of rotation and replaced; after as long again it is killed.
    pub heartbeat: Duration,
    /// A worker whose resident memory is above so many bytes is replaced.
    pub memory: Option<u64>,
    /// How long new workers of a reload serve before the old ones are let go. A failure meanwhile brings the old ones back.
    pub probation: Duration,
}

/// Reads and checks the configuration again, for a reload. Called on a thread where it may block. The error is what an
/// operator is told.
pub type Loader = Arc<dyn Fn() -> Result<Configuration, String> + Send + Sync>;
