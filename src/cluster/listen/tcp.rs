//! Sockets of TCP.

use std::net::{SocketAddr, TcpListener};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind as bind_socket, listen, socket_with, sockopt};

use super::{Address, BACKLOG, ListenError};

/// Binds one address and listens. `[::]` takes IPv4 as well. Port 0 lets the kernel choose.
///
/// # Errors
/// The port is taken, forbidden, or the address is not one of this machine.
pub fn bind(address: &SocketAddr) -> Result<TcpListener, ListenError> {
    open(address, false)
}

pub(super) fn open(address: &SocketAddr, ipv6_only: bool) -> Result<TcpListener, ListenError> {
    try_open(address, ipv6_only).map_err(|errno| match errno {
        Errno::ADDRINUSE => ListenError::Taken(Box::new(Address::Tcp(*address))),
        Errno::ACCESS | Errno::PERM => ListenError::Forbidden(Box::new(Address::Tcp(*address))),
        Errno::ADDRNOTAVAIL => ListenError::Foreign(address.ip()),
        Errno::AFNOSUPPORT if address.is_ipv6() => ListenError::NoIpv6(*address),
        errno => ListenError::other(&Address::Tcp(*address), std::io::Error::from(errno)),
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

    use super::super::parse;
    use super::*;

    #[test]
    fn a_taken_port_a_foreign_address_and_a_free_one_are_told_apart() {
        let first = bind(&parse("127.0.0.1:0").unwrap()).unwrap();
        let address = first.local_addr().unwrap();
        assert_eq!(bind(&address).unwrap_err(), ListenError::Taken(Box::new(Address::Tcp(address))));
        drop(first);
        assert!(bind(&address).is_ok());
        let foreign = parse("192.0.2.1:0").unwrap();
        assert_eq!(bind(&foreign).unwrap_err(), ListenError::Foreign(foreign.ip()));
    }

    #[test]
    fn the_unspecified_ipv6_address_takes_ipv4_too_unless_it_is_told_not_to() {
        let Ok(both) = bind(&parse("[::]:0").unwrap()) else { return };
        let port = both.local_addr().unwrap().port();
        TcpStream::connect(("127.0.0.1", port)).unwrap();
        assert!(bind(&parse(&format!("0.0.0.0:{port}")).unwrap()).is_err());
        drop(both);
        let _ipv4 = bind(&parse(&format!("0.0.0.0:{port}")).unwrap()).unwrap();
        let _ipv6 = open(&parse(&format!("[::]:{port}")).unwrap(), true).unwrap();
        TcpStream::connect(("127.0.0.1", port)).unwrap();
        TcpStream::connect(("::1", port)).unwrap();
    }
}
