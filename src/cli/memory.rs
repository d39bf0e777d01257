//! What this worker holds of memory, told to those who give things up when it runs short.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::{allocator, program_pages};
use crate::cluster::Usage;
use crate::gateway::{Gateway, Pressure};
use crate::server::Edge;

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(250);

/// How often what is free is given back.
const GIVING_BACK: Duration = Duration::from_secs(1);

/// Gives back what only the start needed, and then what is free, again and again.
pub(super) fn give_back() -> Watch {
    program_pages::give_back();
    Watch(Some(tokio::spawn(async {
        let mut turns = interval(GIVING_BACK);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            allocator::give_back();
        }
    })))
}

/// Ends the watch when it is dropped.
pub(super) struct Watch(Option<JoinHandle<()>>);

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(watch) = self.0.take() {
            watch.abort();
        }
    }
}

/// Looks again and again, if there is a limit.
pub(super) fn watch<S: Clone + Send + Sync + 'static>(gateway: &Gateway, edge: &Edge<S>) -> Watch {
    let Some(limit) = gateway.memory() else { return Watch(None) };
    let (gateway, edge) = (gateway.clone(), edge.clone());
    Watch(Some(tokio::spawn(async move {
        let mut looks = interval(EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let Some(Usage { own, .. }) = Usage::of(std::process::id()) else { continue };
            let (pressure, is_news) = gateway.press(own);
            if !is_news {
                continue;
            }
            edge.set_closing(pressure >= Pressure::Scarce);
            let (own_mib, limit_mib, step) = (own >> 20, limit >> 20, pressure.word());
            if pressure == Pressure::None {
                tracing::info!(event = "memory", step, own_mib, limit_mib, "there is enough memory again");
            } else {
                tracing::warn!(event = "memory", step, own_mib, limit_mib, "memory runs short");
            }
        }
    })))
}
