//! What a process takes: memory and processor time, as `/proc` tells.

use std::time::Duration;

/// What a process has and has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory, in bytes; pages that it shares with other processes included.
    pub resident: u64,
    /// Of which its own: not backed by a file. What a memory limit is about.
    pub own: u64,
    /// Processor time used since it started, its system calls included.
    pub cpu: Duration,
}

impl Usage {
    /// What the process with this number takes now; `None` when it has ended.
    pub fn of(pid: u32) -> Option<Self> {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).ok();
        let (resident, own) = memory(&read("statm")?, rustix::param::page_size() as u64)?;
        let cpu = cpu(&read("stat")?, rustix::param::clock_ticks_per_second())?;
        Some(Self { resident, own, cpu })
    }
}

/// Resident bytes and those that no file backs, from the text of `statm`: size, resident, shared, all in pages.
fn memory(statm: &str, page: u64) -> Option<(u64, u64)> {
    let mut fields = statm.split_ascii_whitespace().skip(1).map(str::parse::<u64>);
    let (resident, shared) = (fields.next()?.ok()?, fields.next()?.ok()?);
    Some((resident.checked_mul(page)?, resident.saturating_sub(shared).checked_mul(page)?))
}

/// User and system time from the text of `stat`, in ticks. The second field is a name that may hold anything, also brackets;
/// it ends with the last of them.
fn cpu(stat: &str, ticks: u64) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11).map(str::parse::<u64>);
    let used = fields.next()?.ok()?.checked_add(fields.next()?.ok()?)?;
    let nanos = u128::from(used) * 1_000_000_000 / u128::from(ticks.max(1));
    Some(Duration::from_nanos(u64::try_from(nanos).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_counted_in_pages() {
        for (text, expected) in [
            ("5000 300 100 20 0 90 0\n", Some((300 * 4096, 200 * 4096))),
            ("5000 100 300 20 0 90 0\n", Some((100 * 4096, 0))),
            ("5000 300\n", None),
            ("5000 x 100\n", None),
            ("1 18446744073709551615 0\n", None),
            ("", None),
        ] {
            assert_eq!(memory(text, 4096), expected, "{text:?}");
        }
    }

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let rest = "S 1 2 2 0 -1 4194560 500 0 0 0 250 50 0 0 20 0 4 0 1234 0 0";
        for (text, expected) in [
            (format!("7 (forecourt-w1) {rest}"), Some(3000)),
            (format!("7 (a) b) R 9 (c)) {rest}"), Some(3000)),
            ("7 (short) S 1 2".to_owned(), None),
            ("7 no name".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(cpu(&text, 100), expected.map(Duration::from_millis), "{text:?}");
        }
    }

    #[test]
    fn this_process_takes_something_and_no_process_nothing() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.resident > 1 << 20 && usage.resident >= usage.own && usage.own > 0, "{usage:?}");
        // Process 0 is the kernel's and has no folder.
        assert_eq!(Usage::of(0), None);
    }
}
