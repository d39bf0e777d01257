//! How connections end: by their limits, by a drain, by a cut.

use tokio::time::{Instant, sleep};

use super::*;
use crate::server::{Limits, Timeouts};

const GOOD: &[u8] = b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn the_last_allowed_request_says_that_it_is_the_last() {
    let limits = Limits { requests: 3, ..Limits::default() };
    let edge = Edge::new(service(), EdgeSettings { limits, ..EdgeSettings::default() });
    let received = exchange(&edge, GOOD.repeat(5)).await;
    assert_eq!(statuses(&received), [200, 200, 200]);
    assert_eq!(received.matches("connection: close").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_old_connection_closes_politely() {
    let timeouts = Timeouts { age: Duration::from_secs(100), ..Timeouts::default() };
    let edge = Edge::new(service(), EdgeSettings { timeouts, ..EdgeSettings::default() });
    let mut client = connect(&edge);
    for _ in 0..2 {
        client.write_all(GOOD).await.unwrap();
        assert!(!read_until(&mut client, "for a").await.contains("connection: close"));
        sleep(Duration::from_secs(45)).await;
    }
    client.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let received = read_all(&mut client).await;
    assert_eq!(statuses(&received), [200]);
    assert!(received.contains("connection: close\r\n"), "{received}");
}

#[tokio::test(start_paused = true)]
async fn an_old_connection_that_is_idle_closes_at_once() {
    let timeouts = Timeouts { age: Duration::from_secs(100), ..Timeouts::default() };
    let edge = Edge::new(service(), EdgeSettings { timeouts, ..EdgeSettings::default() });
    let (mut client, from) = (connect(&edge), Instant::now());
    for _ in 0..2 {
        client.write_all(GOOD).await.unwrap();
        read_until(&mut client, "for a").await;
        sleep(Duration::from_secs(45)).await;
    }
    assert_eq!((read_all(&mut client).await.as_str(), from.elapsed().as_secs()), ("", 100));
}

#[tokio::test(start_paused = true)]
async fn a_drain_closes_idle_connections_and_lets_busy_ones_finish() {
    let edge = edge();
    let (mut idle, mut busy) = (connect(&edge), connect(&edge));
    idle.write_all(GOOD).await.unwrap();
    read_until(&mut idle, "for a").await;
    sleep(Duration::from_secs(5)).await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let from = Instant::now();
    let drained = tokio::spawn(edge.drain());
    assert_eq!(read_all(&mut idle).await, "");
    assert_eq!(from.elapsed().as_secs(), 0);
    let received = read_all(&mut busy).await;
    assert_eq!(statuses(&received), [200]);
    assert!(received.contains("connection: close\r\n") && received.ends_with("slow"), "{received}");
    drained.await.unwrap();
    assert_eq!((from.elapsed().as_secs(), edge.connections()), (19, 0));
}

#[tokio::test(start_paused = true)]
async fn a_drain_answers_a_request_that_is_on_its_way() {
    let edge = edge();
    let (mut fresh, mut begun, mut recent) = (connect(&edge), connect(&edge), connect(&edge));
    begun.write_all(b"GET /good HT").await.unwrap();
    recent.write_all(GOOD).await.unwrap();
    read_until(&mut recent, "for a").await;
    let drained = tokio::spawn(edge.drain());
    sleep(Duration::from_millis(500)).await;
    fresh.write_all(GOOD).await.unwrap();
    recent.write_all(GOOD).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    begun.write_all(b"TP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    for client in [&mut fresh, &mut begun, &mut recent] {
        let received = read_all(client).await;
        assert_eq!(statuses(&received), [200]);
        assert!(received.contains("connection: close\r\n"), "{received}");
    }
    drained.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_drain_closes_what_never_says_anything_within_a_second() {
    let edge = edge();
    let (mut client, from) = (connect(&edge), Instant::now());
    edge.drain().await;
    assert_eq!(read_all(&mut client).await, "");
    assert_eq!(from.elapsed().as_secs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_end_holds_a_drain_for_seconds_not_for_its_whole_time() {
    let edge = edge();
    let (mut begun, mut again) = (connect(&edge), connect(&edge));
    begun.write_all(b"GET /good HT").await.unwrap();
    again.write_all(&[GOOD, b"GET /go"].concat()).await.unwrap();
    read_until(&mut again, "for a").await;
    sleep(Duration::from_secs(1)).await;
    let from = Instant::now();
    let drained = tokio::spawn(edge.drain());
    for client in [&mut begun, &mut again] {
        let received = read_all(client).await;
        assert_eq!(statuses(&received), [408]);
        assert!(received.contains("connection: close\r\n"), "{received}");
    }
    drained.await.unwrap();
    // Two for the head, two for reading on after the answer.
    assert!(from.elapsed() <= Duration::from_secs(4), "{:?}", from.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_cut_ends_what_a_drain_waits_for_and_the_log_says_so() {
    let kept = Kept::default();
    let (edge, log) = kept.edge();
    let mut client = connect(&edge);
    client.write_all(b"GET /hang HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let drain = edge.drain();
    assert!(tokio::time::timeout(Duration::from_secs(30), drain).await.is_err());
    assert_eq!(edge.connections(), 1);
    edge.cut();
    edge.drain().await;
    assert_eq!(read_all(&mut client).await, "");
    assert_eq!(kept.lines(&log)[0]["cut"], true);
}

#[tokio::test(start_paused = true)]
async fn readiness_goes_with_the_drain_and_liveness_stays() {
    let edge = edge();
    let ask = |path: &str| format!("GET /_forecourt/{path} HTTP/1.1\r\nHost: a\r\n\r\n");
    let received = exchange(&edge, ask("live") + &ask("ready")).await;
    assert_eq!(statuses(&received), [200, 200]);
    assert_eq!(received.matches("cache-control: no-store").count(), 2);
    edge.set_ready(false);
    assert_eq!(statuses(&exchange(&edge, ask("live") + &ask("ready")).await), [200, 503]);
    edge.set_ready(true);
    assert_eq!(statuses(&exchange(&edge, ask("ready")).await), [200]);
    let drained = tokio::spawn(edge.drain());
    drained.await.unwrap();
    assert_eq!(statuses(&exchange(&edge, ask("ready")).await), [503]);
}
