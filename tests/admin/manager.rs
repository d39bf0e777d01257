//! What a service manager is told, by a manager of our own.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::shop;
use super::support::gateway::{Gateway, Setup};

/// The service manager's end.
struct Manager {
    _folder: tempfile::TempDir,
    socket: UnixDatagram,
    path: String,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit");
        Self { path: path.display().to_string(), socket, _folder: folder }
    }

    fn manage(&self, setup: Setup) -> Gateway {
        setup.environment("NOTIFY_SOCKET", &self.path).start()
    }

    /// The next notification with a line that begins like this; those before it are passed over.
    fn hear(&self, wanted: &str) -> String {
        let mut passed = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let count = self.socket.recv(&mut buffer).unwrap_or_else(|error| panic!("{wanted}: {error}, after {passed:?}"));
            let text = String::from_utf8_lossy(buffer.get(..count).unwrap_or_default()).into_owned();
            if text.lines().any(|line| line.starts_with(wanted)) {
                return text;
            }
            passed.push(text);
        }
    }
}

#[test]
fn a_service_manager_hears_ready_a_reload_with_its_time_and_the_end() {
    let manager = Manager::new();
    let mut gateway = manager.manage(shop().workers(2));
    let ready = manager.hear("READY=1");
    assert!(ready.contains("STATUS="), "{ready}");
    gateway.signal(Signal::HUP);
    let reloading = manager.hear("RELOADING=1");
    let time = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")?.parse::<u64>().ok());
    assert!(time.is_some_and(|time| time > 0), "{reloading}");
    manager.hear("READY=1");
    // A reload that fails is over as well, and says why.
    fs::write(gateway.folder().join("routes.yaml"), "routs: []\n").expect("a file");
    gateway.signal(Signal::HUP);
    manager.hear("RELOADING=1");
    let kept = manager.hear("READY=1");
    assert!(kept.contains("STATUS=the reload failed, serving as before: "), "{kept}");
    gateway.signal(Signal::TERM);
    manager.hear("STOPPING=1");
    assert_eq!(gateway.wait().code(), Some(0));
}

#[test]
fn a_watchdog_hears_of_a_master_whose_loop_turns_and_not_of_one_that_stands() {
    let manager = Manager::new();
    let gateway = manager.manage(shop().environment("WATCHDOG_USEC", "400000"));
    for _ in 0..3 {
        manager.hear("WATCHDOG=1");
    }
    gateway.signal(Signal::STOP);
    // What was under way arrives, and then nothing for three times as long as it should take.
    manager.socket.set_read_timeout(Some(Duration::from_millis(600))).expect("a time limit");
    let begun = Instant::now();
    let mut buffer = [0; 4096];
    while manager.socket.recv(&mut buffer).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(30), "a stopped master talks on");
    }
    gateway.signal(Signal::CONT);
    manager.socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit");
    manager.hear("WATCHDOG=1");
}

#[test]
fn a_manager_learns_which_process_took_over_and_hears_no_end_from_the_old_one() {
    let manager = Manager::new();
    let mut gateway = manager.manage(shop().environment("WATCHDOG_USEC", "200000"));
    manager.hear("READY=1");
    gateway.signal(Signal::USR2);
    let told = manager.hear("MAINPID=");
    let heir: u32 = told.trim().trim_start_matches("MAINPID=").parse().expect("a pid");
    assert_eq!(gateway.wait().code(), Some(0));
    // The new master has the watchdog now: what the old one has said is passed over.
    manager.socket.set_nonblocking(true).expect("our own socket");
    while manager.socket.recv(&mut [0; 4096]).is_ok() {}
    manager.socket.set_nonblocking(false).expect("our own socket");
    manager.hear("WATCHDOG=1");
    super::support::process::signal(heir, Signal::TERM);
    manager.hear("STOPPING=1");
    super::support::process::wait_for_end(heir);
}

#[test]
fn a_manager_that_is_gone_stops_nothing() {
    let mut gateway = shop().environment("NOTIFY_SOCKET", "/nowhere/notify").environment("WATCHDOG_USEC", "20000").start();
    assert_eq!(gateway.get("/detail/1").status, 200);
    assert_eq!(gateway.stop(), 0);
}
