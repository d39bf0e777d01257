//! How requests, answers and their connections end early, or take their time.

use tokio::time::{Instant, sleep, timeout};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_body_that_nobody_reads_ends_the_connection_unless_it_has_come() {
    let test = Test::new();
    let close = "HTTP/1.1 413 Payload Too Large\r\nconnection: close\r\ncontent-length: 9\r\n\r\ntoo large";
    let stay = "HTTP/1.1 413 Payload Too Large\r\ncontent-length: 9\r\n\r\ntoo large";
    let small = ask("POST /unread HTTP/1.1", "Content-Length: 3\r\n") + "abc";
    assert_eq!(test.exchange(small.repeat(2) + LAST).await, format!("{stay}{stay}{BYE}"));
    let chunked = ask("POST /unread HTTP/1.1", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\n\r\n";
    assert_eq!(test.exchange(chunked.repeat(2) + LAST).await, format!("{stay}{stay}{BYE}"));
    let large = ask("POST /unread HTTP/1.1", "Content-Length: 1000000\r\n") + "abc";
    assert_eq!(test.exchange(large).await, close);
    // It is read on, so that the client can send to its end and read the answer then.
    let mut client = test.connect(1024);
    client.write_all(ask("POST /unread HTTP/1.1", "Content-Length: 100000\r\n").as_bytes()).await.unwrap();
    client.write_all(&[b'x'; 100_000]).await.unwrap();
    assert_eq!(plain(&read_all(&mut client).await), close);
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_body_that_is_left_behind_its_answer_is_passed_over() {
    let test = Test::new();
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood";
    let begun = |length: usize| ask("POST /dropped-elsewhere HTTP/1.1", &format!("Content-Length: {length}\r\n")) + "abc";
    let mut client = test.connect(1024);
    client.write_all(begun(9).as_bytes()).await.unwrap();
    assert_eq!(plain(&read_until(&mut client, "good").await), answer);
    // The service has let go of it by then.
    sleep(Duration::from_secs(6)).await;
    client.write_all(("defghi".to_owned() + LAST).as_bytes()).await.unwrap();
    assert_eq!(plain(&read_all(&mut client).await), BYE);
    // For as long as a connection may be idle, and not however much there is of it.
    let mut client = test.connect(1024);
    let from = Instant::now();
    client.write_all(begun(9).as_bytes()).await.unwrap();
    assert_eq!(plain(&read_all(&mut client).await), answer);
    assert!((60..70).contains(&from.elapsed().as_secs()), "{:?}", from.elapsed());
    let mut client = test.connect(1024);
    client.write_all(begun(1 << 20).as_bytes()).await.unwrap();
    read_until(&mut client, "good").await;
    sleep(Duration::from_secs(6)).await;
    client.write_all(&[b'x'; (1 << 20) - 3]).await.unwrap();
    client.write_all(LAST.as_bytes()).await.unwrap();
    assert_eq!(read_all(&mut client).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_is_an_error_to_the_service_and_the_last_request() {
    let chunked = "Transfer-Encoding: chunked\r\n";
    for (headers, body, reason) in [
        (chunked, "2\r\nab\r\nx", "chunk_size"),
        (chunked, "2\r\nabc", "chunk_line_end"),
        (chunked, "0\r\nx y: z\r\n\r\n", "trailer_name"),
    ] {
        let received = Test::new().exchange(ask("POST /body HTTP/1.1", headers) + body + LAST).await;
        let text = format!("the body broke off: {reason}");
        let length = text.len();
        assert_eq!(received, format!("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{text}"));
    }
    for (headers, body) in [(chunked, "2\r\nab\r\n"), ("Content-Length: 9\r\n", "abc")] {
        let mut client = Test::new().connect(1 << 16);
        client.write_all((ask("POST /body HTTP/1.1", headers) + body).as_bytes()).await.unwrap();
        client.shutdown().await.unwrap();
        let received = read_all(&mut client).await;
        assert!(received.ends_with("the body broke off: end of file before message length reached"), "{received}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_whole_is_cut() {
    for (path, most) in [
        ("/breaks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
        ("/short", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngo"),
        ("/no-number", ""),
        ("/status?103", ""),
    ] {
        let received = Test::new().exchange(ask(&format!("GET {path} HTTP/1.1"), "") + LAST).await;
        assert_eq!(received, most, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_ends_what_is_done_for_it() {
    let test = Test::new();
    for (request, half) in [
        (ask("GET /hang HTTP/1.1", ""), false),
        (ask("GET /hang HTTP/1.1", ""), true),
        (ask("POST /hang HTTP/1.1", "Content-Length: 3\r\n") + "abc", true),
        (ask("GET /endless HTTP/1.1", ""), false),
        (ask("GET /endless HTTP/1.1", ""), true),
    ] {
        let mut client = test.connect(1024);
        client.write_all(request.as_bytes()).await.unwrap();
        while test.seen.working.load(Ordering::SeqCst) == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        if half {
            client.shutdown().await.unwrap();
        } else {
            drop(client);
        }
        timeout(Duration::from_secs(5), test.until_given_up()).await.expect(&request);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_takes_is_asked_for_in_a_bounded_part() {
    let test = Test::new();
    let mut client = test.connect(1024);
    client.write_all(ask("GET /endless HTTP/1.1", "").as_bytes()).await.unwrap();
    read_until(&mut client, "\r\n\r\n").await;
    sleep(Duration::from_secs(5)).await;
    let pieces = test.seen.pieces.load(Ordering::SeqCst);
    assert!((1..=5).contains(&pieces), "{pieces}");
    for _ in 0..100 {
        client.read_exact(&mut [0; 16 * 1024]).await.unwrap();
    }
    assert!((100..=106).contains(&test.seen.pieces.load(Ordering::SeqCst)));
}

#[tokio::test(start_paused = true)]
async fn a_body_is_read_no_further_than_a_piece_ahead_of_the_service() {
    let test = Test::new();
    for framing in ["Content-Length: 10000000\r\n", "Transfer-Encoding: chunked\r\n"] {
        let mut client = test.connect(1024);
        client.write_all(ask("POST /held HTTP/1.1", framing).as_bytes()).await.unwrap();
        if framing.starts_with('T') {
            client.write_all(b"989680\r\n").await.unwrap();
        }
        let mut sent = 0;
        while let Ok(written) = timeout(Duration::from_secs(1), client.write(&[b'x'; 4096])).await {
            sent += written.unwrap();
        }
        // What the service took, what is read ahead, and what the pipe holds.
        assert!(sent <= 2 * 64 * 1024 + 2 * 1024, "{sent}");
        drop(client);
        // A client whose body is not read is not seen to leave: so it was before.
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_and_an_answer_go_on_side_by_side() {
    let test = Test::new();
    let mut client = test.connect(1 << 16);
    client.write_all(ask("POST /echo HTTP/1.1", "Transfer-Encoding: chunked\r\n").as_bytes()).await.unwrap();
    read_until(&mut client, "\r\n\r\n").await;
    for piece in ["1\r\na\r\n", "2\r\nbc\r\n"] {
        for byte in piece.as_bytes() {
            client.write_all(&[*byte]).await.unwrap();
            sleep(Duration::from_millis(100)).await;
        }
    }
    assert_eq!(read_until(&mut client, "c\r\n").await, "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n");
    client.write_all(format!("0\r\n\r\n{LAST}").as_bytes()).await.unwrap();
    assert_eq!(plain(&read_all(&mut client).await), format!("0\r\n\r\n{BYE}"));
}

#[tokio::test(start_paused = true)]
async fn events_leave_as_they_come() {
    let mut client = connect(&edge());
    client.write_all(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let from = Instant::now();
    for seconds in [20, 40, 60] {
        read_until(&mut client, "5\r\npiece\r\n").await;
        assert_eq!(from.elapsed().as_secs(), seconds);
    }
    assert_eq!(read_until(&mut client, "0\r\n\r\n").await, "0\r\n\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_came_behind_another_has_its_whole_time_from_its_turn() {
    // The rest of its head waits where nobody reads while the answer before it takes longer than a head may.
    let long = format!("GET /good HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(20_000));
    let mut client = connect(&edge());
    client.write_all(format!("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n{long}").as_bytes()).await.unwrap();
    read_until(&mut client, "slow").await;
    assert!(read_until(&mut client, "for a").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_connection_is_small_whatever_it_may_become() {
    let edge = edge();
    let (_client, server) = tokio::io::duplex(64);
    let size = size_of_val(&edge.serve(server, edge.admit(SocketAddr::from(PEER))));
    assert!(size <= 2048, "{size} bytes");
}
