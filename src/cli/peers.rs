//! The other workers of a machine, for the gateway: its errands go out by the channel.

use tokio::task;

use crate::cluster;
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
        task::spawn(async move {
            if let Err(error) = peers.brought(&name, bytes.as_deref()).await {
                tracing::debug!(event = "errand", reason = %error, "the other workers wait in vain for a while");
            }
        });
    }

    fn give_up(&self, name: String) {
        let peers = self.peers.clone();
        task::spawn(async move {
            if let Err(error) = peers.give_up(&name).await {
                tracing::debug!(event = "errand", reason = %error, "the other workers wait in vain for a while");
            }
        });
    }
}
