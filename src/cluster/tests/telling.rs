//! What workers are told while they serve: what somebody publishes, and how many they are.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::Event;
use super::super::control::Control;
use super::house::*;
use super::staff::*;

#[tokio::test]
async fn what_is_published_reaches_everybody_and_who_comes_later() {
    let house = House::open(
        3,
        rules(),
        script(|mut job: Job| async move {
            job.up().await;
            if job.nth == 0 {
                job.channel.publish("from", "below").await.unwrap();
            }
            let deaf = job.worker == 3;
            loop {
                match job.channel.next().await {
                    Event::Deliver { topic, .. } if deaf && topic == "loud" => return std::future::pending().await,
                    Event::Deliver { .. } => drop(job.count.fetch_add(1, Ordering::Relaxed)),
                    Event::Disconnect { .. } | Event::Closed => return 0,
                    Event::Connection(connection) => drop(connection),
                    Event::Workers { .. } | Event::Reopen { .. } | Event::Bring { .. } | Event::Take { .. } => {}
                }
            }
        }),
    );
    until("everybody has heard the first worker", || house.counted() >= 3).await;
    let published = house.handle.publish("ready".to_owned(), "no".to_owned()).await.unwrap();
    assert_eq!((published.epoch, published.acknowledged, published.laggards.len()), (2, 3, 0));
    let heard = house.counted();
    house.staff.kill(1);
    until("the new one has heard both topics", || house.counted() >= heard + 2).await;
    let topics = house.handle.status().await.unwrap().topics;
    let topics: Vec<_> = topics.iter().map(|topic| (topic.topic.as_str(), topic.value.as_str(), topic.epoch)).collect();
    assert_eq!(topics, [("from", "below", 1), ("ready", "no", 2)]);
    let refused = house.handle.publish(String::new(), String::new()).await.unwrap_err();
    assert!(refused.to_string().contains("a topic has 1 to 64 bytes"), "{refused}");
    let published = house.handle.publish("loud".to_owned(), "1".to_owned()).await.unwrap();
    assert_eq!((published.acknowledged, published.laggards), (2, vec!["web/3".to_owned()]));
    house.order(Control::Stop).await;
    house.ended().await.unwrap();
}

#[tokio::test]
async fn however_much_is_published_there_is_room_for_what_workers_act_on() {
    let house = House::open(
        1,
        rules(),
        script(|mut job: Job| async move {
            job.up().await;
            while !matches!(job.channel.next().await, Event::Disconnect { .. } | Event::Closed) {}
            0
        }),
    );
    let publish = async |topic: &str| house.handle.publish(topic.to_owned(), "1".to_owned()).await;
    // One of them is there already, and takes nobody else's room.
    publish("ready").await.unwrap();
    for number in 0..256 {
        publish(&format!("t{number}")).await.unwrap();
    }
    let refused = publish("one-more").await.unwrap_err().to_string();
    assert!(refused.contains("`one-more` would be one more"), "{refused}");
    for topic in ["health", "purge", "ready", "t7"] {
        publish(topic).await.unwrap();
    }
    house.drained().await;
}

#[tokio::test]
async fn everybody_knows_how_many_workers_there_are_through_reloads_deaths_and_scales() {
    type Told = Arc<Mutex<BTreeMap<usize, u32>>>;
    let told = Told::default();
    let write = told.clone();
    let mut rules = rules();
    rules.probation = Duration::from_secs(20);
    let house = House::open(
        2,
        rules,
        script(move |mut job: Job| {
            let told = write.clone();
            async move {
                job.up().await;
                loop {
                    match job.channel.next().await {
                        Event::Workers { count } => drop(told.lock().unwrap().insert(job.nth, count.get())),
                        Event::Disconnect { .. } | Event::Closed => break,
                        _ => {}
                    }
                }
                told.lock().unwrap().remove(&job.nth);
                job.channel.exit("drained", 0).await;
                0
            }
        }),
    );
    // Whoever has been killed cannot take back what it was told.
    let know = |numbers: &[usize], count: u32| {
        let told = told.lock().unwrap();
        numbers.iter().all(|number| told.get(number) == Some(&count))
    };
    until("both know of each other", || know(&[0, 1], 2)).await;
    house.staff.kill(2);
    until("the successor is in its place", || know(&[0, 2], 2)).await;
    house.handle.scale(None, 3).await.unwrap();
    until("there are three", || know(&[0, 2, 3], 3)).await;
    let reload = tokio::spawn({
        let handle = house.handle.clone();
        async move { handle.reload().await }
    });
    until("those on trial count beside the old ones", || know(&[0, 2, 3, 4, 5, 6], 6)).await;
    house.staff.kill(1);
    assert!(reload.await.unwrap().is_err(), "one of the new ones has died");
    until("the old ones are alone again", || know(&[0, 2, 3], 3)).await;
    house.drained().await;
}
