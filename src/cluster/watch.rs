//! The one place where a descriptor is given to the runtime to be watched.

use std::os::fd::OwnedFd;

use tokio::io::unix::AsyncFd;

/// Watches a descriptor for reading and writing, and makes it non-blocking. Needs a tokio runtime with I/O.
///
/// # Errors
/// The descriptor is of a kind that cannot be watched, or the system watches too many.
#[expect(
    deprecated,
    reason = "`AsyncFd::register` does the same as an unsafe function, and this crate does without. What it asks of its caller, \
              that the descriptor stays open and the same, an `OwnedFd` that is moved in and never taken out fulfils"
)]
pub(crate) fn watch(descriptor: OwnedFd) -> std::io::Result<AsyncFd<OwnedFd>> {
    rustix::io::ioctl_fionbio(&descriptor, true)?;
    AsyncFd::new(descriptor)
}
