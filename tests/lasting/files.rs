//! Files through a `proxy:` route: as large as they like, in pieces, with what comes before and behind them.

#![expect(clippy::indexing_slicing, reason = "positions in a pattern are taken by its length")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Backend;
use crate::support::figures;
use crate::support::gateway::Gateway;
use crate::support::http::{Client, End};
use crate::support::process;
use crate::support::until::until;

/// What all buffers on the way may hold, the kernel's on four sockets most of it, and what a worker may.
const IN_BUFFERS: usize = 48 << 20;
const IN_WORKER: u64 = 8 << 10;

/// Bytes in which a piece that is lost, or comes twice, shows: their period has no factor with the size of a buffer.
fn pattern() -> Vec<u8> {
    (0..65_521_u32).map(|at| u8::try_from(at.wrapping_mul(2_654_435_761) >> 13 & 0xff).unwrap_or_default()).collect()
}

/// How large a file is: enough to fill what lies between two ends more than once.
fn size() -> usize {
    if figures::full() { 1 << 30 } else { 96 << 20 }
}

/// Sends a file, and counts what was taken of it.
fn send(stream: &mut impl Write, length: usize, taken: &AtomicUsize) {
    let pattern = pattern();
    let mut left = length;
    while left > 0 {
        let piece = &pattern[..pattern.len().min(left)];
        stream.write_all(piece).expect("it is taken");
        taken.fetch_add(piece.len(), Ordering::SeqCst);
        left -= piece.len();
    }
}

/// Reads a file behind what has come of it, and compares.
fn read(mut stream: &TcpStream, come: &[u8], length: usize) {
    let pattern = pattern();
    let (mut at, mut room) = (0, vec![0; 256 << 10]);
    let mut see = |mut piece: &[u8]| {
        while !piece.is_empty() {
            let expected = &pattern[at % pattern.len()..];
            let (now, later) = piece.split_at(expected.len().min(piece.len()));
            assert!(expected.starts_with(now), "from byte {at} on");
            (at, piece) = (at + now.len(), later);
        }
        at
    };
    let mut so_far = see(come);
    while so_far < length {
        let count = match stream.read(&mut room) {
            Ok(0) => panic!("it ended after {so_far} bytes"),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => panic!("nothing came after {so_far} bytes: {error}"),
        };
        so_far = see(&room[..count]);
    }
    assert_eq!(so_far, length);
}

/// Waits until a sender is held back, which it is by whoever does not read.
fn held_back(taken: &AtomicUsize, length: usize) -> usize {
    let (mut before, mut same) = (0, 0);
    until("a sender that is held back", || {
        let now = taken.load(Ordering::SeqCst);
        same = if now == before && now > 0 { same + 1 } else { 0 };
        before = now;
        // A hundred looks are a second.
        if same > 100 { Ok(()) } else { Err(now) }
    });
    assert!(before < length.min(IN_BUFFERS), "{before} of {length} bytes went into buffers");
    before
}

/// The only worker, and the most that it has held so far.
fn worker(gateway: &Gateway) -> (u32, u64) {
    let worker = *gateway.workers(1).first().expect("one worker");
    (worker, process::peak_memory(worker))
}

fn assert_held_little((worker, before): (u32, u64), what: &str) {
    let peak = process::peak_memory(worker);
    figures::note(what, &format!("{} MiB, worker {before} KiB before and {peak} KiB at its peak", size() >> 20));
    assert!(peak - before < IN_WORKER, "{what}: {before} KiB, then {peak} KiB");
}

#[test]
fn a_download_goes_no_faster_than_its_client_and_lies_in_no_memory() {
    let (backend, length, taken) = (Backend::listen(), size(), AtomicUsize::new(0));
    let gateway = backend.behind("");
    let mut client = gateway.connect();
    let before = worker(&gateway);
    client.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
    let (mut upstream, _) = backend.accept();
    write!(upstream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").expect("it is read");
    std::thread::scope(|scope| {
        scope.spawn(|| send(&mut upstream, length, &taken));
        assert_eq!(client.head().header("content-length"), Some(length.to_string().as_str()));
        held_back(&taken, length);
        let come = client.drain();
        read(client.socket(), &come, length);
    });
    assert_held_little(before, "proxy_download");
}

#[test]
fn an_upload_goes_no_faster_than_its_backend_and_lies_in_no_memory() {
    let (backend, length, taken) = (Backend::listen(), size(), AtomicUsize::new(0));
    let gateway = backend.behind("");
    let mut client = gateway.connect();
    let before = worker(&gateway);
    client.send(format!("PUT /file HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"));
    let mut sending = client.socket().try_clone().expect("a second handle");
    std::thread::scope(|scope| {
        scope.spawn(|| send(&mut sending, length, &taken));
        let (mut upstream, head) = backend.accept();
        assert!(head.contains(&format!("content-length: {length}\r\n")), "{head}");
        held_back(&taken, length);
        read(&upstream, b"", length);
        upstream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").expect("it is read");
        assert_eq!(client.read().status, 204);
    });
    assert_held_little(before, "proxy_upload");
}

#[test]
fn a_piece_of_a_file_is_asked_for_and_answered_as_the_backend_does() {
    let backend = Backend::listen();
    let gateway = backend.behind("");
    let mut client = gateway.connect();
    client.send("GET /file HTTP/1.1\r\nHost: a\r\nRange: bytes=2-4\r\nIf-Range: \"v1\"\r\n\r\n");
    let (mut upstream, head) = backend.accept();
    assert!(head.contains("\r\nrange: bytes=2-4\r\n") && head.contains("\r\nif-range: \"v1\"\r\n"), "{head}");
    let partial = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-4/9\r\nETag: \"v1\"\r\nAccept-Ranges: bytes\r\nContent-Length: 3\r\n\r\ncde";
    upstream.write_all(partial.as_bytes()).expect("it is read");
    let answer = client.read();
    assert_eq!((answer.status, answer.text().as_str(), answer.header("content-range")), (206, "cde", Some("bytes 2-4/9")));
    assert_eq!((answer.header("etag"), answer.header("accept-ranges")), (Some("\"v1\""), Some("bytes")));
    client.send("GET /file HTTP/1.1\r\nHost: a\r\nRange: bytes=90-\r\n\r\n");
    let unsatisfiable = b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */9\r\nContent-Length: 0\r\n\r\n";
    // The connection waited for its next call.
    let mut room = [0; 4096];
    assert!(upstream.read(&mut room).expect("it comes") > 0);
    upstream.write_all(unsatisfiable).expect("it is read");
    let answer = client.read();
    assert_eq!((answer.status, answer.header("content-range")), (416, Some("bytes */9")));
}

#[test]
fn a_client_that_asks_first_sends_its_body_when_there_is_a_backend_to_take_it() {
    const ASKS: &str = "POST /file HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    let backend = Backend::listen();
    let gateway = backend.behind("");
    let mut client = gateway.connect();
    client.send(ASKS);
    let (mut upstream, head) = backend.accept();
    assert!(head.contains("\r\ncontent-length: 4\r\n") && !head.contains("expect:"), "{head}");
    assert_eq!(client.head().status, 100);
    client.send("body");
    let mut body = [0; 4];
    upstream.read_exact(&mut body).expect("it comes");
    assert_eq!(&body, b"body");
    upstream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok").expect("it is read");
    assert_eq!(client.read().status, 201);
    drop((upstream, backend));
    // Nobody listens there any more: the body stays where it is.
    client.send(ASKS);
    let answer = client.read();
    assert_eq!((answer.status, answer.problem().as_str()), (502, "upstream_connect"));
    assert_eq!(client.end(), End::Closed);
}

#[test]
fn trailers_that_both_sides_agree_on_pass_both_ways() {
    let backend = Backend::listen();
    let gateway = backend.behind("");
    let mut client: Client = gateway.connect();
    client.send(
        "PUT /file HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\nTrailer: X-Digest\r\nTransfer-Encoding: chunked\r\n\r\n\
         2\r\nup\r\n0\r\nX-Digest: 7\r\nX-Silent: 8\r\n\r\n",
    );
    let (mut upstream, head) = backend.accept();
    for line in ["te: trailers", "trailer: x-digest", "transfer-encoding: chunked"] {
        assert!(head.contains(&format!("\r\n{line}\r\n")), "{line}: {head}");
    }
    const UP: &str = "2\r\nup\r\n0\r\nx-digest: 7\r\n\r\n";
    let mut came = [0; UP.len()];
    upstream.read_exact(&mut came).expect("it comes");
    assert_eq!(String::from_utf8_lossy(&came), UP);
    upstream
        .write_all(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Set-Cookie\r\n\r\n\
              4\r\ndown\r\n0\r\nX-Sum: 9\r\nSet-Cookie: a=b\r\n\r\n",
        )
        .expect("it is read");
    let answer = client.head();
    assert_eq!(answer.header("trailer"), Some("x-sum"));
    const DOWN: &str = "4\r\ndown\r\n0\r\nx-sum: 9\r\n\r\n";
    assert!(client.fill_to(DOWN.len()));
    assert_eq!(String::from_utf8_lossy(&client.drain()), DOWN);
    let line = gateway.logged(answer.header("x-request-id").expect("every answer has its id"));
    assert_eq!((line.get("cut"), line.get("bytes")), (Some(&false.into()), Some(&4.into())), "{line}");
}
