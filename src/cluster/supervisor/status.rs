//! How everything is, for whoever asks.

use std::time::Instant;

use super::super::command::{GroupStatus, Status, WorkerStatus};
use super::super::fleet::Key;
use super::super::life::Life;
use super::super::program::Spawn;
use super::super::usage::Usage;
use super::{Group, Leaving, Supervisor};

impl<S: Spawn> Supervisor<S> {
    pub(super) fn status(&self) -> Status {
        let now = Instant::now();
        let state = match (self.leaving, &self.reload, &self.heir) {
            (Leaving::Until(_) | Leaving::Told, ..) => "draining",
            (_, _, Some(_)) => "upgrading",
            (_, Some(_), _) => "reloading",
            _ => "serving",
        };
        let mut workers: Vec<WorkerStatus> = Vec::new();
        for group in self.groups.values() {
            workers.extend(group.fleet.lives().filter_map(|(key, life)| self.worker_status(group, key, life, now)));
        }
        // Those that leave last; else groups in their order and numbers.
        workers.sort_by_key(|worker| (worker.state == "draining", worker.group.clone(), worker.worker, worker.generation));
        Status {
            pid: std::process::id(),
            generation: self.groups.values().map(|group| group.fleet.serving()).max().unwrap_or_default(),
            state,
            uptime_s: now.saturating_duration_since(self.started).as_secs(),
            groups: self.groups.values().map(group_status).collect(),
            workers,
            topics: self.topics.status(),
        }
    }

    fn worker_status(&self, group: &Group, key: Key, life: &Life, now: Instant) -> Option<WorkerStatus> {
        let post = self.posts.get(&key)?;
        let usage = Usage::of(post.pid);
        let (said, requests) = life.load();
        // The master knows of silent ones, which a worker does not count; a worker of a shared group knows all.
        let connections = said.max(group.dispatch.load_of(key));
        let silent = life.heard().map(|heard| now.saturating_duration_since(heard));
        Some(WorkerStatus {
            group: group.settings.name.clone(),
            worker: post.worker,
            pid: post.pid,
            generation: post.generation,
            state: if group.fleet.stands_by(key) { "standby" } else { life.state().word() },
            ready: life.in_rotation(),
            connections,
            requests,
            rss: usage.map_or(0, |usage| usage.resident),
            cpu_ms: usage.map_or(0, |usage| usage.cpu.as_millis() as u64),
            restarts: group.fleet.restarts(post.worker),
            uptime_s: now.saturating_duration_since(life.born()).as_secs(),
            silent_ms: silent.map(|silent| silent.as_millis() as u64),
        })
    }
}

fn group_status(group: &Group) -> GroupStatus {
    let given_up = group.fleet.given_up().map(|(worker, reason)| format!("worker {worker}: {reason}"));
    GroupStatus {
        group: group.settings.name.clone(),
        listen: group.listeners.addresses().map(ToString::to_string).collect(),
        policy: group.settings.policy,
        workers: group.fleet.size(),
        ready: group.fleet.in_rotation(),
        waiting: group.dispatch.waiting(),
        accepted: group.accepted,
        given_up: given_up.collect(),
    }
}
