//! Whoever reads the logs may stop reading, or go: it costs lines, never requests, and never the way out.

use std::io::{BufRead, BufReader, PipeReader, Read, pipe};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;

use super::{GOOD, SHOP};
use crate::support::gateway::{Setup, program};
use crate::support::http::Client;
use crate::support::{lines, process};

/// A route whose every call is a line in the log: nobody listens on its backend's port.
const WITH_FAULTS: &str = "  - route: GET /fault\n    call: nobody:/\n";

/// A gateway whose standard error is read by the test alone.
struct Told {
    child: Child,
    log: BufReader<PipeReader>,
    address: SocketAddr,
    _setup: Setup,
}

impl Told {
    fn start(stdout: Stdio) -> Self {
        let upstream = "upstreams:\n  nobody: {url: 'http://127.0.0.1:1', retry: false, breaker: false}\n";
        let setup = Setup::new(&(SHOP.replace("upstreams:\n", upstream) + WITH_FAULTS)).workers(1);
        let (reader, writer) = pipe().expect("a pipe");
        let mut command: Command = setup.command();
        let child = command.stdout(stdout).stderr(writer).spawn().expect("the program starts");
        drop(command);
        let mut log = BufReader::new(reader);
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert_ne!(log.read_line(&mut line).expect("a log"), 0, "it ended");
            let event: serde_json::Value = serde_json::from_str(&line).expect("JSON");
            if let Some(address) = event.get("address").and_then(serde_json::Value::as_str) {
                break address.parse().expect("an address");
            }
        };
        Self { child, log, address, _setup: setup }
    }

    /// So many requests to a path, all of them answered with this status.
    fn ask(&self, path: &str, count: usize, status: u16) {
        let mut left = count;
        while left > 0 {
            let mut client = Client::connect(self.address);
            for _ in 0..left.min(500) {
                let answer = client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).read();
                assert_eq!(answer.status, status, "{answer:?}");
                left -= 1;
            }
        }
    }

    fn stop(&mut self) -> Option<i32> {
        process::signal(self.child.id(), Signal::TERM);
        process::wait_for_end(self.child.id());
        self.child.wait().expect("our child").code()
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        for pid in process::group(self.child.id()) {
            process::signal(pid, Signal::KILL);
        }
        let _ended = self.child.wait();
    }
}

#[test]
fn a_log_that_nobody_reads_any_more_stops_nothing() {
    let mut told = Told::start(Stdio::null());
    // More than the pipe holds, and more than waits in memory.
    told.ask("/fault", 2000, 502);
    assert_eq!(Client::connect(told.address).send(GOOD).read().status, 200);
    // Somebody reads again: what was lost is told.
    let mut log = BufReader::new(told.log.get_ref().try_clone().expect("a second handle"));
    let rest = std::thread::spawn(move || {
        let mut rest = String::new();
        log.read_to_string(&mut rest).map(|_| rest)
    });
    assert_eq!(told.stop(), Some(0));
    let rest = rest.join().expect("a thread").expect("text");
    assert!(rest.contains("lines of the log were dropped"), "{}", rest.len());
    assert!(rest.contains("\"event\":\"stopped\""), "the end is told");
}

#[test]
fn a_log_that_nobody_ever_reads_does_not_hold_up_the_end() {
    let mut told = Told::start(Stdio::null());
    told.ask("/fault", 2000, 502);
    assert_eq!(told.stop(), Some(0));
    assert!(process::group(told.child.id()).is_empty());
}

#[test]
fn a_reader_of_the_log_that_is_gone_stops_nothing() {
    let mut told = Told::start(Stdio::null());
    let (gone, _) = pipe().expect("a pipe");
    drop(std::mem::replace(&mut told.log, BufReader::new(gone)));
    told.ask("/fault", 100, 502);
    told.ask("/detail/1", 100, 200);
    assert_eq!(told.stop(), Some(0));
}

#[test]
fn an_access_log_that_nobody_reads_stops_nothing_and_its_losses_are_told() {
    let (reader, writer) = pipe().expect("a pipe");
    let mut told = Told::start(writer.into());
    told.ask("/_forecourt/live", 8000, 200);
    // Its reader is back.
    let access = lines::Lines::follow(reader);
    told.ask("/_forecourt/live", 500, 200);
    assert_eq!(told.stop(), Some(0));
    let mut log = String::new();
    told.log.read_to_string(&mut log).expect("text");
    assert!(log.contains("lines of the access log were dropped"), "{log}");
    let written = access.whole();
    assert!((1000..8500).contains(&written.len()), "{} lines", written.len());
    assert!(written.iter().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "no line is torn");
}

#[test]
fn a_reader_of_the_access_log_that_is_gone_is_told_once() {
    let (reader, writer) = pipe().expect("a pipe");
    let mut told = Told::start(writer.into());
    drop(reader);
    told.ask("/detail/1", 500, 200);
    assert_eq!(told.stop(), Some(0));
    let mut log = String::new();
    told.log.read_to_string(&mut log).expect("text");
    assert_eq!(log.matches("the access log cannot be written").count(), 1, "{log}");
}

#[test]
fn closed_standard_streams_stop_nothing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let setup = Setup::new(&format!("listen: {address}\n{SHOP}"));
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$0\" serve <&- >&- 2>&-"]).arg(program()).current_dir(setup.folder());
    let mut child = command.spawn().expect("a shell");
    let answer = loop {
        if let Ok(mut client) = Client::try_connect(address) {
            break client.send(GOOD).read();
        }
        assert!(!process::ends_within(child.id(), std::time::Duration::from_millis(10)), "it ended");
    };
    assert_eq!(answer.status, 200);
    process::signal(child.id(), Signal::TERM);
    process::wait_for_end(child.id());
    assert_eq!(child.wait().expect("our child").code(), Some(0));
}
