//! What a worker owes its master: which connections it takes, refuses and has picked up, told in as few packets as possible.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::channel::{Channel, SendError};
use super::message::{MOST_NUMBERS, Message};

/// Connections picked up without telling the master. Well below its window, so that it never waits for the rest.
const QUIETLY: u64 = 16;

/// The debts of one worker. Every method may be called from any thread.
#[derive(Debug)]
pub(crate) struct Ledger {
    owed: Mutex<Owed>,
    /// Connections picked up in this life.
    seen: AtomicU64,
    /// Held while a packet is sent, so that whoever waited finds its own debt paid.
    paying: tokio::sync::Mutex<()>,
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
        Self { owed: Mutex::default(), seen: AtomicU64::new(0), paying: tokio::sync::Mutex::new(()) }
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

    /// Tells all that is owed. When this returns, what was owed before the call has been told, by whomever. False when the
    /// master is gone. Dropping the future forgets nothing.
    pub(crate) async fn pay(&self, channel: &Channel) -> bool {
        let _turn = self.paying.lock().await;
        while let Some(message) = self.next() {
            match channel.send(&message, &[]).await {
                Ok(()) => self.paid(&message),
                Err(_) => return false,
            }
        }
        true
    }

    /// Tells what it can without waiting. What it cannot tell stays owed.
    pub(crate) fn pay_now(&self, channel: &Channel) {
        // Whoever holds the turn pays for all.
        let Ok(_turn) = self.paying.try_lock() else { return };
        while let Some(message) = self.next() {
            match channel.try_send(&message, &[]) {
                Ok(()) => self.paid(&message),
                Err(SendError::Full | SendError::Closed | SendError::Broken(_) | SendError::Malformed(_)) => return,
            }
        }
    }

    fn next(&self) -> Option<Message> {
        let seen = self.seen.load(Ordering::Relaxed);
        let owed = self.owed();
        let first = |numbers: &[u64]| numbers.iter().take(MOST_NUMBERS).copied().collect();
        if !owed.refused.is_empty() {
            Some(Message::Refused { seen, numbers: first(&owed.refused) })
        } else if !owed.taken.is_empty() || owed.told < seen {
            Some(Message::Taken { seen, numbers: first(&owed.taken), open: 0 })
        } else {
            None
        }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::channel::{Packet, Receiver};
    use super::super::message::Side;
    use super::*;

    #[tokio::test]
    async fn many_debts_are_one_packet_and_each_is_told_before_its_debtor_goes_on() {
        let (master, worker) = Channel::pair().unwrap();
        let (channel, ledger) = (Arc::new(Channel::new(worker).unwrap()), Arc::new(Ledger::new()));
        let mut receiver = Receiver::new(Arc::new(master), Side::Master);
        let mut debtors = vec![];
        for number in 0..40 {
            let (channel, ledger) = (channel.clone(), ledger.clone());
            ledger.see();
            debtors.push(tokio::spawn(async move {
                ledger.take(number);
                tokio::task::yield_now().await;
                assert!(ledger.pay(&channel).await);
                assert!(!ledger.owed().taken.contains(&number));
            }));
        }
        for debtor in debtors {
            debtor.await.unwrap();
        }
        let Some(Packet::Message(Message::Taken { seen: 40, numbers, .. }, _)) = receiver.receive() else { panic!() };
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
        assert!(ledger.pay(&channel).await);
        let mut told = 0;
        while let Some(Packet::Message(Message::Refused { numbers, .. } | Message::Taken { numbers, .. }, _)) = receiver.receive()
        {
            told += numbers.len();
        }
        assert_eq!(told, 301);
        drop(receiver);
        ledger.take(301);
        ledger.pay_now(&channel);
        assert!(!ledger.pay(&channel).await);
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
        assert!(ledger.pay(&channel).await);
        assert!(matches!(receiver.receive(), Some(Packet::Message(Message::Taken { .. }, _))));
        assert!(receiver.receive().is_none());
    }
}
