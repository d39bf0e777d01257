//! What time demands of a connection in each of its states.

use super::*;
use crate::server::core::Phase;
use crate::server::drain::Drain;

async fn after(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

fn traffic(multiplexed: bool) -> Traffic {
    let now = Instant::now();
    Traffic::new(Limits::default(), Timeouts::default(), multiplexed, now, now, Open::default())
}

fn draining() -> Phase {
    Phase::Draining(Drain { since: Instant::now(), window: None })
}

#[tokio::test(start_paused = true)]
async fn a_head_is_late_ten_seconds_after_its_first_byte_however_many_follow() {
    let traffic = traffic(false);
    for _ in 0..9 {
        after(1).await;
        traffic.read(0, true);
        assert!(matches!(traffic.due(Phase::Serving), Due::Wait(_)));
    }
    after(1).await;
    assert_eq!(traffic.due(Phase::Serving), Due::Head);
    traffic.set_head_late();
    assert!(matches!(traffic.due(Phase::Serving), Due::Wait(_)));
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_idle_only_when_nothing_is_on_its_way() {
    let traffic = traffic(false);
    traffic.read(1, false);
    after(120).await;
    assert!(matches!(traffic.due(Phase::Serving), Due::Wait(_)));
    assert!(matches!(traffic.due(draining()), Due::Wait(_)));
    traffic.leave(false);
    after(59).await;
    assert!(matches!(traffic.due(Phase::Serving), Due::Wait(_)));
    assert_eq!(traffic.due(draining()), Due::Leave);
    after(1).await;
    assert_eq!(traffic.due(Phase::Serving), Due::Leave);
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_a_client_that_was_active_just_now() {
    let traffic = traffic(false);
    traffic.read(1, false);
    traffic.leave(false);
    assert!(matches!(traffic.due(draining()), Due::Wait(_)));
    after(1).await;
    assert_eq!(traffic.due(draining()), Due::Leave);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_comes_when_its_connection_was_to_end_is_served_and_the_connection_stays() {
    let traffic = traffic(false);
    traffic.read(0, false);
    after(60).await;
    assert_eq!(traffic.due(Phase::Serving), Due::Leave);
    traffic.set_leaving();
    assert!(traffic.is_leaving());
    traffic.read(1, false);
    assert!(!traffic.is_leaving());
    traffic.leave(false);
    assert!(!traffic.is_leaving());
    assert!(matches!(traffic.due(Phase::Serving), Due::Wait(_)));
}

#[tokio::test(start_paused = true)]
async fn a_head_has_two_seconds_when_a_drain_begins() {
    let drain = draining();
    let traffic = traffic(false);
    after(1).await;
    traffic.read(0, true);
    assert!(matches!(traffic.due(drain), Due::Wait(_)));
    after(2).await;
    assert!(matches!(traffic.due(Phase::Serving), Due::Wait(_)));
    assert_eq!(traffic.due(drain), Due::Head);
    assert!(matches!(traffic.due(draining()), Due::Wait(_)), "a drain that begins now gives it two seconds more");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_cut_and_one_that_takes_a_little_is_not() {
    let traffic = traffic(false);
    traffic.read(1, false);
    for _ in 0..4 {
        traffic.blocked(true);
        after(29).await;
        assert!(matches!(traffic.due(Phase::Serving), Due::Wait(_)));
        traffic.blocked(false);
    }
    traffic.blocked(true);
    after(30).await;
    assert_eq!(traffic.due(Phase::Serving), Due::Cut("write_timeout"));
}

#[tokio::test(start_paused = true)]
async fn an_http2_connection_is_told_at_once_and_finishes_what_it_has() {
    let traffic = traffic(true);
    traffic.arrive(Version::HTTP_11);
    assert_eq!(traffic.due(draining()), Due::Close);
    traffic.set_closing();
    after(600).await;
    assert!(matches!(traffic.due(draining()), Due::Wait(_)));
    traffic.leave(false);
    after(5).await;
    assert_eq!(traffic.due(draining()), Due::Cut("closing"));
}

#[tokio::test(start_paused = true)]
async fn one_stuck_http2_answer_cuts_the_connection_though_others_flow() {
    let traffic = traffic(true);
    traffic.piece(1, true);
    for _ in 0..29 {
        after(1).await;
        traffic.piece(2, true);
        traffic.piece(2, false);
    }
    assert!(matches!(traffic.due(Phase::Serving), Due::Wait(_)));
    after(1).await;
    assert_eq!(traffic.due(Phase::Serving), Due::Cut("write_timeout"));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_requests_taken_back_cuts_the_connection() {
    let traffic = traffic(true);
    for _ in 0..=RESETS {
        traffic.arrive(Version::HTTP_11);
        traffic.leave(true);
    }
    assert_eq!(traffic.due(Phase::Serving), Due::Cut("reset_flood"));
}

#[tokio::test(start_paused = true)]
async fn the_thousandth_request_is_the_last() {
    let traffic = traffic(false);
    for _ in 0..999 {
        assert!(!traffic.arrive(Version::HTTP_11).last);
    }
    assert!(traffic.arrive(Version::HTTP_11).last);
}
