//! Sockets that systemd binds and passes on, as sd_listen_fds(3) has it: from descriptor 3 on, named by the environment.

use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use super::{SHOP, fails};
use crate::support::gateway::{Gateway, Setup, program};
use crate::support::http::Client;

const GOOD: &str = "GET /detail/1 HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n";

/// Starts the program as systemd would, with a socket as descriptors 3 and 4. `$$` is the process that the program becomes.
fn activated(socket: impl Into<OwnedFd>, names: &str, pid: &str) -> Gateway {
    let setup = Setup::new(&format!("listen: systemd:web\n{SHOP}")).listens_as_written().workers(1);
    let count = names.split(':').count();
    let script = format!(
        "exec 3<&0 4<&0 0</dev/null; export LISTEN_PID={pid} LISTEN_FDS={count} LISTEN_FDNAMES={names}; exec \"$0\" \"$@\""
    );
    let plain = setup.command();
    let mut command = Command::new("bash");
    command.arg("-c").arg(script).arg(program()).args(plain.get_args());
    setup.launch_as(command, Stdio::from(socket.into()))
}

fn socket() -> (TcpListener, SocketAddr) {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("an address");
    (socket, address)
}

#[test]
fn a_socket_is_served_from_the_moment_that_systemd_has_bound_it() {
    let (socket, address) = socket();
    let copy = socket.try_clone().expect("a descriptor");
    // It comes before the program does, and waits in the kernel.
    let mut early = Client::over(TcpStream::connect(address).expect("the kernel takes it"));
    early.send(GOOD);
    let mut gateway = activated(copy, "other:web", "$$");
    assert_eq!(early.read().status, 200);
    for _ in 0..10 {
        assert_eq!(Client::connect(address).send(GOOD).read().status, 200);
    }
    assert_eq!(gateway.stop(), 0);
    // systemd still has it: whoever comes now waits for the next start.
    let mut late = Client::over(TcpStream::connect(address).expect("the kernel takes it"));
    late.send(GOOD);
    let _next = activated(socket, "web:other", "$$");
    assert_eq!(late.read().status, 200);
}

#[test]
fn a_name_that_systemd_did_not_pass_is_told_with_those_it_did() {
    let (code, said) = fails(activated(socket().0, "api:admin", "$$"));
    assert_eq!(code, Some(69));
    assert!(said.contains("systemd:web cannot be had: systemd has passed api, admin"), "{said}");
}

#[test]
fn sockets_for_another_process_are_none() {
    let (code, said) = fails(activated(socket().0, "web:admin", "1"));
    assert_eq!(code, Some(69));
    assert!(said.contains("systemd has passed no socket to this process"), "{said}");
}

#[test]
fn two_sockets_of_one_name_are_told_apart_by_nobody() {
    let (code, said) = fails(activated(socket().0, "web:web", "$$"));
    assert_eq!(code, Some(69));
    assert!(said.contains("systemd has passed 2 sockets of that name"), "{said}");
}

#[test]
fn what_is_no_listening_stream_socket_is_refused() {
    let datagrams = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let (code, said) = fails(activated(datagrams, "web:other", "$$"));
    assert_eq!(code, Some(69));
    assert!(said.contains("it is no stream socket"), "{said}");
    let (listener, address) = socket();
    let (code, said) = fails(activated(TcpStream::connect(address).expect("it listens"), "web:other", "$$"));
    drop(listener);
    assert_eq!(code, Some(69));
    assert!(said.contains("it does not listen"), "{said}");
}
