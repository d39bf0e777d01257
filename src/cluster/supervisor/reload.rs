//! A reload: a new generation is read, checked, started, put on trial, and kept or taken back, in all groups at once.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use super::super::command::{Refused, Reloaded, Reply};
use super::super::configuration::{Configuration, GroupSettings, Policy};
use super::super::fleet::{Fleet, Trial};
use super::super::listen::{self, Address, Bound, ListenError};
use super::super::master::Notice;
use super::super::program::Spawn;
use super::super::sealed::SealedError;
use super::{Group, Loaded, Supervisor};
use crate::base::panic::message;

type Answer = Reply<Result<Reloaded, Refused>>;

/// A reload under way.
#[derive(Debug)]
pub(super) struct Reload {
    since: Instant,
    reply: Option<Answer>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The configuration is being read and checked.
    Loading,
    /// Its workers start, or serve on probation.
    Trial(Box<Candidate>),
}

/// A generation on trial.
#[derive(Debug)]
struct Candidate {
    number: u64,
    configuration: Configuration,
    /// Sockets that the groups do not have yet. They listen, but nobody accepts from them before the generation stays.
    fresh: Vec<Bound>,
    /// How long it took until its workers served, once they do.
    served: Option<Duration>,
}

impl<S: Spawn> Supervisor<S> {
    /// Begins a reload, or with `restart` has new workers for the same configuration.
    pub(super) fn order_reload(&mut self, reply: Option<Answer>, restart: bool) {
        let busy = if self.reload.is_some() {
            Some("a reload is under way")
        } else if self.heir.is_some() {
            Some("an upgrade is under way")
        } else if !self.scalings.is_empty() {
            Some("a group is being scaled")
        } else {
            None
        };
        if let Some(busy) = busy {
            match reply {
                Some(reply) => drop(reply.send(Err(Refused::Busy(format!("{busy}: try again when it is over"))))),
                None => self.again = true,
            }
            return;
        }
        info!(event = "reload", restart, "begins");
        (self.notify)(Notice::Reloading);
        self.reload = Some(Reload { since: Instant::now(), reply, stage: Stage::Loading });
        if restart {
            let serving = self.serving();
            match self.generations.repeat(serving) {
                Ok(number) => self.try_out(number, self.configuration.clone()),
                Err(error) => self.fail(error.into()),
            }
        } else {
            let (load, loaded) = (self.load.clone(), self.loads.0.clone());
            // Reading files and compiling templates may take a while, and the master has connections to deal out.
            self.tasks.spawn_blocking(move || {
                // Whatever becomes of it: a reload that is never heard of again keeps everything else from happening.
                let read = catch_unwind(AssertUnwindSafe(|| load()));
                drop(loaded.blocking_send(read));
            });
        }
    }

    fn serving(&self) -> u64 {
        self.groups.values().map(|group| group.fleet.serving()).max().unwrap_or_default()
    }

    /// The configuration has been read.
    pub(super) fn loaded(&mut self, loaded: Loaded) {
        if !matches!(self.reload, Some(Reload { stage: Stage::Loading, .. })) {
            return;
        }
        let serving = self.serving();
        let broken = |report: String| Refused::Configuration(format!("{}\ngeneration {serving} serves on", report.trim_end()));
        let defect = |panic: Box<dyn Any + Send>| {
            let panic = message(&*panic);
            Refused::Failed(format!(
                "a defect of the program: reading the configuration panicked: {panic}; generation {serving} serves on"
            ))
        };
        let numbered = loaded.map_err(defect).and_then(|read| read.map_err(broken)).and_then(|mut configuration| {
            let number = self.generations.add(&mut configuration).map_err(|error: SealedError| Refused::from(error))?;
            Ok((number, configuration))
        });
        match numbered {
            Ok((number, configuration)) => self.try_out(number, configuration),
            Err(refused) => self.fail(refused),
        }
    }

    /// Starts the workers of a new generation.
    fn try_out(&mut self, number: u64, configuration: Configuration) {
        let wanted = |address: &Address| configuration.groups.iter().any(|group| group.listen.contains(address));
        let fresh = match self.mend_listeners(wanted).and_then(|()| self.bind_missing(&configuration.groups)) {
            Ok(fresh) => fresh,
            Err(error) => {
                return self.fail(Refused::Failed(format!("{error}; generation {} serves on", self.serving())));
            }
        };
        let now = Instant::now();
        let rules = self.rules(&configuration);
        for settings in &configuration.groups {
            let number_of_group = self.group_named(&settings.name).unwrap_or_else(|| self.add_group(settings, rules, now));
            let Some(group) = self.groups.get_mut(&number_of_group) else { continue };
            // A file that says the same as before does not undo what an operator has scaled since.
            let size = group.fleet.size();
            let kept = group.settings.workers == settings.workers && size > 0;
            group.fleet.prepare(number, if kept { size } else { settings.workers.get() }, now);
        }
        if let Some(reload) = &mut self.reload {
            reload.stage = Stage::Trial(Box::new(Candidate { number, configuration, fresh, served: None }));
        }
    }

    fn add_group(&mut self, settings: &GroupSettings, rules: super::Rules, now: Instant) -> u32 {
        let number = self.groups.keys().next_back().map_or(1, |last| last + 1);
        // Its workers come with the generation on trial.
        let fleet = Fleet::new(number, 0, self.serving(), rules, self.seed, now);
        self.groups.insert(number, Group::new(settings.clone(), fleet, self.batch));
        number
    }

    /// How a group's connections are to be dealt out once the generation of this number stays, if it is on trial.
    pub(super) fn policy_on_trial(&self, generation: u64, group: &str) -> Option<Policy> {
        let Some(Reload { stage: Stage::Trial(candidate), .. }) = &self.reload else { return None };
        let groups = Some(&candidate.configuration.groups).filter(|_| candidate.number == generation)?;
        groups.iter().find(|settings| settings.name == group).map(|settings| settings.policy)
    }

    /// Binds what no group has bound yet.
    fn bind_missing(&self, groups: &[GroupSettings]) -> Result<Vec<Bound>, ListenError> {
        let mut held: Vec<&Address> = self.groups.values().flat_map(|group| group.listeners.wanted()).collect();
        let mut missing = Vec::new();
        for address in groups.iter().flat_map(|group| &group.listen) {
            match held.iter().position(|held| *held == address) {
                Some(position) => drop(held.swap_remove(position)),
                None => missing.push(address.clone()),
            }
        }
        listen::bind_all(&missing)
    }

    /// Takes the next step of the generation on trial, if it is time for one.
    pub(super) fn lead_reload(&mut self, now: Instant) {
        let Some(Reload { since, stage: Stage::Trial(candidate), .. }) = &mut self.reload else { return };
        let names: Vec<&str> = candidate.configuration.groups.iter().map(|group| group.name.as_str()).collect();
        let probation = candidate.configuration.probation;
        let mut concerned: Vec<&mut Group> =
            self.groups.values_mut().filter(|group| names.contains(&group.settings.name.as_str())).collect();
        let trials: Vec<(String, Trial)> =
            concerned.iter().map(|group| (group.settings.name.clone(), group.fleet.trial(now))).collect();
        let failed = trials.iter().find_map(|(name, trial)| match trial {
            Trial::Failed(reason) if trials.len() > 1 => Some(format!("group {name}: {reason}")),
            Trial::Failed(reason) => Some(reason.clone()),
            _ => None,
        });
        if let Some(reason) = failed {
            return self.take_back(reason, now);
        }
        if candidate.served.is_none() && trials.iter().all(|(_, trial)| *trial == Trial::Started) {
            concerned.iter_mut().for_each(|group| group.fleet.switch(probation, now));
            let served = now.saturating_duration_since(*since);
            candidate.served = Some(served);
            let (generation, took_ms) = (candidate.number, served.as_millis() as u64);
            info!(event = "reload", generation, took_ms, probation_ms = probation.as_millis() as u64, "the new workers serve");
        } else if candidate.served.is_some() && trials.iter().all(|(_, trial)| *trial == Trial::Passed) {
            self.keep(now);
        }
    }

    /// The generation on trial stays.
    fn keep(&mut self, now: Instant) {
        let Some(Reload { reply, stage: Stage::Trial(candidate), .. }) = self.reload.take() else { return };
        let Candidate { number, configuration, fresh, served } = *candidate;
        let rules = self.rules(&configuration);
        let mut newly_shared = Vec::new();
        for (number, group) in &mut self.groups {
            let was_shared = group.is_shared();
            match configuration.groups.iter().find(|settings| settings.name == group.settings.name) {
                Some(settings) => {
                    group.settings = settings.clone();
                    group.dispatch.set_policy(settings.policy, settings.weights.clone());
                    group.fleet.set_rules(rules);
                    group.fleet.commit(now);
                }
                None => group.removed = true,
            }
            if group.is_shared() && !was_shared {
                newly_shared.push(*number);
            }
        }
        self.configuration = configuration;
        if let Err(error) = self.assign(fresh, newly_shared) {
            error!(event = "error", reason = %error, "a new listener cannot be watched");
        }
        for group in self.groups.values_mut().filter(|group| group.removed) {
            info!(event = "reload", group = group.settings.name, "the group is gone");
            group.fleet.drain_all(now);
        }
        self.forget_generations();
        let workers = self.groups.values().filter(|group| !group.removed).map(|group| group.fleet.size() as usize).sum();
        info!(event = "reload", generation = number, workers, "done");
        (self.notify)(Notice::Reloaded { generation: number });
        if let Some(reply) = reply {
            let _ = reply.send(Ok(Reloaded { generation: number, workers, took: served.unwrap_or_default() }));
        }
        self.reload_again();
    }

    /// The generation on trial goes; the one before serves on.
    fn take_back(&mut self, reason: String, now: Instant) {
        for group in self.groups.values_mut() {
            group.fleet.roll_back(now);
            if group.fleet.size() == 0 {
                // It came with the generation on trial.
                group.removed = true;
                group.fleet.drain_all(now);
            }
        }
        self.act();
        let serving = self.serving();
        self.fail(Refused::Failed(format!("{reason}; generation {serving} serves on")));
    }

    fn fail(&mut self, refused: Refused) {
        error!(event = "reload", reason = %refused, "failed");
        (self.notify)(Notice::Kept { reason: refused.to_string() });
        if let Some(Reload { reply, stage, .. }) = self.reload.take() {
            if let Stage::Trial(candidate) = stage {
                candidate.fresh.into_iter().for_each(Bound::close);
            }
            if let Some(reply) = reply {
                let _ = reply.send(Err(refused));
            }
        }
        self.forget_generations();
        self.reload_again();
    }

    pub(super) fn reload_again(&mut self) {
        if std::mem::take(&mut self.again) {
            self.order_reload(None, false);
        }
    }

    /// Somebody asked for the end meanwhile.
    pub(super) fn abandon_reload(&mut self, why: &str) {
        self.again = false;
        if let Some(Reload { reply, .. }) = self.reload.take() {
            warn!(event = "reload", reason = why, "abandoned");
            let now = Instant::now();
            self.groups.values_mut().for_each(|group| group.fleet.roll_back(now));
            if let Some(reply) = reply {
                let _ = reply.send(Err(Refused::Leaving));
            }
        }
    }

    /// Lets go of what no worker serves or will serve.
    pub(super) fn forget_generations(&mut self) {
        let needed: Vec<u64> = self.groups.values().flat_map(|group| group.fleet.generations()).collect();
        self.generations.keep_only(|number| needed.contains(&number));
    }

    /// Gives every group the sockets that its settings ask for, out of those that groups have and the fresh ones. What
    /// nobody wants any more is closed, after what the kernel has completed there was accepted.
    /// `changed` are groups whose workers have to be told in any case where to accept.
    pub(super) fn assign(&mut self, fresh: Vec<Bound>, mut changed: Vec<u32>) -> std::io::Result<()> {
        let mut pool = fresh;
        for number in self.groups.keys().copied().collect::<Vec<_>>() {
            let Some(group) = self.groups.get_mut(&number) else { continue };
            let wanted: &[Address] = if group.removed { &[] } else { &group.settings.listen };
            if group.listeners.wanted().all(|address| wanted.contains(address)) {
                continue;
            }
            let wanted = wanted.to_vec();
            self.sweep(number);
            if let Some(group) = self.groups.get_mut(&number) {
                pool.extend(group.listeners.let_go(&wanted));
                changed.push(number);
            }
        }
        for (number, group) in &mut self.groups {
            if group.removed {
                continue;
            }
            group.listeners.keep(group.is_shared())?;
            let held: Vec<Address> = group.listeners.wanted().cloned().collect();
            for address in group.settings.listen.iter().filter(|address| !held.contains(address)) {
                if let Some(position) = pool.iter().position(|bound| bound.wanted == *address) {
                    group.listeners.add(pool.swap_remove(position))?;
                    changed.push(*number);
                }
            }
        }
        for bound in pool {
            info!(event = "setup", address = %bound.address(), "closed");
            bound.close();
        }
        self.share_anew(&changed);
        Ok(())
    }
}
