//! The file with the master's process number, for scripts that want one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Error, Result, anyhow};

use super::exit::Exit;

/// What every process of this program is called, in its first letters.
const NAME: &str = "forecourt";

/// A pid file of this process. Dropping it removes the file, if it still names this process.
#[derive(Debug)]
pub(super) struct PidFile {
    path: PathBuf,
    pid: u32,
}

impl PidFile {
    /// Writes the file, whole or not at all. A file that names a living process of this program is left alone, unless this
    /// process is its heir; one that names a dead process, or a stranger that has the number now, is replaced.
    pub(super) fn claim(path: &Path, heir: bool) -> Result<Self> {
        Self::write(path, heir, std::process::id(), is_ours)
    }

    fn write(path: &Path, heir: bool, pid: u32, lives: impl Fn(u32) -> bool) -> Result<Self> {
        let failed = |error: io::Error| {
            Exit::of_refusal(&error)
                .because(Error::new(error).context(format!("the pid file {} cannot be written", path.display())))
        };
        let path = std::path::absolute(path).map_err(failed)?;
        // A named pipe would be waited for, and a device replaced.
        if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file; name one")));
        }
        match fs::read_to_string(&path) {
            Ok(text) => {
                let owner = text.trim().parse().ok().filter(|owner| !heir && *owner != pid && lives(*owner));
                if let Some(owner) = owner {
                    let taken = anyhow!("{} names process {owner}, which runs: stop it, or name another file", path.display());
                    return Err(Exit::Unavailable.because(taken));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let mut beside = path.clone().into_os_string();
        beside.push(format!(".{pid}"));
        let written = File::create(&beside)
            .and_then(|mut file| file.write_all(format!("{pid}\n").as_bytes()))
            .and_then(|()| fs::rename(&beside, &path));
        if written.is_err() {
            let _gone = fs::remove_file(&beside);
        }
        written.map_err(failed)?;
        Ok(Self { path, pid })
    }

    /// Leaves the file to a successor, whatever it says.
    pub(super) fn leave(mut self) {
        self.path.clear();
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // An heir may have put his number there.
        if fs::read_to_string(&self.path).is_ok_and(|text| text.trim() == self.pid.to_string()) {
            let _gone = fs::remove_file(&self.path);
        }
    }
}

/// Numbers are given again: who lives under it must be of this program to be its owner. One that has ended and whom nobody has
/// waited for keeps its name, and has no command line.
fn is_ours(pid: u32) -> bool {
    let lives = || fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty());
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with(NAME)) && lives()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_names_the_process_and_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pid");
        let file = PidFile::claim(&path, false).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", std::process::id()));
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_living_owner_keeps_it_and_a_dead_one_a_stranger_or_nonsense_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pid");
        fs::write(&path, "77\n").unwrap();
        let error = PidFile::write(&path, false, 78, |pid| pid == 77).unwrap_err();
        assert!(error.to_string().contains("names process 77, which runs"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "77\n");
        for text in ["77\n", "nonsense", "", "78"] {
            fs::write(&path, text).unwrap();
            drop(PidFile::write(&path, false, 78, |_| false).unwrap());
            assert!(!path.exists(), "{text}");
        }
        // Process 1 lives, and is none of ours here.
        assert!(!is_ours(1) || fs::read_to_string("/proc/1/comm").unwrap().starts_with(NAME));
        assert!(!is_ours(u32::MAX));
    }

    #[test]
    fn what_is_no_regular_file_is_refused_and_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for path in [&path, Path::new("/dev/null")] {
            let error = PidFile::claim(path, false).unwrap_err();
            let text = super::super::exit::text(&error);
            assert_eq!(text, format!("the pid file {} cannot be written: it is no regular file; name one", path.display()));
            assert!(!fs::symlink_metadata(path).unwrap().is_file());
        }
    }

    #[test]
    fn one_that_is_left_to_a_successor_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pid");
        PidFile::claim(&path, false).unwrap().leave();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", std::process::id()));
    }

    #[test]
    fn an_heir_takes_it_and_the_old_owner_leaves_it_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pid");
        let old = PidFile::write(&path, false, 77, |_| true).unwrap();
        let _heir = PidFile::write(&path, true, 78, |_| true).unwrap();
        drop(old);
        assert_eq!(fs::read_to_string(&path).unwrap(), "78\n");
    }
}
