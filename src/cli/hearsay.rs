//! What workers find in their health checks, by the channel to all of them.

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::cluster::Peers;
use crate::cluster::topic::HEALTH;
use crate::upstream::{Hearsay, Upstream};

/// What this worker finds is told to all, and kept for those that start later.
pub(super) fn among(peers: Peers) -> Arc<Hearsay> {
    let runtime = Handle::current();
    let tell = move |word: String| {
        let peers = peers.clone();
        runtime.spawn(async move {
            if let Err(error) = peers.publish(HEALTH, &word).await {
                tracing::debug!(event = "health", reason = %error, "the other workers find out for themselves");
            }
        });
    };
    Arc::new(Hearsay::new(Peers::LONGEST_VALUE, Box::new(tell)))
}

/// Another worker has told something: it holds for the upstreams here too.
pub(super) fn hear<'u>(hearsay: &Hearsay, word: &str, upstreams: impl Iterator<Item = &'u Upstream> + Clone) {
    match hearsay.hear(word) {
        Ok(news) => {
            for finding in news {
                upstreams
                    .clone()
                    .filter(|upstream| upstream.name() == finding.upstream)
                    .for_each(|upstream| upstream.told(&finding));
            }
        }
        Err(error) => tracing::warn!(event = "health", reason = %error, "a word on the health of targets is none"),
    }
}
