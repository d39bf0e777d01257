//! Listening sockets: an address becomes a bound socket, or an error that says what to do.

use std::fmt;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind as bind_socket, listen, socket_with, sockopt};

/// Connections that the kernel completes before the master accepts them; `net.core.somaxconn` may hold it lower.
const BACKLOG: i32 = 4096;

/// Where a group listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// An IP address and a port; port 0 lets the kernel choose.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(UnixAddress),
    /// A socket that systemd has bound and passed on, by the name that its unit gives it (`FileDescriptorName=`).
    Inherited(String),
}

/// A socket in the file system.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UnixAddress {
    /// Where it is.
    pub path: PathBuf,
    /// Its permission bits; those that the process's umask leaves when absent.
    pub mode: Option<u32>,
    /// The user and the group that own it, by name or number; the process's own when absent.
    pub owner: (Option<String>, Option<String>),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(unix) => write!(f, "unix:{}", unix.path.display()),
            Self::Inherited(name) => write!(f, "systemd:{name}"),
        }
    }
}

/// A bound, listening socket, close-on-exec and non-blocking.
#[derive(Debug)]
pub struct Bound {
    pub(crate) socket: OwnedFd,
    /// What it was bound for.
    pub(crate) wanted: Address,
    /// Where it is: the same, with the port that the kernel chose.
    pub(crate) address: Address,
}

impl Bound {
    /// Where it is, with the port that the kernel chose.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What it was bound for.
    pub fn wanted(&self) -> &Address {
        &self.wanted
    }

    /// Closes it for good: nobody else has it, and its file, if it has one, goes.
    pub(crate) fn close(self) {
        drop(self);
    }
}

/// Why an address cannot be listened on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListenError {
    /// The text is not an address with a port.
    #[error("`{text}` is not an address to listen on: write an IP address and a port, as in {example}")]
    Malformed {
        /// What was written.
        text: String,
        /// What was probably meant.
        example: String,
    },
    /// Another socket listens there.
    #[error("{0} is taken: another program listens there; stop it or choose another address")]
    Taken(SocketAddr),
    /// The kernel wants a privilege for this port.
    #[error("no permission to listen on {0}: choose a port from 1024 up, or grant CAP_NET_BIND_SERVICE")]
    Forbidden(SocketAddr),
    /// No interface has the address.
    #[error("this machine has no address {0}: use one of its own, 127.0.0.1 or 0.0.0.0")]
    Foreign(IpAddr),
    /// The kernel does not speak this family.
    #[error("{0} cannot be used: this machine has no IPv6")]
    NoIpv6(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {address}: {cause}")]
    Other {
        /// Where.
        address: SocketAddr,
        /// What the kernel says.
        cause: String,
    },
}

/// Reads an address as it is written in routes.yaml: `127.0.0.1:8080`, `[::]:8080`, `localhost:8080`.
///
/// # Errors
/// The text is not an IP address with a port.
pub fn parse(text: &str) -> Result<SocketAddr, ListenError> {
    let trimmed = text.trim();
    let numeric = trimmed.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    numeric.as_deref().unwrap_or(trimmed).parse().map_err(|_| {
        let host_less = trimmed.strip_prefix("*:").or_else(|| trimmed.strip_prefix(':'));
        let example = if let Some(port) = host_less.filter(|port| port.parse::<u16>().is_ok()) {
            format!("0.0.0.0:{port}")
        } else if trimmed.parse::<u16>().is_ok() {
            format!("127.0.0.1:{trimmed}")
        } else if let Ok(IpAddr::V6(ip)) = trimmed.parse() {
            format!("[{ip}]:8080")
        } else if trimmed.parse::<IpAddr>().is_ok() {
            format!("{trimmed}:8080")
        } else {
            "127.0.0.1:8080".to_owned()
        };
        ListenError::Malformed { text: text.to_owned(), example }
    })
}

/// Binds one address and listens. `[::]` takes IPv4 as well. Port 0 lets the kernel choose.
///
/// # Errors
/// The port is taken, forbidden, or the address is not one of this machine.
pub fn bind(address: &SocketAddr) -> Result<TcpListener, ListenError> {
    open(address, false)
}

/// Binds every address, or none. `[::]:N` leaves IPv4 alone when `0.0.0.0:N` is in the list too.
///
/// # Errors
/// Those of [`bind`], for the first address that cannot be had.
pub fn bind_all(addresses: &[Address]) -> Result<Vec<Bound>, ListenError> {
    let tcp: Vec<SocketAddr> = addresses
        .iter()
        .filter_map(|address| match address {
            Address::Tcp(tcp) => Some(*tcp),
            _ => None,
        })
        .collect();
    let alone = |address: &SocketAddr| {
        tcp.iter().any(|other| other.is_ipv4() && other.ip().is_unspecified() && other.port() == address.port())
    };
    let bound = |address: &SocketAddr| {
        let socket = open(address, alone(address))?;
        let real = socket.local_addr().map_err(|error| ListenError::Other { address: *address, cause: error.to_string() })?;
        Ok(Bound { socket: socket.into(), wanted: Address::Tcp(*address), address: Address::Tcp(real) })
    };
    tcp.iter().map(bound).collect()
}

fn open(address: &SocketAddr, ipv6_only: bool) -> Result<TcpListener, ListenError> {
    try_open(address, ipv6_only).map_err(|errno| match errno {
        Errno::ADDRINUSE => ListenError::Taken(*address),
        Errno::ACCESS | Errno::PERM => ListenError::Forbidden(*address),
        Errno::ADDRNOTAVAIL => ListenError::Foreign(address.ip()),
        Errno::AFNOSUPPORT if address.is_ipv6() => ListenError::NoIpv6(*address),
        errno => ListenError::Other { address: *address, cause: std::io::Error::from(errno).to_string() },
    })
}

fn try_open(address: &SocketAddr, ipv6_only: bool) -> Result<TcpListener, Errno> {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    // Connections of a former life in TIME_WAIT do not hold the port; a living listener still does.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, ipv6_only)?;
    }
    bind_socket(&socket, address)?;
    listen(&socket, BACKLOG)?;
    Ok(TcpListener::from(socket))
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn an_address_is_an_ip_and_a_port() {
        for (text, address) in [("127.0.0.1:8080", "127.0.0.1:8080"), ("[::]:80", "[::]:80"), (" localhost:0 ", "127.0.0.1:0")] {
            assert_eq!(parse(text), Ok(address.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn anything_else_is_answered_with_what_was_probably_meant() {
        for (text, meant) in [
            ("8080", "127.0.0.1:8080"),
            (":8080", "0.0.0.0:8080"),
            ("*:80", "0.0.0.0:80"),
            ("::1", "[::1]:8080"),
            ("10.0.0.1", "10.0.0.1:8080"),
            ("localhost:x", "127.0.0.1:8080"),
            ("shop.example:80", "127.0.0.1:8080"),
            ("", "127.0.0.1:8080"),
        ] {
            let expected = ListenError::Malformed { text: text.into(), example: meant.into() };
            assert_eq!(parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn a_taken_port_a_foreign_address_and_a_free_one_are_told_apart() {
        let first = bind(&parse("127.0.0.1:0").unwrap()).unwrap();
        let address = first.local_addr().unwrap();
        assert_eq!(bind(&address).unwrap_err(), ListenError::Taken(address));
        drop(first);
        assert!(bind(&address).is_ok());
        let foreign = parse("192.0.2.1:0").unwrap();
        assert_eq!(bind(&foreign).unwrap_err(), ListenError::Foreign(foreign.ip()));
    }

    #[test]
    fn the_unspecified_ipv6_address_takes_ipv4_too_unless_ipv4_is_listed() {
        let Ok(both) = bind(&parse("[::]:0").unwrap()) else { return };
        let port = both.local_addr().unwrap().port();
        TcpStream::connect(("127.0.0.1", port)).unwrap();
        drop(both);
        let pair = ["0.0.0.0", "[::]"].map(|ip| Address::Tcp(parse(&format!("{ip}:{port}")).unwrap()));
        assert_eq!(bind_all(&pair).unwrap().len(), 2);
    }
}
