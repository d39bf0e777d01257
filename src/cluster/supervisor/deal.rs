//! Connections: accepted as far as there is room, dealt out, sent.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::os::fd::{AsFd, BorrowedFd};
use std::task::Poll;
use std::time::{Duration, Instant};

use tracing::warn;

use super::super::accept::Batch;
use super::super::channel::SendError;
use super::super::message::Message;
use super::super::program::Spawn;
use super::{Group, Leaving, Supervisor};

/// The pauses after accepting failed for want of descriptors or memory; doubling from the first to the second.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Connections that come closer together than this are worth gathering.
const GATHER: Duration = Duration::from_millis(1);

/// Waits until a group with room has connections. Dropping the future loses none.
pub(super) async fn accept(groups: &mut BTreeMap<u32, Group>, rooms: &BTreeMap<u32, usize>) -> (u32, Batch) {
    poll_fn(|cx| {
        for (number, group) in groups.iter_mut() {
            let room = rooms.get(number).copied().unwrap_or_default();
            if room > 0
                && let Poll::Ready(batch) = group.listeners.poll(cx, room)
            {
                return Poll::Ready((*number, batch));
            }
        }
        Poll::Pending
    })
    .await
}

impl<S: Spawn> Supervisor<S> {
    /// How many connections each group may accept now. The master never fills its own limit of descriptors with them,
    /// because it needs some to start workers; idle copies are given up first.
    pub(super) fn rooms(&mut self) -> BTreeMap<u32, usize> {
        let mut rooms = BTreeMap::new();
        // Without packets of several there is no reason to accept several at once.
        let turn = if self.batch > 1 { usize::MAX } else { 1 };
        if self.leaving != Leaving::No || self.rest.is_some_and(|(until, _)| until > Instant::now()) {
            return rooms;
        }
        let owned = |groups: &BTreeMap<u32, Group>| groups.values().map(|group| group.dispatch.owned()).sum::<usize>();
        if owned(&self.groups) >= self.capacity {
            for group in self.groups.values_mut() {
                group.dispatch.let_go();
            }
            for post in self.posts.values_mut() {
                post.lately.clear();
            }
        }
        let lately: usize = self.posts.values().map(|post| post.lately.count()).sum();
        let free = self.capacity.saturating_sub(owned(&self.groups) + lately);
        for (number, group) in &self.groups {
            // Workers of a shared group accept for themselves.
            if !group.is_shared() {
                rooms.insert(*number, group.dispatch.room().min(free).min(turn));
            }
        }
        rooms
    }

    /// Lets others run who may have more connections for us, when one came just now: many at once cost less than as many
    /// one by one. Once for each time that some came, for a busy machine may take a while to come back; on one with nothing
    /// else to do this returns at once.
    pub(super) fn gather(&mut self) {
        let came_just_now = self.accepted.take().is_some_and(|accepted| accepted.elapsed() < GATHER);
        if self.batch > 1 && came_just_now {
            std::thread::yield_now();
        }
    }

    pub(super) fn take(&mut self, number: u32, batch: Batch) {
        self.accepted = Some(Instant::now());
        if let Some(group) = self.groups.get_mut(&number) {
            if group.fleet.is_given_up() {
                // Nobody would ever serve them: better a closed connection than one that waits for nothing.
                self.unserved += batch.accepted.len();
            } else {
                group.accepted += batch.accepted.len() as u64;
                for accepted in batch.accepted {
                    group.dispatch.accept(accepted.connection, accepted.peer, accepted.listener);
                }
            }
        }
        let Some(trouble) = batch.trouble else {
            self.rest = None;
            return;
        };
        let idle: usize = self.groups.values_mut().map(|group| group.dispatch.let_go()).sum();
        let released = idle + self.posts.values_mut().map(|post| post.lately.clear()).sum::<usize>();
        let pause = self.rest.map_or(PAUSE.0, |(_, pause)| (pause * 2).min(PAUSE.1));
        self.rest = Some((Instant::now() + pause, pause));
        let pause_ms = pause.as_millis() as u64;
        warn!(event = "accept", reason = %trouble, released, pause_ms, "cannot accept connections for the moment");
    }

    /// Sends what waits to who may have it.
    pub(super) fn deal(&mut self) {
        for group in self.groups.values_mut() {
            if group.fleet.is_given_up() {
                self.unserved += group.dispatch.close_queue();
            }
            loop {
                group.dispatch.deal();
                let Some(parcel) = group.dispatch.parcel() else { break };
                let (key, count) = (parcel.key, parcel.handoffs.len());
                let descriptors: Vec<BorrowedFd<'_>> = parcel.connections.iter().map(AsFd::as_fd).collect();
                let message = Message::Connection { connections: parcel.handoffs };
                let channel = self.posts.get(&key).map(|post| &post.channel);
                match channel.map_or(Err(SendError::Closed), |channel| channel.try_send(&message, &descriptors)) {
                    Ok(()) => group.dispatch.sent(key, count),
                    Err(SendError::Full) => group.dispatch.full(key),
                    // Its end is near and will be reported.
                    Err(SendError::Closed) => group.dispatch.unready(key),
                    Err(error) => {
                        group.dispatch.unready(key);
                        group.fleet.kill(key, &error.to_string());
                    }
                }
            }
        }
    }
}
