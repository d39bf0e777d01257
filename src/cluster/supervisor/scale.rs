//! More workers or fewer, by command or by signal.

use std::time::Instant;

use tracing::{info, warn};

use super::super::command::{Refused, Reply, Scaled};
use super::super::program::Spawn;
use super::{Group, Supervisor};

/// The most workers that a group may have.
const MOST: u32 = 1024;

/// A change of size under way: its new workers are not all in rotation.
#[derive(Debug)]
pub(super) struct Scaling {
    group: u32,
    from: u32,
    to: u32,
    reply: Option<Reply<Result<Scaled, Refused>>>,
}

impl<S: Spawn> Supervisor<S> {
    /// One more or one fewer in the first group, as TTIN and TTOU ask for.
    pub(super) fn scale_by(&mut self, difference: i32) {
        let size = self.groups.values().next().map_or(0, |group| group.fleet.size());
        match size.checked_add_signed(difference) {
            Some(workers) if workers > 0 => self.scale(None, workers, None),
            _ => warn!(event = "scale", from = size, "the last worker stays"),
        }
    }

    pub(super) fn scale(&mut self, name: Option<&str>, workers: u32, reply: Option<Reply<Result<Scaled, Refused>>>) {
        let answer = self.begin_scaling(name, workers);
        match answer {
            Ok((group, from)) => self.scalings.push(Scaling { group, from, to: workers, reply }),
            Err(refused) => {
                warn!(event = "scale", workers, reason = %refused);
                if let Some(reply) = reply {
                    let _ = reply.send(Err(refused));
                }
            }
        }
    }

    fn begin_scaling(&mut self, name: Option<&str>, workers: u32) -> Result<(u32, u32), Refused> {
        if !(1..=MOST).contains(&workers) {
            return Err(Refused::Invalid(format!("a group has 1 to {MOST} workers, not {workers}")));
        }
        let number = match name {
            Some(name) => self.group_named(name),
            None => self.groups.keys().next().copied(),
        };
        let names = || self.groups.values().map(|group| group.settings.name.as_str()).collect::<Vec<_>>().join(", ");
        let Some(number) = number else {
            return Err(Refused::Unknown(format!(
                "there is no group `{}`: the groups are {}",
                name.unwrap_or_default(),
                names()
            )));
        };
        if self.reload.is_some() {
            return Err(Refused::Busy("a reload is under way: scale again when it is over".to_owned()));
        }
        if self.heir.is_some() {
            return Err(Refused::Busy("an upgrade is under way: scale again when it is over".to_owned()));
        }
        if self.scalings.iter().any(|scaling| scaling.group == number) {
            return Err(Refused::Busy("this group is being scaled: try again when that is over".to_owned()));
        }
        let group = self.groups.get_mut(&number).ok_or(Refused::Leaving)?;
        let from = group.fleet.size();
        info!(event = "scale", group = group.settings.name, from, to = workers);
        group.fleet.set_size(workers, Instant::now());
        Ok((number, from))
    }

    /// Answers for the changes of size that are complete, or cannot be: then the group has its old size again.
    pub(super) fn look_at_scalings(&mut self) {
        for scaling in std::mem::take(&mut self.scalings) {
            let Scaling { group: number, from, to, reply } = scaling;
            let Some(group) = self.groups.get_mut(&number) else { continue };
            let answer = match group.fleet.has_grown(from) {
                Ok(false) => {
                    self.scalings.push(Scaling { group: number, from, to, reply });
                    continue;
                }
                Ok(true) => Ok(Scaled { group: group.settings.name.clone(), from, to }),
                Err(reason) => {
                    group.fleet.set_size(from, Instant::now());
                    let workers = if from == 1 { "worker" } else { "workers" };
                    Err(Refused::Failed(format!("{reason}; group {} has {from} {workers} as before", name(group))))
                }
            };
            match &answer {
                Ok(_) => info!(event = "scale", group = name(group), workers = to, "done"),
                Err(refused) => warn!(event = "scale", group = name(group), reason = %refused),
            }
            if let Some(reply) = reply {
                let _ = reply.send(answer);
            }
        }
    }
}

fn name(group: &Group) -> &str {
    &group.settings.name
}
