//! Descriptors of the whole process are counted, so these run alone: each starts this test program again for itself.

use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpSocket;

use super::super::control::Control;
use super::super::{Event, RestartPolicy};
use super::house::*;
use super::staff::*;

fn alone(name: &str) {
    let name = format!("cluster::tests::descriptors::{name}");
    let arguments = ["--exact", &name, "--ignored", "--test-threads=1"];
    let output = Command::new(std::env::current_exe().unwrap()).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}{}", String::from_utf8_lossy(&output.stderr));
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn descriptor_counts_return_to_what_they_were() {
    alone("counted_alone");
}

#[test]
fn a_process_without_descriptors_pauses_and_loses_nobody() {
    alone("starved_alone");
}

#[tokio::test]
#[ignore = "counts the descriptors of the whole process, so another test starts it alone"]
async fn counted_alone() {
    let mut rules = rules();
    rules.restart = RestartPolicy { limit: 1000, ..rules.restart };
    let work = |mut job: Job| async move {
        if job.worker != 1 {
            return job.serve().await;
        }
        job.up().await;
        let Event::Connection(connection) = job.next().await else { return 0 };
        if job.nth.is_multiple_of(3) {
            drop(connection); // refused
        }
        job.dies()
    };
    let house = House::open(3, rules, script(work));
    ask_all(house.address, 200).await;
    house.order(Control::Stop).await;
    house.ended().await.unwrap();
    let before = open_descriptors();
    let house = House::open(3, rules, script(work));
    for round in 0..10 {
        ask_all(house.address, 300).await;
        if round % 3 == 0 {
            house.staff.kill(2);
        }
    }
    let deaths = house.staff.started() - 3;
    assert!(deaths > 10, "{deaths}");
    house.order(Control::Stop).await;
    house.ended().await.unwrap();
    until("every descriptor is back", || open_descriptors() <= before).await;
}

#[tokio::test]
#[ignore = "takes the descriptors of the whole process away, so another test starts it alone"]
async fn starved_alone() {
    let house = House::open_with(2, rules(), script(Job::serve), 30);
    while ask_all(house.address, 2).await.len() < 2 {}
    let sockets: Vec<_> = (0..120).map(|_| TcpSocket::new_v4().unwrap()).collect();
    let limit = getrlimit(Resource::Nofile);
    let scarce = open_descriptors() as u64 + 40;
    setrlimit(Resource::Nofile, Rlimit { current: Some(scarce), maximum: limit.maximum }).unwrap();
    let mut clients = vec![];
    for socket in sockets {
        clients.push(socket.connect(house.address).await.unwrap());
    }
    // the master keeps to its 30; what is left of 40 is not enough for the workers, which live in the same process here
    let asking = clients.into_iter().map(|mut client| tokio::spawn(async move { finish(&mut client).await }));
    assert_eq!(tally(asking.collect()).await.values().sum::<usize>(), 120);
    house.drained().await;
}
