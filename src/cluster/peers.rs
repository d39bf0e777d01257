//! A worker's way to the others of its kind: what one has brought, all may take.

use std::sync::Arc;

use super::channel::SendError;
use super::connection::Shared;
use super::event::WorkerError;
use super::message::{LONGEST_NAME, LONGEST_VALUE, Malformed, Message, told};
use super::sealed::Sealed;

/// The other workers of this group and generation, by way of the master.
#[derive(Debug, Clone)]
pub struct Peers {
    shared: Arc<Shared>,
}

impl Peers {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Asks for what has this name. The answer is an event: `Bring`, or `Take` when another one has brought it. None comes when
    /// somebody who was to bring it is stuck, so a limit is the caller's.
    ///
    /// # Errors
    /// The channel is full or closed, or the name is too long: nobody will answer.
    pub fn want(&self, name: &str) -> Result<(), WorkerError> {
        check(name)?;
        self.shared.channel.try_send(&Message::Want { name: name.to_owned() }, &[]).map_err(failed)
    }

    /// Gives what was to be brought to all of them, in memory that nobody can change any more. Without bytes, those who
    /// wait for it go for themselves.
    ///
    /// # Errors
    /// There is no memory for it, or the channel is closed.
    pub async fn brought(&self, name: &str, bytes: Option<&[u8]>) -> Result<(), WorkerError> {
        check(name)?;
        let sealed = bytes.filter(|bytes| !bytes.is_empty()).map(Sealed::new).transpose()?;
        let length = sealed.as_ref().map_or(0, Sealed::length);
        let message = Message::Brought { name: name.to_owned(), length, next: false };
        let descriptors: Vec<_> = sealed.iter().map(Sealed::as_fd).collect();
        self.shared.channel.send(&message, &descriptors).await.map_err(failed)
    }

    /// Gives up what was to be brought: the next one who waits is told to.
    ///
    /// # Errors
    /// The channel is closed.
    pub async fn give_up(&self, name: &str) -> Result<(), WorkerError> {
        check(name)?;
        let message = Message::Brought { name: name.to_owned(), length: 0, next: true };
        self.shared.channel.send(&message, &[]).await.map_err(failed)
    }
}

impl Peers {
    /// The longest value of state that all workers are told, in bytes.
    pub const LONGEST_VALUE: usize = LONGEST_VALUE;

    /// Has all workers, of every group and generation, told that `topic` has this value now, this one too.
    ///
    /// # Errors
    /// The channel is closed, or the topic or the value is too long.
    pub async fn publish(&self, topic: &str, value: &str) -> Result<(), WorkerError> {
        told(topic, value).map_err(|malformed| WorkerError::Nonsense(malformed.to_string()))?;
        let message = Message::Publish { topic: topic.to_owned(), value: value.to_owned() };
        self.shared.channel.send(&message, &[]).await.map_err(failed)
    }
}

fn check(name: &str) -> Result<(), WorkerError> {
    if (1..=LONGEST_NAME).contains(&name.len()) {
        Ok(())
    } else {
        Err(WorkerError::Nonsense(Malformed::Name(name.len()).to_string()))
    }
}

fn failed(error: SendError) -> WorkerError {
    match error {
        SendError::Broken(error) => WorkerError::Channel(error),
        SendError::Full => WorkerError::Channel(std::io::ErrorKind::WouldBlock.into()),
        SendError::Closed | SendError::Malformed(_) => WorkerError::Dismissed,
    }
}
