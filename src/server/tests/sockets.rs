//! What only a real socket shows.

use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::*;

async fn connected(edge: &Edge<Service>) -> TcpStream {
    let (client, (server, peer)) = joined(TcpSocket::new_v4().unwrap()).await;
    tokio::spawn(edge.serve_tcp(server, edge.admit(peer)));
    client
}

/// A client whose system holds little that it has not read, less than what the server's system waits for; and the server's end.
pub(super) async fn sipping() -> (TcpStream, (TcpStream, SocketAddr)) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    joined(socket).await
}

async fn joined(socket: TcpSocket) -> (TcpStream, (TcpStream, SocketAddr)) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = socket.connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap())
}

/// What a client reads at once that takes a little.
pub(super) const SIP: usize = 128 * 1024;

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

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_a_little_is_not_cut_and_one_that_takes_nothing_is() {
    for (is_multiplexed, takes) in [(false, true), (false, false), (true, true), (true, false)] {
        let edge = edge();
        let (mut client, (server, peer)) = sipping().await;
        tokio::spawn(edge.serve_tcp(server, edge.admit(peer)));
        let asks: &[u8] = if is_multiplexed { ENDLESS_H2 } else { b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n" };
        client.write_all(asks).await.unwrap();
        let mut room = vec![0; SIP];
        client.read_exact(&mut room).await.unwrap();
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_secs(20)).await;
            if takes {
                client.read_exact(&mut room).await.unwrap();
            }
        }
        assert_eq!(edge.connections(), usize::from(takes), "HTTP/2: {is_multiplexed}, takes: {takes}");
    }
}

/// A client's preface, settings with a window without bounds, the same for the connection, and `GET /endless`.
const ENDLESS_H2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\
    \x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x04\x7f\xff\xff\xff\
    \x00\x00\x04\x08\x00\x00\x00\x00\x00\x7f\xff\x00\x00\
    \x00\x00\x0f\x01\x05\x00\x00\x00\x01\x82\x04\x08/endless\x86\x41\x01\x61";
