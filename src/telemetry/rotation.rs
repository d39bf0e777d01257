//! When a log file is full or old, and what becomes of it then: `a.log` to `a.log.1`, that to `a.log.2`, and so on.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// When a log file is put aside, and how many such files stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// From so many bytes.
    pub size: Option<u64>,
    /// From this age on, counted from the file's birth. An empty file stays.
    pub every: Option<Duration>,
    /// How many old files are kept, at least one: a process may still write to the newest.
    pub keep: u32,
}

impl Default for Rotation {
    /// Never, and seven.
    fn default() -> Self {
        Self { size: None, every: None, keep: 7 }
    }
}

impl Rotation {
    /// Whether there is a rule at all.
    pub(super) fn wants(&self) -> bool {
        self.size.is_some() || self.every.is_some()
    }

    /// Is the file full or old?
    pub(super) fn is_due(&self, path: &Path, now: SystemTime) -> io::Result<bool> {
        let file = fs::metadata(path)?;
        if !file.is_file() || file.len() == 0 {
            return Ok(false);
        }
        let full = self.size.is_some_and(|size| file.len() >= size);
        // A file system that knows no birth has at least the last change of the file's node, or nothing to say.
        let age = || file.created().ok().and_then(|born| now.duration_since(born).ok()).unwrap_or_default();
        Ok(full || self.every.is_some_and(|every| age() >= every))
    }
}

/// Renames a file to its name with `.1`, that to `.2`, and so on up to the first number that is free; when none is, the
/// oldest is replaced.
pub(super) fn shift(path: &Path, keep: u32) -> io::Result<()> {
    let keep = keep.max(1);
    let free = (1..keep).find(|number| !numbered(path, *number).exists()).unwrap_or(keep);
    for number in (1..free).rev() {
        fs::rename(numbered(path, number), numbered(path, number + 1))?;
    }
    fs::rename(path, numbered(path, 1))
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{number}"));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap())
            })
            .collect();
        found.sort();
        found
    }

    #[test]
    fn old_files_move_up_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        for generation in 1..=4 {
            fs::write(&path, generation.to_string()).unwrap();
            shift(&path, 2).unwrap();
        }
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(names(folder.path()), [pair("a.log.1", "4"), pair("a.log.2", "3")]);
        // A gap is closed, and nothing is an obstacle.
        fs::remove_file(folder.path().join("a.log.1")).unwrap();
        fs::write(&path, "5").unwrap();
        shift(&path, 2).unwrap();
        assert_eq!(names(folder.path()), [pair("a.log.1", "5"), pair("a.log.2", "3")]);
    }

    #[test]
    fn a_file_is_due_by_its_size_or_its_age_and_never_when_empty() {
        let folder = tempfile::tempdir().unwrap();
        let (path, empty) = (folder.path().join("a.log"), folder.path().join("empty.log"));
        fs::write(&path, "12345").unwrap();
        fs::write(&empty, "").unwrap();
        let (now, hour) = (SystemTime::now(), Duration::from_secs(3600));
        for (size, every, now, due) in [
            (None, None, now, false),
            (Some(6), None, now, false),
            (Some(5), None, now, true),
            (None, Some(hour), now, false),
            (None, Some(hour), now + hour * 2, true),
            (Some(6), Some(hour), now + hour * 2, true),
        ] {
            let rotation = Rotation { size, every, keep: 1 };
            assert_eq!(rotation.is_due(&path, now).unwrap(), due, "{rotation:?}");
            assert!(!rotation.is_due(&empty, now).unwrap());
        }
    }
}
