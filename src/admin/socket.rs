//! The socket in the file system: for its owner alone, in the place of a stale one, never in the place of a living one.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with};

/// Connections that the kernel completes before they are accepted.
const BACKLOG: i32 = 16;

/// What to do with a socket that a living master listens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taking {
    /// Leave it.
    IfFree,
    /// Take its place: the other is about to leave, and this process is its heir.
    Over,
}

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// A living process listens there.
    #[error("another master is controlled by {0}: name another socket with --control")]
    Taken(PathBuf),
    /// Something else than a socket has the name.
    #[error("{0} is not a socket, and stays: name another one with --control")]
    Foreign(PathBuf),
    /// The name does not fit into the address of a socket.
    #[error("{0} is too long for a socket, which may have 107 bytes: name a shorter one with --control")]
    TooLong(PathBuf),
    /// Anything else.
    #[error("the control socket {path} cannot be made: {cause}")]
    Other {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
}

/// A listening socket and the file that leads to it. Dropping it removes the file, if that still leads here.
#[derive(Debug)]
pub(super) struct Socket {
    path: PathBuf,
    node: (u64, u64),
}

impl Socket {
    /// Makes the socket. Its folder is made with mode 0700 when it is not there; the socket has mode 0600 from its first
    /// moment on. Two masters that try at the same time do not both succeed.
    pub(super) fn bind(path: &Path, taking: Taking) -> Result<(Self, UnixListener), SocketError> {
        let other = |cause: io::Error| SocketError::Other { path: path.to_owned(), cause };
        let path = std::path::absolute(path).map_err(other)?;
        let folder = path.parent().ok_or_else(|| other(io::ErrorKind::InvalidInput.into()))?;
        SocketAddrUnix::new(&path).map_err(|_| SocketError::TooLong(path.clone()))?;
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(other)?;
        // Held from the look at the old socket to the new one's standing in its place.
        let _lock = lock(folder).map_err(other)?;
        match fs::symlink_metadata(&path) {
            Ok(found) if !is_socket(&found) => return Err(SocketError::Foreign(path)),
            Ok(_) if taking == Taking::IfFree && lives(&path).map_err(other)? => return Err(SocketError::Taken(path)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(other(error)),
        }
        let (listener, node) = stand(&path, folder).map_err(other)?;
        Ok((Self { path, node }, listener))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether its path still leads here.
    pub(super) fn stands(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == self.node)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // A successor may have taken the name over.
        if self.stands() {
            let _gone = fs::remove_file(&self.path);
        }
    }
}

fn is_socket(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    found.file_type().is_socket()
}

fn lock(folder: &Path) -> io::Result<OwnedFd> {
    let folder = open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    flock(&folder, FlockOperation::LockExclusive)?;
    Ok(folder)
}

/// Does anybody listen?
fn lives(path: &Path) -> io::Result<bool> {
    match UnixStream::connect(path) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => Ok(false),
        // Its backlog is full: it lives, and has a lot to do.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
        Err(error) => Err(error),
    }
}

/// Made under another name, it listens and has its mode before anybody can see it under its own.
fn stand(path: &Path, folder: &Path) -> io::Result<(UnixListener, (u64, u64))> {
    // Short, for the sake of the limit; the lock makes it ours.
    let beside = folder.join(".new");
    let _left_by_a_crash = fs::remove_file(&beside);
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    bind(&socket, &SocketAddrUnix::new(&beside)?)?;
    let standing = fs::set_permissions(&beside, Permissions::from_mode(0o600))
        .and_then(|()| Ok(listen(&socket, BACKLOG)?))
        .and_then(|()| fs::symlink_metadata(&beside))
        .and_then(|found| fs::rename(&beside, path).map(|()| (found.dev(), found.ino())));
    if standing.is_err() {
        let _gone = fs::remove_file(&beside);
    }
    Ok((UnixListener::from(socket), standing?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn the_folder_and_the_socket_are_for_their_owner_alone_and_the_socket_goes_with_its_master() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run/control.sock");
        let (socket, _listener) = Socket::bind(&path, Taking::IfFree).unwrap();
        assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
        UnixStream::connect(&path).unwrap();
        drop(socket);
        assert!(!path.exists());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
    }

    #[test]
    fn a_living_socket_is_left_and_a_stale_one_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let (first, listener) = Socket::bind(&path, Taking::IfFree).unwrap();
        let refused = Socket::bind(&path, Taking::IfFree).unwrap_err();
        assert!(matches!(refused, SocketError::Taken(_)), "{refused}");
        assert!(refused.to_string().contains("--control"));
        // As after SIGKILL: nobody listens, and the file is still there.
        drop(listener);
        let (_second, _listener) = Socket::bind(&path, Taking::IfFree).unwrap();
        drop(first);
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn an_heir_takes_a_living_socket_over_and_the_old_master_leaves_it_to_him() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let (old, _old_listener) = Socket::bind(&path, Taking::IfFree).unwrap();
        let (heir, listener) = Socket::bind(&path, Taking::Over).unwrap();
        drop(old);
        UnixStream::connect(&path).unwrap();
        listener.accept().unwrap();
        drop(heir);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_is_never_replaced_and_a_long_name_is_refused_with_a_word() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("important.txt");
        fs::write(&path, "important").unwrap();
        for taking in [Taking::IfFree, Taking::Over] {
            assert!(matches!(Socket::bind(&path, taking), Err(SocketError::Foreign(_))));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "important");
        assert!(matches!(Socket::bind(&folder.path().join("x".repeat(120)), Taking::IfFree), Err(SocketError::TooLong(_))));
    }

    #[test]
    fn of_many_that_try_at_once_exactly_one_gets_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let all: Vec<_> = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..8).map(|_| scope.spawn(|| Socket::bind(&path, Taking::IfFree))).collect();
            tries.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1);
    }
}
