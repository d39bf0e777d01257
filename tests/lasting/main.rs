//! What lasts: WebSockets and streams through the shipped binary, and what becomes of them when it leaves.

#[path = "../support/mod.rs"]
mod support;

mod drains;
mod echo;
mod events;
mod files;
mod http2;
mod sockets;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use support::gateway::{Gateway, Setup};
use support::http::Client;
use support::lines::PATIENCE;

/// A backend that the test speaks for, byte by byte.
struct Backend {
    listener: TcpListener,
}

impl Backend {
    fn listen() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").expect("a free port") }
    }

    fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("a bound socket has an address")
    }

    /// The next connection, when it has sent a whole head.
    fn accept(&self) -> (TcpStream, String) {
        let (mut stream, _) = self.listener.accept().expect("the gateway connects");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        stream.set_write_timeout(Some(PATIENCE)).expect("a time limit");
        stream.set_nodelay(true).expect("small writes leave at once");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("a whole head");
            head.extend_from_slice(&byte);
        }
        (stream, String::from_utf8(head).expect("a head is text"))
    }

    /// A gateway with one worker and a `proxy:` route to it.
    fn behind(&self, top: &str) -> Gateway {
        let address = self.address();
        let routes = format!(
            "{top}\nupstreams:\n  back: {{url: 'http://{address}', timeout: {{first_byte: 60s, total: 60s}}}}\nroutes:\n  - route: ANY /{{*rest}}\n    proxy: back:/{{path.rest}}\n    timeout: 60s\n"
        );
        Setup::new(&routes).workers(1).start()
    }
}

/// The report of the only worker.
fn report(gateway: &Gateway) -> serde_json::Value {
    gateway.log.whole();
    gateway.events("drained").pop().expect("a report of the drain")
}

const HANDSHAKE: &str = "GET /ws HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const AGREES: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Both ends of a WebSocket, and the name of its request in the log.
fn websocket(gateway: &Gateway, backend: &Backend) -> (Client, TcpStream, String) {
    let mut client = gateway.connect();
    client.send(HANDSHAKE);
    let (mut upstream, head) = backend.accept();
    assert!(head.contains("\r\nupgrade: websocket\r\n"), "{head}");
    upstream.write_all(AGREES.as_bytes()).expect("the gateway reads");
    let answer = client.head();
    assert_eq!(answer.status, 101, "{answer:?}");
    let id = answer.header("x-request-id").expect("every answer has its id").to_owned();
    (client, upstream, id)
}

/// Reads so many bytes from a client.
fn take(client: &mut Client, length: usize) -> Vec<u8> {
    assert!(client.fill_to(length), "the connection ended within {length} bytes");
    let came = client.drain();
    assert_eq!(came.len(), length, "{came:?}");
    came
}
