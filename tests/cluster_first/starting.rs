//! Starts that cannot succeed.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::Signal;

use super::{SHOP, shop};
use crate::support::gateway::{Gateway, Setup, program};
use crate::support::http::{Client, End};
use crate::support::process;

/// Nobody's user and group, as most systems have them.
const NOBODY: u32 = 65534;

#[test]
fn a_taken_port_is_said_so_with_exit_code_69() {
    let running = Gateway::start(SHOP);
    let taken = running.address();
    let mut second = Setup::new(&format!("listen: {taken}\n{SHOP}")).listens_as_written().launch();
    assert_eq!(second.wait().code(), Some(69));
    let said = second.log.whole().join("\n");
    assert!(said.contains(&format!("{taken} is taken")), "{said}");
    assert!(!said.contains("\"event\":\"fork\""), "no worker was started for nothing: {said}");
    assert_eq!(running.raw(super::GOOD).status, 200);
}

#[test]
fn one_taken_port_of_several_leaves_the_others_free() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let (taken_at, free_at) = (taken.local_addr().expect("an address"), free.local_addr().expect("an address"));
    drop(free);
    let mut gateway = Setup::new(&format!("listen: ['{free_at}', '{taken_at}']\n{SHOP}")).listens_as_written().launch();
    assert_eq!(gateway.wait().code(), Some(69));
    TcpListener::bind(free_at).expect("nobody holds it");
}

#[test]
fn an_address_of_another_machine_is_said_so() {
    let mut gateway = Setup::new(&format!("listen: 192.0.2.1:8080\n{SHOP}")).listens_as_written().launch();
    assert_eq!(gateway.wait().code(), Some(69));
    let said = gateway.log.whole().join("\n");
    assert!(said.contains("this machine has no address 192.0.2.1"), "{said}");
}

#[test]
fn a_port_without_permission_is_said_so_with_exit_code_77() {
    let floor = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or_default();
    if floor.trim() == "0" {
        println!("skipped: this machine lets everybody listen on every port");
        return;
    }
    let setup = Setup::new(&format!("listen: 127.0.0.1:1\n{SHOP}")).listens_as_written();
    let mut command = setup.command();
    if rustix::process::geteuid().is_root() {
        if !is_readable_by_all(&program()) {
            println!("skipped: only root can run the program here");
            return;
        }
        setup.open_to_all();
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(77), "{said}");
    assert!(said.contains("no permission to listen on 127.0.0.1:1"), "{said}");
}

/// Whether every folder on the way and the file itself are open to everybody.
fn is_readable_by_all(path: &std::path::Path) -> bool {
    path.ancestors().all(|path| path.metadata().is_ok_and(|found| found.permissions().mode() & 0o5 == 0o5))
}

#[test]
fn workers_that_die_before_they_serve_end_in_exit_code_69_with_the_reason() {
    let restart = "cluster: {restart: {limit: 2, within: 60s, backoff: 10ms..20ms}}\n";
    let mut gateway = Setup::new(&format!("{restart}{SHOP}")).workers(2).launch();
    // Kills every worker the moment it is forked.
    let mut killed = 0;
    while killed < 6 {
        let forked = gateway.log.wait("another fork", |lines| {
            let pids = lines.iter().filter(|line| line.contains("\"event\":\"fork\"")).filter_map(|line| {
                let digits = line.split("\"pid\":").nth(1)?.split([',', '}']).next()?;
                digits.parse::<u32>().ok()
            });
            let pids: Vec<u32> = pids.collect();
            (pids.len() > killed).then_some(pids)
        });
        for pid in forked.iter().skip(killed) {
            process::signal(*pid, Signal::KILL);
        }
        killed = forked.len();
    }
    assert_eq!(gateway.wait().code(), Some(69));
    let said = gateway.log.whole();
    let last = said.last().expect("last words");
    assert!(last.contains("every worker was given up"), "{last}");
    assert!(last.contains("2 times within 60s") && last.contains("SIGKILL"), "{last}");
    assert_eq!(gateway.processes(), Vec::<u32>::new());
}

#[test]
fn workers_that_cannot_be_started_end_in_exit_code_69_with_the_reason() {
    if rustix::process::geteuid().is_root() && !is_readable_by_all(&program()) {
        println!("skipped: only root can run the program here, and root has no limit of processes");
        return;
    }
    let restart = "cluster: {restart: {limit: 2, within: 60s, backoff: 10ms..20ms}}\n";
    let setup = Setup::new(&format!("{restart}{SHOP}"));
    setup.open_to_all();
    // This user has its one process already when the master wants another.
    let mut command = Command::new("bash");
    command.args(["-c", "ulimit -u 1 && exec \"$0\" serve --listen 127.0.0.1:0"]).arg(program()).current_dir(setup.folder());
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().expect("bash runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(69), "{said}");
    assert!(said.contains("the last time it could not be started: "), "{said}");
}

#[test]
fn workers_of_several_threads_serve_and_leave_as_others_do() {
    let mut gateway = Setup::new(&format!("cluster: {{threads: 3}}\n{SHOP}")).workers(2).start();
    let mut clients: Vec<Client> = (0..50).map(|_| gateway.connect()).collect();
    for _ in 0..10 {
        for client in &mut clients {
            client.send(super::GOOD);
        }
        for client in &mut clients {
            assert_eq!(client.read().status, 200);
        }
    }
    assert_eq!(gateway.stop(), 0);
    for mut client in clients {
        assert_eq!(client.end(), End::Closed);
    }
}

#[test]
fn many_workers_are_as_good_as_two() {
    let mut gateway = shop().workers(16).start();
    assert_eq!(gateway.workers(16).len(), 16);
    for _ in 0..100 {
        assert_eq!(gateway.raw(super::GOOD).status, 200);
    }
    assert_eq!(gateway.stop(), 0);
}
