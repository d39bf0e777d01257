//! Sockets in the file system whose files have gone: somebody has cleaned up, or put something else there. They are bound anew at
//! the next reload, restart or upgrade; who has connected already notices nothing.

use tracing::{error, info};

use super::super::listen::{self, Address, ListenError};
use super::super::program::Spawn;
use super::{Group, Supervisor};

impl<S: Spawn> Supervisor<S> {
    /// Binds anew, among the wanted ones, what nobody can connect to any more. From then on it is accepted from, whatever comes
    /// of the reload.
    ///
    /// # Errors
    /// Something else lies there, or it cannot be bound for another reason. Those before it in the order are mended.
    pub(super) fn mend_listeners(&mut self, wanted: impl Fn(&Address) -> bool) -> Result<(), ListenError> {
        let mut mended = Vec::new();
        let result = self.groups.keys().copied().collect::<Vec<_>>().into_iter().try_for_each(|number| {
            let Some(group) = self.groups.get(&number).filter(|group| !group.removed) else { return Ok(()) };
            let astray: Vec<Address> = group.listeners.astray().filter(|address| wanted(address)).cloned().collect();
            if astray.is_empty() {
                return Ok(());
            }
            let bound = listen::bind_all(&astray)?;
            // Who has connected before the file went waits in the old one.
            self.sweep(number);
            for bound in bound {
                let Some(group) = self.groups.get_mut(&number) else { continue };
                let address = bound.address().clone();
                match group.listeners.replace(bound) {
                    Ok(()) => info!(event = "setup", address = %address, "its file was gone: it is bound anew"),
                    Err(error) => error!(event = "error", address = %address, reason = %error, "a listener cannot be watched"),
                }
            }
            mended.push(number);
            Ok(())
        });
        self.share_anew(&mended);
        result
    }

    /// Tells the workers of these groups that accept for themselves where to do so now.
    pub(super) fn share_anew(&mut self, groups: &[u32]) {
        let told: Vec<_> = self.posts.keys().filter(|key| groups.contains(&key.group)).copied().collect();
        for key in told {
            let rotates = |group: &Group| group.fleet.lives().any(|(life, state)| life == key && state.in_rotation());
            if self.groups.get(&key.group).is_some_and(rotates) {
                self.share_listeners(key);
            }
        }
    }
}
