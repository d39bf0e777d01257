//! The ways of a bad backend.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::net::{AddressFamily, SocketType, bind, listen, socket};

use crate::support::fault::{Act, Faults, refused, reply};

/// One backend and what its calls come to.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// More members of its entry in routes.yaml.
    pub(super) options: &'static str,
    pub(super) place: Place,
    /// Status and code on a shaped route.
    pub(super) status: u16,
    pub(super) code: &'static str,
    /// Whether the head of its reply is fine, so that a `proxy:` route has begun to answer when it goes wrong.
    pub(super) begins: bool,
}

/// Where it is.
pub(super) enum Place {
    Plays(Faults),
    Nobody,
    Full(FullHouse),
}

impl Place {
    pub(super) async fn address(&self) -> SocketAddr {
        match self {
            Self::Plays(faults) => faults.listen().await,
            Self::Nobody => refused(),
            Self::Full(house) => house.address,
        }
    }
}

/// A listener whose backlog is full: the kernel drops whoever else wants to connect.
pub(super) struct FullHouse {
    address: SocketAddr,
    _listener: TcpListener,
    _guests: Vec<TcpStream>,
}

impl FullHouse {
    fn new() -> Self {
        let listener = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
        bind(&listener, &SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        listen(&listener, 0).expect("a listener");
        let listener = TcpListener::from(listener);
        let address = listener.local_addr().expect("a bound socket has an address");
        let mut guests = Vec::new();
        while let Ok(guest) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
            guests.push(guest);
            assert!(guests.len() < 64, "the backlog does not fill");
        }
        Self { address, _listener: listener, _guests: guests }
    }
}

/// Short where the scenario is to run into it; everything else has time, so that a slow machine changes nothing.
const PATIENT: &str = ", timeout: {connect: 60s, first_byte: 60s, between_bytes: 60s, total: 60s}";
const HASTY_CONNECT: &str = ", timeout: {connect: 200ms, first_byte: 60s, between_bytes: 60s, total: 60s}";
const HASTY_FIRST_BYTE: &str = ", timeout: {connect: 60s, first_byte: 200ms, between_bytes: 60s, total: 60s}";
const HASTY_BETWEEN_BYTES: &str = ", timeout: {connect: 60s, first_byte: 60s, between_bytes: 200ms, total: 60s}";
const HASTY_TOTAL: &str = ", timeout: {connect: 60s, first_byte: 60s, between_bytes: 60s, total: 300ms}";
const SMALL: &str = ", decode: {max_bytes: 64KiB}, timeout: {connect: 60s, first_byte: 60s, between_bytes: 60s, total: 60s}";

/// One that fails before the head of its reply is whole, or by it.
fn early(name: &'static str, code: &'static str, acts: Vec<Act>) -> Scenario {
    let place = Place::Plays(Faults::new(vec![[vec![Act::Read], acts].concat()]));
    Scenario { name, options: PATIENT, place, status: 502, code, begins: false }
}

/// One that fails after a good head.
fn late(name: &'static str, code: &'static str, acts: Vec<Act>) -> Scenario {
    Scenario { begins: true, ..early(name, code, acts) }
}

/// One whose reply is these bytes, after which it closes.
fn early_bytes(name: &'static str, bytes: impl AsRef<[u8]>) -> Scenario {
    early(name, "upstream_malformed", vec![Act::send(bytes)])
}

const SIZED: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"a\":";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n";

/// Everything that goes wrong in the transport.
pub(super) fn broken() -> Vec<Scenario> {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n".repeat(9);
    let header = |line: &str, times: usize| format!("HTTP/1.1 200 OK\r\n{}Content-Length: 2\r\n\r\n{{}}", line.repeat(times));
    vec![
        Scenario { place: Place::Nobody, ..early("refuses", "upstream_connect", vec![]) },
        early("closes-at-once", "upstream_closed", vec![]),
        early("resets-at-once", "upstream_reset", vec![Act::Reset]),
        early("closes-in-head", "upstream_closed", vec![Act::send("HTTP/1.1 200 OK\r\nContent-Le")]),
        early("resets-in-head", "upstream_reset", vec![Act::send("HTTP/1.1 200 OK\r\nContent-Le"), Act::Reset]),
        early_bytes("garbage", [0xde, 0xad, 0xbe, 0xef].repeat(64)),
        early_bytes("speaks-smtp", "220 mail.example ESMTP\r\n"),
        early_bytes("no-such-version", "HTTP/3.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
        early_bytes("no-status", "HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\n{}"),
        early_bytes("bare-lf", "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}"),
        early_bytes(
            "length-and-encoding",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        ),
        early_bytes("two-lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        early_bytes("length-in-words", "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}"),
        early_bytes("strange-encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        // What is wrong is in the body, but it comes with the head.
        early_bytes("breaks-first-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n1}\r\n0\r\n\r\n"),
        early_bytes("switches", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
        early_bytes("interim-flood", interim + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
        early_bytes("huge-head", header(&format!("X: {}\r\n", "x".repeat(1000)), 70)),
        early_bytes("many-headers", header("X: y\r\n", 200)),
        early("endless-head", "upstream_malformed", vec![Act::send("HTTP/1.1 200 OK\r\n"), Act::Forever(b"X: y\r\n".to_vec())]),
        late("closes-in-body", "upstream_incomplete", vec![Act::send(SIZED)]),
        late("resets-in-body", "upstream_reset", vec![Act::send(SIZED), Act::Reset]),
        late("closes-between-chunks", "upstream_incomplete", vec![Act::send(CHUNKED)]),
        late("closes-in-chunk", "upstream_incomplete", vec![Act::send(CHUNKED), Act::send("64\r\n1, 2,")]),
        late("resets-in-chunk", "upstream_reset", vec![Act::send(CHUNKED), Act::send("64\r\n1, 2,"), Act::Reset]),
        late("breaks-chunks", "upstream_malformed", vec![Act::send(CHUNKED), Act::send("zz\r\n1}\r\n0\r\n\r\n")]),
    ]
}

/// Everything that takes too long.
pub(super) fn late_ones() -> Vec<Scenario> {
    let drip = Act::Drip { bytes: vec![b' '; 100_000], size: 1, pause: Duration::from_millis(20) };
    let timeout = |scenario: Scenario, options| Scenario { options, status: 504, ..scenario };
    let full = Scenario { place: Place::Full(FullHouse::new()), ..early("does-not-accept", "upstream_connect_timeout", vec![]) };
    vec![
        timeout(full, HASTY_CONNECT),
        timeout(early("never-answers", "upstream_first_byte_timeout", vec![Act::Hang]), HASTY_FIRST_BYTE),
        timeout(
            early("stops-in-head", "upstream_first_byte_timeout", vec![Act::send("HTTP/1.1 2"), Act::Hang]),
            HASTY_FIRST_BYTE,
        ),
        timeout(late("stops-in-body", "upstream_between_bytes_timeout", vec![Act::send(SIZED), Act::Hang]), HASTY_BETWEEN_BYTES),
        timeout(
            late("stops-in-chunks", "upstream_between_bytes_timeout", vec![Act::send(CHUNKED), Act::Hang]),
            HASTY_BETWEEN_BYTES,
        ),
        timeout(
            late("drips", "upstream_total_timeout", vec![Act::send(CHUNKED.replace("5\r\n{\"a\":\r\n", "fffff\r\n")), drip]),
            HASTY_TOTAL,
        ),
    ]
}

/// Replies that are fine as bytes and cannot be used as documents: a `proxy:` route passes them.
pub(super) fn unusable() -> Vec<Scenario> {
    let zeros = gzip(&vec![b' '; 16 << 20]);
    let bomb = reply("Content-Type: application/json\r\nContent-Encoding: gzip\r\n", &zeros);
    let document = gzip(format!("{{\"a\":\"{}\"}}", "b".repeat(5000)).as_bytes());
    let coded =
        |coding: &str, body: &[u8]| reply(&format!("Content-Type: application/json\r\nContent-Encoding: {coding}\r\n"), body);
    let mut corrupt = document.clone();
    if let Some(byte) = corrupt.get_mut(20) {
        *byte ^= 0xff;
    }
    let half = document.get(..document.len() / 2).unwrap_or_default();
    let unusable = |name, code, bytes: Vec<u8>| late(name, code, vec![Act::Send(bytes)]);
    let endless = b"1000\r\n".iter().copied().chain([b' '; 0x1000]).chain(*b"\r\n").collect();
    vec![
        unusable("gzip-bomb", "upstream_ratio", bomb),
        unusable("half-gzip", "upstream_coding", coded("gzip", half)),
        unusable("corrupt-gzip", "upstream_coding", coded("gzip", &corrupt)),
        unusable("gzip-that-is-none", "upstream_coding", coded("gzip", b"{\"a\":1}")),
        unusable("brotli-that-is-gzip", "upstream_coding", coded("br", &document)),
        unusable("unknown-coding", "upstream_coding", coded("rot13", b"{\"a\":1}")),
        unusable("nested-codings", "upstream_coding", coded("gzip, gzip", &gzip(&document))),
        unusable("html", "upstream_not_json", reply("Content-Type: text/html\r\n", "<html>It works!</html>")),
        unusable("half-json", "upstream_not_json", reply("Content-Type: application/json\r\n", "{\"a\":[1,2")),
        unusable(
            "length-too-short",
            "upstream_not_json",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{\"a\":[1,2,3]}".to_vec(),
        ),
        Scenario { options: SMALL, ..unusable("announces-too-much", "upstream_too_large", reply("", vec![b' '; 64 * 1024 + 1])) },
        Scenario { options: SMALL, ..late("never-ends", "upstream_too_large", vec![Act::send(CHUNKED), Act::Forever(endless)]) },
        Scenario {
            options: SMALL,
            ..unusable("grows-too-much", "upstream_too_large", coded("gzip", &gzip(&noise(64 * 1024 + 1))))
        },
    ]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("a Vec takes every byte");
    encoder.finish().expect("a Vec takes every byte")
}

/// Bytes that pack only a little.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b'a' + u8::try_from(state >> 28).unwrap_or_default()
    };
    std::iter::repeat_with(next).take(length).collect()
}
