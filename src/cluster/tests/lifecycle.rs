//! Workers that come and go, and the end of a master.

use std::time::Duration;

use tokio::net::TcpStream;

use super::super::control::Control;
use super::super::{Cut, Error, Event};
use super::house::*;
use super::staff::*;

#[tokio::test]
async fn workers_that_cannot_start_end_the_master_with_their_reason() {
    let house = House::open(
        2,
        rules(),
        script(|mut job: Job| async move {
            job.channel.generation().await.unwrap();
            job.channel.exit("routes.yaml:3:1: unknown key `rutes`", 0).await;
            78
        }),
    );
    let staff = house.staff.clone();
    let Err(Error::GaveUp { reason, status }) = house.ended().await else { panic!() };
    let expected = "worker 1: it was restarted 5 times within 60s; the last time it exited with code 78: routes.yaml:3:1";
    assert!(reason.starts_with(expected), "{reason}");
    assert_eq!(status.and_then(|status| status.code()), Some(78));
    assert_eq!(staff.started(), 12);
}

#[tokio::test]
async fn a_worker_that_is_given_up_leaves_the_others_serving() {
    let house = House::open(2, rules(), script(|job: Job| async move { if job.worker == 1 { 1 } else { job.serve().await } }));
    until("worker 1 has been tried six times", || house.staff.started() == 7).await;
    assert_eq!(ask_all(house.address, 50).await.into_iter().collect::<Vec<_>>(), [("hi!:2".to_owned(), 50)]);
    assert!(house.drained().await.cut.is_empty());
}

#[tokio::test]
async fn a_worker_that_never_gets_ready_is_killed_and_counted() {
    let mut rules = rules();
    rules.start = Duration::from_millis(20);
    let house = House::open(
        1,
        rules,
        script(|mut job: Job| async move {
            job.channel.generation().await.unwrap();
            std::future::pending().await
        }),
    );
    let Err(Error::GaveUp { reason, .. }) = house.ended().await else { panic!() };
    assert!(reason.contains("was killed by SIGKILL: it did not listen in the time to start"), "{reason}");
}

#[tokio::test]
async fn draining_finishes_what_is_under_way_and_takes_nothing_new() {
    let house = House::open(2, rules(), script(Job::serve));
    let mut busy = TcpStream::connect(house.address).await.unwrap();
    let silent = TcpStream::connect(house.address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut busy, b"h").await.unwrap();
    until("both are with a worker", || house.counted() == 2).await;
    let waiting: Vec<_> = (0..100).map(|_| tokio::spawn(ask(house.address))).collect();
    until("some more are with a worker", || house.counted() > 50).await;
    house.order(Control::Drain).await;
    // who was let in is answered; who came too late is turned away at the door, not cut off inside
    let mut answered = 0;
    for client in waiting {
        match client.await.unwrap() {
            Ok(answer) => answered += usize::from(answer.starts_with("hi!:")),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused),
        }
    }
    assert!(answered > 50);
    assert!(TcpStream::connect(house.address).await.is_err());
    let mut rest = busy;
    tokio::io::AsyncWriteExt::write_all(&mut rest, b"i!").await.unwrap();
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut rest, &mut answer).await.unwrap();
    assert!(answer.starts_with("hi!:"), "{answer}");
    let outcome = house.ended().await.unwrap();
    assert!(outcome.cut.is_empty());
    // only the one that never said a word
    assert_eq!(outcome.unserved, 1);
    drop(silent);
}

#[tokio::test]
async fn who_does_not_finish_in_time_is_cut_and_named() {
    let mut rules = rules();
    rules.drain = Duration::from_millis(10);
    let house = House::open(
        2,
        rules,
        script(|mut job: Job| async move {
            if job.worker == 2 {
                return job.serve().await;
            }
            job.up().await;
            let Event::Connection(connection) = job.next().await else { return 1 };
            let _busy = connection.take(PATIENCE, || ()).await;
            job.count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            // its first beat has been said by then: it comes at once
            std::future::pending().await
        }),
    );
    let mut client = TcpStream::connect(house.address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut client, b"h").await.unwrap();
    let mut other = TcpStream::connect(house.address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut other, b"hi!").await.unwrap();
    until("worker 1 is busy", || house.counted() == 2).await;
    let outcome = house.drained().await;
    let reason = "was killed by SIGKILL: it did not finish in the time to drain".to_owned();
    assert_eq!(outcome.cut, [Cut { worker: 1, connections: 1, reason }]);
}

#[tokio::test]
async fn a_second_order_to_drain_or_one_to_stop_ends_it_at_once() {
    for last in [Control::Drain, Control::Stop] {
        let house = House::open(2, rules(), script(Job::stuck));
        until("both are started", || house.staff.started() == 2).await;
        let address = house.address;
        house.order(Control::Drain).await;
        house.order(last).await;
        house.ended().await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}

#[tokio::test]
async fn stopping_while_workers_start_does_not_wait_for_them() {
    let house = House::open(2, rules(), script(|_: Job| std::future::pending::<i32>()));
    let client = tokio::spawn(ask(house.address));
    until("both are started", || house.staff.started() == 2).await;
    house.drained().await;
    // closed, before or after it spoke
    assert_eq!(client.await.unwrap().unwrap_or_default(), "");
}

#[tokio::test]
async fn a_worker_that_retires_is_replaced_before_it_leaves() {
    let house = House::open(
        1,
        rules(),
        script(|mut job: Job| async move {
            job.up().await;
            if job.nth == 0 {
                job.opened().await;
                job.channel.retire("it is too fat").await;
            }
            job.answer().await
        }),
    );
    let asking: Vec<_> = (0..20).map(|_| tokio::spawn(ask(house.address))).collect();
    house.open_gate();
    assert_eq!(tally(asking).await.values().sum::<usize>(), 20);
    until("its replacement is there", || house.staff.started() == 2).await;
    for _ in 0..20 {
        assert_eq!(ask_all(house.address, 10).await.values().sum::<usize>(), 10);
    }
    assert_eq!(house.staff.started(), 2);
    house.drained().await;
}

#[tokio::test]
async fn a_child_that_nobody_knows_and_a_missing_log_file_change_nothing() {
    let house = House::open(1, rules(), script(Job::serve));
    house.order(Control::Child).await;
    house.order(Control::Reopen).await;
    assert_eq!(ask(house.address).await.unwrap(), "hi!:1");
    assert_eq!(house.staff.started(), 1);
    house.drained().await;
}

#[tokio::test]
async fn a_worker_whose_loop_stands_still_is_replaced_and_then_killed() {
    let mut rules = rules();
    // Long enough that a busy machine does not make the others look stuck.
    rules.heartbeat = Duration::from_secs(1);
    let house =
        House::open(2, rules, script(|job: Job| async move { if job.nth == 0 { job.mute().await } else { job.serve().await } }));
    until("it has a successor", || house.staff.started() >= 3).await;
    assert_eq!(ask_all(house.address, 50).await.values().sum::<usize>(), 50);
    until("it is gone", || house.staff.living() == 2).await;
    house.drained().await;
}
