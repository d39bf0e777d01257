//! Processes as the kernel shows them: who is alive, of which group, with how many descriptors.

use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::Timespec;
use rustix::process::{Pid, PidfdFlags, Resource, Rlimit, Signal, getrlimit, kill_process, pidfd_open, prlimit};

use super::lines::PATIENCE;

fn pid(number: u32) -> Pid {
    Pid::from_raw(i32::try_from(number).expect("a pid")).expect("not zero")
}

/// Sends a signal; a process that is gone already is no error.
pub fn signal(number: u32, signal: Signal) {
    let _gone = kill_process(pid(number), signal);
}

/// Waits for the end of any process, child or not, by its pidfd.
///
/// # Panics
/// It does not end.
pub fn wait_for_end(number: u32) {
    assert!(ends_within(number, PATIENCE), "process {number} does not end");
}

/// Whether a process ends within a time.
pub fn ends_within(number: u32, patience: Duration) -> bool {
    let Ok(handle) = pidfd_open(pid(number), PidfdFlags::empty()) else { return true };
    let mut fds = [PollFd::new(&handle, PollFlags::IN)];
    let patience = Timespec { tv_sec: patience.as_secs().cast_signed(), tv_nsec: patience.subsec_nanos().into() };
    poll(&mut fds, Some(&patience)).is_ok_and(|ready| ready > 0)
}

/// The living processes of a group, zombies not counted.
pub fn group(leader: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").expect("/proc is mounted");
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let mut found: Vec<u32> = numbers.filter(|number| is_in_group(*number, leader)).collect();
    found.sort_unstable();
    found
}

fn is_in_group(number: u32, leader: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{number}/stat")) else { return false };
    // pid (name) state ppid pgrp ...: the name may hold anything, so look behind its last bracket.
    let mut fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let (state, _parent, group) = (fields.next(), fields.next(), fields.next());
    state.is_some_and(|state| !matches!(state, "Z" | "X")) && group.is_some_and(|group| group == leader.to_string())
}

/// How many descriptors a process has open.
pub fn descriptors(number: u32) -> usize {
    std::fs::read_dir(format!("/proc/{number}/fd")).map_or(0, Iterator::count)
}

/// Resident memory in KiB.
pub fn memory(number: u32) -> u64 {
    kibibytes(number, "VmRSS:")
}

/// The most resident memory that it ever had, in KiB.
pub fn peak_memory(number: u32) -> u64 {
    kibibytes(number, "VmHWM:")
}

fn kibibytes(number: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{number}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// Processor time that a process has used since it started, user and system; none when it is gone.
pub fn processor_time(number: u32) -> Duration {
    // Behind the name: state is the third field of the line, utime the fourteenth, stime the next.
    ticks(number, 11)
}

/// Processor time of the children that a process has waited for.
pub fn processor_time_of_dead_children(number: u32) -> Duration {
    ticks(number, 13)
}

fn ticks(number: u32, field: usize) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(field).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second())
}

/// Sets the soft limit of open files of a living process, and gives the one that it had.
pub fn limit_descriptors(number: u32, soft: Option<u64>) -> Option<u64> {
    let limit =
        prlimit(Some(pid(number)), Resource::Nofile, Rlimit { current: soft, maximum: getrlimit(Resource::Nofile).maximum });
    limit.expect("our own process").current
}
