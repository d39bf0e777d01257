//! How connections end, and what becomes of what is under way on them.

use super::*;

async fn plain_client(edge: &Edge<Service>) -> SendRequest<Bytes> {
    let (client, connection) = h2::client::handshake(connect(edge)).await.unwrap();
    tokio::spawn(async move {
        let _ = connection.await;
    });
    client
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_500_and_one_in_a_body_a_reset_and_its_connection_goes_on() {
    let client = plain_client(&edge()).await;
    let (response, _) = ask(&client, "GET", "/panic", true).await;
    let mut response = response.await.unwrap();
    assert_eq!((response.status().as_u16(), read(response.body_mut()).await.unwrap()), (500, b"refused panic".to_vec()));
    let (response, _) = ask(&client, "GET", "/body-panics", true).await;
    let error = match response.await {
        Ok(mut response) => read(response.body_mut()).await.expect_err("no end"),
        Err(error) => error,
    };
    assert_eq!((error.is_remote(), error.reason()), (true, Some(Reason::INTERNAL_ERROR)));
    assert!(text(&client, "/good").await.starts_with("GET /good"));
}

#[tokio::test(start_paused = true)]
async fn a_tunnel_is_refused_and_costs_one_stream() {
    let client = plain_client(&edge()).await;
    let connect = Request::builder().method("CONNECT").uri("a:80").body(()).unwrap();
    let (response, mut request) = client.clone().ready().await.unwrap().send_request(connect, false).unwrap();
    // What is sent into it is nobody's.
    request.send_data(Bytes::from_static(b"abc"), false).unwrap();
    let mut response = response.await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(read(response.body_mut()).await.unwrap(), b"refused method_not_allowed");
    assert!(text(&client, "/good").await.starts_with("GET /good"));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_no_ping_is_closed_with_what_it_waits_for() {
    let test = Test::new();
    let mut client = test.pipe();
    client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    // HEADERS: GET, http, `/hang`, for `a`.
    client.write_all(b"\0\0\x0c\x01\x05\0\0\0\x01\x82\x86\x04\x05/hang\x01\x01a").await.unwrap();
    let from = Instant::now();
    let mut received = Vec::new();
    client.read_to_end(&mut received).await.unwrap();
    assert!((39..=41).contains(&from.elapsed().as_secs()), "{:?}", from.elapsed());
    test.until_given_up().await;
    assert_eq!(test.seen.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_pings_may_wait_for_its_answer_without_a_word() {
    let test = Test::new();
    let client = test.client().await;
    let (response, _) = ask(&client, "GET", "/hang", true).await;
    assert!(tokio::time::timeout(Duration::from_secs(200), response).await.is_err(), "it is still waited for");
    test.until_given_up().await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_lets_a_stream_finish_that_is_under_way() {
    let test = Test::new();
    let client = test.client().await;
    let (response, mut request) = ask(&client, "POST", "/body", false).await;
    request.send_data(Bytes::from_static(b"abc"), false).unwrap();
    while test.seen.asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let drained = tokio::spawn(test.edge.drain());
    tokio::time::sleep(Duration::from_secs(1)).await;
    request.send_data(Bytes::from_static(b"de"), true).unwrap();
    assert_eq!(read(response.await.unwrap().body_mut()).await.unwrap(), b"5");
    drained.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_dropped_takes_its_streams_with_it() {
    let test = Test::new();
    let (client, server) = tokio::io::duplex(1 << 16);
    let mut serving: Pin<Box<dyn Future<Output = ()> + Send>> =
        Box::pin(test.edge.serve(server, test.edge.admit(SocketAddr::from(PEER))));
    let (client, mut connection) = tokio::select! {
        () = &mut serving => panic!("it is served"),
        client = h2::client::handshake(client) => client.unwrap(),
    };
    let (_response, _stream) = tokio::select! {
        () = &mut serving => panic!("it is served"),
        _ = &mut connection => panic!("it is served"),
        asked = ask(&client, "GET", "/hang", true) => asked,
    };
    while test.seen.working.load(Ordering::SeqCst) == 0 {
        tokio::select! {
            () = &mut serving => panic!("it is served"),
            _ = &mut connection => panic!("it is served"),
            () = tokio::task::yield_now() => {}
        }
    }
    drop(serving);
    test.until_given_up().await;
    assert_eq!(test.edge.connections(), 0);
}
