//! `forecourt start --daemon`.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;

use rustix::process::{Pid, getsid};
use serde_json::Value;

use super::support::gateway::program;
use super::support::http::Client;
use super::support::process;
use super::{SHOP, Said, command_in, run, run_in};

/// A daemon that is stopped whatever happens.
struct Daemon {
    folder: tempfile::TempDir,
}

const START: [&str; 10] =
    ["start", "--daemon", "--listen", "127.0.0.1:0", "--log", "log.json", "--access-log", "access.json", "--pid-file", "pid"];

fn folder(routes: &str) -> Daemon {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("routes.yaml"), routes).expect("a file");
    Daemon { folder }
}

impl Daemon {
    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn start(&self, arguments: &[&str]) -> Said {
        let mut command = command_in(self.path(), arguments);
        command.env("XDG_RUNTIME_DIR", self.path());
        run(command)
    }

    fn pid(&self) -> u32 {
        self.try_pid().expect("a pid file")
    }

    fn try_pid(&self) -> Option<u32> {
        fs::read_to_string(self.path().join("pid")).ok()?.trim().parse().ok()
    }

    fn log(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path().join("log.json")).expect("a log");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    fn address(&self) -> SocketAddr {
        let said = |event: &Value| event.get("address")?.as_str()?.parse().ok();
        self.log().iter().find_map(said).expect("an address")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _stopped_already = run_in(self.path(), &["stop", "--now"]);
    }
}

#[test]
fn a_daemon_is_ready_when_its_start_is_over_and_leaves_nothing_behind() {
    let daemon = folder(SHOP);
    let said = daemon.start(&START);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    let pid = daemon.pid();
    assert_eq!(said.out, format!("started: process {pid} serves\n"));
    let client = Client::connect(daemon.address()).send("GET /detail/1 HTTP/1.1\r\nHost: a\r\n\r\n").read();
    assert_eq!(client.status, 200);
    let session = getsid(Pid::from_raw(pid.cast_signed())).expect("a session");
    assert_eq!(session.as_raw_pid().cast_unsigned(), pid, "a session of its own");
    let title = fs::read_to_string(format!("/proc/{pid}/cmdline")).expect("a command line");
    assert!(title.starts_with("forecourt: master\0"), "{title:?}");
    // A second one finds the first.
    let second = daemon.start(&START);
    assert_eq!((second.code, second.out.as_str()), (Some(69), ""), "{second:?}");
    assert!(second.err.contains(&format!("names process {pid}, which runs")), "{}", second.err);
    assert_eq!(daemon.pid(), pid);
    let stopped = run_in(daemon.path(), &["stop"]);
    assert_eq!(stopped.code, Some(0), "{}", stopped.err);
    process::wait_for_end(pid);
    let mut left: Vec<_> =
        fs::read_dir(daemon.path()).expect("the folder").map(|entry| entry.expect("an entry").file_name()).collect();
    left.retain(|name| name != "forecourt");
    left.sort();
    assert_eq!(left, ["access.json", "log.json", "routes.yaml"]);
    let access = fs::read_to_string(daemon.path().join("access.json")).expect("an access log");
    assert_eq!(access.lines().count(), 1, "{access}");
}

#[test]
fn a_daemon_that_cannot_serve_says_why_with_its_exit_code() {
    let broken = folder("upstreams:\n  shop: {url: 'demo:'}\nrouts: []\n");
    for arguments in [&START[..], &["start", "--daemon"]] {
        let said = broken.start(arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(78), ""), "{said:?}");
        assert!(said.err.contains("routes.yaml:3:1:") && said.err.contains("did you mean `routes`"), "{}", said.err);
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let daemon = folder(SHOP);
    let said = daemon.start(&["start", "--daemon", "--listen", &address, "--log", "log.json"]);
    assert_eq!((said.code, said.out.as_str()), (Some(69), ""), "{said:?}");
    assert!(said.err.contains("is taken"), "{}", said.err);
    let log = fs::read_to_string(daemon.path().join("log.json")).expect("a log");
    assert!(log.contains("is taken"), "the log has it too: {log}");
}

#[test]
fn a_start_without_a_folder_to_listen_in_says_so_with_exit_code_77() {
    let place = tempfile::tempdir().expect("a folder");
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o555)).expect("our own folder");
    let mut command = command_in(place.path(), &["start", "--daemon", "--listen", "127.0.0.1:0"]);
    command.env("XDG_RUNTIME_DIR", place.path()).env("TMPDIR", place.path());
    if rustix::process::geteuid().is_root() {
        let is_open = |path: &Path| fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o005 == 0o005);
        if !program().ancestors().all(is_open) {
            println!("skipped: only root can run the program here");
            return;
        }
        command.uid(65534).gid(65534);
    }
    let said = run(command);
    assert_eq!((said.code, said.out.as_str()), (Some(77), ""), "{said:?}");
    assert!(said.err.contains("Permission denied") && said.err.contains("TMPDIR"), "{}", said.err);
}

#[test]
fn a_daemon_without_a_log_says_so() {
    let daemon = folder(SHOP);
    let said = daemon.start(&["start", "--daemon", "--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("its log is thrown away: name a file with --log"), "{}", said.out);
    assert_eq!(run_in(daemon.path(), &["stop"]).code, Some(0));
}

#[test]
fn an_upgraded_daemon_hands_its_socket_and_its_pid_file_to_the_new_master() {
    let daemon = folder(SHOP);
    assert_eq!(daemon.start(&START).code, Some(0));
    let old = daemon.pid();
    let said = run_in(daemon.path(), &["upgrade"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    let new = said.out.trim().trim_start_matches("upgraded: process ").trim_end_matches(" is the master now");
    let new: u32 = new.parse().unwrap_or_else(|_| panic!("{}", said.out));
    process::wait_for_end(old);
    assert_ne!(new, old);
    // Ready, the new one takes both over; by now it may be about to.
    super::eventually("the new pid file", || (daemon.try_pid()? == new).then_some(()));
    let status: Value = serde_json::from_str(&run_in(daemon.path(), &["status", "--json"]).out).expect("JSON");
    assert_eq!(status.get("pid"), Some(&new.into()), "{status}");
    let answer = Client::connect(daemon.address()).send("GET /detail/1 HTTP/1.1\r\nHost: a\r\n\r\n").read();
    assert_eq!(answer.status, 200);
    assert_eq!(run_in(daemon.path(), &["stop"]).code, Some(0));
    assert!(!daemon.path().join("pid").exists() && !daemon.path().join("control.sock").exists());
}
