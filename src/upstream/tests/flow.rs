//! HTTP/2: bodies in both directions, no faster than they are taken.

use std::sync::atomic::{AtomicUsize, Ordering};

use h2::{RecvStream, SendStream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use tokio::sync::{Notify, mpsc};

use super::shared::{Server, fed, head, read, respond};
use super::*;

/// Sends bytes for as long as anybody takes them, and counts them.
async fn pour(mut stream: SendStream<Bytes>, sent: Arc<AtomicUsize>) {
    let piece = Bytes::from_static(&[b'x'; 16 * 1024]);
    loop {
        stream.reserve_capacity(piece.len());
        while stream.capacity() < piece.len() {
            match std::future::poll_fn(|cx| stream.poll_capacity(cx)).await {
                Some(Ok(_)) => {}
                _ => return,
            }
        }
        if stream.send_data(piece.clone(), false).is_err() {
            return;
        }
        sent.fetch_add(piece.len(), Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn replies_that_nobody_reads_hold_little_and_hold_nobody_up() {
    let sent = Arc::new(AtomicUsize::new(0));
    let poured = Arc::clone(&sent);
    let server = Server::new(move |request, mut send| {
        let poured = Arc::clone(&poured);
        async move {
            match request.uri().path() {
                "/pour" => pour(send.send_response(Response::new(()), false).unwrap(), poured).await,
                _ => respond(send, "quick"),
            }
        }
    });
    let (client, upstream) = (server.client(), demo());
    let nothing = || BoxBody::new(Full::new(Bytes::new()).map_err(|never| match never {}));
    let mut unread = Vec::new();
    for _ in 0..99 {
        unread.push(client.open(&upstream, head("/pour", Trailers::default()), nothing(), far()).await.unwrap());
    }
    // By then everything has been sent that may be.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let held = sent.load(Ordering::SeqCst);
    // A window of each, and the piece that came with its head.
    assert!(held <= 99 * (256 + 16) * 1024, "{held} bytes for 99 replies");
    assert_eq!(client.send(&upstream, get("/"), far()).await.unwrap().body, "quick");
    assert_eq!(server.connections(), 1, "on the same connection");
    // One that is read goes on, the others do not.
    let mut came = 0;
    while came < 4 * 1024 * 1024 {
        came += unread[0].body_mut().frame().await.unwrap().unwrap().into_data().unwrap().len();
    }
    // And when all have left, what came for them no longer counts: the next ones have all the room.
    drop(unread);
    let mut next = client.open(&upstream, head("/pour", Trailers::default()), nothing(), far()).await.unwrap();
    let mut came = 0;
    while came < 40 * 1024 * 1024 {
        came += next.body_mut().frame().await.unwrap().unwrap().into_data().unwrap().len();
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_upload_goes_no_faster_than_the_server_takes_it() {
    let go = Arc::new(Notify::new());
    let wait = Arc::clone(&go);
    let server = Server::new(move |request, send| {
        let wait = Arc::clone(&wait);
        async move {
            wait.notified().await;
            respond(send, read(request.into_body()).await.len().to_string());
        }
    });
    let (feed, body) = fed();
    let fed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&fed);
    let feeding = tokio::spawn(async move {
        for _ in 0..256 {
            feed.send(Ok(Frame::data(Bytes::from_static(&[b'x'; 16 * 1024])))).await.unwrap();
            count.fetch_add(16 * 1024, Ordering::SeqCst);
        }
    });
    let (client, upstream) = (server.client(), demo());
    let call = tokio::spawn(async move { client.open(&upstream, head("/", Trailers::default()), body, far()).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let taken = fed.load(Ordering::SeqCst);
    assert!((1..=256 * 1024).contains(&taken), "{taken} bytes are under way to a server that reads nothing");
    go.notify_one();
    let whole = call.await.unwrap().unwrap().into_body().collect().await.unwrap().to_bytes();
    feeding.await.unwrap();
    assert_eq!(whole, (256 * 16 * 1024).to_string());
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_breaks_off_is_never_ended_as_if_whole() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = Server::new(move |request, send| {
        let tell = tell.clone();
        async move {
            let (mut body, _open) = (request.into_body(), send);
            let end = loop {
                match body.data().await {
                    Some(Ok(_)) => {}
                    Some(Err(error)) => break error.reason(),
                    None => break None,
                }
            };
            tell.send(end).unwrap();
        }
    });
    let (feed, body) = fed();
    let breaking = async {
        feed.send(Ok(Frame::data(Bytes::from_static(b"half")))).await.unwrap();
        feed.send(Err("the client left".into())).await.unwrap();
    };
    let (client, upstream) = (server.client(), demo());
    let (opened, ()) = tokio::join!(client.open(&upstream, head("/", Trailers::default()), body, far()), breaking);
    let error = opened.unwrap_err();
    assert!(matches!(&error, Error::ClientBody(cause) if cause.to_string() == "the client left"), "{error}");
    assert_eq!(told.recv().await.unwrap(), Some(h2::Reason::CANCEL));
    // The call is given up while its upload waits for the client: that, too, ends the stream.
    let (_feed, body) = fed();
    let call = client.open(&upstream, head("/", Trailers::default()), body, Instant::now() + Duration::from_secs(1));
    assert!(tokio::time::timeout(Duration::from_millis(500), call).await.is_err());
    assert_eq!(told.recv().await.unwrap(), Some(h2::Reason::CANCEL));
    assert_eq!(server.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reply_before_the_end_of_the_upload_ends_the_upload() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = Server::new(move |request, send| {
        let tell = tell.clone();
        async move {
            respond(send, "too much");
            let mut body = request.into_body();
            let end = loop {
                match body.data().await {
                    Some(Ok(_)) => {}
                    Some(Err(error)) => break error.reason(),
                    None => break None,
                }
            };
            tell.send(end).unwrap();
        }
    });
    let (feed, body) = fed();
    feed.send(Ok(Frame::data(Bytes::from_static(b"half")))).await.unwrap();
    let (client, upstream) = (server.client(), demo());
    let opened = client.open(&upstream, head("/", Trailers::default()), body, far()).await.unwrap();
    assert_eq!(opened.into_body().collect().await.unwrap().to_bytes(), "too much");
    assert_eq!(told.recv().await.unwrap(), Some(h2::Reason::CANCEL));
    drop(feed);
    assert_eq!(client.sharing(&upstream), 1);
}

#[tokio::test(start_paused = true)]
async fn a_whole_body_larger_than_any_window_arrives() {
    let server = Server::new(|request: Request<RecvStream>, send| async move {
        respond(send, read(request.into_body()).await);
    });
    let mut upload = call(Method::POST, "/");
    upload.body = Bytes::from(vec![b'x'; 200_000]);
    let upstream = demo();
    assert_eq!(server.client().send(&upstream, upload, far()).await.unwrap().body.len(), 200_000);
}
