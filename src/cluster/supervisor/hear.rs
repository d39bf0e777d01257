//! What the master makes of what its workers say and of how they end.

use std::process::ExitStatus;
use std::time::Instant;

use tracing::{debug, info, warn};

use super::super::attend::Report;
use super::super::control::reap_strangers;
use super::super::fleet::Key;
use super::super::message::{Malformed, Message, PROTOCOL};
use super::super::program::Spawn;
use super::{REPORTS, Supervisor};

/// Malformed packets that one worker may send in its life before it is killed.
const FAULTS: u32 = 16;

/// How often a worker beats, in milliseconds.
const BEAT: u64 = 1000;

impl<S: Spawn> Supervisor<S> {
    pub(super) fn hear_all(&mut self, first: Option<(Key, Report)>) {
        let mut next = first;
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
                if let Err(malformed) = self.listen(key, message) {
                    self.fault(key, &malformed);
                }
            }
            Report::Malformed(malformed) => self.fault(key, &malformed),
            Report::Silent => self.fleet.silent(key, Instant::now()),
            Report::Ended(status) => self.bury(key, status),
        }
    }

    /// Hears one message; an error is a message that makes no sense now.
    fn listen(&mut self, key: Key, message: Message) -> Result<(), Malformed> {
        let Some(post) = self.posts.get_mut(&key) else { return Ok(()) };
        let (worker, pid, name) = (post.worker, post.pid, message.name());
        if let Message::Hello { protocol, worker: said, pid: theirs } = message {
            if post.greeted || (protocol, said, theirs) != (PROTOCOL, worker, pid) {
                return Err(Malformed::Untimely(name));
            }
            post.greeted = true;
            let message = Message::Generation { number: 1, length: self.generation.length(), beat: BEAT };
            if let Err(error) = post.channel.try_send(&message, &[self.generation.as_fd(), post.flight.as_fd()]) {
                self.fleet.kill(key, &format!("it could not be told what to serve: {error}"));
            }
            return Ok(());
        }
        if !post.greeted {
            return Err(Malformed::Untimely(name));
        }
        match message {
            Message::Online {} => {
                self.fleet.online(key)?;
                info!(event = "online", worker, pid);
            }
            Message::Listening {} => {
                self.fleet.listening(key, Instant::now())?;
                // Into rotation before its next words are heard.
                self.act();
                info!(event = "listening", worker, pid);
            }
            Message::Taken { seen, numbers, open } => {
                self.dispatch.taken(key, &numbers);
                self.dispatch.load(key, open);
                return if self.dispatch.seen(key, seen) { Ok(()) } else { Err(Malformed::Untimely(name)) };
            }
            Message::Refused { seen, numbers } => {
                let count = self.dispatch.refused(key, &numbers);
                debug!(event = "refused", worker, pid, count);
                return if self.dispatch.seen(key, seen) { Ok(()) } else { Err(Malformed::Untimely(name)) };
            }
            Message::Retiring { reason } => {
                info!(event = "retiring", worker, pid, reason);
                self.fleet.retiring(key, reason, Instant::now());
            }
            Message::Beat { connections, requests, .. } => {
                self.fleet.beat(key, connections, requests);
                self.dispatch.load(key, connections);
                self.dispatch.resume(key);
            }
            Message::Exit { reason, cut } => self.fleet.exiting(key, reason, cut),
            // The decoder lets no message of the other direction through.
            _ => {}
        }
        Ok(())
    }

    fn fault(&mut self, key: Key, malformed: &Malformed) {
        let Some(post) = self.posts.get_mut(&key) else { return };
        post.faults += 1;
        warn!(event = "message", worker = post.worker, pid = post.pid, faults = post.faults, reason = %malformed);
        if post.faults >= FAULTS {
            self.fleet.kill(key, "it sent too many malformed packets");
        }
    }

    fn bury(&mut self, key: Key, status: Option<ExitStatus>) {
        let (post, obituary) = (self.posts.remove(&key), self.fleet.ended(key, status, Instant::now()));
        self.act();
        let rescued = self.dispatch.rescue(key);
        if let (Some(post), Some(obituary)) = (post, obituary) {
            let (worker, pid, reason) = (post.worker, post.pid, obituary.reason);
            let served_ms = obituary.served.map(|served| served.as_millis() as u64);
            let (state, cut, requests) = (format!("{:?}", obituary.state).to_lowercase(), obituary.cut, obituary.requests);
            info!(event = "exit", worker, pid, state, reason, served_ms, requests, cut, rescued);
        }
        self.reap();
    }

    pub(super) fn reap(&self) {
        // Elsewhere an unknown child belongs to whoever started it.
        if std::process::id() == 1 {
            let reaped = reap_strangers(|pid| self.posts.values().any(|post| post.pid == pid));
            if reaped > 0 {
                debug!(event = "reap", count = reaped);
            }
        }
    }
}
