//! What belongs to one group: where it listens, who serves, and who gets which connection.

use super::super::accept::Listeners;
use super::super::configuration::{GroupSettings, Policy};
use super::super::dispatch::Dispatch;
use super::super::fleet::Fleet;
use super::Accepted;

/// One group of workers. A group in trouble shares nothing with another but the master's loop.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) settings: GroupSettings,
    pub(super) listeners: Listeners,
    pub(super) dispatch: Dispatch<Accepted>,
    pub(super) fleet: Fleet,
    /// Connections that the master has accepted for it.
    pub(super) accepted: u64,
    /// The configuration no longer has it: it is on its way out.
    pub(super) removed: bool,
}

impl Group {
    /// A group that listens nowhere yet.
    pub(super) fn new(settings: GroupSettings, fleet: Fleet, batch: usize) -> Self {
        let mut dispatch = Dispatch::new(settings.policy, settings.weights.clone());
        dispatch.set_batch(batch);
        Self { settings, listeners: Listeners::default(), dispatch, fleet, accepted: 0, removed: false }
    }

    /// Whether its workers accept for themselves.
    pub(super) fn is_shared(&self) -> bool {
        self.settings.policy == Policy::Shared
    }
}
