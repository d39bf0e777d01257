//! Connections: who gets them, and that none is lost.

use std::collections::BTreeSet;
use std::os::fd::AsFd;
use std::sync::atomic::Ordering;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::super::Event;
use super::super::control::Control;
use super::super::message::Message;
use super::house::*;
use super::staff::*;

#[tokio::test]
async fn connections_go_round_the_workers() {
    let house = House::open(4, rules(), script(Job::serve));
    let mut ready = BTreeSet::new();
    while ready.len() < 4 {
        ready.insert(ask(house.address).await.unwrap());
    }
    for _ in 0..10 {
        let heard = ask_all(house.address, 40).await;
        assert_eq!(heard.into_iter().collect::<Vec<_>>(), (1..=4).map(|n| (format!("hi!:{n}"), 10)).collect::<Vec<_>>());
    }
    let outcome = house.drained().await;
    assert!(outcome.cut.is_empty() && outcome.unserved == 0, "{outcome:?}");
}

#[tokio::test]
async fn what_a_stuck_worker_was_sent_is_answered_by_others_when_it_dies() {
    // the first process of worker 1 never looks at its channel
    let house = House::open(
        2,
        rules(),
        script(|job: Job| async move { if job.nth == 0 { job.stuck().await } else { job.serve().await } }),
    );
    let clients: Vec<_> = (0..120).map(|_| tokio::spawn(ask(house.address))).collect();
    until("worker 2 has served its share", || house.counted() >= 56).await;
    assert!(clients.iter().any(|client| !client.is_finished()));
    house.staff.kill(1);
    assert_eq!(tally(clients).await.values().sum::<usize>(), 120);
    house.drained().await;
}

#[tokio::test]
async fn what_a_worker_picked_up_but_did_not_read_is_answered_by_others_when_it_dies() {
    let house = House::open(
        1,
        rules(),
        script(|job: Job| async move { if job.nth == 0 { job.hold().await } else { job.serve().await } }),
    );
    let clients: Vec<_> = (0..300).map(|_| tokio::spawn(ask(house.address))).collect();
    until("all are held", || house.counted() == 300).await;
    house.staff.kill(1);
    assert_eq!(tally(clients).await.into_iter().collect::<Vec<_>>(), [("hi!:1".to_owned(), 300)]);
    house.drained().await;
}

#[tokio::test]
async fn what_a_worker_took_but_did_not_read_is_answered_by_others_when_it_dies() {
    let house = House::open(
        1,
        rules(),
        script(|job: Job| async move { if job.nth == 0 { job.take_unread(40).await } else { job.serve().await } }),
    );
    let clients: Vec<_> = (0..40).map(|_| tokio::spawn(ask(house.address))).collect();
    until("all are taken", || house.counted() == 40).await;
    house.staff.kill(1);
    assert_eq!(tally(clients).await.into_iter().collect::<Vec<_>>(), [("hi!:1".to_owned(), 40)]);
    house.drained().await;
}

#[tokio::test]
async fn workers_that_die_again_and_again_cost_no_unread_connection() {
    let mut rules = rules();
    rules.restart.limit = 1000;
    // a process of workers 1 and 2 dies when it has picked up its first connection, with a packet full of others
    let house = House::open(
        3,
        rules,
        script(|mut job: Job| async move {
            if job.worker == 3 {
                return job.serve().await;
            }
            job.up().await;
            let Event::Connection(_held) = job.next().await else { return 0 };
            job.dies()
        }),
    );
    for _ in 0..5 {
        assert_eq!(ask_all(house.address, 200).await.values().sum::<usize>(), 200);
    }
    assert!(house.staff.started() > 5, "{}", house.staff.started());
    house.order(Control::Stop).await;
    house.ended().await.unwrap();
}

#[tokio::test]
async fn a_worker_that_looks_at_nothing_gets_a_window_and_no_more() {
    let house = House::open(
        2,
        rules(),
        script(|mut job: Job| async move {
            if job.worker == 1 {
                return job.stuck().await;
            }
            job.opened().await;
            job.serve().await
        }),
    );
    let clients: Vec<_> = (0..300).map(|_| tokio::spawn(ask(house.address))).collect();
    house.open_gate();
    until("all but a window are served", || house.counted() == 300 - 64).await;
    until("they are answered", || clients.iter().filter(|client| client.is_finished()).count() == 300 - 64).await;
    house.staff.kill(1);
    assert_eq!(tally(clients).await.values().sum::<usize>(), 300);
    house.order(Control::Stop).await;
    house.ended().await.unwrap();
}

#[tokio::test]
async fn clients_wait_for_the_first_worker_instead_of_being_refused() {
    let house = House::open(
        1,
        rules(),
        script(|mut job: Job| async move {
            job.opened().await;
            job.serve().await
        }),
    );
    let clients: Vec<_> = (0..600).map(|_| tokio::spawn(ask(house.address))).collect();
    until("a process is starting", || house.staff.started() == 1).await;
    house.open_gate();
    assert_eq!(tally(clients).await.values().sum::<usize>(), 600);
    house.drained().await;
}

#[tokio::test]
async fn what_one_worker_refuses_another_serves() {
    let house = House::open(
        2,
        rules(),
        script(|mut job: Job| async move {
            if job.worker == 2 {
                return job.serve().await;
            }
            job.up().await;
            loop {
                match job.channel.next().await {
                    Event::Connection(connection) => drop(connection),
                    Event::Disconnect { .. } | Event::Closed => return 0,
                    Event::Deliver { .. }
                    | Event::Workers { .. }
                    | Event::Reopen { .. }
                    | Event::Bring { .. }
                    | Event::Take { .. } => {}
                }
            }
        }),
    );
    assert_eq!(ask_all(house.address, 300).await.into_iter().collect::<Vec<_>>(), [("hi!:2".to_owned(), 300)]);
    house.drained().await;
}

#[tokio::test]
async fn a_silent_client_does_not_hold_up_the_others() {
    let house = House::open(1, rules(), script(Job::serve));
    let mut silent = vec![];
    for _ in 0..200 {
        silent.push(TcpStream::connect(house.address).await.unwrap());
    }
    assert_eq!(ask_all(house.address, 200).await.values().sum::<usize>(), 200);
    for client in &mut silent {
        assert_eq!(finish(client).await.unwrap(), "hi!:1");
    }
    house.drained().await;
}

#[tokio::test]
async fn silent_clients_move_to_the_replacement_of_a_worker_that_retires() {
    let house = House::open(
        1,
        rules(),
        script(|mut job: Job| async move {
            job.up().await;
            let mut tasks = JoinSet::new();
            if job.nth == 0 {
                for _ in 0..50 {
                    let Event::Connection(connection) = job.next().await else { return 1 };
                    job.begin(connection, &mut tasks);
                }
                job.opened().await;
                job.channel.retire("it was asked to").await;
            } else {
                job.worker = 2;
            }
            job.answer_more(tasks).await
        }),
    );
    let mut silent = vec![];
    for _ in 0..50 {
        silent.push(TcpStream::connect(house.address).await.unwrap());
    }
    until("the first process has them all", || house.counted() == 50).await;
    house.open_gate();
    until("the second process has them all", || house.counted() == 100).await;
    for client in &mut silent {
        assert_eq!(finish(client).await.unwrap(), "hi!:2");
    }
    house.drained().await;
}

#[tokio::test]
async fn a_worker_whose_master_vanished_answers_what_it_was_sent() {
    let house = House::open(
        1,
        rules(),
        script(|mut job: Job| async move {
            job.up().await;
            let mut held = vec![];
            for _ in 0..20 {
                let Event::Connection(connection) = job.next().await else { return 1 };
                held.push(connection);
                job.count.store(held.len() as u64, Ordering::Relaxed);
            }
            // the others have been sent, and are looked at only when the master is gone
            job.opened().await;
            let mut tasks = JoinSet::new();
            held.into_iter().for_each(|connection| job.begin(connection, &mut tasks));
            job.answer_more(tasks).await
        }),
    );
    let mut clients = vec![];
    for _ in 0..36 {
        let mut client = TcpStream::connect(house.address).await.unwrap();
        client.write_all(b"hi!").await.unwrap();
        clients.push(client);
    }
    until("some are picked up", || house.counted() == 20).await;
    let address = house.address;
    let staff = house.vanish().await;
    assert!(TcpStream::connect(address).await.is_err());
    staff.open_gate();
    let mut answered = 0;
    for client in &mut clients {
        let mut answer = String::new();
        answered += usize::from(client.read_to_string(&mut answer).await.is_ok_and(|_| answer == "hi!:1"));
    }
    // those in the kernel's backlog or in the master's hands went with it
    assert!((20..=36).contains(&answered), "{answered}");
}

#[tokio::test]
async fn nonsense_from_a_worker_harms_nobody_but_itself() {
    let house = House::open(
        2,
        rules(),
        script(|mut job: Job| async move {
            if job.nth > 0 {
                return job.serve().await;
            }
            job.up().await;
            for seen in 1.. {
                // connections that it was never sent, words at the wrong time, descriptors that nobody asked for
                let lies = Message::Taken { seen: 1000 + seen, numbers: vec![seen, u64::MAX], open: 0 };
                job.channel.say_raw(&lies, &[]).await;
                job.channel.say_raw(&Message::Online {}, &[std::io::stderr().as_fd()]).await;
                job.channel.say_raw(&Message::Hello { protocol: 9, worker: 9, pid: 9 }, &[]).await;
            }
            0
        }),
    );
    until("it has been killed and replaced", || house.staff.started() == 3).await;
    assert_eq!(ask_all(house.address, 100).await.values().sum::<usize>(), 100);
    house.drained().await;
}

#[tokio::test]
async fn a_master_gives_up_idle_copies_before_it_leaves_clients_waiting() {
    let house = House::open_with(1, rules(), script(Job::serve), 20);
    let mut silent = vec![];
    for _ in 0..100 {
        silent.push(TcpStream::connect(house.address).await.unwrap());
    }
    assert_eq!(ask_all(house.address, 100).await.values().sum::<usize>(), 100);
    for client in &mut silent {
        assert_eq!(finish(client).await.unwrap(), "hi!:1");
    }
    house.drained().await;
}
