//! The other workers of a machine, for the gateway: its errands go out by the channel.

use tokio::task;

use crate::cluster::{self, WorkerError};
use crate::gateway::Peers;

/// The way to the other workers.
#[derive(Debug)]
pub(super) struct Others {
    peers: cluster::Peers,
}

impl Others {
    pub(super) fn new(peers: cluster::Peers) -> Self {
        Self { peers }
    }
}

impl Peers for Others {
    fn want(&self, name: &str) -> bool {
        match self.peers.want(name) {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!(event = "errand", reason = %error, "this worker asks for itself");
                false
            }
        }
    }

    fn brought(&self, name: String, bytes: Option<Vec<u8>>) {
        let peers = self.peers.clone();
        tell(async move { peers.brought(&name, bytes.as_deref()).await });
    }

    fn give_up(&self, name: String) {
        let peers = self.peers.clone();
        tell(async move { peers.give_up(&name).await });
    }
}

/// Says something to the master, behind the back of who says it.
fn tell(word: impl Future<Output = Result<(), WorkerError>> + Send + 'static) {
    task::spawn(async {
        if let Err(error) = word.await {
            tracing::debug!(event = "errand", reason = %error, "the other workers wait in vain for a while");
        }
    });
}
