//! What an operator wants, by signal or by command.

use std::os::fd::AsFd;

use tracing::{info, warn};

use super::super::channel::SendError;
use super::super::command::{Command, Refused};
use super::super::control::Control;
use super::super::message::{Message, told};
use super::super::program::Spawn;
use super::{Leaving, Supervisor};

impl<S: Spawn> Supervisor<S> {
    pub(super) fn obey(&mut self, order: Control) {
        match order {
            Control::Drain if self.leaving == Leaving::No => self.drain(false),
            Control::Drain | Control::Stop => self.stop(),
            Control::Child => self.reap(),
            _ if self.leaving != Leaving::No => warn!(event = "signal", ?order, "the master is leaving: nothing was done"),
            Control::Reload => self.order_reload(None, false),
            Control::Reopen => {
                if let Err(refused) = self.reopen() {
                    warn!(event = "error", reason = %refused, "the log files were not opened again");
                }
            }
            Control::Upgrade => self.upgrade(None),
            Control::More => self.scale_by(1),
            Control::Fewer => self.scale_by(-1),
        }
    }

    /// Carries out a command. Whoever asked may have gone; then the answer goes nowhere.
    pub(super) fn carry_out(&mut self, command: Command) {
        match command {
            Command::Status(reply) => drop(reply.send(self.status())),
            Command::Stop { now, reply } => {
                self.obey(if now { Control::Stop } else { Control::Drain });
                let _ = reply.send(());
            }
            Command::Reload(reply) if self.leaving != Leaving::No => drop(reply.send(Err(Refused::Leaving))),
            Command::Restart(reply) if self.leaving != Leaving::No => drop(reply.send(Err(Refused::Leaving))),
            Command::Upgrade(reply) if self.leaving != Leaving::No => drop(reply.send(Err(Refused::Leaving))),
            Command::Scale { reply, .. } if self.leaving != Leaving::No => drop(reply.send(Err(Refused::Leaving))),
            Command::Reload(reply) => self.order_reload(Some(reply), false),
            Command::Restart(reply) => self.order_reload(Some(reply), true),
            Command::Scale { group, workers, reply } => self.scale(group.as_deref(), workers, Some(reply)),
            Command::Publish { topic, value, reply } => {
                if let Err(malformed) = told(&topic, &value) {
                    let _ = reply.send(Err(Refused::Invalid(malformed.to_string())));
                } else {
                    self.part();
                    self.topics.publish(topic, value, Some(reply), &self.posts);
                }
            }
            Command::Reopen(reply) => drop(reply.send(self.reopen())),
            Command::Upgrade(reply) => self.upgrade(Some(reply)),
        }
    }

    /// Opens the log files again, here and in every worker.
    fn reopen(&mut self) -> Result<(), Refused> {
        let Some(reopen) = &self.reopen else {
            info!(event = "reopen", "there are no log files: standard output and standard error stay");
            return Ok(());
        };
        let (out, err) = reopen().map_err(|error| Refused::Failed(format!("the log files cannot be opened: {error}")))?;
        // One that has not said hello is given them behind its generation.
        for post in self.posts.values().filter(|post| post.greeted) {
            match post.channel.try_send(&Message::Reopen {}, &[out.as_fd(), err.as_fd()]) {
                Ok(()) | Err(SendError::Closed) => {}
                // It keeps the old files; it is told again at the next time.
                Err(error) => {
                    warn!(event = "error", group = post.group, worker = post.worker, reason = %error, "a worker keeps its old log files");
                }
            }
        }
        self.files = Some((out, err));
        info!(event = "reopen", "the log files are open again");
        Ok(())
    }
}
