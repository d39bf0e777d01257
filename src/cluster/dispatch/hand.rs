//! What the master knows of one worker's hands: how full they are, and what they hold that is not taken yet.

use std::collections::{BTreeMap, VecDeque};

use super::{Waiting, Weight};

/// Connections that one worker may have been sent without having picked them up. A blocked worker gets no more.
pub(crate) const WINDOW: u64 = 64;

/// Copies held for one worker of connections that it has picked up but that have not sent a byte yet. Past it the oldest
/// are let go: they stay with their worker and live and die with it.
pub(super) const SPARE: usize = 1024;

#[derive(Debug)]
pub(super) struct Held<C> {
    pub(super) waiting: Waiting<C>,
    /// Its place in the order in which this worker is sent connections, from 0.
    place: u64,
}

/// What is known of one worker.
#[derive(Debug)]
pub(super) struct Hand<C> {
    pub(super) ready: bool,
    /// Set for good once its silence has cost it what it was sent.
    pub(super) stalled: bool,
    /// Set when it refuses; cleared when it beats, so that nothing ping-pongs.
    pub(super) paused: bool,
    /// Set when its channel is full; cleared when it picks something up, or beats.
    pub(super) full: bool,
    /// Its number in its group, from 1.
    pub(super) slot: u32,
    pub(super) weight: Weight,
    /// Connections that it has taken and that were open when it last said how many.
    pub(super) open: u64,
    /// Connections sent, or about to be.
    sent: u64,
    /// Connections that it has picked up.
    seen: u64,
    /// Copies let go of connections that it has not taken, as far as is known.
    adrift: u64,
    pub(super) held: BTreeMap<u64, Held<C>>,
    /// Numbers dealt but not sent yet, in order.
    pub(super) outbox: VecDeque<u64>,
}

impl<C> Default for Hand<C> {
    fn default() -> Self {
        Self {
            ready: false,
            stalled: false,
            paused: false,
            full: false,
            slot: 0,
            weight: Weight::default(),
            open: 0,
            sent: 0,
            seen: 0,
            adrift: 0,
            held: BTreeMap::new(),
            outbox: VecDeque::new(),
        }
    }
}

impl<C> Hand<C> {
    /// May it be dealt a connection now?
    pub(super) fn is_open(&self) -> bool {
        self.ready && !self.paused && !self.full && self.unseen() < WINDOW
    }

    /// Connections sent, or about to be, that it has not picked up.
    pub(super) fn unseen(&self) -> u64 {
        self.sent - self.seen
    }

    /// Open connections: those that it said it has, and those on their way to it or silent in it.
    pub(super) fn load(&self) -> u64 {
        self.open.saturating_add(self.held.len() as u64).saturating_add(self.adrift)
    }

    /// Deals it one more.
    pub(super) fn deal(&mut self, waiting: Waiting<C>) {
        let number = waiting.handoff.number;
        self.outbox.push_back(number);
        self.held.insert(number, Held { waiting, place: self.sent });
        self.sent += 1;
    }

    /// It has picked up `seen` in its life. False when it cannot have.
    pub(super) fn see(&mut self, seen: u64) -> bool {
        let sent = self.sent - self.outbox.len() as u64;
        if seen < self.seen || seen > sent {
            return false;
        }
        self.full &= seen == self.seen;
        self.seen = seen;
        while self.held.len() > SPARE && self.let_go_oldest() {}
        true
    }

    /// It settles one that it was sent: the copy, when there is one.
    pub(super) fn settle(&mut self, number: u64) -> Option<Waiting<C>> {
        if self.outbox.contains(&number) {
            return None; // it cannot know of this one
        }
        let held = self.held.remove(&number);
        if held.is_none() {
            self.adrift = self.adrift.saturating_sub(1);
        }
        held.map(|held| held.waiting)
    }

    /// Takes back what was dealt and not sent.
    pub(super) fn unsent(&mut self) -> Vec<Waiting<C>> {
        let held = &mut self.held;
        let unsent: Vec<_> = self.outbox.drain(..).filter_map(|number| held.remove(&number)).map(|held| held.waiting).collect();
        self.sent -= unsent.len() as u64;
        unsent
    }

    /// Takes back all that is not taken.
    pub(super) fn untaken(&mut self) -> Vec<Waiting<C>> {
        self.outbox.clear();
        std::mem::take(&mut self.held).into_values().map(|held| held.waiting).collect()
    }

    /// Lets the oldest copy go that it has picked up.
    pub(super) fn let_go_oldest(&mut self) -> bool {
        let oldest = self.held.iter().find(|(_, held)| held.place < self.seen).map(|(number, _)| *number);
        let gone = oldest.and_then(|number| self.held.remove(&number)).is_some();
        self.adrift += u64::from(gone);
        gone
    }
}
