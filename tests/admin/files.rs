//! Log files: opened, opened again, rotated while everybody writes, and on a disk that is full.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use super::support::http::Client;
use super::support::lines::Lines;
use super::support::process;
use super::{SHOP, command_in, eventually, run_in};

/// A gateway whose log is a file, which its owner's helpers cannot read from a pipe.
struct Logged {
    folder: tempfile::TempDir,
    child: std::process::Child,
    _err: Lines,
}

impl Logged {
    fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("routes.yaml"), SHOP).expect("a file");
        let mut command = command_in(folder.path(), &["serve", "--listen", "127.0.0.1:0", "--workers", "2", "--log", "log.json"]);
        command.args(arguments).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let err = Lines::follow(child.stderr.take().expect("a pipe"));
        Self { folder, child, _err: err }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address, once every worker listens.
    fn address(&self) -> SocketAddr {
        let log = self.path("log.json");
        eventually("both workers", || {
            let lines = lines(&log);
            let listening = lines.iter().filter(|line| line.get("event").is_some_and(|event| event == "listening")).count();
            let address = lines.iter().find_map(|line| line.get("address")?.as_str()?.parse().ok());
            address.filter(|_| listening >= 2)
        })
    }

    fn stop(&mut self) {
        let said = run_in(self.folder.path(), &["stop"]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        process::wait_for_end(self.child.id());
        assert_eq!(self.child.wait().expect("our child").code(), Some(0));
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Every line of a file, each of which must be whole.
fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let parsed = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}")));
    parsed.collect()
}

fn get(address: SocketAddr, id: usize) {
    let mut client = Client::connect(address);
    let answer = client.send(format!("GET /detail/1?n={id} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).read();
    assert_eq!(answer.status, 200);
}

fn numbers(path: &Path) -> Vec<usize> {
    let number = |line: &Value| line.get("path")?.as_str()?.split("n=").nth(1)?.parse().ok();
    lines(path).iter().filter_map(number).collect()
}

#[test]
fn files_that_were_moved_away_are_opened_again_in_every_process() {
    let mut gateway = Logged::start(&["--access-log", "access.json"]);
    let address = gateway.address();
    (0..4).for_each(|id| get(address, id));
    let (access, moved) = (gateway.path("access.json"), gateway.path("moved.json"));
    eventually("the first lines", || (numbers(&access).len() == 4).then_some(()));
    fs::rename(&access, &moved).expect("a file");
    let said = run_in(gateway.folder.path(), &["reopen"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    // A worker that is told opens no file: it writes to what the master has opened.
    eventually("the new file", || access.exists().then_some(()));
    (4..200).for_each(|id| get(address, id));
    eventually("every line", || (numbers(&access).len() + numbers(&moved).len() == 200).then_some(()));
    let later = numbers(&access);
    assert!(later.contains(&199) && !later.contains(&0), "{later:?}");
    gateway.stop();
}

#[test]
fn no_line_is_lost_or_torn_when_files_are_rotated_under_load() {
    let mut gateway = Logged::start(&["--access-log", "access.json", "--rotate-size", "4KiB", "--rotate-keep", "1000"]);
    let address = gateway.address();
    let access = gateway.path("access.json");
    let rotated = |number: usize| access.with_file_name(format!("access.json.{number}"));
    let done = AtomicBool::new(false);
    let sent: usize = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..2)
            .map(|client| {
                let done = &done;
                scope.spawn(move || {
                    let mut sent = 0;
                    while !done.load(Ordering::Relaxed) {
                        get(address, client * 1_000_000 + sent);
                        sent += 1;
                    }
                    sent
                })
            })
            .collect();
        // Also when it does not come: the clients would go on for ever.
        let guard = SetOnDrop(&done);
        eventually("three rotations", || rotated(3).exists().then_some(()));
        drop(guard);
        clients.into_iter().map(|client| client.join().expect("a client")).sum()
    });
    gateway.stop();
    let mut found = numbers(&access);
    (1..).map(rotated).take_while(|path| path.exists()).for_each(|path| found.extend(numbers(&path)));
    assert_eq!(found.len(), sent, "every request has its line");
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), sent, "and has it once");
}

#[test]
fn a_full_disk_costs_lines_and_no_request() {
    let mut gateway = Logged::start(&["--access-log", "/dev/full"]);
    let address = gateway.address();
    (0..20).for_each(|id| get(address, id));
    let log = gateway.path("log.json");
    eventually("a word of it", || fs::read_to_string(&log).ok()?.contains("the access log cannot be written").then_some(()));
    get(address, 20);
    gateway.stop();
}

#[test]
fn a_log_file_that_cannot_be_opened_is_said_before_anything_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("routes.yaml"), SHOP).expect("a file");
    for option in ["--log", "--access-log"] {
        let said = run_in(folder.path(), &["serve", "--listen", "127.0.0.1:0", option, "no/such.log"]);
        assert_eq!((said.code, said.out.as_str()), (Some(71), ""), "{said:?}");
        assert!(said.err.contains("no/such.log cannot be opened"), "{}", said.err);
        assert_eq!((said.err.lines().count(), said.err.matches("No such file").count()), (1, 1), "told once: {}", said.err);
    }
}

#[test]
fn a_named_pipe_in_the_place_of_a_file_is_refused_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("routes.yaml"), SHOP).expect("a file");
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status().expect("it runs");
    assert!(made.success());
    for command in [&["serve"][..], &["start", "--daemon"]] {
        for option in ["--log", "--access-log", "--pid-file"] {
            let said = run_in(folder.path(), &[command, &["--listen", "127.0.0.1:0", option, "pipe"]].concat());
            assert_eq!((said.code, said.out.as_str()), (Some(71), ""), "{command:?} {option}: {said:?}");
            assert_eq!(said.err.matches("it is no regular file").count(), 1, "{command:?} {option}: {}", said.err);
        }
    }
}

#[test]
fn the_last_words_reach_the_terminal_and_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut file = fs::File::create(folder.path().join("routes.yaml")).expect("a file");
    file.write_all(b"routs: []\n").expect("it is written");
    let said = run_in(folder.path(), &["serve", "--log", "log.json"]);
    assert_eq!(said.code, Some(78));
    let log = fs::read_to_string(folder.path().join("log.json")).expect("a log");
    assert!(said.err.contains("did you mean `routes`") && log == said.err, "{log}\n{}", said.err);
}

#[test]
fn files_may_be_opened_again_while_workers_start() {
    let mut gateway = Logged::start(&["--access-log", "access.json"]);
    let address = gateway.address();
    let (done, master) = (AtomicBool::new(false), gateway.child.id());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                process::signal(master, Signal::USR1);
                std::thread::park_timeout(Duration::from_millis(2));
            }
        });
        let _done = SetOnDrop(&done);
        for _ in 0..3 {
            let said = run_in(gateway.folder.path(), &["restart"]);
            assert_eq!(said.code, Some(0), "{}", said.err);
        }
    });
    get(address, 1);
    gateway.stop();
}
