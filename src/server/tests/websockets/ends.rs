//! How a WebSocket ends when its sides do not end it: by silence, by a drain, by a cut.

use super::*;

/// The farewell of a drain, and of a silence.
const RESTART: &[u8] = b"\x88\x02\x03\xf4";
const AWAY: &[u8] = b"\x88\x02\x03\xe9";
/// A client's answer to either.
const GOODBYE: &[u8] = b"\x88\x82\0\0\0\0\x03\xf4";

#[tokio::test(start_paused = true)]
async fn silence_ends_in_a_close_frame_after_five_minutes() {
    let mut stage = Stage::new();
    let (mut client, mut upstream) = stage.open().await;
    let from = Instant::now();
    expect(&mut client, AWAY).await;
    assert_eq!(from.elapsed().as_secs(), 300);
    ends(&mut client).await;
    ends(&mut upstream).await;
    assert_eq!(from.elapsed().as_secs(), 302);
    assert_eq!(stage.line().await, (101, 4, Some("idle_timeout".to_owned()), false));
}

#[tokio::test(start_paused = true)]
async fn a_drain_tells_a_websocket_to_come_back_and_its_goodbye_reaches_the_upstream() {
    let mut stage = Stage::new();
    let (mut client, mut upstream) = stage.open().await;
    let from = Instant::now();
    let drained = tokio::spawn(stage.edge.drain_within(Duration::from_secs(30)));
    // It is left alone for the first half.
    sleep(Duration::from_secs(14)).await;
    upstream.write_all(HELLO).await.unwrap();
    expect(&mut client, HELLO).await;
    expect(&mut client, RESTART).await;
    assert!((15..=28).contains(&from.elapsed().as_secs()), "{:?}", from.elapsed());
    // Nothing may follow a close frame.
    upstream.write_all(HELLO).await.unwrap();
    client.write_all(GOODBYE).await.unwrap();
    expect(&mut upstream, GOODBYE).await;
    ends(&mut client).await;
    drained.await.unwrap();
    let departures = stage.edge.departures();
    assert_eq!((departures.websocket.told, departures.cut()), (1, 0), "{departures:?}");
    assert_eq!(stage.line().await, (101, 11, Some("drain_deadline".to_owned()), false));
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_waits_for_the_end_of_the_frame_under_way() {
    let mut stage = Stage::new();
    let (mut client, mut upstream) = stage.open().await;
    upstream.write_all(b"\x82\x7e\x00\xc8").await.unwrap();
    upstream.write_all(&[b'x'; 100]).await.unwrap();
    let mut half = [0; 104];
    client.read_exact(&mut half).await.unwrap();
    let drained = tokio::spawn(stage.edge.drain_within(Duration::from_secs(30)));
    sleep(Duration::from_secs(29)).await;
    // Its end comes together with the next frame, which has to stay behind.
    upstream.write_all(&[&[b'y'; 100][..], HELLO].concat()).await.unwrap();
    expect(&mut client, &[b'y'; 100]).await;
    expect(&mut client, RESTART).await;
    ends(&mut client).await;
    drained.await.unwrap();
    assert_eq!(stage.edge.departures().websocket.told, 1);
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_does_not_end_is_cut_at_the_end_of_the_window() {
    let mut stage = Stage::new();
    let (mut client, mut upstream) = stage.open().await;
    upstream.write_all(b"\x82\x7e\x00\xc8half").await.unwrap();
    expect(&mut client, b"\x82\x7e\x00\xc8half").await;
    let from = Instant::now();
    stage.edge.drain_within(Duration::from_secs(30)).await;
    ends(&mut client).await;
    assert_eq!(from.elapsed().as_secs(), 30);
    assert_eq!(stage.edge.departures().websocket.cut, 1);
    assert_eq!(stage.line().await, (101, 8, Some("drain_deadline".to_owned()), true));
}

#[tokio::test(start_paused = true)]
async fn a_websocket_whose_sides_end_by_themselves_is_finished() {
    let mut stage = Stage::new();
    let (client, mut upstream) = stage.open().await;
    let drained = tokio::spawn(stage.edge.drain_within(Duration::from_secs(30)));
    sleep(Duration::from_secs(1)).await;
    drop(client);
    ends(&mut upstream).await;
    drop(upstream);
    drained.await.unwrap();
    let departures = stage.edge.departures();
    assert_eq!((departures.websocket.finished, departures.websocket.told, departures.cut()), (1, 0, 0), "{departures:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cut_ends_a_websocket_at_once() {
    let mut stage = Stage::new();
    let (mut client, mut upstream) = stage.open().await;
    let from = Instant::now();
    stage.edge.cut();
    ends(&mut client).await;
    ends(&mut upstream).await;
    assert_eq!(from.elapsed().as_secs(), 0);
    let (status, _, code, cut) = stage.line().await;
    assert_eq!((status, code.as_deref(), cut), (101, Some("drain_deadline"), true));
}

#[tokio::test(start_paused = true)]
async fn many_websockets_are_told_one_after_another() {
    let mut stage = Stage::new();
    let mut pairs = Vec::new();
    for _ in 0..40 {
        pairs.push(stage.open().await);
    }
    let from = Instant::now();
    let drained = tokio::spawn(stage.edge.drain_within(Duration::from_secs(30)));
    let mut told: Vec<_> = pairs
        .into_iter()
        .map(|(mut client, upstream)| {
            tokio::spawn(async move {
                expect(&mut client, RESTART).await;
                drop(upstream);
                from.elapsed().as_millis()
            })
        })
        .collect();
    let mut moments = Vec::new();
    for told in told.drain(..) {
        moments.push(told.await.unwrap());
    }
    drained.await.unwrap();
    moments.sort_unstable();
    let widest = moments.windows(5).map(|few| few[4] - few[0]).min().unwrap();
    assert!(widest >= 500, "five of forty within {widest} ms: {moments:?}");
    assert_eq!(stage.edge.departures().websocket.told, 40);
}
