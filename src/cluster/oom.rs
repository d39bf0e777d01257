//! Whether the kernel's out-of-memory killer was at work: a counter that is compared with what it was.
//!
//! SIGKILL does not say who sent it. The counter of the control group that this process is in does, as far as its own group
//! goes; without one, that of the whole machine is taken.

use std::path::{Path, PathBuf};

/// Watches the counter of processes that were killed for want of memory.
#[derive(Debug)]
pub struct Oom {
    counter: Option<(PathBuf, &'static str)>,
    seen: u64,
}

/// The counter's name in `memory.events`, `memory.oom_control` and `/proc/vmstat`.
const OOM_KILL: &str = "oom_kill";

impl Oom {
    /// Finds the counter, and what it is now. Without a counter nothing ever grows.
    #[expect(clippy::new_without_default, reason = "it reads the system's files")]
    pub fn new() -> Self {
        let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self::among(candidates(Path::new("/sys/fs/cgroup"), &groups))
    }

    /// Watches the first of these files that has the counter.
    fn among(files: Vec<PathBuf>) -> Self {
        let found = files.into_iter().find_map(|path| count(&path, OOM_KILL).map(|seen| (path, seen)));
        match found {
            Some((path, seen)) => Self { counter: Some((path, OOM_KILL)), seen },
            None => Self { counter: None, seen: 0 },
        }
    }

    /// Whether somebody was killed for want of memory since this was asked the last time.
    pub fn grew(&mut self) -> bool {
        let now = self.counter.as_ref().and_then(|(path, key)| count(path, key)).unwrap_or(self.seen);
        let grew = now > self.seen;
        self.seen = now;
        grew
    }
}

/// Where the counter may be, the nearest first: version 2 of control groups, version 1, a group that this process sees as
/// the root, and the whole machine.
fn candidates(root: &Path, groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let path = path.trim_start_matches('/');
        // A path outside of what this process sees leads nowhere.
        if path.split('/').any(|part| part == "..") {
            continue;
        }
        if controllers.is_empty() {
            files.push(root.join(path).join("memory.events"));
        } else if controllers.split(',').any(|name| name == "memory") {
            files.push(root.join("memory").join(path).join("memory.oom_control"));
        }
    }
    files.push(root.join("memory.events"));
    files.push(root.join("memory").join("memory.oom_control"));
    files.push(PathBuf::from("/proc/vmstat"));
    files
}

fn count(path: &Path, key: &str) -> Option<u64> {
    value(&std::fs::read_to_string(path).ok()?, key)
}

/// The number behind a word at the beginning of a line.
fn value(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_is_read_from_every_kind_of_file() {
        for (text, expected) in [
            ("low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\n", Some(2)),
            ("oom_kill_disable 0\nunder_oom 0\noom_kill 7\n", Some(7)),
            ("pgfault 1\noom_kill 0\nunevictable_pgs_culled 5\n", Some(0)),
            ("oom_kill_disable 1\nunder_oom 0\n", None),
            ("oom_kill many\n", None),
            ("oom_kill\n", None),
            ("", None),
        ] {
            assert_eq!(value(text, OOM_KILL), expected, "{text:?}");
        }
    }

    #[test]
    fn the_nearest_group_is_asked_first() {
        let root = Path::new("/r");
        for (groups, first) in [
            ("0::/system.slice/forecourt.service\n", "/r/system.slice/forecourt.service/memory.events"),
            ("0::/\n", "/r/memory.events"),
            ("12:cpu,cpuacct:/a\n5:memory:/docker/x\n0::/y\n", "/r/memory/docker/x/memory.oom_control"),
            ("3:cpu:/a\n0::/../outside\n", "/r/memory.events"),
            ("nonsense\n\n", "/r/memory.events"),
        ] {
            assert_eq!(candidates(root, groups)[0], Path::new(first), "{groups:?}");
            assert_eq!(candidates(root, groups).last().unwrap(), Path::new("/proc/vmstat"));
        }
    }

    #[test]
    fn it_grew_once_for_what_happened_since() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("memory.events");
        let say = |count: u64| std::fs::write(&file, format!("max 9\noom_kill {count}\n")).unwrap();
        say(3);
        let mut oom = Oom::among(vec![folder.path().join("absent"), file.clone()]);
        assert!(!oom.grew());
        say(5);
        assert!(oom.grew());
        assert!(!oom.grew());
        std::fs::remove_file(&file).unwrap();
        assert!(!oom.grew(), "a file that went away says nothing");
        assert!(!Oom::among(Vec::new()).grew());
    }
}
