//! HTTP/2 when the process leaves: GOAWAY in both its phases, and the streams that were begun.

use std::io::Write;

use rustix::process::Signal;

use super::{Backend, report};
use crate::support::http::{Client, End};

struct Frame {
    kind: u8,
    flags: u8,
    payload: Vec<u8>,
}

/// Reads until so many bytes are there; tells whether they are.
fn fill(client: &mut Client, unread: &mut Vec<u8>, length: usize) -> bool {
    while unread.len() < length {
        if !client.fill_to(1) {
            return false;
        }
        unread.extend(client.drain());
    }
    true
}

/// The next frame, if the connection has not ended.
fn frame(client: &mut Client, unread: &mut Vec<u8>) -> Option<Frame> {
    if !fill(client, unread, 9) {
        assert!(unread.is_empty(), "half a frame");
        return None;
    }
    let head: Vec<u8> = unread.drain(..9).collect();
    let [high, middle, low, kind, flags, ..] = head[..] else { unreachable!("nine bytes") };
    let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
    assert!(fill(client, unread, length), "half a frame");
    Some(Frame { kind, flags, payload: unread.drain(..length).collect() })
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const DATA: u8 = 0;
const PING: u8 = 6;
const GOAWAY: u8 = 7;

/// HEADERS, whole and without a body behind them: GET, http, `/slow`, for `a`.
fn headers(stream: u8) -> Vec<u8> {
    let block = b"\x82\x86\x04\x05/slow\x01\x01a";
    let mut frame = vec![0, 0, u8::try_from(block.len()).expect("short"), 1, 5, 0, 0, 0, stream];
    frame.extend_from_slice(block);
    frame
}

#[test]
fn a_client_is_warned_first_and_what_it_has_begun_by_then_is_finished() {
    let backend = Backend::listen();
    let mut gateway = backend.behind("");
    let mut client = gateway.connect();
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    client.send(headers(1));
    let (mut upstream, head) = backend.accept();
    assert!(head.starts_with("GET /slow HTTP/1.1\r\n"), "{head}");
    gateway.signal(Signal::TERM);
    let mut unread = Vec::new();
    let (mut goaways, mut body) = (Vec::new(), Vec::new());
    while let Some(Frame { kind, flags, payload }) = frame(&mut client, &mut unread) {
        match kind {
            GOAWAY => {
                let (last, reason) = payload.split_first_chunk::<4>().expect("a stream and a reason");
                goaways.push((u32::from_be_bytes(*last), reason.to_vec()));
                if goaways.len() == 1 {
                    // A request that crosses the warning on its way is taken.
                    client.send(headers(3));
                } else {
                    upstream.write_all(OK).expect("it is read");
                    backend.accept().0.write_all(OK).expect("it is read");
                }
            }
            // The one that measures when everything sent before the warning has come.
            PING if flags & 1 == 0 => {
                let mut pong = vec![0, 0, 8, PING, 1, 0, 0, 0, 0];
                pong.extend(payload);
                client.send(pong);
            }
            DATA => body.extend(payload),
            _ => {}
        }
    }
    assert_eq!(client.end(), End::Closed);
    assert_eq!(goaways, [(0x7fff_ffff, vec![0; 4]), (3, vec![0; 4])]);
    assert_eq!(body, b"okok");
    assert_eq!(gateway.wait().code(), Some(0));
    let report = report(&gateway);
    assert_eq!(report.get("in_flight_finished"), Some(&1.into()), "{report}");
}
