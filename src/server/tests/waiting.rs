//! Clients that are slow, silent or stuck.

use tokio::time::Instant;

use super::*;

/// Reads to the end and tells how long that took, in seconds of the paused clock.
async fn seconds_to_close(client: &mut DuplexStream) -> (String, u64) {
    let from = Instant::now();
    let received = read_all(client).await;
    (received, from.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_closed_without_a_word() {
    let mut client = connect(&edge());
    assert_eq!(seconds_to_close(&mut client).await, (String::new(), 10));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_end_gets_a_408() {
    for start in ["G", "GET / HTTP/1.1\r\nHost: a\r\n", "P", "PRI * HTTP/2.0\r"] {
        let mut client = connect(&edge());
        client.write_all(start.as_bytes()).await.unwrap();
        let (received, seconds) = seconds_to_close(&mut client).await;
        assert_eq!(statuses(&received), [408], "{start:?}");
        // Two of them for reading on after the answer.
        assert!((10..=12).contains(&seconds), "{seconds}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_gets_a_408_ten_seconds_after_its_first_byte() {
    let mut client = connect(&edge());
    client.write_all(b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    read_until(&mut client, "for a").await;
    let from = Instant::now();
    for byte in b"GET / HTTP/1.1\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaa" {
        if client.write_all(&[*byte]).await.is_err() || from.elapsed() > Duration::from_secs(15) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(900)).await;
    }
    assert_eq!(statuses(&read_all(&mut client).await), [408]);
}

#[tokio::test(start_paused = true)]
async fn a_late_head_waits_for_the_answer_before_it() {
    let received = exchange(&edge(), "GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET / HT").await;
    assert_eq!(statuses(&received), [200, 408]);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_without_a_word_after_a_minute() {
    let mut client = connect(&edge());
    client.write_all(b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    read_until(&mut client, "for a").await;
    assert_eq!(seconds_to_close(&mut client).await, (String::new(), 60));
}

#[tokio::test(start_paused = true)]
async fn blank_lines_after_a_request_begin_no_head() {
    let mut client = connect(&edge());
    client.write_all(b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n\r\n").await.unwrap();
    read_until(&mut client, "for a").await;
    assert_eq!(seconds_to_close(&mut client).await, (String::new(), 60));
}

#[tokio::test(start_paused = true)]
async fn blank_lines_keep_no_idle_connection_open() {
    for request in ["", "GET /good HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut client = connect(&edge());
        client.write_all(request.as_bytes()).await.unwrap();
        if !request.is_empty() {
            read_until(&mut client, "for a").await;
        }
        let from = Instant::now();
        let read = loop {
            client.write_all(b"\r\n").await.unwrap();
            if let Ok(read) = tokio::time::timeout(Duration::from_secs(9), client.read_u8()).await {
                break read.ok();
            }
        };
        assert_eq!((read, from.elapsed().as_secs()), (None, 60), "{request:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn more_blank_lines_than_a_few_get_a_400() {
    let request = "GET /good HTTP/1.1\r\nHost: a\r\n";
    let few = "\r\n".repeat(8);
    let received = exchange(&edge(), format!("{few}{request}\r\n{few}{request}Connection: close\r\n\r\n")).await;
    assert_eq!(statuses(&received), [200, 200], "{received}");
    let received = exchange(&edge(), format!("{request}\r\n{few}\r\n{request}\r\n")).await;
    assert_eq!(statuses(&received), [200, 400], "{received}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_its_time_is_not_idleness() {
    let mut client = connect(&edge());
    client.write_all(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let (received, seconds) = seconds_to_close(&mut client).await;
    assert!(received.ends_with("5\r\npiece\r\n5\r\npiece\r\n5\r\npiece\r\n0\r\n\r\n"), "{received}");
    assert_eq!(seconds, 140);
}

#[tokio::test(start_paused = true)]
async fn a_body_of_which_nothing_comes_is_an_error_after_ten_seconds() {
    let mut client = connect(&edge());
    client.write_all(b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc").await.unwrap();
    let from = Instant::now();
    let received = read_until(&mut client, "too long").await;
    assert!(received.contains("body: the client sent no byte of its body for too long"), "{received}");
    assert_eq!(from.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_an_error_too() {
    let mut client = connect(&edge());
    client.write_all(b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n").await.unwrap();
    let (mut reader, mut writer) = tokio::io::split(client);
    let dripping = tokio::spawn(async move {
        while writer.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let mut received = Vec::new();
    reader.read_to_end(&mut received).await.unwrap();
    let received = String::from_utf8(received).unwrap();
    assert!(received.contains("body: the client sends its body too slowly"), "{received}");
    drop(reader);
    dripping.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_steady_body_may_take_longer_than_any_of_it() {
    let mut client = connect(&edge());
    client.write_all(b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n").await.unwrap();
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        client.write_all(&[b'x'; 1000]).await.unwrap();
    }
    assert!(read_until(&mut client, "40000 bytes").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_answer_is_cut_after_half_a_minute() {
    let edge = edge();
    let mut client = connect_through(&edge, 1024);
    client.write_all(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let from = Instant::now();
    tokio::time::sleep(Duration::from_secs(29)).await;
    assert_eq!(edge.connections(), 1);
    edge.drain().await;
    assert_eq!(from.elapsed().as_secs(), 30);
    assert!(read_all(&mut client).await.len() <= 1024);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_its_answer_slowly_gets_all_of_it() {
    let mut client = connect_through(&edge(), 64 * 1024);
    client.write_all(b"GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut received = 0;
    loop {
        tokio::time::sleep(Duration::from_secs(20)).await;
        let mut piece = vec![0; 64 * 1024];
        match client.read(&mut piece).await.unwrap() {
            0 => break,
            n => received += n,
        }
    }
    assert!(received > 1 << 20);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_ends_its_request() {
    let kept = Kept::default();
    let (edge, log) = kept.edge();
    let mut client = connect(&edge);
    client.write_all(b"GET /hang HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(client);
    edge.drain().await;
    let lines = kept.lines(&log);
    assert_eq!((lines[0]["status"].as_u64(), lines[0]["cut"].as_bool()), (Some(499), Some(true)));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_ends_its_half_before_it_has_its_answer_has_left() {
    let kept = Kept::default();
    let (edge, log) = kept.edge();
    let mut client = connect(&edge);
    client.write_all(b"GET /hang HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    client.shutdown().await.unwrap();
    assert_eq!(read_all(&mut client).await, "");
    edge.drain().await;
    let lines = kept.lines(&log);
    assert_eq!((lines[0]["status"].as_u64(), lines[0]["cut"].as_bool()), (Some(499), Some(true)));
}
