//! Where the shipped binary listens: IPv4, IPv6 and both, sockets in the file system, sockets of systemd's, groups that each have their
//! own; and what it says of those that it cannot have.

#[path = "../support/mod.rs"]
mod support;

mod activation;
mod groups;
mod internet;
mod policies;
mod unix;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use support::gateway::Gateway;

const SHOP: &str = "
upstreams:
  shop: {url: 'demo:', envelope: mall}
routes:
  - route: GET /detail/{id}
    call: GET shop:/api/items/{path.id}
";

/// One request on a socket in the file system: the whole answer.
fn ask(path: &Path) -> String {
    let mut stream = UnixStream::connect(path).expect("somebody listens");
    stream.set_read_timeout(Some(support::lines::PATIENCE)).expect("a time limit");
    stream.write_all(b"GET /detail/1 HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n").expect("it is read");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer that ends");
    answer
}

/// The exit code of a start that fails, and the last thing it says.
fn fails(mut gateway: Gateway) -> (Option<i32>, String) {
    let code = gateway.wait().code();
    let said = gateway.log.whole();
    assert!(!said.iter().any(|line| line.contains("\"event\":\"fork\"")), "no worker is started for nothing: {said:?}");
    (code, said.last().cloned().unwrap_or_default())
}
