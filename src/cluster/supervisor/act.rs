//! What the fleets have decided, carried out.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tracing::{error, info, warn};

use super::super::attend::attend;
use super::super::channel::{Channel, Receiver, SendError};
use super::super::configuration::Policy;
use super::super::fleet::{Action, Key};
use super::super::flight::Flight;
use super::super::lately::Lately;
use super::super::message::{Message, Side};
use super::super::program::{Hire, Process, Spawn};
use super::{Post, Supervisor};

impl<S: Spawn> Supervisor<S> {
    /// Does what the fleets have decided.
    pub(super) fn act(&mut self) {
        for number in self.groups.keys().copied().collect::<Vec<_>>() {
            while let Some(action) = self.groups.get_mut(&number).and_then(|group| group.fleet.next_action()) {
                self.act_on(number, action);
            }
        }
    }

    fn act_on(&mut self, number: u32, action: Action) {
        let Some(group) = self.groups.get_mut(&number) else { return };
        let name = &group.settings.name;
        match action {
            Action::Spawn { key, slot, generation } => self.spawn(key, slot, generation),
            Action::Ready { key, slot } => {
                group.dispatch.ready(key, slot);
                self.share_listeners(key);
            }
            Action::Unready { key } => group.dispatch.unready(key),
            Action::Stalled { key, silent } => self.stalled(key, silent),
            Action::Disconnect { key, within } => self.disconnect(key, within),
            Action::Kill { key, reason } => {
                if let Some(post) = self.posts.get(&key) {
                    warn!(event = "kill", group = post.group, worker = post.worker, pid = post.pid, reason);
                    post.kill.notify_one();
                }
            }
            Action::Restart { slot, delay, count } => {
                info!(event = "restart", group = name, worker = slot, delay_ms = delay.as_millis() as u64, count);
            }
            Action::GiveUp { slot, reason } => {
                error!(event = "giveup", group = name, worker = slot, reason);
                if group.fleet.is_given_up() {
                    error!(event = "giveup", group = name, "no worker of this group is left: its connections are closed");
                }
            }
        }
    }

    fn spawn(&mut self, key: Key, worker: u32, generation: u64) {
        let Some(group) = self.groups.get(&key.group).map(|group| group.settings.name.clone()) else { return };
        let args = self.generations.get(generation).map(|generation| generation.args.as_slice()).unwrap_or_default();
        let hire = Hire { group: &group, worker, generation, args };
        let started =
            Channel::pair().and_then(|(channel, theirs)| Ok((channel, Flight::new()?, self.spawner.spawn(&hire, theirs)?)));
        let (channel, flight, process) = match started {
            Ok(started) => started,
            Err(error) => {
                let reason = format!("could not be started: {error}");
                error!(event = "fork", group, worker, generation, reason);
                if let Some(fleet) = self.fleet(key) {
                    fleet.exiting(key, reason, 0);
                    fleet.ended(key, None, Instant::now());
                }
                return;
            }
        };
        let (channel, kill, pid) = (Arc::new(channel), Arc::new(Notify::new()), process.id());
        info!(event = "fork", group, worker, pid, generation);
        let receiver = Receiver::new(Arc::clone(&channel), Side::Master);
        self.tasks.spawn(attend(key, receiver, process, Arc::clone(&kill), self.reporter.clone()));
        let lately = Lately::default();
        self.posts.insert(
            key,
            Post { channel, kill, group, worker, pid, generation, flight, lately, greeted: false, faults: 0, count: 0 },
        );
    }

    /// Tells every worker how many there are, all that live, whatever they do: so that what they may do together stays the same at a
    /// reload, a scale and a death. A worker whose channel is full is told at the next turn.
    pub(super) fn count_out(&mut self) {
        let count = u32::try_from(self.posts.len()).unwrap_or(u32::MAX);
        for post in self.posts.values_mut().filter(|post| post.greeted && post.count != count) {
            if post.channel.try_send(&Message::Workers { count }, &[]).is_ok() {
                post.count = count;
            }
        }
    }

    /// A worker whose event loop does not turn: says what it was at. The kill comes when its last deadline has passed.
    fn stalled(&mut self, key: Key, silent: Duration) {
        let Some(post) = self.posts.get(&key) else { return };
        let silent_ms = silent.as_millis() as u64;
        let (last, in_flight) = post.flight.read().map_or_else(
            |error| (String::new(), format!("unknown: {error}")),
            |report| (report.last.as_ref().map(ToString::to_string).unwrap_or_default(), report.to_string()),
        );
        let Post { group, worker, pid, .. } = post;
        warn!(event = "error", group, worker, pid, silent_ms, last, in_flight, "its event loop does not turn");
        // From now on it can take nothing. When all that it said before has been heard, the rest is passed on.
        if let Err(error) = post.channel.disown() {
            warn!(event = "error", group, worker, pid, reason = %error, "its connections wait for its end");
        }
    }

    fn disconnect(&mut self, key: Key, within: Duration) {
        let Some(post) = self.posts.get(&key) else { return };
        let message = Message::Disconnect { within: u64::try_from(within.as_millis()).unwrap_or(u64::MAX) };
        match post.channel.try_send(&message, &[]) {
            Ok(()) => {}
            Err(SendError::Full) => {
                let channel = Arc::clone(&post.channel);
                // It is the last word to this worker, so nothing can overtake it; a worker that never reads it is killed.
                self.tasks.spawn(async move { drop(channel.send(&message, &[]).await) });
            }
            Err(_) => return,
        }
        let within_ms = within.as_millis() as u64;
        info!(
            event = "disconnect",
            group = post.group,
            worker = post.worker,
            pid = post.pid,
            generation = post.generation,
            within_ms
        );
    }

    /// Gives a worker of a `shared` group the listeners to accept from.
    pub(super) fn share_listeners(&mut self, key: Key) {
        let (Some(group), Some(post)) = (self.groups.get(&key.group), self.posts.get(&key)) else { return };
        // A generation on trial may deal its connections out in another way once it stays: then it is given them.
        let other = self.policy_on_trial(post.generation, &post.group).is_some_and(|policy| policy != Policy::Shared);
        if !group.is_shared() || other {
            return;
        }
        let (listeners, sockets): (Vec<_>, Vec<_>) =
            group.listeners.sockets().map(|(number, socket)| (number, socket.as_fd())).unzip();
        let message = Message::Listeners { listeners };
        if let Err(error) = post.channel.try_send(&message, &sockets) {
            let reason = format!("it could not be given the listeners: {error}");
            if let Some(fleet) = self.fleet(key) {
                fleet.kill(key, &reason);
            }
        }
    }
}
