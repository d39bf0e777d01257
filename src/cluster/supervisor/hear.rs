//! What the master makes of what its workers say and of how they end.

use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use tracing::{debug, info, warn};

use super::super::attend::Report;
use super::super::control::reap_strangers;
use super::super::fleet::Key;
use super::super::flight::Flight;
use super::super::life::State;
use super::super::message::{Malformed, Message, PROTOCOL};
use super::super::program::Spawn;
use super::super::usage::Usage;
use super::{Post, REPORTS, Supervisor, has_read};

const SIGKILL: i32 = nix::sys::signal::Signal::SIGKILL as i32;

/// Malformed packets that one worker may send in its life before it is killed.
const FAULTS: u32 = 16;

/// Beats within one heartbeat, so that one or two may come late; and at least one a second, for the status.
const BEATS: u32 = 5;
const SLOWEST_BEAT: Duration = Duration::from_secs(1);

impl<S: Spawn> Supervisor<S> {
    /// Hears the given report and others that wait, as far as one turn of the loop goes.
    pub(super) fn hear_all(&mut self, first: Option<(Key, Report)>) {
        let mut next = first.or_else(|| self.reports.try_recv().ok());
        for _ in 0..REPORTS {
            let Some((key, report)) = next else { return };
            self.hear(key, report);
            next = self.reports.try_recv().ok();
        }
        if let Some((key, report)) = next {
            self.hear(key, report);
        }
    }

    fn hear(&mut self, key: Key, report: Report) {
        match report {
            Report::Said(message) => {
                if let Some(fleet) = self.fleet(key) {
                    fleet.heard(key, Instant::now());
                }
                if let Err(malformed) = self.listen(key, message) {
                    self.fault(key, &malformed);
                }
            }
            Report::Brought { name, length, next, body } => {
                if let Some(fleet) = self.fleet(key) {
                    fleet.heard(key, Instant::now());
                }
                self.brought(key, name, length, next, body.as_ref());
            }
            Report::Malformed(malformed) => self.fault(key, &malformed),
            Report::Silent => {
                let Some(group) = self.groups.get_mut(&key.group) else { return };
                if group.fleet.is_stalled(key) {
                    let rescued = group.dispatch.rescue_stalled(key);
                    info!(event = "rescue", group = group.settings.name, rescued, "a stalled worker's connections go to others");
                } else {
                    group.fleet.silent(key, Instant::now());
                }
            }
            Report::Ended(status) => self.bury(key, status),
        }
    }

    /// Hears one message; an error is a message that makes no sense now.
    fn listen(&mut self, key: Key, message: Message) -> Result<(), Malformed> {
        let Some(post) = self.posts.get_mut(&key) else { return Ok(()) };
        let (worker, pid, generation, name) = (post.worker, post.pid, post.generation, message.name());
        if let Message::Hello { protocol, worker: said, pid: theirs } = message {
            if post.greeted || (protocol, said, theirs) != (PROTOCOL, worker, pid) {
                return Err(Malformed::Untimely(name));
            }
            post.greeted = true;
            self.instruct(key);
            return Ok(());
        }
        self.topics.retry(key, post);
        if !post.greeted {
            return Err(Malformed::Untimely(name));
        }
        let group_name = post.group.clone();
        let Some(group) = self.groups.get_mut(&key.group) else { return Ok(()) };
        match message {
            Message::Online {} => {
                group.fleet.online(key)?;
                info!(event = "online", group = group_name, worker, pid, generation);
            }
            Message::Listening {} => {
                group.fleet.listening(key, Instant::now())?;
                // Into rotation before its next words are heard.
                self.act();
                info!(event = "listening", group = group_name, worker, pid, generation);
            }
            Message::Taken { seen, numbers, open } => {
                let Post { lately, flight, .. } = post;
                lately.packet(group.dispatch.taken(key, &numbers), Instant::now(), || has_read(flight));
                group.dispatch.load(key, open);
                return if group.dispatch.seen(key, seen) { Ok(()) } else { Err(Malformed::Untimely(name)) };
            }
            Message::Refused { seen, numbers } => {
                let count = group.dispatch.refused(key, &numbers);
                debug!(event = "refused", group = group_name, worker, pid, count);
                return if group.dispatch.seen(key, seen) { Ok(()) } else { Err(Malformed::Untimely(name)) };
            }
            Message::Retiring { reason } => {
                info!(event = "retiring", group = group_name, worker, pid, generation, reason);
                group.fleet.retiring(key, reason, Instant::now());
            }
            Message::Beat { connections, requests, panics } => {
                group.fleet.beat(key, connections, requests, panics);
                group.dispatch.load(key, connections);
                group.dispatch.resume(key);
                self.weigh(key);
            }
            Message::Publish { topic, value } => {
                info!(event = "message", group = group_name, worker, pid, topic, "a worker tells all");
                self.part();
                self.topics.publish(topic, value, None, &self.posts);
            }
            Message::Delivered { epoch } => self.topics.delivered(key, epoch, &self.posts),
            Message::Want { name } => self.wanted(key, name),
            Message::Exit { reason, cut } => group.fleet.exiting(key, reason, cut),
            // The decoder lets no message of the other direction through.
            Message::Hello { .. }
            | Message::Generation { .. }
            | Message::Listeners { .. }
            | Message::Connection { .. }
            | Message::Deliver { .. }
            | Message::Workers { .. }
            | Message::Reopen {}
            | Message::Adopt { .. }
            | Message::Bring { .. }
            | Message::Take { .. }
            // It has a report of its own.
            | Message::Brought { .. }
            | Message::Disconnect { .. } => {}
        }
        Ok(())
    }

    /// Tells a new worker what to serve, and everything that all workers have been told.
    fn instruct(&mut self, key: Key) {
        let beat = (self.configuration.heartbeat / BEATS).clamp(Duration::from_millis(1), SLOWEST_BEAT);
        let Some(post) = self.posts.get(&key) else { return };
        let told = match self.generations.get(post.generation) {
            None => Err("its generation is gone".to_owned()),
            Some(generation) => {
                let (number, length) = (post.generation, generation.sealed.length());
                let message = Message::Generation { number, length, beat: beat.as_millis() as u64 };
                let descriptors = [generation.sealed.as_fd(), post.flight.as_fd()];
                post.channel.try_send(&message, &descriptors).map_err(|error| error.to_string())
            }
        };
        match told {
            Ok(()) => {
                if let Some((out, err)) = &self.files {
                    // A new channel has room, and a worker that is gone needs none.
                    let _ = post.channel.try_send(&Message::Reopen {}, &[out.as_fd(), err.as_fd()]);
                }
                self.topics.introduce(key, post);
                self.count_out();
            }
            Err(error) => {
                if let Some(fleet) = self.fleet(key) {
                    fleet.kill(key, &format!("it could not be told what to serve: {error}"));
                }
            }
        }
    }

    /// Has a worker retire that holds too much memory.
    fn weigh(&mut self, key: Key) {
        let Some(most) = self.configuration.memory else { return };
        let Some((pid, worker)) = self.posts.get(&key).map(|post| (post.pid, post.worker)) else { return };
        let Some(usage) = Usage::of(pid) else { return };
        if let Some(group) = self.groups.get_mut(&key.group)
            && let Err(reason) = group.fleet.weigh(key, usage.own, most, Instant::now())
        {
            warn!(event = "retiring", group = group.settings.name, worker, pid, reason);
        }
    }

    fn fault(&mut self, key: Key, malformed: &Malformed) {
        let Some(post) = self.posts.get_mut(&key) else { return };
        post.faults += 1;
        warn!(event = "message", group = post.group, worker = post.worker, pid = post.pid, faults = post.faults, reason = %malformed);
        if post.faults >= FAULTS
            && let Some(fleet) = self.fleet(key)
        {
            fleet.kill(key, "it sent too many malformed packets");
        }
    }

    fn bury(&mut self, key: Key, status: Option<ExitStatus>) {
        let Some(group) = self.groups.get_mut(&key.group) else { return };
        let (mut post, obituary) = (self.posts.remove(&key), group.fleet.ended(key, status, Instant::now()));
        self.act();
        let mut rescued = 0;
        if let Some(group) = self.groups.get_mut(&key.group) {
            rescued = group.dispatch.rescue(key);
            if let Some(Post { lately, flight, .. }) = &mut post {
                let unread = std::mem::take(lately).unread(has_read(flight));
                rescued += group.dispatch.untaken(unread);
            }
        }
        self.topics.forget(key, &self.posts);
        self.send_others(key);
        if let (Some(post), Some(obituary)) = (post, obituary) {
            let Post { group, worker, pid, generation, flight, .. } = post;
            let killed = status.is_some_and(|status| status.signal() == Some(SIGKILL));
            // The counter is read at every such death, so that it is never compared with an old one.
            let out_of_memory = killed && self.oom.grew() && !obituary.killed;
            let reason = if out_of_memory { format!("{} for want of memory", obituary.reason) } else { obituary.reason };
            let served_ms = obituary.served.map(|served| served.as_millis() as u64);
            let (state, cut, requests) = (obituary.state.word(), obituary.cut, obituary.requests);
            if obituary.state == State::Stopped {
                info!(event = "exit", group, worker, pid, generation, state, reason, served_ms, requests, cut, rescued);
            } else {
                let (in_flight, idle) = last_words(&flight);
                warn!(
                    event = "exit",
                    group, worker, pid, generation, state, reason, served_ms, requests, cut, rescued, in_flight, idle
                );
            }
        }
        self.forget_generations();
        self.reap();
    }

    pub(super) fn reap(&self) {
        // Elsewhere an unknown child belongs to whoever started it.
        if std::process::id() == 1 {
            let heir = self.heir.as_ref().map(super::upgrade::Heir::pid);
            let reaped = reap_strangers(|pid| heir == Some(pid) || self.posts.values().any(|post| post.pid == pid));
            if reaped > 0 {
                debug!(event = "reap", count = reaped);
            }
        }
    }
}

/// Idle connections that an obituary names; the others are counted.
const NAMED: usize = 64;

/// What a worker was at when it died: the requests under way, and the connections between two requests.
fn last_words(flight: &Flight) -> (String, String) {
    match flight.read() {
        Ok(report) => {
            let named: Vec<String> = report.idle.iter().take(NAMED).map(ToString::to_string).collect();
            let more = report.idle.len() - named.len();
            let idle = if more > 0 { format!("{} and {more} more", named.join(" ")) } else { named.join(" ") };
            (report.to_string(), idle)
        }
        Err(error) => (format!("unknown: {error}"), String::new()),
    }
}
