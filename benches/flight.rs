//! What the flight record costs: nanoseconds for each note, the best and the median of many rounds.
//!
//!     cargo bench --bench flight

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints what it found, or fails")]

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use forecourt::cluster::{Asked, Entry, Flight, Recorder};

const ROUNDS: usize = 51;
const TIMES: u32 = 20_000;

const ID: &str = "0199a0c2-7b1e-7c3d-9a52-3f1d7e5b9c40";
const TARGET: &str = "/shop/detail/1042?lang=en&currency=EUR";

fn record() -> (Flight, Recorder) {
    let flight = Flight::new().unwrap();
    let recorder = Recorder::new(flight.as_fd().try_clone_to_owned().unwrap()).unwrap();
    (flight, recorder)
}

fn begin(recorder: &Recorder, on: Entry, started: Instant) -> Entry {
    recorder.begin(on, &Asked { id: black_box(ID), method: "GET", target: black_box(TARGET), started })
}

/// Prints what one call of `work` takes.
fn measure(name: &str, times: u32, mut work: impl FnMut()) {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            for _ in 0..times {
                work();
            }
            started.elapsed().as_secs_f64() * 1e9 / f64::from(times)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    let (best, median) = (rounds.first().unwrap(), rounds.get(ROUNDS / 2).unwrap());
    println!("{name:<60} {best:>10.1} ns best {median:>10.1} ns median");
}

fn main() {
    let peer: SocketAddr = "10.0.0.7:51234".parse().unwrap();
    let (flight, recorder) = record();
    let started = Instant::now();
    let connection = recorder.open(peer);
    measure("a request begins and ends", TIMES, || recorder.end(begin(&recorder, connection, started)));
    measure("a connection opens and closes", TIMES, || recorder.close(black_box(recorder.open(peer))));
    measure("the event loop beats", TIMES, || recorder.beat());
    let held: Vec<Entry> = (0..2047).map(|_| begin(&recorder, connection, started)).collect();
    measure("a request begins and ends, 2047 others under way", TIMES, || recorder.end(begin(&recorder, connection, started)));
    measure("the master reads a full table", 20, || drop(black_box(flight.read().unwrap())));
    let last = begin(&recorder, connection, started);
    measure("a request begins and ends without a place", TIMES, || recorder.end(begin(&recorder, connection, started)));
    recorder.end(last);
    held.into_iter().for_each(|entry| recorder.end(entry));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                recorder.end(begin(&recorder, connection, started));
            }
        });
        measure("a request begins and ends, another thread at the same", TIMES, || {
            recorder.end(begin(&recorder, connection, started));
        });
        stop.store(true, Ordering::Relaxed);
        other.join().unwrap();
    });
}
