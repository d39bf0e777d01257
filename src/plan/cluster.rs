//! The worker processes: how they are kept alive, and their groups.

use std::time::Duration;

use super::GroupPlan;
use super::compiler::Compiler;
use crate::spec::{At, ClusterSpec, DurationText, SizeText};

/// The shortest and the longest heartbeat: workers beat five times in each, and a busy machine must not look like a dead one.
const HEARTBEAT: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(3600));
/// The longest probation: two generations of workers live meanwhile.
const LONGEST_PROBATION: Duration = Duration::from_secs(3600);
/// The lowest limit of memory, in bytes: an idle worker has half of it, and one that is always above would be replaced for ever.
const LEAST_MEMORY: u64 = 32 << 20;

/// How a worker that died is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restart {
    /// How many deaths within [`Restart::within`] are too many.
    pub limit: u32,
    /// The window in which deaths are counted.
    pub within: Duration,
    /// The wait before a restart, first and last.
    pub backoff: (Duration, Duration),
}

/// The worker processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterPlan {
    /// Runtime threads in each.
    pub threads: usize,
    /// How they are started again.
    pub restart: Restart,
    /// How long one that leaves may finish what it has.
    pub drain: Duration,
    /// How long WebSockets and answers without a known end may go on in it; at most as long as [`ClusterPlan::drain`].
    pub stream_drain: Duration,
    /// One that is silent for so long is replaced, and killed after as long again.
    pub heartbeat: Duration,
    /// One with more resident memory, in bytes, is replaced.
    pub memory: Option<u64>,
    /// How long the new ones of a reload serve before the old ones are let go; zero for not at all.
    pub probation: Duration,
    /// The groups that they form, in the order of the file; at least one, and no two of a name.
    pub groups: Vec<GroupPlan>,
}

impl Compiler<'_> {
    /// What `cluster` says of all groups alike. The groups come from [`Compiler::groups`].
    pub(super) fn cluster(&mut self, spec: &ClusterSpec, groups: Vec<GroupPlan>) -> ClusterPlan {
        let at = At::root().key("cluster");
        let restart = spec.restart.clone().unwrap_or_default();
        let below = at.key("restart");
        let limit = restart.limit.unwrap_or(5);
        if limit == 0 {
            self.expected(&below.key("limit"), "0 would give up at the first death".to_owned(), "1 or more");
        }
        let restart = Restart {
            limit,
            within: self.limit(&below.key("within"), restart.within.as_ref(), Duration::from_secs(60)),
            backoff: self.span(
                &below.key("backoff"),
                restart.backoff.as_ref(),
                (Duration::from_millis(100), Duration::from_secs(10)),
            ),
        };
        let drain = self.duration(&at.key("drain"), spec.drain.as_ref(), Duration::from_secs(30));
        ClusterPlan {
            threads: spec.threads.unwrap_or(1),
            restart,
            drain,
            stream_drain: self.stream_drain(&at.key("stream_drain"), spec, drain),
            heartbeat: self.heartbeat(&at.key("heartbeat"), spec.heartbeat.as_ref()),
            memory: self.memory(&at.key("memory"), spec.memory.as_ref()),
            probation: self.probation(&at.key("probation"), spec.probation.as_ref()),
            groups,
        }
    }

    fn stream_drain(&mut self, at: &At, spec: &ClusterSpec, drain: Duration) -> Duration {
        let stream_drain = self.duration(at, spec.stream_drain.as_ref(), drain);
        if stream_drain > drain {
            let shown = self.source().shown(at).unwrap_or_default().to_owned();
            self.expected(
                at,
                format!("`{shown}` is longer than `drain`, after which everything is cut"),
                "as long as `drain` at most",
            );
        }
        stream_drain.min(drain)
    }

    fn heartbeat(&mut self, at: &At, text: Option<&DurationText>) -> Duration {
        let heartbeat = self.duration(at, text, Duration::from_secs(10));
        let (least, most) = HEARTBEAT;
        if let Some(DurationText(text)) = text {
            if heartbeat < least {
                self.expected(at, format!("`{text}` would take a busy worker for a dead one"), "500ms to 1h");
            } else if heartbeat > most {
                self.expected(at, format!("`{text}` would leave a stuck worker alone for too long"), "500ms to 1h");
            }
        }
        heartbeat
    }

    /// What a worker may hold, if that is limited.
    pub(super) fn memory(&mut self, at: &At, text: Option<&SizeText>) -> Option<u64> {
        let memory = self.size(at, &Some(text?.clone()), LEAST_MEMORY);
        if memory < LEAST_MEMORY {
            let shown = self.source().shown(at).unwrap_or_default();
            self.expected(at, format!("`{shown}` is less than a worker needs"), "32MiB at least");
        }
        Some(memory)
    }

    fn probation(&mut self, at: &At, text: Option<&DurationText>) -> Duration {
        let probation = self.duration(at, text, Duration::from_secs(2));
        if let Some(DurationText(text)) = text.filter(|_| probation > LONGEST_PROBATION) {
            self.expected(at, format!("`{text}` would keep two generations of workers for too long"), "0s to 1h");
        }
        probation
    }
}
