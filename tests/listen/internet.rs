//! IPv4, IPv6, both.

use std::net::{Ipv6Addr, SocketAddr, TcpListener};

use super::{SHOP, fails};
use crate::support::gateway::{Gateway, Setup};
use crate::support::http::Client;

const GOOD: &str = "GET /detail/1 HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n";

fn listening_on(listener: &str) -> Setup {
    Setup::new(&format!("listen: {listener}\n{SHOP}")).listens_as_written().workers(1)
}

#[expect(clippy::print_stdout, reason = "a test that tries nothing says so")]
fn has_ipv6() -> bool {
    let found = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    if !found {
        println!("skipped: this machine has no IPv6");
    }
    found
}

/// Asks at an address; the peer in the log.
fn peer(gateway: &Gateway, ip: &str, port: u16) -> String {
    let answer = Client::connect(SocketAddr::new(ip.parse().expect("an address"), port)).send(GOOD).read();
    assert_eq!(answer.status, 200, "{answer:?}");
    let line = gateway.logged(answer.header("x-request-id").expect("every answer has one"));
    line.get("peer").and_then(|peer| peer.as_str()).expect("who asked").to_owned()
}

#[test]
fn an_ipv6_address_is_served() {
    if has_ipv6() {
        let gateway = listening_on("'[::1]:0'").start();
        assert_eq!(peer(&gateway, "::1", gateway.address().port()), "::1");
    }
}

#[test]
fn the_unspecified_ipv6_address_serves_ipv4_as_well() {
    if has_ipv6() {
        let gateway = listening_on("'[::]:0'").start();
        let port = gateway.address().port();
        assert_eq!(peer(&gateway, "::1", port), "::1");
        assert_eq!(peer(&gateway, "127.0.0.1", port), "127.0.0.1");
    }
}

#[test]
fn both_unspecified_addresses_are_had_with_one_port() {
    if has_ipv6() {
        let free = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let gateway = listening_on(&format!("['[::]:{port}', '0.0.0.0:{port}']")).launch();
        gateway.workers(1);
        assert_eq!(peer(&gateway, "::1", port), "::1");
        assert_eq!(peer(&gateway, "127.0.0.1", port), "127.0.0.1");
    }
}

#[test]
fn ipv6_alone_leaves_ipv4_alone() {
    if has_ipv6() {
        let gateway = listening_on("{tcp: '[::]:0', ipv6_only: true}").start();
        let port = gateway.address().port();
        assert_eq!(peer(&gateway, "::1", port), "::1");
        assert!(Client::try_connect(SocketAddr::from(([127, 0, 0, 1], port))).is_err());
    }
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address");
    let (code, said) = fails(listening_on(&format!("'{address}'")).launch());
    assert_eq!(code, Some(69));
    assert!(said.contains(&format!("{address} is taken")), "{said}");
}
