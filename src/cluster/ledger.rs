//! What a worker owes its master: which connections it takes, refuses and has picked up, told in as few packets as possible.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::SetOnce;

use super::channel::{Channel, SendError};
use super::event::Load;
use super::message::{MOST_NUMBERS, Message};

/// Connections picked up without telling the master. Well below its window, so that it never waits for the rest.
const QUIETLY: u64 = 16;

/// Beats missed after which a worker may have been disowned. Its master waits for five.
const MISSED: u32 = 4;

/// Says how a worker finds itself.
pub(crate) type Gauge = Arc<dyn Fn() -> Load + Send + Sync>;

/// Why nothing can be told any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Parted {
    /// The master is gone. Nobody but this worker has what it was sent.
    #[error("the master is gone")]
    Orphaned,
    /// The master has given this silent worker up. What it had not said `taken` of, others have.
    #[error("the master has passed on what this worker did not take in time")]
    Disowned,
}

/// The debts of one worker. Every method may be called from any thread.
pub(crate) struct Ledger {
    owed: Mutex<Owed>,
    /// Connections picked up in this life.
    seen: AtomicU64,
    /// Held while a packet is sent, so that whoever waited finds its own debt paid.
    paying: tokio::sync::Mutex<()>,
    gauge: OnceLock<Gauge>,
    /// How often the master is told something at least.
    beat: OnceLock<Duration>,
    parted: SetOnce<Parted>,
}

#[derive(Debug, Default)]
struct Owed {
    taken: Vec<u64>,
    refused: Vec<u64>,
    /// What the master has been told of `seen`.
    told: u64,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self {
            owed: Mutex::default(),
            seen: AtomicU64::new(0),
            paying: tokio::sync::Mutex::new(()),
            gauge: OnceLock::new(),
            beat: OnceLock::new(),
            parted: SetOnce::new(),
        }
    }

    /// What tells how many connections are open; nobody asks before the first one is taken. The first one given counts.
    pub(crate) fn gauge(&self, gauge: Gauge) {
        let _ = self.gauge.set(gauge);
    }

    /// How often this worker has to beat. The first one given counts.
    pub(crate) fn beat(&self, every: Duration) {
        let _ = self.beat.set(every);
    }

    fn owed(&self) -> MutexGuard<'_, Owed> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection has been picked up.
    pub(crate) fn see(&self) {
        self.seen.fetch_add(1, Ordering::Relaxed);
    }

    /// Has so much been picked up quietly that the master should know?
    pub(crate) fn is_behind(&self) -> bool {
        self.seen.load(Ordering::Relaxed) - self.owed().told >= QUIETLY
    }

    /// A connection is about to be read from; to be told before it is.
    pub(crate) fn take(&self, number: u64) {
        self.owed().taken.push(number);
    }

    /// A connection has not been read from and will not be.
    pub(crate) fn refuse(&self, number: u64) {
        self.owed().refused.push(number);
    }

    /// Tells all that is owed. When this returns well, what was owed before the call has been told, by whomever. Dropping
    /// the future forgets nothing.
    ///
    /// # Errors
    /// It cannot be told, now and for good.
    pub(crate) async fn pay(&self, channel: &Channel) -> Result<(), Parted> {
        let _turn = self.paying.lock().await;
        while let Some(message) = self.next() {
            match channel.send(&message, &[]).await {
                Ok(()) => self.paid(&message),
                Err(_) => return Err(self.part(channel)),
            }
        }
        Ok(())
    }

    /// Tells what it can without waiting. What it cannot tell stays owed.
    pub(crate) fn pay_now(&self, channel: &Channel) {
        // Whoever holds the turn pays for all.
        let Ok(_turn) = self.paying.try_lock() else { return };
        while let Some(message) = self.next() {
            match channel.try_send(&message, &[]) {
                Ok(()) => self.paid(&message),
                Err(SendError::Full) => return,
                Err(SendError::Closed | SendError::Broken(_) | SendError::Malformed(_)) => {
                    self.part(channel);
                    return;
                }
            }
        }
    }

    /// Nothing can be told any more: decides why, once for the whole life of this worker.
    ///
    /// A master that disowns its worker closes one direction of the channel; one that is gone has closed both. But a master
    /// may disown this worker and then go, so whoever was silent for too long does not count on being the only owner.
    pub(crate) fn part(&self, channel: &Channel) -> Parted {
        let silent = self.beat.get().is_some_and(|beat| channel.silence() >= *beat * MISSED);
        let parted = if silent || !channel.is_deserted() { Parted::Disowned } else { Parted::Orphaned };
        // Whoever was first has decided.
        let _ = self.parted.set(parted);
        self.parted.get().copied().unwrap_or(parted)
    }

    /// Returns when the master has given this worker up; never, when it has not.
    pub(crate) async fn disowned(&self) {
        if *self.parted.wait().await != Parted::Disowned {
            std::future::pending().await
        }
    }

    fn next(&self) -> Option<Message> {
        let seen = self.seen.load(Ordering::Relaxed);
        let first = |numbers: &[u64]| numbers.iter().take(MOST_NUMBERS).copied().collect::<Vec<_>>();
        let numbers = {
            let owed = self.owed();
            if !owed.refused.is_empty() {
                return Some(Message::Refused { seen, numbers: first(&owed.refused) });
            }
            if owed.taken.is_empty() && owed.told >= seen {
                return None;
            }
            first(&owed.taken)
        };
        // These are not open yet, but will be when the master hears of them.
        let open = self.gauge.get().map_or(0, |gauge| gauge().connections) + numbers.len() as u64;
        Some(Message::Taken { seen, numbers, open })
    }

    fn paid(&self, message: &Message) {
        let mut owed = self.owed();
        let (list, numbers, seen) = match message {
            Message::Taken { seen, numbers, .. } => (&mut owed.taken, numbers, *seen),
            Message::Refused { seen, numbers } => (&mut owed.refused, numbers, *seen),
            _ => return,
        };
        list.drain(..numbers.len().min(list.len()));
        owed.told = seen;
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("owed", &*self.owed()).field("parted", &self.parted.get()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::channel::{Packet, Receiver};
    use super::super::message::Side;
    use super::*;

    #[tokio::test]
    async fn many_debts_are_one_packet_and_each_is_told_before_its_debtor_goes_on() {
        let (master, worker) = Channel::pair().unwrap();
        let (channel, ledger) = (Arc::new(Channel::new(worker).unwrap()), Arc::new(Ledger::new()));
        ledger.gauge(Arc::new(|| Load { connections: 7, ..Load::default() }));
        let mut receiver = Receiver::new(Arc::new(master), Side::Master);
        let mut debtors = vec![];
        for number in 0..40 {
            let (channel, ledger) = (channel.clone(), ledger.clone());
            ledger.see();
            debtors.push(tokio::spawn(async move {
                ledger.take(number);
                tokio::task::yield_now().await;
                assert_eq!(ledger.pay(&channel).await, Ok(()));
                assert!(!ledger.owed().taken.contains(&number));
            }));
        }
        for debtor in debtors {
            debtor.await.unwrap();
        }
        // those being taken are open already
        let Some(Packet::Message(Message::Taken { seen: 40, numbers, open: 47 }, _)) = receiver.receive() else { panic!() };
        assert_eq!(numbers, (0..40).collect::<Vec<_>>());
        assert!(receiver.receive().is_none());
    }

    #[tokio::test]
    async fn a_debt_beyond_a_packet_takes_two_and_a_gone_master_takes_none() {
        let (master, worker) = Channel::pair().unwrap();
        let (channel, ledger) = (Channel::new(worker).unwrap(), Ledger::new());
        let mut receiver = Receiver::new(Arc::new(master), Side::Master);
        (0..300).for_each(|number| ledger.refuse(number));
        ledger.take(300);
        assert_eq!(ledger.pay(&channel).await, Ok(()));
        let mut told = 0;
        while let Some(Packet::Message(Message::Refused { numbers, .. } | Message::Taken { numbers, .. }, _)) = receiver.receive()
        {
            told += numbers.len();
        }
        assert_eq!(told, 301);
        drop(receiver);
        ledger.take(301);
        ledger.pay_now(&channel);
        assert_eq!(ledger.pay(&channel).await, Err(Parted::Orphaned));
    }

    #[tokio::test]
    async fn an_abandoned_payment_is_made_by_the_next_one() {
        let (master, worker) = Channel::pair().unwrap();
        let (channel, ledger) = (Channel::new(worker).unwrap(), Ledger::new());
        let mut receiver = Receiver::new(Arc::new(master), Side::Master);
        while channel.try_send(&Message::Online {}, &[]).is_ok() {}
        ledger.take(1);
        tokio::select! {
            biased;
            _ = ledger.pay(&channel) => panic!("there is no room"),
            () = std::future::ready(()) => ledger.pay_now(&channel),
        }
        while receiver.receive().is_some() {}
        assert_eq!(ledger.pay(&channel).await, Ok(()));
        assert!(matches!(receiver.receive(), Some(Packet::Message(Message::Taken { .. }, _))));
        assert!(receiver.receive().is_none());
    }

    #[tokio::test]
    async fn a_disowned_worker_is_heard_to_the_end_and_then_takes_nothing() {
        let (master, worker) = Channel::pair().unwrap();
        let (channel, ledger) = (Channel::new(worker).unwrap(), Ledger::new());
        let master = Arc::new(master);
        let mut receiver = Receiver::new(Arc::clone(&master), Side::Master);
        ledger.take(1);
        assert_eq!(ledger.pay(&channel).await, Ok(()));
        master.disown().unwrap();
        ledger.take(2);
        assert_eq!(ledger.pay(&channel).await, Err(Parted::Disowned));
        ledger.disowned().await;
        let Packet::Message(Message::Taken { numbers, .. }, _) = receiver.recv().await else { panic!() };
        assert_eq!(numbers, [1]);
        assert!(matches!(receiver.recv().await, Packet::Closed));
        // it can still be told things, and stays disowned when the master goes too
        master.send(&Message::Disconnect { within: 1 }, &[]).await.unwrap();
        drop((master, receiver));
        assert_eq!(ledger.pay(&channel).await, Err(Parted::Disowned));
    }

    #[tokio::test]
    async fn a_worker_that_was_silent_when_its_master_went_does_not_count_on_being_the_only_owner() {
        for (beat, expected) in [(Duration::ZERO, Parted::Disowned), (Duration::from_secs(3600), Parted::Orphaned)] {
            let (master, worker) = Channel::pair().unwrap();
            let (channel, ledger) = (Channel::new(worker).unwrap(), Ledger::new());
            ledger.beat(beat);
            drop(master);
            ledger.take(1);
            assert_eq!(ledger.pay(&channel).await, Err(expected));
        }
    }
}
