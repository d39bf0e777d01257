//! From a plan to what the master runs: groups, their listeners, their workers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::thread::available_parallelism;

use anyhow::{Result, anyhow};

use super::ServeArguments;
use super::exit::Exit;
use crate::base::suggest;
use crate::cluster::listen::{Address, UnixAddress};
use crate::cluster::{Configuration, GroupSettings, Policy, RestartPolicy};
use crate::plan::{self, GroupPlan, Listen, Plan, Workers};
use crate::spec::Snapshot;

/// Workers that `auto` starts at least, so that one can be replaced while another serves.
const LEAST: usize = 2;

/// The variable that goes before every `policy` of a configuration.
const SCHED_POLICY: &str = "FORECOURT_SCHED_POLICY";

/// What the master is to run, with what the command line and the environment override.
pub(super) fn configuration(snapshot: &Snapshot, plan: &Plan, overrides: &ServeArguments) -> Result<Configuration> {
    let cluster = plan.cluster();
    let several = cluster.groups.len() > 1;
    for (argument, given) in [("--listen", !overrides.listen.is_empty()), ("--workers", overrides.workers.is_some())] {
        if several && given {
            let error = anyhow!("{argument} does not say which of the groups it is for: write it into the configuration");
            return Err(Exit::Usage.because(error));
        }
    }
    let variable = std::env::var(SCHED_POLICY).ok().filter(|word| !word.is_empty());
    let policy = variable.as_deref().map(policy_of_word).transpose()?;
    let groups = cluster.groups.iter().map(|group| settings(group, policy, overrides)).collect::<Result<Vec<_>>>()?;
    Ok(Configuration {
        generation: serde_json::to_vec(snapshot)?,
        groups: apart(groups),
        args: ["worker", "--threads", &cluster.threads.to_string()].map(Into::into).to_vec(),
        restart: RestartPolicy { limit: cluster.restart.limit, within: cluster.restart.within, backoff: cluster.restart.backoff },
        drain: cluster.drain,
        heartbeat: cluster.heartbeat,
        memory: cluster.memory,
        probation: cluster.probation,
    })
}

fn settings(group: &GroupPlan, policy: Option<Policy>, overrides: &ServeArguments) -> Result<GroupSettings> {
    let listen = if overrides.listen.is_empty() { &group.listen } else { &overrides.listen };
    let workers = match (overrides.workers, group.workers) {
        (Some(count), _) => usize::from(count),
        (None, Workers::Count(count)) => count,
        (None, Workers::Auto) => available_parallelism().map_or(LEAST, usize::from).max(LEAST),
    };
    let workers = u32::try_from(workers).ok().and_then(NonZeroU32::new).ok_or_else(|| anyhow!("{workers} workers"))?;
    Ok(GroupSettings {
        name: group.name.clone(),
        listen: listen.iter().map(address).collect(),
        workers,
        policy: policy.unwrap_or_else(|| policy_of_plan(group.policy)),
        weights: group.weights.clone(),
    })
}

fn address(listen: &Listen) -> Address {
    match listen {
        Listen::Tcp { address: SocketAddr::V6(address), ipv6_only: true } => Address::Ipv6Only(*address),
        Listen::Tcp { address, .. } => Address::Tcp(*address),
        Listen::Unix { path, mode, owner } => {
            Address::Unix(UnixAddress { path: path.clone(), mode: *mode, owner: owner.clone(), file: None })
        }
        Listen::Systemd(name) => Address::Inherited(name.clone()),
    }
}

/// Has `[::]` leave IPv4 alone where `0.0.0.0` is listed with the same port, whichever group it is for.
fn apart(mut groups: Vec<GroupSettings>) -> Vec<GroupSettings> {
    let listed: Vec<Address> = groups.iter().flat_map(|group| group.listen.clone()).collect();
    for address in groups.iter_mut().flat_map(|group| &mut group.listen) {
        if let Address::Tcp(SocketAddr::V6(ipv6)) = *address
            && ipv6.ip().is_unspecified()
            && listed.contains(&Address::Tcp((IpAddr::V4(Ipv4Addr::UNSPECIFIED), ipv6.port()).into()))
        {
            *address = Address::Ipv6Only(ipv6);
        }
    }
    groups
}

fn policy_of_plan(policy: plan::Policy) -> Policy {
    match policy {
        plan::Policy::RoundRobin => Policy::RoundRobin,
        plan::Policy::Weighted => Policy::Weighted,
        plan::Policy::LeastConnections => Policy::LeastConnections,
        plan::Policy::Shared => Policy::Shared,
    }
}

fn policy_of_word(word: &str) -> Result<Policy> {
    Policy::parse(word).ok_or_else(|| {
        let words = Policy::WORDS.map(|(_, word)| word);
        let meant = suggest(word, words).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        let error = anyhow!("{SCHED_POLICY} is `{word}`, which is no policy: write one of {}{meant}", words.join(", "));
        Exit::Configuration.because(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, listen: &[&str]) -> GroupSettings {
        GroupSettings {
            name: name.to_owned(),
            listen: listen.iter().map(|text| address(&text.parse().unwrap())).collect(),
            workers: NonZeroU32::MIN,
            policy: Policy::default(),
            weights: Vec::new(),
        }
    }

    #[test]
    fn ipv6_leaves_ipv4_alone_where_all_of_ipv4_is_listed_too() {
        let groups = apart(vec![group("a", &["[::]:80", "[::]:81", "[::1]:80"]), group("b", &["0.0.0.0:80", "127.0.0.1:81"])]);
        let alone: Vec<bool> = groups[0].listen.iter().map(|address| matches!(address, Address::Ipv6Only(_))).collect();
        assert_eq!(alone, [true, false, false]);
    }

    #[test]
    fn a_policy_is_one_of_its_words() {
        for (policy, word) in Policy::WORDS {
            assert_eq!(policy_of_word(word).unwrap(), policy);
        }
        let error = policy_of_word("least-connections").unwrap_err();
        assert!(error.to_string().ends_with("did you mean `least_connections`?"), "{error}");
    }
}
