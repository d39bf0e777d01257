//! What only a real socket shows.

use tokio::net::{TcpListener, TcpStream};

use super::*;

async fn connected(edge: &Edge<Service>) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, peer) = listener.accept().await.unwrap();
    tokio::spawn(edge.serve_tcp(server, peer));
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
