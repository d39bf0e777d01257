//! Log files in the place of the standard streams: opened to append, opened again when they have been moved away.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{FileType, FsWord, Mode, OFlags, fstat, fstatfs, open, stat};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::stdio::{dup2_stderr, dup2_stdout, stderr, stdout};

use super::rotation::{Rotation, shift};
use super::standard::Standard;

/// The file system of pipes without a name, as statfs(2) calls it: `PIPEFS_MAGIC`.
const PIPES: FsWord = 0x5049_5045;

/// Why a log file cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("the log file {path} cannot be {action}: {cause}")]
pub struct FileError {
    /// Which.
    path: PathBuf,
    /// What was tried: `opened`, `rotated`, `written to`.
    action: &'static str,
    /// What the system says. Part of the text, and no source beside it: it would be printed twice.
    cause: io::Error,
}

impl FileError {
    /// Whether the file may not be opened by this user, which is something else than a folder that is not there.
    pub fn is_forbidden(&self) -> bool {
        self.cause.kind() == io::ErrorKind::PermissionDenied
    }
}

/// The files that a master and its workers log to. A stream without a file stays what it is.
///
/// Every process appends whole lines to the same files. To rotate, a file is renamed and opened again under its old name; who
/// has not opened the new one yet goes on with the renamed one, so no line is lost, and none is torn.
#[derive(Debug)]
pub struct LogFiles {
    log: Option<PathBuf>,
    access: Option<PathBuf>,
    rotation: Rotation,
}

impl LogFiles {
    /// Opens the files, the program's log and the access log, and puts them in the place of standard error and standard
    /// output. Processes that are started from now on inherit them. Paths are taken from the folder of today, whatever
    /// becomes the current folder later.
    ///
    /// # Errors
    /// One cannot be opened: then none has been put anywhere.
    pub fn open(log: Option<&Path>, access: Option<&Path>, rotation: Rotation) -> Result<Self, FileError> {
        let absolute = |path: &Path| std::path::absolute(path).map_err(|cause| failed(path, "opened", cause));
        let (log, access) = (log.map(absolute).transpose()?, access.map(absolute).transpose()?);
        let files = Self { log, access, rotation };
        files.reopen()?;
        Ok(files)
    }

    /// Opens the files again under their names and puts them in their places. Gives standard output and standard error as
    /// they are now, for the workers.
    ///
    /// # Errors
    /// One cannot be opened: then everything is written to where it was.
    pub fn reopen(&self) -> Result<(OwnedFd, OwnedFd), FileError> {
        let out = self.access.as_deref().map_or_else(|| copy(stdout()), append)?;
        let error = self.log.as_deref().map_or_else(|| copy(stderr()), append)?;
        let put = |path: &Option<PathBuf>, result: rustix::io::Result<()>| {
            result.map_err(|errno| failed(path.as_deref().unwrap_or(Path::new("-")), "written to", errno.into()))
        };
        if self.access.is_some() {
            put(&self.access, dup2_stdout(&out))?;
        }
        if self.log.is_some() {
            put(&self.log, dup2_stderr(&error))?;
        }
        Ok((out, error))
    }

    /// Whether there is any file.
    pub fn any(&self) -> bool {
        self.log.is_some() || self.access.is_some()
    }

    /// Whether there is anything to watch: a file, and a rule when it is full or old.
    pub fn rotates(&self) -> bool {
        self.any() && self.rotation.wants()
    }

    /// Renames the files that are too large or too old, and forgets the oldest beyond what is kept. Tells whether the files
    /// have to be opened again, which the caller does with every process that writes to them.
    ///
    /// # Errors
    /// A file cannot be renamed: it is written to as before.
    pub fn rotate(&self, now: SystemTime) -> Result<bool, FileError> {
        let mut again = false;
        for (path, stream) in [(&self.access, Standard::Out), (&self.log, Standard::Error)] {
            let Some(path) = path else { continue };
            let standing = standing(path, stream).map_err(|cause| failed(path, "rotated", cause))?;
            if !standing {
                // Somebody has moved it away, or we have and could not open it again.
                again = true;
            } else if self.rotation.is_due(path, now).map_err(|cause| failed(path, "rotated", cause))? {
                shift(path, self.rotation.keep).map_err(|cause| failed(path, "rotated", cause))?;
                again = true;
            }
        }
        Ok(again)
    }
}

/// Whether the file under this name is the one that is written to.
fn standing(path: &Path, stream: Standard) -> io::Result<bool> {
    let written = match stream {
        Standard::Out => fstat(stdout()),
        Standard::Error => fstat(stderr()),
    }?;
    match stat(path) {
        Ok(named) => Ok((named.st_dev, named.st_ino) == (written.st_dev, written.st_ino)),
        Err(rustix::io::Errno::NOENT) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Appending is what keeps the lines of several processes apart. A log is not for everybody's eyes.
fn append(path: &Path) -> Result<OwnedFd, FileError> {
    if holds_up(path) {
        let cause = io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file; name one, or a device such as /dev/null");
        return Err(failed(path, "opened", cause));
    }
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOCTTY;
    open(path, flags, Mode::from_raw_mode(0o640)).map_err(|errno| failed(path, "opened", errno.into()))
}

/// Whether opening it, or writing to it, waits for somebody else, as a named pipe does for its reader. A pipe without a name is one
/// of our own streams (`/dev/stdout`).
fn holds_up(path: &Path) -> bool {
    // This waits for nobody. What is not there, or may not be looked at, is opening's to tell.
    let Ok(found) = open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) else { return false };
    let kind = fstat(&found).map(|found| FileType::from_raw_mode(found.st_mode));
    match kind {
        Ok(FileType::RegularFile | FileType::CharacterDevice) | Err(_) => false,
        Ok(FileType::Fifo) => !fstatfs(&found).is_ok_and(|system| system.f_type == PIPES),
        Ok(_) => true,
    }
}

fn copy(stream: BorrowedFd<'_>) -> Result<OwnedFd, FileError> {
    // Never onto a standard stream.
    fcntl_dupfd_cloexec(stream.as_fd(), 3).map_err(|errno| failed(Path::new("-"), "written to", errno.into()))
}

fn failed(path: &Path, action: &'static str, cause: io::Error) -> FileError {
    FileError { path: path.to_owned(), action, cause }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_an_error_with_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no/such.log");
        let error = LogFiles::open(Some(&path), None, Rotation::default()).unwrap_err();
        assert!(error.to_string().starts_with(&format!("the log file {} cannot be opened:", path.display())), "{error}");
        assert!(!error.is_forbidden());
    }

    #[test]
    fn what_would_wait_for_a_reader_is_refused_and_a_device_or_our_own_pipe_is_not() {
        use std::os::fd::AsRawFd;
        let folder = tempfile::tempdir().unwrap();
        let (pipe, link) = (folder.path().join("pipe"), folder.path().join("link"));
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        for path in [&pipe, &link, &folder.path().to_owned()] {
            let error = append(path).unwrap_err();
            assert!(error.to_string().contains("it is no regular file"), "{error}");
            assert!(std::error::Error::source(&error).is_none(), "the reason is told once");
        }
        let (_reader, writer) = io::pipe().unwrap();
        let own = format!("/proc/self/fd/{}", writer.as_raw_fd());
        for path in ["/dev/null", own.as_str()] {
            append(Path::new(path)).unwrap();
        }
    }

    #[test]
    fn a_file_is_appended_to_and_not_for_everybody() {
        use std::io::Write;
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        for line in ["one\n", "two\n"] {
            fs::File::from(append(&path).unwrap()).write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o137, 0);
    }

    #[test]
    fn nothing_to_rotate_without_a_file_or_a_rule() {
        let none = LogFiles::open(None, None, Rotation { size: Some(1), ..Rotation::default() }).unwrap();
        assert!(!none.rotates());
        assert!(!none.rotate(SystemTime::now()).unwrap());
        let (out, error) = none.reopen().unwrap();
        assert!(fstat(&out).is_ok() && fstat(&error).is_ok());
    }
}
