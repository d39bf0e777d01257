//! A master and workers as real processes with real signals: this test program started again, once as the master, which
//! starts itself again as workers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use super::super::listen::{Address, bind_all};
use super::super::{Event, Handle, Load, Master, MasterSettings, Program, RestartPolicy, WorkerChannel};
use super::house::{PATIENCE, configuration, rules};

fn arguments(name: &str) -> [String; 4] {
    let name = format!("cluster::tests::process::{name}");
    ["--exact".into(), name, "--ignored".into(), "--nocapture".into()]
}

#[test]
#[ignore = "is the master of the tests below"]
fn master_alone() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = runtime.block_on(async {
        let mut rules = rules();
        rules.restart = RestartPolicy { limit: 100, ..RestartPolicy::default() };
        let configuration = configuration(2, rules, b"generation");
        let listeners = bind_all(&configuration.groups[0].listen).unwrap();
        println!("\nlistening on {}", listeners[0].address());
        let read = configuration.clone();
        let settings = MasterSettings {
            configuration,
            listeners,
            load: Arc::new(move || Ok(read.clone())),
            program: arguments("worker_alone").into_iter().fold(Program::current().unwrap(), Program::arg),
            start: PATIENCE,
            batch: 16,
            commands: Handle::new().1,
            notify: Arc::new(drop),
            reopen: None,
            predecessor: None,
        };
        Master::run(settings).await
    });
    println!("\noutcome {outcome:?}");
}

#[test]
#[ignore = "is a worker of the tests below"]
fn worker_alone() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut channel = WorkerChannel::from_env().unwrap();
        assert_eq!(std::io::stdin().read(&mut [0]).unwrap(), 0, "standard input is /dev/null");
        assert_eq!(channel.generation().await.unwrap().generation, b"generation");
        channel.online().await.unwrap();
        channel.listening(Load::default).await.unwrap();
        let mut tasks = JoinSet::new();
        loop {
            let connection = match channel.next().await {
                Event::Connection(connection) => connection,
                Event::Workers { .. } => continue,
                _ => break,
            };
            tasks.spawn(async move {
                let (mut stream, ()) = connection.take(PATIENCE, || ()).await?;
                let mut word = [0; 3];
                stream.read_exact(&mut word).await.ok()?;
                stream.write_all(std::process::id().to_string().as_bytes()).await.ok()
            });
            while tasks.try_join_next().is_some() {}
        }
        while tasks.join_next().await.is_some() {}
        channel.exit("drained", 0).await;
    });
}

/// A running master process; it is killed when a test fails.
struct House {
    master: Child,
    output: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl House {
    fn open() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut master = command.args(arguments("master_alone")).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(master.stdout.take().unwrap());
        let address = said(&mut output, "listening on ").parse().unwrap();
        let mut house = Self { master, output, address };
        until("both workers answer", || house.ask() != house.ask());
        house
    }

    fn signal(&self, signal: Signal) {
        send(self.master.id(), signal);
    }

    /// One client: the process id of who answered.
    fn ask(&mut self) -> u32 {
        finish(self.connect())
    }

    fn connect(&mut self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn refuses(&self) -> bool {
        TcpStream::connect(self.address).is_err()
    }

    fn outcome(mut self) -> String {
        let outcome = said(&mut self.output, "outcome ");
        assert!(self.master.wait().unwrap().success());
        outcome
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.master.kill();
        let _ = self.master.wait();
    }
}

fn said(output: &mut impl BufRead, beginning: &str) -> String {
    let mut lines = output.lines().map_while(Result::ok);
    lines.find_map(|line| line.strip_prefix(beginning).map(str::to_owned)).expect("the master should have said so")
}

fn finish(mut stream: TcpStream) -> u32 {
    stream.write_all(b"hi!").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("every client is answered");
    answer.parse().expect("with a process id")
}

fn send(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid as i32), signal).unwrap();
}

fn is_alive(pid: u32) -> bool {
    // an ended process that nobody has reaped yet has no memory
    std::fs::read_to_string(format!("/proc/{pid}/statm")).is_ok_and(|text| !text.starts_with("0 "))
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_killed_worker_costs_no_unread_connection_and_is_replaced() {
    let mut house = House::open();
    for _ in 0..3 {
        let victim = house.ask();
        // stopped, so that it is sure to hold connections that it has not looked at
        send(victim, Signal::SIGSTOP);
        let clients: Vec<_> = (0..60).map(|_| house.connect()).collect();
        send(victim, Signal::SIGKILL);
        for client in clients {
            assert_ne!(finish(client), victim);
        }
        let other = house.ask();
        until("two workers answer", || house.ask() != other);
    }
    house.signal(Signal::SIGTERM);
    let outcome = house.outcome();
    assert_eq!(outcome, "Ok(Outcome { cut: [], unserved: 0 })");
}

#[test]
fn a_worker_that_is_sent_term_is_replaced_without_a_gap() {
    let mut house = House::open();
    let victim = house.ask();
    let slow = house.connect();
    send(victim, Signal::SIGTERM);
    until("it has left", || {
        house.ask();
        !is_alive(victim)
    });
    finish(slow);
    house.signal(Signal::SIGINT);
    house.outcome();
}

#[test]
fn signals_for_the_whole_group_reach_workers_through_the_master_only() {
    let mut house = House::open();
    let worker = house.ask();
    for signal in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGUSR2] {
        send(worker, signal);
    }
    house.signal(Signal::SIGUSR1);
    until("the same worker answers still", || house.ask() == worker);
    house.signal(Signal::SIGHUP);
    until("the master has replaced it", || !is_alive(worker));
    let worker = house.ask();
    house.signal(Signal::SIGQUIT);
    house.outcome();
    until("it has ended", || !is_alive(worker));
}

#[test]
fn term_finishes_what_is_under_way() {
    let mut house = House::open();
    let mut slow = house.connect();
    slow.write_all(b"h").unwrap();
    // whoever has it has begun to read it when both have answered somebody else after it
    until("both workers answer", || house.ask() != house.ask());
    house.signal(Signal::SIGTERM);
    until("the port is closed", || house.refuses());
    slow.write_all(b"i!").unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.parse::<u32>().is_ok(), "{answer}");
    // the probes of this test may have been let in without ever saying a word
    assert!(house.outcome().starts_with("Ok(Outcome { cut: []"));
}

#[test]
fn workers_of_a_killed_master_finish_and_leave_the_port_free() {
    let mut house = House::open();
    let first = house.ask();
    let mut second = house.ask();
    until("the other answers", || {
        second = house.ask();
        second != first
    });
    let mut slow = house.connect();
    slow.write_all(b"h").unwrap();
    until("both workers answer", || house.ask() != house.ask());
    house.signal(Signal::SIGKILL);
    house.master.wait().unwrap();
    until("the port is free", || bind_all(&[Address::Tcp(house.address)]).is_ok());
    slow.write_all(b"i!").unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.parse::<u32>().is_ok(), "{answer}");
    until("no worker is left", || !is_alive(first) && !is_alive(second));
}
