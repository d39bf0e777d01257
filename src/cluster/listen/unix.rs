//! Sockets in the file system. Such a socket is a file that outlives its owner, so one that is found in the way is looked at: a live
//! one is taken, a stale one is removed, and what is no socket is left alone.

use std::ffi::OsStr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::unistd::{Group, User};
use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, RenameFlags, Uid, chmod, chownat, lstat, renameat, renameat_with, unlink, unlinkat,
};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with};
use tracing::{info, warn};

use super::{Address, BACKLOG, ListenError, UnixAddress};

/// Binds a socket at its path and listens. Nobody can connect before its mode and its owner are what they should be: until it
/// listens, the kernel refuses everybody.
pub(super) fn open(unix: &UnixAddress) -> Result<(OwnedFd, UnixAddress), ListenError> {
    let path = &unix.path;
    let refused = |errno| explain(unix, errno);
    let address = SocketAddrUnix::new(path).map_err(refused)?;
    let (user, group) = (user(unix)?, group(unix)?);
    let socket = stream_socket().map_err(refused)?;
    match bind(&socket, &address) {
        Err(Errno::ADDRINUSE) => {
            make_way(unix)?;
            bind(&socket, &address).map_err(refused)?;
        }
        bound => bound.map_err(refused)?,
    }
    let settled = settle(unix, user, group).and_then(|file| listen(&socket, BACKLOG).map(|()| file).map_err(refused));
    match settled {
        Ok(file) => Ok((socket, UnixAddress { file: Some(file), ..unix.clone() })),
        Err(error) => {
            // It was made a moment ago, and by nobody else.
            let _gone = unlink(path);
            Err(error)
        }
    }
}

/// Gives the file its mode and its owner, and tells which one it is.
fn settle(unix: &UnixAddress, user: Option<Uid>, group: Option<Gid>) -> Result<(u64, u64), ListenError> {
    if let Some(mode) = unix.mode {
        chmod(&unix.path, Mode::from_raw_mode(mode)).map_err(|errno| explain(unix, errno))?;
    }
    if user.is_some() || group.is_some() {
        chownat(CWD, &unix.path, user, group, AtFlags::SYMLINK_NOFOLLOW).map_err(|errno| match errno {
            Errno::PERM | Errno::ACCESS => {
                let (user, group) = &unix.owner;
                let owner = [user.as_deref(), group.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(":");
                ListenError::NotGiven { path: unix.path.clone(), owner }
            }
            errno => explain(unix, errno),
        })?;
    }
    lstat(&unix.path).map(|found| (found.st_dev, found.st_ino)).map_err(|errno| explain(unix, errno))
}

/// Removes the file of a socket that closes for good, unless another one is there by now.
pub(super) fn remove(unix: &UnixAddress) {
    let found = lstat(&unix.path).map(|found| (found.st_dev, found.st_ino));
    if found.ok() != unix.file {
        return;
    }
    if let Err(error) = unlink(&unix.path) {
        warn!(event = "setup", path = %unix.path.display(), reason = %error, "the socket's file stays");
    }
}

/// Whether the path no longer leads to a bound socket. While that lives, nothing else has its device and number.
pub(super) fn is_astray(unix: &UnixAddress) -> bool {
    let Some(file) = unix.file else { return false };
    match lstat(&unix.path) {
        Ok(found) => (found.st_dev, found.st_ino) != file,
        Err(errno) => matches!(errno, Errno::NOENT | Errno::NOTDIR),
    }
}

/// Removes a stale socket at the path, and nothing else.
fn make_way(unix: &UnixAddress) -> Result<(), ListenError> {
    let path = &unix.path;
    let refused = |errno| explain(unix, errno);
    let taken = || ListenError::Taken(Box::new(Address::Unix(unix.clone())));
    match lstat(path) {
        Err(Errno::NOENT) => return Ok(()),
        Ok(found) if FileType::from_raw_mode(found.st_mode) != FileType::Socket => {
            return Err(ListenError::NotASocket(path.clone()));
        }
        found => found.map_err(refused)?,
    };
    if is_live(path).map_err(refused)? {
        return Err(taken());
    }
    if clear(path).map_err(refused)? {
        info!(event = "setup", path = %path.display(), "removed a socket that nobody listens on any more");
        Ok(())
    } else {
        Err(taken())
    }
}

/// Removes a socket that was found stale. Another program may have found the same, and have its own there by now: so it is first
/// moved aside, and put back if it turns out to be live. False when it was.
fn clear(path: &Path) -> Result<bool, Errno> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Err(Errno::INVAL) };
    let folder = rustix::fs::open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let aside = format!(".forecourt-{}", std::process::id());
    renameat(&folder, name, &folder, &aside)?;
    // By its folder's descriptor, because the path itself might be too long for an address.
    let reached = PathBuf::from(format!("/proc/self/fd/{}/{aside}", folder.as_raw_fd()));
    let live = is_live(&reached);
    if live == Ok(false) {
        unlinkat(&folder, &aside, AtFlags::empty())?;
        return Ok(true);
    }
    put_back(&folder, &aside, name)?;
    live.map(|_| false)
}

fn put_back(folder: &OwnedFd, aside: &str, name: &OsStr) -> Result<(), Errno> {
    renameat_with(folder, aside, folder, name, RenameFlags::NOREPLACE)
}

/// Whether anybody listens on the socket at a path.
fn is_live(path: &Path) -> Result<bool, Errno> {
    match connect(&stream_socket()?, &SocketAddrUnix::new(path)?) {
        // With a full backlog, or with datagrams, it lives as well.
        Ok(()) | Err(Errno::AGAIN | Errno::PROTOTYPE) => Ok(true),
        Err(Errno::CONNREFUSED) => Ok(false),
        Err(errno) => Err(errno),
    }
}

fn stream_socket() -> Result<OwnedFd, Errno> {
    socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)
}

fn explain(unix: &UnixAddress, errno: Errno) -> ListenError {
    let path = unix.path.clone();
    let folder = || unix.path.parent().unwrap_or(&unix.path).to_owned();
    match errno {
        Errno::ADDRINUSE => ListenError::Taken(Box::new(Address::Unix(unix.clone()))),
        Errno::ACCESS | Errno::PERM | Errno::ROFS => ListenError::Forbidden(Box::new(Address::Unix(unix.clone()))),
        Errno::NOENT | Errno::NOTDIR => ListenError::NoFolder { path, folder: folder() },
        Errno::NAMETOOLONG => ListenError::TooLong(path),
        errno => ListenError::other(&Address::Unix(unix.clone()), std::io::Error::from(errno)),
    }
}

fn user(unix: &UnixAddress) -> Result<Option<Uid>, ListenError> {
    let Some(name) = &unix.owner.0 else { return Ok(None) };
    if let Ok(number) = name.parse() {
        return Ok(Some(Uid::from_raw(number)));
    }
    match User::from_name(name) {
        Ok(Some(user)) => Ok(Some(Uid::from_raw(user.uid.as_raw()))),
        Ok(None) => Err(ListenError::NoOwner { path: unix.path.clone(), kind: "user", name: name.clone() }),
        Err(errno) => Err(ListenError::other(&Address::Unix(unix.clone()), errno)),
    }
}

fn group(unix: &UnixAddress) -> Result<Option<Gid>, ListenError> {
    let Some(name) = &unix.owner.1 else { return Ok(None) };
    if let Ok(number) = name.parse() {
        return Ok(Some(Gid::from_raw(number)));
    }
    match Group::from_name(name) {
        Ok(Some(group)) => Ok(Some(Gid::from_raw(group.gid.as_raw()))),
        Ok(None) => Err(ListenError::NoOwner { path: unix.path.clone(), kind: "group", name: name.clone() }),
        Err(errno) => Err(ListenError::other(&Address::Unix(unix.clone()), errno)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

    use super::super::{Bound, bind_all};
    use super::*;

    fn at(path: &Path) -> UnixAddress {
        UnixAddress { path: path.to_owned(), ..UnixAddress::default() }
    }

    fn bound(unix: &UnixAddress) -> Result<Bound, ListenError> {
        bind_all(&[Address::Unix(unix.clone())]).map(|mut all| all.remove(0))
    }

    #[test]
    fn a_socket_has_its_mode_from_the_start_and_its_file_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        for mode in [0o600, 0o660, 0o666] {
            let socket = bound(&UnixAddress { mode: Some(mode), ..at(&path) }).unwrap();
            assert_eq!(fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o777, mode);
            UnixStream::connect(&path).unwrap();
            socket.close();
            assert!(!path.exists());
        }
    }

    #[test]
    fn a_socket_that_another_process_goes_on_with_keeps_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let Bound { socket, .. } = bound(&at(&path)).unwrap();
        let handed_over = socket.try_clone().unwrap();
        drop(socket);
        UnixStream::connect(&path).unwrap();
        drop(handed_over);
        assert!(path.exists());
    }

    #[test]
    fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        drop(UnixListener::bind(&path).unwrap());
        assert!(UnixStream::connect(&path).is_err(), "it is stale");
        let first = bound(&at(&path)).unwrap();
        assert_eq!(bound(&at(&path)).unwrap_err(), ListenError::Taken(Box::new(Address::Unix(at(&path)))));
        UnixStream::connect(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left there");
        first.close();
        let _datagrams = UnixDatagram::bind(&path).unwrap();
        assert_eq!(bound(&at(&path)).unwrap_err(), ListenError::Taken(Box::new(Address::Unix(at(&path)))));
    }

    #[test]
    fn a_socket_that_came_alive_meanwhile_is_put_back() {
        let folder = tempfile::tempdir().unwrap();
        // The longest path that there is: what it is moved to must still be reached.
        let name = "x".repeat(107 - folder.path().as_os_str().len() - 1);
        let path = folder.path().join(name);
        let listener = UnixListener::bind(&path).unwrap();
        assert_eq!(clear(&path), Ok(false));
        UnixStream::connect(&path).unwrap();
        drop(listener);
        assert_eq!(clear(&path), Ok(true));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_was_replaced_is_not_removed_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let first = bound(&at(&path)).unwrap();
        let aside = folder.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        let _other = UnixListener::bind(&path).unwrap();
        first.close();
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn a_socket_whose_path_leads_elsewhere_is_astray() {
        let folder = tempfile::tempdir().unwrap();
        let sub = folder.path().join("run");
        fs::create_dir(&sub).unwrap();
        let path = sub.join("a.sock");
        let socket = bound(&at(&path)).unwrap();
        assert!(!socket.address().is_astray() && !socket.wanted().is_astray());
        fs::remove_file(&path).unwrap();
        assert!(socket.address().is_astray());
        fs::write(&path, "").unwrap();
        assert!(socket.address().is_astray());
        fs::remove_dir_all(&sub).unwrap();
        assert!(socket.address().is_astray());
    }

    #[test]
    fn what_is_no_socket_is_never_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link, sub) = (folder.path().join("file"), folder.path().join("link"), folder.path().join("folder"));
        fs::write(&file, "precious").unwrap();
        symlink(&file, &link).unwrap();
        fs::create_dir(&sub).unwrap();
        for path in [&file, &link, &sub] {
            assert_eq!(bound(&at(path)).unwrap_err(), ListenError::NotASocket(path.clone()));
            assert!(path.symlink_metadata().is_ok());
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    }

    #[test]
    fn what_is_wrong_with_a_path_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing/a.sock");
        let error = bound(&at(&missing)).unwrap_err();
        assert_eq!(error, ListenError::NoFolder { path: missing, folder: folder.path().join("missing") });
        let long = folder.path().join("x".repeat(120));
        assert_eq!(bound(&at(&long)).unwrap_err(), ListenError::TooLong(long));
        let path = folder.path().join("a.sock");
        for (kind, owner) in
            [("user", (Some("no-such-name".to_owned()), None)), ("group", (None, Some("no-such-name".to_owned())))]
        {
            let error = bound(&UnixAddress { owner, ..at(&path) }).unwrap_err();
            assert_eq!(error, ListenError::NoOwner { path: path.clone(), kind, name: "no-such-name".to_owned() });
            assert!(!path.exists());
        }
    }

    #[test]
    fn an_owner_by_number_or_name_gets_the_socket_if_this_user_may_give_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let owner = (Some("65534".to_owned()), Some("65534".to_owned()));
        let given = bound(&UnixAddress { owner, ..at(&path) });
        if rustix::process::geteuid().is_root() {
            let _socket = given.unwrap();
            let found = fs::symlink_metadata(&path).unwrap();
            assert_eq!((found.uid(), found.gid()), (65534, 65534));
        } else {
            let error = given.unwrap_err();
            assert!(error.is_forbidden() && error.to_string().contains("to 65534:65534"), "{error}");
            assert!(!path.exists());
        }
    }
}
