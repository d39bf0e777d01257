//! A worker alone with the other end of its channel: what it accepts itself, and what it leaves alone when it was given up.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use super::super::channel::{Channel, Packet, Receiver};
use super::super::flight::Flight;
use super::super::listen::{bind, parse};
use super::super::message::{Handoff, Message, Side};
use super::super::sealed::Sealed;
use super::super::{Event, Load, WorkerChannel};
use super::house::PATIENCE;

/// The master's end of one worker.
struct End {
    channel: Arc<Channel>,
    receiver: Receiver,
}

impl End {
    fn with_worker() -> (Self, WorkerChannel) {
        let (channel, theirs) = Channel::pair().unwrap();
        let channel = Arc::new(channel);
        let receiver = Receiver::new(Arc::clone(&channel), Side::Master);
        (Self { channel, receiver }, WorkerChannel::new(1, theirs).unwrap())
    }

    async fn say(&self, message: Message, descriptors: &[&OwnedFd]) {
        let descriptors: Vec<_> = descriptors.iter().map(|descriptor| descriptor.as_fd()).collect();
        self.channel.send(&message, &descriptors).await.unwrap();
    }

    async fn hand(&self, number: u64, connection: &OwnedFd) {
        let connections = vec![Handoff { number, peer: "127.0.0.1:1".parse().unwrap(), listener: 0 }];
        self.say(Message::Connection { connections }, &[connection]).await;
    }

    /// All that the worker has said, if its end is closed to it.
    async fn hear_all(&mut self) -> Vec<Message> {
        let mut heard = vec![];
        while let Packet::Message(message, _) = self.receiver.recv().await {
            heard.push(message);
        }
        heard
    }
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = bind(&parse("127.0.0.1:0").unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A client, and the master's descriptor of its connection.
fn connected() -> (TcpStream, OwnedFd) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let connection = listener.accept().unwrap().0;
    connection.set_nonblocking(true).unwrap();
    (client, connection.into())
}

async fn next(worker: &mut WorkerChannel) -> Event {
    tokio::time::timeout(PATIENCE, worker.next()).await.expect("something should come")
}

#[tokio::test]
async fn a_worker_takes_from_shared_listeners_one_at_a_time_and_knows_which() {
    let (end, mut worker) = End::with_worker();
    let (first, second) = (listener(), listener());
    let (one, two) = (OwnedFd::from(first.0), OwnedFd::from(second.0));
    // a second word replaces the first
    end.say(Message::Listeners { listeners: vec![1] }, &[&one]).await;
    end.say(Message::Listeners { listeners: vec![3, 8] }, &[&one, &two]).await;
    let clients: Vec<_> = [first.1, second.1, first.1, second.1].iter().map(|to| TcpStream::connect(to).unwrap()).collect();
    let mut seen = vec![];
    for _ in 0..clients.len() {
        let Event::Connection(connection) = next(&mut worker).await else { panic!() };
        seen.push((connection.listener(), connection.peer()));
    }
    let expected = clients.iter().zip([3, 8, 3, 8]).map(|(client, number)| (number, client.local_addr().unwrap()));
    let mut expected: Vec<_> = expected.collect();
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn between_two_connections_that_a_worker_accepts_its_other_work_has_a_turn() {
    let (end, mut worker) = End::with_worker();
    let (listener, address) = listener();
    end.say(Message::Listeners { listeners: vec![0] }, &[&listener.into()]).await;
    let _clients: Vec<_> = (0..40).map(|_| TcpStream::connect(address).unwrap()).collect();
    let turns = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = Arc::clone(&turns);
    tokio::spawn(async move {
        loop {
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    let mut last = None;
    for _ in 0..40 {
        let Event::Connection(_connection) = next(&mut worker).await else { panic!() };
        let now = turns.load(std::sync::atomic::Ordering::Relaxed);
        assert!(last.is_none_or(|last| now > last), "nothing else ran since the last connection");
        last = Some(now);
    }
}

#[tokio::test]
async fn what_a_worker_accepted_itself_needs_no_master_and_is_closed_when_it_is_dropped() {
    let (end, mut worker) = End::with_worker();
    let (listener, address) = listener();
    end.say(Message::Listeners { listeners: vec![0] }, &[&listener.into()]).await;
    let (mut taken, mut dropped) = (TcpStream::connect(address).unwrap(), TcpStream::connect(address).unwrap());
    let Event::Connection(first) = next(&mut worker).await else { panic!() };
    let Event::Connection(second) = next(&mut worker).await else { panic!() };
    let (first, second) = if first.peer() == taken.local_addr().unwrap() { (first, second) } else { (second, first) };
    drop(second);
    assert_eq!(dropped.read(&mut [0]).unwrap(), 0);
    let mut end = end;
    end.channel.disown().unwrap();
    taken.write_all(b"hi!").unwrap();
    let (mut stream, ()) = first.take(PATIENCE, || ()).await.expect("it is this worker's own");
    let mut bytes = [0; 3];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut bytes).await.unwrap();
    assert_eq!(&bytes, b"hi!");
    assert_eq!(end.hear_all().await, [], "a connection of its own is nobody's business");
}

#[tokio::test]
async fn a_worker_that_leaves_stops_accepting_at_once_and_hands_its_silent_ones_to_the_server() {
    let (end, mut worker) = End::with_worker();
    let (listener, address) = listener();
    let listener = OwnedFd::from(listener);
    end.say(Message::Listeners { listeners: vec![0] }, &[&listener]).await;
    let _silent = TcpStream::connect(address).unwrap();
    let Event::Connection(connection) = next(&mut worker).await else { panic!() };
    let taking = tokio::spawn(connection.take(Duration::from_secs(3600), || ()));
    end.say(Message::Disconnect { within: 1000 }, &[]).await;
    assert!(matches!(next(&mut worker).await, Event::Disconnect { .. }));
    let taken = tokio::time::timeout(PATIENCE, taking).await.expect("it does not wait for the client any more").unwrap();
    assert!(taken.is_some());
    // who connects now is not this worker's; with the last listener gone, nobody's
    end.say(Message::Listeners { listeners: vec![1] }, &[&listener]).await;
    drop(listener);
    drop(end);
    assert!(matches!(next(&mut worker).await, Event::Closed));
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn a_worker_that_was_given_up_reads_nothing_that_others_may_have() {
    let (mut end, mut worker) = End::with_worker();
    worker.listening(Load::default).await.unwrap();
    let (mut clients, mut connections) = (vec![], vec![]);
    for number in 0..4 {
        let (client, connection) = connected();
        end.hand(number, &connection).await;
        clients.push(client);
        connections.push(connection);
    }
    let (mut early, mut late) = (vec![], vec![]);
    for list in [&mut early, &mut late] {
        let Event::Connection(connection) = next(&mut worker).await else { panic!() };
        list.push(connection);
    }
    clients.iter_mut().for_each(|client| client.write_all(b"hi!").unwrap());
    // the first is taken in time; then the worker's loop is stuck, and its master gives it up
    assert!(early.remove(0).take(PATIENCE, || ()).await.is_some());
    end.channel.disown().unwrap();
    let mut numbers = vec![];
    for message in end.hear_all().await {
        if let Message::Taken { numbers: more, .. } = message {
            numbers.extend(more);
        }
    }
    assert_eq!(numbers, [0]);
    // it wakes: one that it had picked up, and those that had arrived, are not its own any more
    assert!(late.remove(0).take(PATIENCE, || ()).await.is_none());
    loop {
        match next(&mut worker).await {
            Event::Connection(connection) => assert!(connection.take(PATIENCE, || ()).await.is_none()),
            Event::Closed => break,
            other => panic!("{other:?}"),
        }
    }
    for connection in connections.into_iter().skip(1) {
        let (mut bytes, mut copy) = ([0; 3], TcpStream::from(connection));
        copy.set_nonblocking(false).unwrap();
        copy.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"hi!", "every byte is still there for the next owner");
    }
}

#[tokio::test]
async fn what_a_worker_takes_says_how_many_it_has_open() {
    let (mut end, mut worker) = End::with_worker();
    worker.listening(|| Load { connections: 41, ..Load::default() }).await.unwrap();
    let (mut client, connection) = connected();
    end.hand(0, &connection).await;
    client.write_all(b"hi!").unwrap();
    let Event::Connection(connection) = next(&mut worker).await else { panic!() };
    assert!(connection.take(PATIENCE, || ()).await.is_some());
    end.channel.disown().unwrap();
    let heard = end.hear_all().await;
    assert!(heard.contains(&Message::Taken { seen: 1, numbers: vec![0], open: 42 }), "{heard:?}");
}

#[tokio::test]
async fn a_connection_is_in_the_record_before_it_is_marked_as_read() {
    let (end, mut worker) = End::with_worker();
    let (flight, sealed) = (Flight::new().unwrap(), Sealed::new(b"generation").unwrap());
    let generation = Message::Generation { number: 1, length: sealed.length(), beat: 1000 };
    end.channel.send(&generation, &[sealed.as_fd(), flight.as_fd()]).await.unwrap();
    let record = worker.generation().await.unwrap().flight;
    worker.listening(Load::default).await.unwrap();
    let (mut client, connection) = connected();
    end.hand(7, &connection).await;
    client.write_all(b"hi!").unwrap();
    let Event::Connection(connection) = next(&mut worker).await else { panic!() };
    let peer = client.local_addr().unwrap();
    // whoever dies in here has not cost anybody anything: the master sees no mark and passes the connection on
    let open = || (flight.marks().may_have_read(7), record.open(peer));
    let (_stream, (marked, _entry)) = connection.take(PATIENCE, open).await.unwrap();
    assert!(!marked, "the mark was set before the entry stood");
    assert!(flight.marks().may_have_read(7));
    assert_eq!(flight.read().unwrap().idle, [peer]);
}
