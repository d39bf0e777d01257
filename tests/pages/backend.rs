//! A backend that answers by path, as the test says at that moment.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// What it does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Say {
    /// It answers: status, header lines (each ending in CRLF), body.
    Reply(u16, &'static str, &'static str),
    /// It answers, and breaks off before the last byte of the body.
    Cut(&'static str),
    /// It says nothing for as long as anybody waits.
    Nothing,
}

/// Serves on a port of its own until the test ends.
pub(crate) fn serve(say: impl Fn(&str) -> Say + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let say = Arc::new(say);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let say = Arc::clone(&say);
            thread::spawn(move || converse(stream, &*say));
        }
    });
    address
}

fn converse(mut stream: TcpStream, say: &dyn Fn(&str) -> Say) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let (status, lines, body, missing) = match say(head.split(' ').nth(1).unwrap()) {
        Say::Reply(status, lines, body) => (status, lines, body, 0),
        Say::Cut(body) => (200, "", body, 1),
        Say::Nothing => {
            // Until the other side has enough of it.
            let _end = stream.read(&mut byte);
            return;
        }
    };
    let length = if status == 204 { String::new() } else { format!("Content-Length: {}\r\n", body.len() + missing) };
    let reply =
        format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\n{lines}{length}\r\n{body}");
    // Who asked may have left.
    let _left = stream.write_all(reply.as_bytes());
}
