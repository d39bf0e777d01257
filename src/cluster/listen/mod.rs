//! Listening sockets: an address becomes a bound socket, or an error that says what to do.

mod error;
mod inherited;
mod tcp;
mod unix;

use std::fmt;
use std::net::{SocketAddr, SocketAddrV6};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use error::ListenError;
pub use tcp::bind;

/// Connections that the kernel completes before the master accepts them; `net.core.somaxconn` may hold it lower.
const BACKLOG: i32 = 4096;

/// Where a group listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// An IP address and a port; port 0 lets the kernel choose. `[::]` takes IPv4 as well.
    Tcp(SocketAddr),
    /// An IPv6 address that leaves IPv4 alone.
    Ipv6Only(SocketAddrV6),
    /// A socket in the file system.
    Unix(UnixAddress),
    /// A socket that systemd has bound and passed on, by the name that its unit gives it (`FileDescriptorName=`).
    Inherited(String),
}

/// A socket in the file system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UnixAddress {
    /// Where it is; absolute.
    pub path: PathBuf,
    /// Its permission bits; those that the process's umask leaves when absent.
    pub mode: Option<u32>,
    /// The user and the group that own it, by name or number; the process's own when absent.
    pub owner: (Option<String>, Option<String>),
    /// Which file it is, by device and number: of a socket that is bound, so that nobody else's is removed in its place.
    pub file: Option<(u64, u64)>,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Ipv6Only(address) => address.fmt(f),
            Self::Unix(unix) => write!(f, "unix:{}", unix.path.display()),
            Self::Inherited(name) => write!(f, "systemd:{name}"),
        }
    }
}

impl Address {
    /// The IP address and the port, of an address that has them.
    pub fn ip(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Ipv6Only(address) => Some(SocketAddr::V6(*address)),
            Self::Unix(_) | Self::Inherited(_) => None,
        }
    }

    /// Whether nobody can connect to what is bound here any more: its file was removed, or something else lies there by now.
    pub(crate) fn is_astray(&self) -> bool {
        matches!(self, Self::Unix(unix) if unix::is_astray(unix))
    }
}

/// A bound, listening socket, close-on-exec and non-blocking.
#[derive(Debug)]
pub struct Bound {
    pub(crate) socket: OwnedFd,
    /// What it was bound for.
    pub(crate) wanted: Address,
    /// Where it is: the same, with the port that the kernel chose; of an inherited one what it turned out to be.
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

    /// Closes it for good: nobody else has it, and its file, if it made one, goes. One that another process goes on with is
    /// dropped instead.
    pub fn close(self) {
        // The file of an inherited socket is systemd's.
        if let (Address::Unix(_), Address::Unix(unix)) = (&self.wanted, &self.address) {
            unix::remove(unix);
        }
    }
}

/// Binds every address, or none; in the same order.
///
/// # Errors
/// Why the first address that cannot be had cannot.
pub fn bind_all(addresses: &[Address]) -> Result<Vec<Bound>, ListenError> {
    let mut bound = Vec::new();
    for address in addresses {
        match open(address) {
            Ok((socket, found)) => bound.push(Bound { socket, wanted: address.clone(), address: found }),
            Err(error) => {
                bound.into_iter().for_each(Bound::close);
                return Err(error);
            }
        }
    }
    Ok(bound)
}

/// The socket of an address, and where it is.
fn open(address: &Address) -> Result<(OwnedFd, Address), ListenError> {
    match address {
        Address::Tcp(tcp) => {
            let socket = tcp::open(tcp, false)?;
            let found = socket.local_addr().map(Address::Tcp);
            Ok((socket.into(), found.map_err(|error| ListenError::other(address, error))?))
        }
        Address::Ipv6Only(tcp) => {
            let socket = tcp::open(&SocketAddr::V6(*tcp), true)?;
            let found = match socket.local_addr() {
                Ok(SocketAddr::V6(found)) => Address::Ipv6Only(found),
                Ok(SocketAddr::V4(_)) | Err(_) => address.clone(),
            };
            Ok((socket.into(), found))
        }
        Address::Unix(unix) => unix::open(unix).map(|(socket, found)| (socket, Address::Unix(found))),
        Address::Inherited(name) => inherited::open(name),
    }
}

/// An address in a test.
#[cfg(test)]
pub(crate) fn parse(text: &str) -> Result<SocketAddr, std::net::AddrParseError> {
    text.parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_had_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let unix = Address::Unix(UnixAddress { path: path.clone(), ..UnixAddress::default() });
        let taken = bind_all(&[Address::Tcp(parse("127.0.0.1:0").unwrap())]).unwrap();
        let error = bind_all(&[unix.clone(), taken[0].address().clone()]).unwrap_err();
        assert_eq!(error, ListenError::Taken(Box::new(taken[0].address().clone())));
        assert!(!path.exists(), "what was bound before the failure is gone again");
        drop(taken);
        let all = bind_all(&[unix.clone(), Address::Tcp(parse("127.0.0.1:0").unwrap())]).unwrap();
        assert_eq!(all[0].wanted(), &unix);
        assert!(all[1].address().ip().unwrap().port() != 0 && all[1].wanted().ip().unwrap().port() == 0);
        all.into_iter().for_each(Bound::close);
        assert!(!path.exists());
    }
}
