//! The record as a master sees it, with writers that race, stop in the middle, or leave everything as it was.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::place::{CONNECTIONS, REQUESTS};
use super::*;

fn pair() -> (Flight, Recorder) {
    let flight = Flight::new().unwrap();
    let recorder = Recorder::new(flight.as_fd().try_clone_to_owned().unwrap()).unwrap();
    (flight, recorder)
}

fn peer(number: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 7], number))
}

fn begin(recorder: &Recorder, on: Entry, id: &str, target: &str) -> Entry {
    recorder.begin(on, &Asked { id, method: "GET", target, started: Instant::now() })
}

fn ids(report: &FlightReport) -> Vec<&str> {
    report.requests.iter().map(|request| request.id.as_str()).collect()
}

#[test]
fn what_is_under_way_is_seen_and_what_is_over_is_not() {
    let (flight, recorder) = pair();
    let (busy, idle) = (recorder.open(peer(1)), recorder.open("[2001:db8::1]:2".parse().unwrap()));
    let first = begin(&recorder, busy, "first-id", "/detail/1?token=s3cret#x");
    let second = begin(&recorder, busy, "second-id", "/list");
    let report = flight.read().unwrap();
    assert_eq!(ids(&recorder.read().unwrap()), ids(&report), "the worker itself sees the same");
    assert_eq!(ids(&report), ["first-id", "second-id"]);
    assert_eq!(report.requests[0].line, "GET /detail/1");
    assert_eq!(report.requests[0].peer, Some(peer(1)));
    assert!(report.requests[0].age < Duration::from_secs(60) && report.requests[0].age >= report.requests[1].age);
    assert_eq!(report.idle, ["[2001:db8::1]:2".parse().unwrap()]);
    assert_eq!((report.connections, report.unnamed, report.torn, report.in_flight()), (2, 0, 0, 2));
    recorder.end(first);
    recorder.close(idle);
    recorder.end(second);
    let report = flight.read().unwrap();
    assert_eq!((report.requests.len(), report.idle, report.connections), (0, vec![peer(1)], 1));
    assert_eq!(report.last.unwrap().line, "GET /list", "the last one is known when it is over, too");
}

#[test]
fn a_record_that_no_worker_has_seen_says_nothing() {
    assert_eq!(Flight::new().unwrap().read().unwrap(), FlightReport::default());
    assert_eq!(FlightReport::default().to_string(), "none");
}

#[test]
fn the_beat_and_how_long_there_was_none_are_seen() {
    let (flight, recorder) = pair();
    let before = flight.read().unwrap().beats;
    let started = Instant::now();
    recorder.beat();
    let report = flight.read().unwrap();
    assert_eq!(report.beats, before + 1);
    assert!(report.silent <= started.elapsed());
    // Without a beat the silence grows.
    while flight.read().unwrap().silent <= report.silent {
        std::thread::yield_now();
    }
}

#[test]
fn a_request_that_began_before_it_was_noted_is_as_old_as_it_is() {
    let (flight, recorder) = pair();
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(5) {
        std::thread::yield_now();
    }
    recorder.begin(Entry::NOWHERE, &Asked { id: "late", method: "GET", target: "/", started });
    let report = flight.read().unwrap();
    assert!(report.requests[0].age >= Duration::from_millis(5), "{report:?}");
    assert_eq!(report.requests[0].peer, None);
}

#[test]
fn long_and_hostile_texts_stay_within_their_room() {
    let (flight, recorder) = pair();
    let connection = recorder.open(peer(1));
    begin(&recorder, connection, &"i".repeat(200), &format!("/{}", "é".repeat(200)));
    begin(&recorder, connection, "", "/a\n\u{1b}[31m\u{7f}");
    let report = flight.read().unwrap();
    assert_eq!(report.requests[0].id, "i".repeat(64));
    let line = &report.requests[0].line;
    assert!(line.starts_with("GET /éé") && line.trim_end_matches('\u{fffd}').len() <= 88, "{line}");
    assert_eq!(report.requests[1].line, "GET /a\u{fffd}\u{fffd}[31m\u{fffd}");
}

#[test]
fn what_finds_no_place_is_counted_and_places_come_back() {
    let (flight, recorder) = pair();
    for _ in 0..2 {
        let connections: Vec<Entry> = (0..CONNECTIONS + 3).map(|_| recorder.open(peer(1))).collect();
        let requests: Vec<Entry> = (0..REQUESTS + 5).map(|_| begin(&recorder, connections[0], "id", "/")).collect();
        let report = flight.read().unwrap();
        assert_eq!((report.requests.len(), report.unnamed, report.in_flight()), (REQUESTS, 5, REQUESTS as u64 + 5));
        assert_eq!(report.connections, CONNECTIONS as u64 + 3);
        assert_eq!(report.idle.len(), CONNECTIONS - 1);
        assert!(report.to_string().ends_with(&format!("; and {} more", REQUESTS + 5 - 64)), "{report}");
        requests.into_iter().for_each(|request| recorder.end(request));
        connections.into_iter().for_each(|connection| recorder.close(connection));
        let report = flight.read().unwrap();
        assert_eq!((report.in_flight(), report.connections), (0, 0));
    }
}

#[test]
fn an_entry_that_was_being_written_is_torn_and_gives_nothing_away() {
    let (flight, recorder) = pair();
    let connection = recorder.open(peer(1));
    let over = begin(&recorder, connection, "over", "/over");
    recorder.end(over);
    begin(&recorder, connection, "whole", "/whole");
    recorder.stop_within_a_request("half");
    let report = flight.read().unwrap();
    assert_eq!((ids(&report), report.torn, report.in_flight()), (vec!["whole"], 1, 2));
}

#[test]
fn a_request_never_gets_the_peer_of_a_later_connection() {
    let (flight, recorder) = pair();
    let first = recorder.open(peer(1));
    let request = begin(&recorder, first, "id", "/");
    recorder.close(first);
    assert_eq!(recorder.open(peer(2)), first, "it has the place of the first");
    let report = flight.read().unwrap();
    assert_eq!((report.requests[0].peer, report.idle), (None, vec![peer(2)]));
    recorder.end(request);
}

#[test]
fn only_a_sealed_record_of_the_right_size_is_mapped() {
    let plain = tempfile::tempfile().unwrap();
    plain.set_len(place::BYTES).unwrap();
    assert!(Recorder::new(plain.into()).is_err());
    let small = memfd_create("small", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
    fcntl_add_seals(&small, SEALS).unwrap();
    assert!(Recorder::new(small).is_err());
}

#[test]
fn a_record_of_another_version_is_an_error() {
    let (flight, _recorder) = pair();
    flight.file.write_all_at(&(place::VERSION + 1).to_ne_bytes(), 0).unwrap();
    assert!(flight.read().is_err());
}

/// A number that only one entry has, in all of its parts.
fn marked(number: u16) -> (String, String) {
    (format!("request-{number:05}-{}", "x".repeat(usize::from(number % 40))), format!("/{number}/{}", "y".repeat(60)))
}

#[test]
fn whoever_reads_while_others_write_sees_whole_entries_alone() {
    let (flight, recorder) = pair();
    let (stop, begun) = (AtomicBool::new(false), AtomicBool::new(false));
    let seen = std::thread::scope(|scope| {
        for writer in 0..4u16 {
            let (recorder, stop, begun) = (&recorder, &stop, &begun);
            scope.spawn(move || {
                let mut round = 0u16;
                while !stop.load(Ordering::Relaxed) {
                    round = (round + 1) % 10_000;
                    let number = writer * 10_000 + round;
                    let connection = recorder.open(peer(number));
                    let entries: Vec<Entry> = (0..1 + number % 3)
                        .map(|_| {
                            let (id, target) = marked(number);
                            begin(recorder, connection, &id, &target)
                        })
                        .collect();
                    begun.store(true, Ordering::Relaxed);
                    entries.into_iter().for_each(|entry| recorder.end(entry));
                    recorder.close(connection);
                }
            });
        }
        while !begun.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        let mut seen = 0;
        for _ in 0..2000 {
            let report = flight.read().unwrap();
            for request in &report.requests {
                let number: u16 = request.id[8..13].parse().unwrap();
                let (id, target) = marked(number);
                assert_eq!((&request.id, request.line.as_str()), (&id, &*format!("GET {target}")));
                assert!(request.peer.is_none_or(|found| found == peer(number)), "{request:?}");
                assert!(request.age < Duration::from_secs(60));
                seen += 1;
            }
            // At most the four writers' entries, never the same place twice.
            assert!(report.in_flight() <= 12 && report.connections <= 4, "{report:?}");
        }
        stop.store(true, Ordering::Relaxed);
        seen
    });
    let report = flight.read().unwrap();
    assert_eq!((report.in_flight(), report.connections), (0, 0));
    assert!(seen > 0, "the reader never met an entry");
}

#[derive(Debug, Clone)]
enum Step {
    Open,
    Close(prop::sample::Index),
    Begin(prop::sample::Index),
    End(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        Just(Step::Open),
        index().prop_map(Step::Close),
        index().prop_map(Step::Begin),
        index().prop_map(Step::Begin),
        index().prop_map(Step::End)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_record_says_what_a_list_would(steps in prop::collection::vec(step(), 0..200)) {
        let (flight, recorder) = pair();
        let mut open: Vec<(Entry, u16)> = Vec::new();
        let mut under_way: Vec<(Entry, u16, String)> = Vec::new();
        for (number, step) in (0u16..).zip(steps) {
            match step {
                Step::Open => open.push((recorder.open(peer(number)), number)),
                Step::Close(index) if !open.is_empty() => {
                    let (connection, gone) = open.swap_remove(index.index(open.len()));
                    // As at the edge: what is under way on a connection ends before it.
                    under_way.retain(|(entry, on, _)| {
                        if *on == gone {
                            recorder.end(*entry);
                        }
                        *on != gone
                    });
                    recorder.close(connection);
                }
                Step::Begin(index) if !open.is_empty() => {
                    let (connection, on) = open[index.index(open.len())];
                    let id = format!("request-{number}");
                    under_way.push((begin(&recorder, connection, &id, "/"), on, id));
                }
                Step::End(index) if !under_way.is_empty() => {
                    recorder.end(under_way.swap_remove(index.index(under_way.len())).0);
                }
                _ => {}
            }
        }
        let report = flight.read().unwrap();
        let mut found: Vec<_> = report.requests.into_iter().map(|request| (request.id, request.peer)).collect();
        let mut expected: Vec<_> = under_way.iter().map(|(_, on, id)| (id.clone(), Some(peer(*on)))).collect();
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
        let mut idle: Vec<_> = report.idle;
        let busy = |number: u16| under_way.iter().any(|(_, on, _)| *on == number);
        let mut expected: Vec<_> = open.iter().filter(|(_, number)| !busy(*number)).map(|(_, number)| peer(*number)).collect();
        idle.sort();
        expected.sort();
        prop_assert_eq!(idle, expected);
        prop_assert_eq!(report.connections, open.len() as u64);
    }

    #[test]
    fn reading_never_panics_whatever_a_worker_wrote(writes in prop::collection::vec((0..place::WORDS, any::<u64>()), 0..60)) {
        let (flight, recorder) = pair();
        let connection = recorder.open(peer(1));
        begin(&recorder, connection, "id", "/");
        for (word, value) in writes {
            // Half of them into what is in use.
            let word = if value % 2 == 0 { word % 64 } else { word };
            let value = if word == 0 { place::VERSION } else { value };
            flight.file.write_all_at(&value.to_ne_bytes(), word as u64 * 8).unwrap();
        }
        let _ = flight.read().unwrap().to_string();
    }
}

#[test]
#[ignore = "is the worker of the test below"]
fn worker_that_is_killed() {
    let recorder = Recorder::new(std::io::stdin().as_fd().try_clone_to_owned().unwrap()).unwrap();
    let connection = recorder.open(peer(1));
    let over = begin(&recorder, connection, "over", "/over");
    begin(&recorder, connection, "open-1", "/slow/1");
    begin(&recorder, connection, "open-2", "/slow/2");
    recorder.end(over);
    println!("\nready");
    std::io::stdout().flush().unwrap();
    loop {
        std::thread::park();
    }
}

#[test]
fn what_a_killed_worker_was_at_is_known() {
    let flight = Flight::new().unwrap();
    let mut worker = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cluster::flight::tests::worker_that_is_killed", "--ignored", "--nocapture"])
        .stdin(Stdio::from(flight.as_fd().try_clone_to_owned().unwrap()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(worker.stdout.take().unwrap()).lines();
    let ready = lines.map_while(Result::ok).any(|line| line == "ready");
    worker.kill().unwrap();
    worker.wait().unwrap();
    assert!(ready);
    let report = flight.read().unwrap();
    assert_eq!(ids(&report), ["open-1", "open-2"]);
    let text = report.to_string();
    assert!(text.starts_with("open-1 GET /slow/1 ") && text.contains("ms from 10.0.0.7:1; open-2 GET /slow/2 "), "{text}");
}

#[test]
fn a_connection_that_is_not_marked_has_not_been_read_and_whatever_is_in_doubt_may_have_been() {
    let (flight, recorder) = pair();
    assert!(!flight.marks().may_have_read(0) && !flight.marks().may_have_read(7));
    recorder.reads(7);
    assert!(flight.marks().may_have_read(7));
    assert!(!flight.marks().may_have_read(6) && !flight.marks().may_have_read(8));
    // The number shares its word with later ones.
    let later = 7 + place::MARKS as u64;
    assert!(!flight.marks().may_have_read(later));
    recorder.reads(later);
    assert!(flight.marks().may_have_read(later) && flight.marks().may_have_read(7));
    // A late thread does not take the word back.
    recorder.reads(7);
    assert!(flight.marks().may_have_read(later));
    assert!(Flight::new().unwrap().marks().may_have_read(1), "a worker that never mapped its record marks nothing");
}
