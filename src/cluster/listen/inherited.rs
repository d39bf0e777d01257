//! Sockets that systemd has bound and passed on: sd_listen_fds_with_names(3).

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::OnceLock;

use listenfd::ListenFd;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::net::{SocketAddrAny, SocketAddrUnix, getsockname, sockopt};
use tracing::info;

use super::{Address, ListenError, UnixAddress};

/// The most sockets that are looked at.
const MOST: usize = 1024;

/// What a socket without a name of its own is called, by systemd too.
const NAMELESS: &str = "unknown";

/// One socket that was passed on.
#[derive(Debug)]
struct Passed {
    name: String,
    /// The socket and where it is, or what is wrong with it.
    socket: Result<(OwnedFd, Address), String>,
}

/// All of them. They are this process's for its whole life, whatever of them a configuration names: a later one may name others.
static PASSED: OnceLock<Vec<Passed>> = OnceLock::new();

/// A copy of the socket with a name, and where it is.
pub(super) fn open(name: &str) -> Result<(OwnedFd, Address), ListenError> {
    let passed = PASSED.get_or_init(receive);
    let mut named = passed.iter().filter(|passed| passed.name == name);
    let (Some(only), others) = (named.next(), named.count()) else {
        let names: Vec<&str> = passed.iter().map(|passed| passed.name.as_str()).collect();
        let there = match names.as_slice() {
            [] => "systemd has passed no socket to this process".to_owned(),
            names => format!("systemd has passed {}", names.join(", ")),
        };
        return Err(ListenError::NotPassed { name: name.to_owned(), there });
    };
    if others > 0 {
        return Err(ListenError::Several { name: name.to_owned(), count: others + 1 });
    }
    let unusable = |cause: String| ListenError::NotListening { name: name.to_owned(), cause };
    let (socket, address) = only.socket.as_ref().map_err(|cause| unusable(cause.clone()))?;
    let copy = socket.try_clone().map_err(|error| unusable(error.to_string()))?;
    Ok((copy, address.clone()))
}

/// Takes what the environment speaks of, if it speaks to this process.
fn receive() -> Vec<Passed> {
    let variable = |name: &str| std::env::var(name).ok();
    let is_ours = variable("LISTEN_PID").and_then(|pid| pid.parse().ok()) == Some(std::process::id());
    let count = variable("LISTEN_FDS").and_then(|count| count.parse::<usize>().ok()).unwrap_or(0);
    if !is_ours || count == 0 || count > MOST {
        return Vec::new();
    }
    let names = variable("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':');
    let mut sockets = ListenFd::from_env();
    let mut passed = Vec::new();
    for number in 0..count {
        let name = names.next().filter(|name| !name.is_empty()).unwrap_or(NAMELESS).to_owned();
        let socket = take(&mut sockets, number);
        let found = socket.as_ref().map_or_else(Clone::clone, |(_, address)| address.to_string());
        info!(event = "setup", name, socket = found, "systemd has passed a socket");
        passed.push(Passed { name, socket });
    }
    passed
}

fn take(sockets: &mut ListenFd, number: usize) -> Result<(OwnedFd, Address), String> {
    // Each asks whether it is a stream socket of its family, and leaves it there when it is not.
    let tcp = sockets.take_tcp_listener(number).ok().flatten().map(OwnedFd::from);
    let socket = match tcp {
        Some(socket) => socket,
        None => match sockets.take_unix_listener(number) {
            Ok(Some(socket)) => socket.into(),
            Ok(None) => return Err("the socket is missing".to_owned()),
            Err(_) => return Err("it is no stream socket".to_owned()),
        },
    };
    ready(socket)
}

/// A stream socket as a listener of ours is.
fn ready(socket: OwnedFd) -> Result<(OwnedFd, Address), String> {
    let told = |errno: Errno| errno.to_string();
    if !sockopt::socket_acceptconn(&socket).map_err(told)? {
        return Err("it does not listen".to_owned());
    }
    let flags = fcntl_getfl(&socket).map_err(told)?;
    fcntl_setfl(&socket, flags | OFlags::NONBLOCK).map_err(told)?;
    let address = place(getsockname(&socket).map_err(told)?);
    Ok((socket, address))
}

fn place(address: SocketAddrAny) -> Address {
    if let Ok(address) = SocketAddr::try_from(address.clone()) {
        return Address::Tcp(address);
    }
    let path = SocketAddrUnix::try_from(address).ok().and_then(|unix| {
        let bytes = unix.path_bytes()?.to_vec();
        String::from_utf8(bytes).ok()
    });
    Address::Unix(UnixAddress { path: PathBuf::from(path.unwrap_or_default()), ..UnixAddress::default() })
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixDatagram, UnixListener};

    use rustix::net::{AddressFamily, SocketType, socket};

    use super::*;

    #[test]
    fn what_listens_is_known_by_its_place_and_what_does_not_is_refused() {
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = tcp.local_addr().unwrap();
        let (tcp, found) = ready(tcp.into()).unwrap();
        assert_eq!(found, Address::Tcp(address));
        assert!(fcntl_getfl(&tcp).unwrap().contains(OFlags::NONBLOCK));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let (_unix, found) = ready(UnixListener::bind(&path).unwrap().into()).unwrap();
        assert_eq!(found, Address::Unix(UnixAddress { path, ..UnixAddress::default() }));
        let idle = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        assert_eq!(ready(idle).unwrap_err(), "it does not listen");
        let datagrams = UnixDatagram::bind(folder.path().join("b.sock")).unwrap();
        assert!(ready(datagrams.into()).is_err());
    }

    #[test]
    fn a_process_that_systemd_did_not_start_has_none() {
        let error = open("web").unwrap_err();
        assert!(error.to_string().contains("systemd has passed no socket to this process"), "{error}");
    }
}
