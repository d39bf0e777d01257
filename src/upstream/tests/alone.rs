//! HTTP/1.1: what is read from a connection and written to it, however it is cut.

use std::sync::Mutex;

use http_body::Frame;
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;

use super::shared::{fed, head};
use super::*;
use crate::upstream::fault::{Act, reply};

#[tokio::test(start_paused = true)]
async fn a_reply_is_the_same_however_it_is_cut() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    for (text, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_owned(), "hello"),
        (format!("{interim}{interim}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), "hello"),
        ("\r\nHTTP/1.1 200\r\nContent-Length: 0\r\n\r\n".to_owned(), ""),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x\r\nlo\r\n0\r\n\r\n".to_owned(), "hello"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5  \r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n".to_owned(), "hello"),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n".to_owned(), ""),
    ] {
        for size in [1, 2, 3, 7, 40, text.len()] {
            let drip = Act::Drip { bytes: text.clone().into_bytes(), size, pause: Duration::from_millis(1) };
            let faults = Faults::new(vec![vec![Act::Read, drip.clone(), Act::Read, drip, Act::Hang]]);
            let client = client(&faults);
            for _ in 0..2 {
                let reply = client.send(&demo(), get("/"), far()).await.unwrap();
                assert_eq!(reply.body, expected, "{text:?} in pieces of {size}");
            }
            assert_eq!((faults.connections(), client.waiting(&demo())), (1, 1), "{text:?} in pieces of {size}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_speaks_no_http_is_not_waited_for() {
    for greeting in ["SSH-2.0-OpenSSH_9.6\r\n", "220 mail.test ESMTP\r\n", "\u{15}\u{3}\u{1}"] {
        let faults = Faults::new(vec![vec![Act::Read, Act::send(greeting), Act::Hang]]);
        let start = Instant::now();
        let error = client(&faults).send(&demo(), get("/"), far()).await.unwrap_err();
        assert_eq!(error.to_string(), "the reply is not well formed: its head cannot be read: it is no reply of HTTP/1");
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_body_at_hand_is_written_whole_and_a_small_one_with_its_head() {
    let faults = Faults::answering(reply("", "done"));
    let client = client(&faults);
    for size in [1, 1800, 5000, 3 << 20] {
        let mut call = call(Method::PUT, "/");
        call.body = Bytes::from(vec![b'x'; size]);
        assert_eq!(client.send(&demo(), call, far()).await.unwrap().body, "done");
        let request = faults.requests().pop().unwrap();
        let expected = format!("PUT / HTTP/1.1\r\nhost: demo\r\ncontent-length: {size}\r\n\r\n{}", "x".repeat(size));
        assert!(request == expected, "{size}: {} bytes", request.len());
    }
    assert_eq!(faults.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_comes_before_a_body_at_hand_was_sent_is_the_reply_and_the_last_one() {
    let early = vec![Act::ReadHead, Act::reply("", "no"), Act::AwaitClose];
    let faults = Faults::new(vec![early, vec![Act::Read, Act::reply("", "yes"), Act::Hang]]);
    let client = client(&faults);
    let mut large = call(Method::POST, "/");
    large.body = Bytes::from(vec![b'x'; 3 << 20]);
    assert_eq!(client.send(&demo(), large, far()).await.unwrap().body, "no");
    assert_eq!(client.waiting(&demo()), 0);
    assert_eq!(client.send(&demo(), get("/"), far()).await.unwrap().body, "yes");
    assert_eq!(faults.connections(), 2);
}

/// The backend's end of the connections.
#[derive(Default)]
struct Ends(Mutex<Vec<DuplexStream>>);

impl Dial for Ends {
    fn dial(&self) -> DuplexStream {
        let (near, far) = tokio::io::duplex(1024);
        self.0.lock().unwrap().push(far);
        near
    }
}

#[tokio::test(start_paused = true)]
async fn neither_an_upload_nor_its_reply_waits_for_the_other_s_reader() {
    const PIECES: usize = 100;
    let ends = Arc::new(Ends::default());
    let client = Client::new(Some(ends.clone()));
    let (feed, body) = fed();
    let sent = Arc::new(Notify::new());
    let backend = async {
        while ends.0.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        let mut end = ends.0.lock().unwrap().pop().unwrap();
        end.read_exact(&mut [0; 16]).await.unwrap();
        // More than fits on the way, and it is taken by nobody until the whole upload has come.
        let answer = [&b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n"[..], &vec![b'y'; 300_000]].concat();
        let (mut read, mut write) = tokio::io::split(end);
        let upload = async {
            let mut came = Vec::new();
            while !came.ends_with(b"\r\n0\r\n\r\n") {
                assert!(read.read_buf(&mut came).await.unwrap() > 0, "it was cut after {} bytes", came.len());
            }
            sent.notify_one();
            came.iter().filter(|byte| **byte == b'x').count()
        };
        let (came, ()) = tokio::join!(upload, async { write.write_all(&answer).await.unwrap() });
        came
    };
    let browser = async {
        let opened = client.open(&demo(), head("/", Trailers::default()), body, far()).await.unwrap();
        for _ in 0..PIECES {
            feed.send(Ok(Frame::data(Bytes::from(vec![b'x'; 1000])))).await.unwrap();
        }
        drop(feed);
        sent.notified().await;
        opened.into_body().collect().await.unwrap().to_bytes().len()
    };
    let (came, taken) = tokio::join!(backend, browser);
    assert_eq!((came, taken), (PIECES * 1000, 300_000));
}
