//! New generations: what takes over, what is taken back, and that nobody who connects meanwhile notices.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::super::control::Control;
use super::super::{Configuration, Event, Notice, Policy, Refused};
use super::house::*;
use super::staff::*;

/// Answers with the generation that it serves instead of its number.
async fn serve_generation(mut job: Job) -> i32 {
    job.up().await;
    job.worker = job.generation.len() as u32;
    job.answer().await
}

/// The next configuration to be read: as many bytes as its generation is to answer.
fn next(house: &House, generation: &[u8], change: impl FnOnce(&mut Configuration)) {
    let mut next = house.next.lock().unwrap();
    let configuration = next.as_mut().unwrap();
    configuration.generation = generation.to_vec();
    change(configuration);
}

fn generations(heard: BTreeMap<String, usize>) -> Vec<String> {
    heard.into_keys().collect()
}

#[tokio::test]
async fn a_reload_changes_what_is_served_and_loses_nobody() {
    let house = House::open(3, rules(), script(serve_generation));
    assert_eq!(generations(ask_all(house.address, 30).await), ["hi!:10"]);
    for round in 1..=5_usize {
        next(&house, &vec![0; 10 + round], |_| {});
        let clients: Vec<_> = (0..60).map(|_| tokio::spawn(ask(house.address))).collect();
        let reloaded = house.handle.reload().await.unwrap();
        assert_eq!((reloaded.generation, reloaded.workers), (round as u64 + 1, 3));
        let heard = tally(clients).await;
        assert!(heard.keys().all(|who| [format!("hi!:{}", 9 + round), format!("hi!:{}", 10 + round)].contains(who)), "{heard:?}");
        assert_eq!(generations(ask_all(house.address, 30).await), [format!("hi!:{}", 10 + round)]);
    }
    assert_eq!(house.staff.started(), 18);
    assert!(house.drained().await.cut.is_empty());
}

#[tokio::test]
async fn a_signal_reloads_too_and_one_that_comes_meanwhile_is_not_lost() {
    let house = House::open(1, rules(), script(serve_generation));
    ask(house.address).await.unwrap();
    next(&house, b"x", |_| {});
    house.order(Control::Reload).await;
    house.order(Control::Reload).await;
    let reloaded = |notice: &Notice| matches!(notice, Notice::Reloaded { .. });
    until("both reloads are over", || house.notices.lock().unwrap().iter().filter(|notice| reloaded(notice)).count() == 2).await;
    assert_eq!(ask(house.address).await.unwrap(), "hi!:1");
    assert_eq!(house.handle.status().await.unwrap().generation, 3);
    house.drained().await;
}

#[tokio::test]
async fn a_broken_file_changes_nothing_and_says_why() {
    let house = House::open(2, rules(), script(serve_generation));
    ask(house.address).await.unwrap();
    *house.next.lock().unwrap() = Err("routes.yaml:3:1: unknown key `rutes`".to_owned());
    let refused = house.handle.reload().await.unwrap_err();
    assert_eq!(refused, Refused::Configuration("routes.yaml:3:1: unknown key `rutes`\ngeneration 1 serves on".to_owned()));
    assert_eq!(house.staff.started(), 2);
    assert_eq!(ask(house.address).await.unwrap(), "hi!:10");
    house.drained().await;
}

#[tokio::test]
async fn a_panic_while_the_file_is_read_ends_the_reload_and_the_next_one_works() {
    let house = House::open(1, rules(), script(serve_generation));
    ask(house.address).await.unwrap();
    let good = std::mem::replace(&mut *house.next.lock().unwrap(), Err(PANICS.to_owned()));
    for _ in 0..2 {
        let Refused::Failed(why) = house.handle.reload().await.unwrap_err() else { panic!() };
        assert!(why.contains(PANICS) && why.contains("a defect") && why.ends_with("generation 1 serves on"), "{why}");
    }
    *house.next.lock().unwrap() = good;
    next(&house, b"x", |_| {});
    assert_eq!(house.handle.reload().await.unwrap().generation, 2);
    assert_eq!(ask(house.address).await.unwrap(), "hi!:1");
    house.drained().await;
}

#[tokio::test]
async fn workers_that_cannot_start_or_never_listen_leave_the_old_ones_serving() {
    let mut rules = rules();
    rules.start = Duration::from_millis(200);
    let house = House::open(
        2,
        rules,
        script(|mut job: Job| async move {
            let generation = job.channel.generation().await.unwrap().generation;
            match generation.as_slice() {
                b"dies" if job.worker == 2 => return 3,
                b"hangs" if job.worker == 2 => return std::future::pending().await,
                _ => {}
            }
            job.channel.online().await.unwrap();
            job.channel.listening(Default::default).await.unwrap();
            job.worker = generation.len() as u32;
            job.answer().await
        }),
    );
    ask_all(house.address, 10).await;
    for (generation, why) in [("dies", "worker 2 of generation 2 exited with code 3"), ("hangs", "it did not listen in the time")]
    {
        next(&house, generation.as_bytes(), |_| {});
        let refused = house.handle.reload().await.unwrap_err().to_string();
        assert!(refused.contains(why) && refused.ends_with("generation 1 serves on"), "{refused}");
        assert_eq!(generations(ask_all(house.address, 20).await), ["hi!:10"]);
    }
    assert_eq!(house.handle.restart().await.unwrap().generation, 4);
    house.drained().await;
}

#[tokio::test]
async fn a_generation_that_dies_on_its_tenth_request_is_taken_back() {
    let mut rules = rules();
    rules.probation = Duration::from_secs(20);
    let house = House::open(
        2,
        rules,
        script(|mut job: Job| async move {
            job.up().await;
            if job.generation != b"bad" {
                return job.answer().await;
            }
            let mut served = 0;
            let mut tasks = tokio::task::JoinSet::new();
            while let Event::Connection(connection) = job.next().await {
                served += 1;
                if served == 10 {
                    return job.dies();
                }
                job.begin(connection, &mut tasks);
            }
            0
        }),
    );
    ask_all(house.address, 10).await;
    next(&house, b"bad", |_| {});
    let handle = house.handle.clone();
    let reload = tokio::spawn(async move { handle.reload().await });
    let mut answered = 0;
    while !reload.is_finished() {
        // who was with the worker that died may have lost its answer; everybody gets in
        answered += usize::from(ask(house.address).await.is_ok_and(|answer| answer.starts_with("hi!")));
    }
    let refused = reload.await.unwrap().unwrap_err().to_string();
    assert!(
        refused.contains("of generation 2 exited with code 1") || refused.contains("of generation 2 was killed"),
        "{refused}"
    );
    assert!(answered >= 10, "{answered}");
    assert_eq!(ask_all(house.address, 50).await.values().sum::<usize>(), 50);
    let status = house.handle.status().await.unwrap();
    assert_eq!((status.generation, status.state), (1, "serving"));
    house.drained().await;
}

#[tokio::test]
async fn panicking_requests_take_a_generation_back_and_are_borne_later() {
    let mut rules = rules();
    rules.probation = Duration::from_secs(20);
    rules.heartbeat = Duration::from_millis(500);
    let house = House::open(
        1,
        rules,
        script(|mut job: Job| async move {
            let generation = job.channel.generation().await.unwrap().generation;
            job.channel.online().await.unwrap();
            let count = job.count.clone();
            let panics = u64::from(generation == b"bad");
            let load = move || super::super::Load { panics: panics.max(count.load(Ordering::Relaxed)), ..Default::default() };
            job.channel.listening(load).await.unwrap();
            job.answer().await
        }),
    );
    ask(house.address).await.unwrap();
    next(&house, b"bad", |_| {});
    let refused = house.handle.reload().await.unwrap_err().to_string();
    assert_eq!(refused, "a request panicked in worker 1 of generation 2; generation 1 serves on");
    assert_eq!(ask(house.address).await.unwrap(), "hi!:1");
    house.drained().await;
}

#[tokio::test]
async fn a_port_that_is_taken_fails_the_reload_and_a_new_one_opens_with_it() {
    let house = House::open(1, rules(), script(Job::serve));
    ask(house.address).await.unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let second = super::super::listen::Address::Tcp(taken.local_addr().unwrap());
    next(&house, b"x", |next| next.groups[0].listen.push(second));
    let refused = house.handle.reload().await.unwrap_err().to_string();
    assert!(refused.contains("is taken"), "{refused}");
    let address = taken.local_addr().unwrap();
    drop(taken);
    house.handle.reload().await.unwrap();
    assert_eq!(ask(address).await.unwrap(), "hi!:1");
    assert_eq!(ask(house.address).await.unwrap(), "hi!:1");
    next(&house, b"x", |next| drop(next.groups[0].listen.remove(0)));
    house.handle.reload().await.unwrap();
    assert!(ask(house.address).await.is_err());
    assert_eq!(ask(address).await.unwrap(), "hi!:1");
    house.drained().await;
}

#[tokio::test]
async fn groups_come_and_go_and_one_in_trouble_does_not_touch_another() {
    let house =
        House::open(1, rules(), script(|job: Job| async move { if job.group == "sick" { 1 } else { job.serve().await } }));
    ask(house.address).await.unwrap();
    let listener = |name: &str, port: &std::net::TcpListener| {
        let mut group = configuration(2, rules(), b"").groups.remove(0);
        group.name = name.to_owned();
        group.listen = vec![super::super::listen::Address::Tcp(port.local_addr().unwrap())];
        group
    };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap();
    let (well, sick) = (listener("well", &port), listener("sick", &port));
    drop(port);
    next(&house, b"x", |next| next.groups.push(sick));
    let refused = house.handle.reload().await.unwrap_err().to_string();
    assert!(refused.starts_with("group sick: worker "), "{refused}");
    assert!(ask(address).await.is_err(), "its listener is gone again");
    next(&house, b"x", |next| next.groups[1] = well);
    house.handle.reload().await.unwrap();
    assert!(ask(address).await.unwrap().starts_with("hi!:"));
    let status = house.handle.status().await.unwrap();
    assert_eq!(
        status.groups.iter().map(|group| (group.group.as_str(), group.ready)).collect::<Vec<_>>(),
        [("web", 1), ("well", 2)]
    );
    next(&house, b"x", |next| drop(next.groups.pop()));
    house.handle.reload().await.unwrap();
    assert!(ask(address).await.is_err());
    assert_eq!(ask(house.address).await.unwrap(), "hi!:1");
    house.drained().await;
}

#[tokio::test]
async fn a_group_grows_and_shrinks_and_stays_as_it_is_when_it_cannot() {
    let house = House::open(2, rules(), script(|job: Job| async move { if job.worker > 6 { 9 } else { job.serve().await } }));
    ask(house.address).await.unwrap();
    let scaled = house.handle.scale(None, 4).await.unwrap();
    assert_eq!((scaled.group.as_str(), scaled.from, scaled.to), ("web", 2, 4));
    assert_eq!(ask_all(house.address, 100).await.len(), 4);
    house.handle.scale(Some("web".to_owned()), 1).await.unwrap();
    assert_eq!(ask_all(house.address, 20).await.len(), 1);
    for (group, workers, why) in [
        (None, 7, "worker 7 exited with code 9; group web has 1 worker as before"),
        (None, 0, "a group has 1 to 1024 workers, not 0"),
        (Some("wbe"), 2, "there is no group `wbe`: the groups are web"),
    ] {
        let refused = house.handle.scale(group.map(ToOwned::to_owned), workers).await.unwrap_err();
        assert_eq!(refused.to_string(), why);
    }
    let size = async || house.handle.status().await.unwrap().groups[0].workers;
    // the last one stays, and then there is one more
    house.order(Control::Fewer).await;
    house.order(Control::More).await;
    while size().await != 2 {}
    ask_all(house.address, 10).await;
    // a file that says the same as before does not undo it
    while matches!(house.handle.scale(None, 3).await, Err(Refused::Busy(_))) {}
    house.handle.reload().await.unwrap();
    assert_eq!(size().await, 3);
    next(&house, b"x", |next| next.groups[0].workers = 1.try_into().unwrap());
    house.handle.reload().await.unwrap();
    assert_eq!(size().await, 1);
    house.drained().await;
}

#[tokio::test]
async fn generations_that_do_not_end_are_cut_from_the_oldest_on() {
    let house = House::open(
        1,
        rules(),
        script(|mut job: Job| async move {
            job.up().await;
            // never finishes what it has
            while !matches!(job.channel.next().await, Event::Disconnect { .. } | Event::Closed) {}
            std::future::pending().await
        }),
    );
    until("the first listens", || house.notices.lock().unwrap().iter().any(|notice| matches!(notice, Notice::Ready { .. })))
        .await;
    for _ in 0..6 {
        house.handle.reload().await.unwrap();
    }
    until("three old ones are left", || house.staff.living() <= 4).await;
    let status = house.handle.status().await.unwrap();
    let draining: Vec<u64> =
        status.workers.iter().filter(|worker| worker.state == "draining").map(|worker| worker.generation).collect();
    assert_eq!(draining, [4, 5, 6]);
    house.order(Control::Stop).await;
    let outcome = house.ended().await.unwrap();
    assert!(outcome.cut.iter().any(|cut| cut.reason.contains("newer generations drain already")), "{outcome:?}");
}

#[tokio::test]
async fn a_policy_may_change_with_a_generation_in_every_direction() {
    let house = House::open(2, rules(), script(Job::serve));
    ask(house.address).await.unwrap();
    for policy in [Policy::Shared, Policy::LeastConnections, Policy::Shared, Policy::Shared, Policy::RoundRobin] {
        next(&house, b"x", |next| next.groups[0].policy = policy);
        house.handle.reload().await.unwrap();
        let accepted = house.handle.status().await.unwrap().groups[0].accepted;
        assert_eq!(ask_all(house.address, 20).await.values().sum::<usize>(), 20);
        let dealt = house.handle.status().await.unwrap().groups[0].accepted - accepted;
        assert_eq!(dealt, if policy == Policy::Shared { 0 } else { 20 }, "{policy:?}");
    }
    house.drained().await;
}
