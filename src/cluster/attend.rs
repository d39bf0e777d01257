//! The master's ear at one worker: what the worker says, and how it ends, as reports in the order in which they happened.

use std::os::fd::OwnedFd;
use std::process::ExitStatus;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc};

use super::channel::{Packet, Receiver};
use super::fleet::Key;
use super::message::{Malformed, Message};
use super::program::Process;

/// What happened at one worker.
#[derive(Debug)]
pub(crate) enum Report {
    /// It said something.
    Said(Message),
    /// It came back from an errand: what for, with how many bytes in which memory, and whether another one is to go.
    Brought { name: String, length: u64, next: bool, body: Option<OwnedFd> },
    /// It said something that is no message.
    Malformed(Malformed),
    /// It closed its end of the channel; whether it also ended is not known yet.
    Silent,
    /// It ended, and all that it ever said has been reported. `None` when the end could not be observed.
    Ended(Option<ExitStatus>),
}

/// Listens to one worker until it has ended. `kill` asks for its death.
pub(crate) async fn attend<P: Process>(
    key: Key,
    mut receiver: Receiver,
    mut process: P,
    kill: Arc<Notify>,
    reports: mpsc::Sender<(Key, Report)>,
) {
    let mut talking = true;
    let status = loop {
        tokio::select! {
            biased;
            () = kill.notified() => process.kill(),
            packet = receiver.recv(), if talking => {
                let report = report(packet);
                talking = !matches!(report, Report::Silent);
                if reports.send((key, report)).await.is_err() {
                    return;
                }
            }
            status = process.wait() => break status.ok(),
        }
    };
    // The dead say nothing new, but what they said last decides which connections they had taken.
    while talking {
        let Some(packet) = receiver.receive() else { break };
        let report = report(packet);
        talking = !matches!(report, Report::Silent);
        if reports.send((key, report)).await.is_err() {
            return;
        }
    }
    // The master is gone when nobody listens any more; then there is nobody to tell.
    let _ = reports.send((key, Report::Ended(status))).await;
}

fn report(packet: Packet) -> Report {
    match packet {
        Packet::Message(Message::Brought { name, length, next }, descriptors) => {
            Report::Brought { name, length, next, body: descriptors.into_iter().next() }
        }
        Packet::Message(message, _) => Report::Said(message),
        Packet::Malformed(malformed) => Report::Malformed(malformed),
        Packet::Closed => Report::Silent,
    }
}
