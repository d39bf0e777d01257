//! What only a real socket shows.

use tokio::net::{TcpListener, TcpStream};

use super::*;

async fn connected<S, B>(edge: &Edge<S>) -> TcpStream
where
    S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<crate::server::answer::Cause>,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, peer) = listener.accept().await.unwrap();
    tokio::spawn(edge.serve_tcp(server, edge.admit(peer)));
    client
}

#[tokio::test]
async fn requests_are_served_over_tcp() {
    let mut client = connected(&edge()).await;
    for _ in 0..3 {
        client.write_all(b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"for a") {
            assert_ne!(client.read_buf(&mut answer).await.unwrap(), 0);
        }
    }
}

#[tokio::test]
async fn a_refused_upload_is_answered_before_the_connection_is_reset() {
    for head in [
        "POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n",
    ] {
        let mut client = connected(&edge()).await;
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(&vec![b'x'; 4_000_000]).await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 4"), "{head:?}");
    }
}

#[tokio::test]
async fn many_connections_drain_without_losing_a_request() {
    let edge = edge();
    let mut clients = Vec::new();
    for _ in 0..50 {
        clients.push(connected(&edge).await);
    }
    let mut asking = Vec::new();
    for mut client in clients {
        asking.push(tokio::spawn(async move {
            for answered in 0..1_000_000 {
                client.write_all(b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
                let mut answer = Vec::new();
                while !answer.ends_with(b"for a") {
                    assert_ne!(client.read_buf(&mut answer).await.unwrap(), 0, "closed without an answer");
                }
                if String::from_utf8_lossy(&answer).contains("connection: close") {
                    return answered;
                }
            }
            0
        }));
    }
    while edge.connections() < 50 {
        tokio::task::yield_now().await;
    }
    edge.drain().await;
    for client in asking {
        client.await.unwrap();
    }
}

/// What a client saw of a request that it sent on an idle connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Seen {
    Answered,
    /// In good order, and without a byte: whoever sent it may send it again.
    Closed,
}

/// Sends a request on a connection that has been idle, and reads what becomes of it.
fn ask_again(mut client: std::net::TcpStream) -> Seen {
    use std::io::{ErrorKind, Read};

    let sent = client.write_all(b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n");
    if let Err(error) = sent {
        assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
    }
    let mut answer = Vec::new();
    while !answer.ends_with(b"for a") {
        let mut room = [0; 1024];
        match client.read(&mut room).expect("never a reset") {
            0 => {
                assert!(answer.is_empty(), "half an answer");
                return Seen::Closed;
            }
            came => answer.extend_from_slice(&room[..came]),
        }
    }
    Seen::Answered
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_at_the_very_moment_of_a_drain_is_answered_or_was_never_taken() {
    const CLIENTS: usize = 32;
    let kept = Kept::default();
    let log = AccessLog::start(5, kept.clone()).unwrap();
    let mut seen = std::collections::HashMap::new();
    for round in 0..40_u32 {
        // Nothing settles: every connection is idle at once, and every request is a race.
        let timeouts = crate::server::Timeouts { settle: Duration::ZERO, ..crate::server::Timeouts::default() };
        let edge = Edge::new(service(), EdgeSettings { timeouts, access: Some(log.clone()), ..EdgeSettings::default() });
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let mut client = connected(&edge).await;
            client.write_all(b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"for a") {
                assert_ne!(client.read_buf(&mut answer).await.unwrap(), 0);
            }
            let client = client.into_std().unwrap();
            client.set_nonblocking(false).unwrap();
            client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            clients.push(client);
        }
        let together = Arc::new(std::sync::Barrier::new(CLIENTS + 1));
        let asking: Vec<_> = clients
            .into_iter()
            .map(|client| {
                let together = Arc::clone(&together);
                std::thread::spawn(move || {
                    together.wait();
                    ask_again(client)
                })
            })
            .collect();
        let drains = {
            let (edge, together) = (edge.clone(), Arc::clone(&together));
            std::thread::spawn(move || {
                together.wait();
                // Sooner and later in turn, so that the race is met at every stage.
                (0..round * 50).for_each(|_| std::hint::spin_loop());
                drop(edge.drain());
            })
        };
        tokio::task::spawn_blocking(move || drains.join().unwrap()).await.unwrap();
        for asked in asking {
            let asked = tokio::task::spawn_blocking(move || asked.join().unwrap()).await.unwrap();
            *seen.entry(asked).or_insert(0) += 1;
        }
        edge.drain().await;
    }
    assert_eq!(seen.values().sum::<usize>(), 40 * CLIENTS, "{seen:?}");
    // One request before the race, and none in it but those that were answered.
    let answered = seen.get(&Seen::Answered).copied().unwrap_or_default();
    let lines = kept.lines(&log);
    assert_eq!(lines.len(), 40 * CLIENTS + answered, "{seen:?}");
    assert!(lines.iter().all(|line| line["status"] == 200 && line["cut"] == false));
}

/// Looks again, a turn of every task later each time, until nothing changes any more.
async fn settled(mut look: impl FnMut() -> usize) -> usize {
    let (mut last, mut same) = (look(), 0);
    while same < 2000 {
        tokio::task::yield_now().await;
        let now = look();
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    last
}

#[tokio::test]
async fn a_client_that_takes_a_little_is_seen_to_take_it() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    const PIECE: &[u8] = &[b'x'; 32 * 1024];
    let given = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&given);
    let service = tower::service_fn(move |_| {
        let counts = Arc::clone(&counts);
        let pieces = futures_util::stream::repeat_with(move || {
            counts.fetch_add(PIECE.len(), Relaxed);
            Ok::<_, std::io::Error>(http_body::Frame::data(Bytes::from_static(PIECE)))
        });
        std::future::ready(Ok::<_, Infallible>(Response::new(StreamBody::new(pieces))))
    });
    let edge = Edge::new(service, EdgeSettings::default());
    let mut client = connected(&edge).await;
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    // It reads nothing until all that lies between is full.
    let mut before = settled(|| given.load(Relaxed)).await;
    assert!(before > 0);
    let mut room = vec![0; 256 * 1024];
    for _ in 0..4 {
        client.read_exact(&mut room).await.unwrap();
        let after = settled(|| given.load(Relaxed)).await;
        assert!(after > before, "nothing more was written behind {before} bytes");
        before = after;
    }
}
