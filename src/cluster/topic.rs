//! The topics on which workers act.

/// Whether `/_forecourt/ready` says so: `yes` or `no`.
pub const READY: &str = "ready";

/// What workers no longer keep.
pub const PURGE: &str = "purge";

/// What the health checks of workers find.
pub const HEALTH: &str = "health";

/// Whether workers act on it. There is always room for these, whatever else is kept.
pub(super) fn is_own(topic: &str) -> bool {
    [READY, PURGE, HEALTH].contains(&topic)
}
