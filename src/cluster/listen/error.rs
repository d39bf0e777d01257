//! Why an address cannot be listened on, and what to do about it.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use super::Address;

/// Why an address cannot be listened on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListenError {
    /// Another socket listens there.
    #[error("{0} is taken: another program listens there; stop it or choose another address")]
    Taken(Box<Address>),
    /// The kernel wants a privilege that this process does not have.
    #[error("no permission to listen on {0}: {advice}", advice = advice(.0))]
    Forbidden(Box<Address>),
    /// No interface has the address.
    #[error("this machine has no address {0}: use one of its own, 127.0.0.1 or 0.0.0.0")]
    Foreign(IpAddr),
    /// The kernel does not speak this family.
    #[error("{0} cannot be used: this machine has no IPv6")]
    NoIpv6(SocketAddr),
    /// The folder of a socket does not exist.
    #[error("unix:{path} cannot be made: there is no folder {folder}; make it first", path = path.display(), folder = folder.display())]
    NoFolder {
        /// The socket.
        path: PathBuf,
        /// What is not there, or is no folder.
        folder: PathBuf,
    },
    /// Something that is no socket is where the socket should be.
    #[error("unix:{path} cannot be made: {path} is there already and is no socket; remove it or choose another path", path = .0.display())]
    NotASocket(PathBuf),
    /// The path does not fit into an address.
    #[error("unix:{path} cannot be made: a socket's path has 107 bytes at most", path = .0.display())]
    TooLong(PathBuf),
    /// There is no such user or group.
    #[error("unix:{path} cannot be given to `{name}`: this machine has no such {kind}", path = path.display())]
    NoOwner {
        /// The socket.
        path: PathBuf,
        /// `user` or `group`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// Only root gives files away.
    #[error("no permission to give unix:{path} to {owner}: only root gives files to others; leave `owner` out, or start as root", path = path.display())]
    NotGiven {
        /// The socket.
        path: PathBuf,
        /// To whom.
        owner: String,
    },
    /// systemd has passed no such socket.
    #[error("systemd:{name} cannot be had: {there}; start this program by a .socket unit with FileDescriptorName={name}")]
    NotPassed {
        /// The name.
        name: String,
        /// What it has passed.
        there: String,
    },
    /// systemd has passed several sockets of one name.
    #[error(
        "systemd:{name} cannot be told: systemd has passed {count} sockets of that name; give each a .socket unit with a FileDescriptorName= of its own"
    )]
    Several {
        /// The name.
        name: String,
        /// How many.
        count: usize,
    },
    /// What systemd has passed cannot be accepted from.
    #[error("systemd:{name} cannot be used: {cause}; write ListenStream= and Accept=no in its .socket unit")]
    NotListening {
        /// The name.
        name: String,
        /// What is wrong with it.
        cause: String,
    },
    /// Anything else.
    #[error("cannot listen on {address}: {cause}")]
    Other {
        /// Where.
        address: Box<Address>,
        /// What the kernel says.
        cause: String,
    },
}

impl ListenError {
    pub(super) fn other(address: &Address, cause: impl ToString) -> Self {
        Self::Other { address: Box::new(address.clone()), cause: cause.to_string() }
    }

    /// Whether another user could listen there: a permission is missing, and nothing else.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Forbidden(_) | Self::NotGiven { .. })
    }
}

fn advice(address: &Address) -> String {
    match address {
        Address::Unix(unix) => {
            let folder = unix.path.parent().unwrap_or(&unix.path).display();
            format!("this user must be able to make and remove files in {folder}")
        }
        _ => "choose a port from 1024 up, or grant CAP_NET_BIND_SERVICE".to_owned(),
    }
}
