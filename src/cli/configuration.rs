//! From a plan to what the master runs: groups, their listeners, their workers.

use std::num::NonZeroU32;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Result, anyhow};

use super::ServeArguments;
use crate::cluster::listen::Address;
use crate::cluster::{Configuration, GroupSettings, Policy, RestartPolicy};
use crate::plan::{Plan, Workers};
use crate::spec::Snapshot;

/// The group of a configuration that names none.
const GROUP: &str = "web";

/// Workers that `auto` starts at least, so that one can be replaced while another serves.
const LEAST: usize = 2;

/// What the master is to run, with what the command line overrides.
pub(super) fn configuration(snapshot: &Snapshot, plan: &Plan, overrides: &ServeArguments) -> Result<Configuration> {
    let cluster = *plan.cluster();
    let addresses = if overrides.listen.is_empty() { plan.listen() } else { &overrides.listen };
    let workers = match (overrides.workers, cluster.workers) {
        (Some(count), _) => usize::from(count),
        (None, Workers::Count(count)) => count,
        (None, Workers::Auto) => available_parallelism().map_or(LEAST, usize::from).max(LEAST),
    };
    let workers = u32::try_from(workers).ok().and_then(NonZeroU32::new).ok_or_else(|| anyhow!("{workers} workers"))?;
    let group = GroupSettings {
        name: GROUP.to_owned(),
        listen: addresses.iter().copied().map(Address::Tcp).collect(),
        workers,
        policy: Policy::RoundRobin,
        weights: Vec::new(),
    };
    Ok(Configuration {
        generation: serde_json::to_vec(snapshot)?,
        groups: vec![group],
        args: ["worker", "--threads", &cluster.threads.to_string()].map(Into::into).to_vec(),
        restart: RestartPolicy { limit: cluster.restart.limit, within: cluster.restart.within, backoff: cluster.restart.backoff },
        drain: cluster.drain,
        heartbeat: Duration::from_secs(10),
        memory: None,
        probation: Duration::from_secs(2),
    })
}
