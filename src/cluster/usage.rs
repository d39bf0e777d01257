//! What a process uses: memory and processor time, as `/proc` says it.

use std::fs;
use std::time::Duration;

use rustix::param::{clock_ticks_per_second, page_size};

/// What one process uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Resident memory, in bytes.
    pub(crate) resident: u64,
    /// Processor time since its start, user and system.
    pub(crate) cpu: Duration,
}

/// What a living process uses. `None` when it is gone or `/proc` is not there.
pub(crate) fn of(pid: u32) -> Option<Usage> {
    let (statm, stat) =
        (fs::read_to_string(format!("/proc/{pid}/statm")).ok()?, fs::read_to_string(format!("/proc/{pid}/stat")).ok()?);
    let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    // The name of the program stands in parentheses and may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_ascii_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().ok());
    let ticks: u64 = ticks.sum::<Option<u64>>()?;
    Some(Usage { resident: pages * page_size() as u64, cpu: Duration::from_millis(ticks * 1000 / clock_ticks_per_second()) })
}
