//! A WebSocket that outlives the generation that took it.

use std::io::{BufReader, BufWriter, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use super::{Backend, websocket};
use crate::support::figures;
use crate::support::http::{Client, End};
use crate::support::operator::Operator;
use crate::support::until::until;

const MESSAGES: usize = 100_000;

/// A text message of a client, masked with zeroes.
fn message(number: usize) -> Vec<u8> {
    let text = text(number);
    let length = u8::try_from(text.len()).expect("short");
    [&[0x81, 0x80 | length, 0, 0, 0, 0][..], text.as_bytes()].concat()
}

/// Of many lengths, so that frames end everywhere in the reads.
fn text(number: usize) -> String {
    format!("{number}{}", "x".repeat(number % 90))
}

/// The next frame of a stream: its first byte and its payload.
fn frame(stream: &mut impl Read, is_masked: bool) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    stream.read_exact(&mut head).expect("a whole frame");
    let [first, length] = head;
    assert_eq!(length & 0x80 != 0, is_masked);
    let mut mask = [0; 4];
    if is_masked {
        stream.read_exact(&mut mask).expect("a whole frame");
        assert_eq!(mask, [0; 4]);
    }
    let mut payload = vec![0; usize::from(length & 0x7f)];
    stream.read_exact(&mut payload).expect("a whole frame");
    (first, payload)
}

/// Sends back what comes, to the goodbye; how many messages that were.
fn echo(stream: &TcpStream) -> usize {
    let mut reader = BufReader::new(stream);
    let mut writer = BufWriter::new(stream);
    let mut messages = 0;
    loop {
        let (first, payload) = frame(&mut reader, true);
        let length = u8::try_from(payload.len()).expect("short");
        writer.write_all(&[&[first, length][..], &payload].concat()).expect("it is read");
        if reader.buffer().is_empty() || first == 0x88 {
            writer.flush().expect("it is read");
        }
        if first == 0x88 {
            return messages;
        }
        messages += 1;
    }
}

#[test]
fn a_hundred_thousand_messages_come_back_in_order_through_a_reload() {
    let backend = Backend::listen();
    let gateway = backend.behind("cluster: {drain: 600s, stream_drain: 600s}");
    let (mut client, upstream, id) = websocket(&gateway, &backend);
    let first = *gateway.workers(1).first().expect("one worker");
    let mut sending = Client::over(client.socket().try_clone().expect("a second handle"));
    let (sent, came, is_reloaded) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let echoing = scope.spawn(|| echo(&upstream));
        scope.spawn(|| {
            let mut number = 0;
            // As many as there must be, and on until the reload is over.
            while number < MESSAGES || !is_reloaded.load(Ordering::SeqCst) {
                // No more under way than a reader that is slow can get through in time.
                if number - came.load(Ordering::SeqCst) < 10_000 {
                    sending.send((number..number + 100).flat_map(message).collect::<Vec<u8>>());
                    number += 100;
                    sent.store(number, Ordering::SeqCst);
                } else {
                    std::thread::yield_now();
                }
            }
            sending.send(b"\x88\x82\0\0\0\0\x03\xe8");
        });
        let reading = scope.spawn(|| {
            let mut reader = BufReader::new(client.socket());
            loop {
                let number = came.load(Ordering::SeqCst);
                match frame(&mut reader, false) {
                    (0x81, payload) => assert_eq!(String::from_utf8_lossy(&payload), text(number)),
                    (0x88, payload) => return assert_eq!(payload, b"\x03\xe8", "its own goodbye, and nobody else's"),
                    (first, payload) => panic!("after {number}: {first:#x} {payload:?}"),
                }
                came.store(number + 1, Ordering::SeqCst);
            }
        });
        until("half of the messages", || match came.load(Ordering::SeqCst) {
            half if half > MESSAGES / 2 => Ok(()),
            less => Err(less),
        });
        Operator::of(&gateway).reload_by_signal().expect("the file is as it was");
        assert!(!reading.is_finished(), "the reload fell into the messages");
        is_reloaded.store(true, Ordering::SeqCst);
        reading.join().expect("every message comes back");
        assert_eq!(echoing.join().expect("it was sent a goodbye"), sent.load(Ordering::SeqCst));
    });
    let (sent, came) = (sent.into_inner(), came.into_inner());
    figures::note("websocket_echo", &format!("{sent} messages sent, {came} came back in order, in {:.1?}", begun.elapsed()));
    assert!(sent >= MESSAGES && came == sent, "{came} of {sent}");
    drop(upstream);
    assert_eq!(client.end(), End::Closed);
    let workers = gateway.workers(1);
    assert!(workers.iter().any(|worker| *worker != first), "{workers:?} serve since the reload");
    let line = gateway.logged(&id);
    assert_eq!((line.get("cut"), line.get("code")), (Some(&false.into()), Some(&serde_json::Value::Null)), "{line}");
}
