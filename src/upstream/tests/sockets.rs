//! Real sockets: what a wire in memory cannot do.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;

use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection};

use super::*;
use crate::upstream::connect::Connector;
use crate::upstream::fault::{Act, refused, reply, silent};
use crate::upstream::resolve::Names;

fn at(address: SocketAddr) -> Upstream {
    Upstream::new("shop".into(), settings(&format!("http://{address}/api")))
}

fn resolving(addresses: Option<Vec<SocketAddr>>) -> Client {
    Client::with_connector(Connector::new(None, Names::fixed(addresses)))
}

fn named(scheme: &str, port: u16) -> Upstream {
    Upstream::new("shop".into(), settings(&format!("{scheme}://backend.test:{port}")))
}

#[tokio::test]
async fn a_call_over_a_socket_is_answered() {
    let faults = Faults::answering(reply("", "hello"));
    let address = faults.listen().await;
    let client = Client::new(None);
    for _ in 0..3 {
        assert_eq!(client.send(&at(address), get("/x"), far()).await.unwrap().body, "hello");
    }
    let expected = format!("GET /api/x HTTP/1.1\r\nhost: {address}\r\n\r\n");
    assert_eq!((faults.requests()[2].as_str(), faults.connections()), (expected.as_str(), 1));
}

#[tokio::test]
async fn a_name_is_resolved_and_its_dead_addresses_are_passed_over() {
    let faults = Faults::answering(reply("", "hello"));
    let live = faults.listen().await;
    // All addresses share the port; on 127.0.0.2 nobody listens.
    let dead = SocketAddr::from(([127, 0, 0, 2], 0));
    let client = resolving(Some(vec![dead, SocketAddr::from(([127, 0, 0, 1], 0))]));
    assert_eq!(client.send(&named("http", live.port()), get("/"), far()).await.unwrap().body, "hello");
    assert!(faults.requests()[0].contains(&format!("host: backend.test:{}\r\n", live.port())));
}

#[tokio::test]
async fn a_name_that_moves_is_found_by_the_next_call_and_nobody_waits_for_the_old_place() {
    // The port is one, so the places are addresses of the loopback network.
    let place = |last| SocketAddr::from(([127, 0, 0, last], 0));
    let says = Arc::new(std::sync::Mutex::new(Some(Ok(vec![place(1)]))));
    let (old, new) = (Faults::answering(reply("", "old")), Faults::answering(reply("", "new")));
    let port = old.listen().await.port();
    new.listen_at(SocketAddr::from(([127, 0, 0, 2], port))).await;
    let client = Client::with_connector(Connector::new(None, Names::told(Arc::clone(&says))));
    let upstream = named("http", port);
    let body = async || client.send(&upstream, get("/"), far()).await.unwrap().body;
    for _ in 0..3 {
        assert_eq!(body().await, "old");
    }
    *says.lock().unwrap() = Some(Ok(vec![place(2)]));
    // The connection is never idle for long: it would live for minutes.
    let mut moved = 0;
    while body().await == "old" {
        // The clock stands only while it is moved: sockets take their time.
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(1)).await;
        tokio::time::resume();
        moved += 1;
        assert!(moved < 60, "it is never noticed");
    }
    assert!(moved >= 30, "an address that is missing once may be back: {moved}");
    assert_eq!((old.connections(), new.connections()), (1, 1));
}

#[tokio::test]
async fn nobody_there_is_an_error_of_its_own() {
    let error = Client::new(None).send(&at(refused()), get("/"), far()).await.unwrap_err();
    let is_refused = matches!(&error, Error::Connect(ConnectError::Socket { kind: std::io::ErrorKind::ConnectionRefused, .. }));
    assert!(is_refused && error.kind() == "upstream_connect", "{error}");
    assert!(error.to_string().starts_with("cannot connect: "), "{error}");
}

#[tokio::test]
async fn a_name_without_a_use_is_an_error_of_its_own() {
    let error = resolving(Some(vec![SocketAddr::from(([169, 254, 169, 254], 0))]))
        .send(&named("http", 80), get("/"), far())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot connect: the name `backend.test` leads to 169.254.169.254, which only a url that says so may reach"
    );
    let no_such_name = Upstream::new("shop".into(), settings("http://no-such-name.invalid"));
    let error = Client::new(None).send(&no_such_name, get("/"), far()).await.unwrap_err();
    let expected = ["upstream_connect", "upstream_connect_timeout"];
    assert!(expected.contains(&error.kind()), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_come_to_stand_is_given_up() {
    let start = Instant::now();
    let error = resolving(None).send(&named("http", 80), get("/"), far()).await.unwrap_err();
    assert_eq!((error.kind(), start.elapsed().as_secs()), ("upstream_connect_timeout", 1));
    // A listener that never speaks TLS.
    let (_listener, address) = silent().await;
    let start = Instant::now();
    let client = Client::with_connector(Connector::new(None, Names::system()).with_tls(trusting(&[])));
    let upstream = Upstream::new("shop".into(), settings(&format!("https://{address}")));
    let error = client.send(&upstream, get("/"), start + Duration::from_millis(300)).await.unwrap_err();
    assert_eq!((error.kind(), start.elapsed().as_millis()), ("deadline", 300));
}

#[tokio::test]
async fn a_reset_is_told_apart_from_an_end() {
    for (script, in_body) in [
        (vec![Act::Read, Act::Reset], false),
        (vec![Act::Read, Act::send("HTTP/1.1 200 OK\r\n"), Act::Reset], false),
        (vec![Act::Read, Act::send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), Act::Reset], true),
    ] {
        let address = Faults::new(vec![script]).listen().await;
        let error = Client::new(None).send(&at(address), get("/"), far()).await.unwrap_err();
        // The reset may overtake the bytes before it.
        assert!(matches!(error, Error::Reset { in_body: found } if in_body || !found), "{error}");
        assert_eq!(error.kind(), "upstream_reset");
    }
}

#[tokio::test]
async fn a_reset_in_the_middle_of_an_upload_is_one() {
    // More than any system holds back.
    let body = Bytes::from(vec![b'x'; 16 << 20]);
    let half = Act::send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    for script in [vec![Act::ReadHead, Act::Reset], vec![Act::ReadHead, half, Act::Reset]] {
        let address = Faults::new(vec![script]).listen().await;
        let post = Call { body: body.clone(), ..call(Method::POST, "/") };
        let error = Client::new(None).send(&at(address), post, far()).await.unwrap_err();
        assert_eq!(error.kind(), "upstream_reset");
    }
    // The same inside TLS. What is closed before all that came is read is reset by the system.
    for said in ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"] {
        let address = tls_server(1, |stream| {
            if stream.read(&mut [0; 4096]).is_ok() {
                let _ = stream.write_all(said.as_bytes()).and_then(|()| stream.flush());
            }
        });
        let client = Client::with_connector(Connector::new(None, Names::system()).with_tls(trusting(&[certificate()])));
        let upstream = Upstream::new("shop".into(), settings(&format!("https://{address}")));
        let post = Call { body: body.clone(), ..call(Method::POST, "/") };
        assert_eq!(client.send(&upstream, post, far()).await.unwrap_err().kind(), "upstream_reset", "{said:?}");
    }
}

#[tokio::test]
async fn a_reset_between_calls_is_not_noticed() {
    let faults = Faults::new(vec![
        vec![Act::Read, Act::reply("", "x"), Act::Read, Act::Reset],
        vec![Act::Read, Act::reply("", "y"), Act::Hang],
    ]);
    let address = faults.listen().await;
    let client = Client::new(None);
    assert_eq!(client.send(&at(address), get("/"), far()).await.unwrap().body, "x");
    assert_eq!(client.send(&at(address), get("/"), far()).await.unwrap().body, "y");
}

/// A client that trusts these certificates and no others.
fn trusting(certificates: &[CertificateDer<'static>]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate.clone()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    config.with_root_certificates(roots).with_no_client_auth()
}

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from(&include_bytes!("../../../tests/support/tls/cert.der")[..])
}

/// The server's end of a connection over TLS.
type Secured<'s> = rustls::Stream<'s, ServerConnection, std::net::TcpStream>;

/// A TLS server that serves so many connections, one after the other; blocking, so on a thread of its own.
fn tls_server(connections: usize, serve: impl Fn(&mut Secured<'_>) + Send + 'static) -> SocketAddr {
    let key = PrivatePkcs8KeyDer::from(&include_bytes!("../../../tests/support/tls/key.der")[..]).into();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate()], key).unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for _ in 0..connections {
            let (mut socket, _) = listener.accept().unwrap();
            let mut connection = ServerConnection::new(config.clone()).unwrap();
            serve(&mut rustls::Stream::new(&mut connection, &mut socket));
        }
    });
    address
}

/// One reply, and a proper end.
fn secret(stream: &mut Secured<'_>) {
    // A client that does not trust the certificate leaves in the middle.
    if matches!(stream.read(&mut [0; 4096]), Ok(1..)) {
        stream.write_all(&reply("Connection: close\r\n", "secret")).unwrap();
        stream.conn.send_close_notify();
        let _ = stream.flush();
    }
}

#[tokio::test]
async fn a_certificate_is_checked_against_trust_and_name() {
    let address = tls_server(4, secret);
    let send = async |config: ClientConfig, upstream: &Upstream| {
        let local = Names::fixed(Some(vec![SocketAddr::from(([127, 0, 0, 1], 0))]));
        let client = Client::with_connector(Connector::new(None, local).with_tls(config));
        client.send(upstream, get("/"), far()).await
    };
    let named = named("https", address.port());
    assert_eq!(send(trusting(&[certificate()]), &named).await.unwrap().body, "secret");
    let by_address = Upstream::new("shop".into(), settings(&format!("https://{address}")));
    assert_eq!(send(trusting(&[certificate()]), &by_address).await.unwrap().body, "secret");

    let stranger = send(trusting(&[]), &named).await.unwrap_err();
    assert_eq!(stranger.to_string(), "cannot connect: TLS: invalid peer certificate: UnknownIssuer");
    let elsewhere = Upstream::new("shop".into(), settings(&format!("https://other.test:{}", address.port())));
    let wrong_name = send(trusting(&[certificate()]), &elsewhere).await.unwrap_err().to_string();
    assert!(
        wrong_name.starts_with("cannot connect: TLS: invalid peer certificate: certificate not valid for name"),
        "{wrong_name}"
    );
}

#[tokio::test]
async fn tls_to_a_server_that_speaks_none_is_an_error_of_its_own() {
    let address = Faults::new(vec![vec![Act::send("HTTP/1.1 400 Bad Request\r\n\r\n")]]).listen().await;
    let client = Client::with_connector(Connector::new(None, Names::system()).with_tls(trusting(&[])));
    let upstream = Upstream::new("shop".into(), settings(&format!("https://{address}")));
    let error = client.send(&upstream, get("/"), far()).await.unwrap_err();
    assert!(matches!(error, Error::Connect(ConnectError::Tls(_))), "{error}");
}

#[tokio::test]
async fn the_machine_s_own_certificates_can_be_read_or_it_is_said_that_they_cannot() {
    // Whether this machine has any or not, nothing panics, and nobody is trusted who signed for himself.
    let address = tls_server(1, secret);
    let upstream = Upstream::new("shop".into(), settings(&format!("https://{address}")));
    let error = Client::new(None).send(&upstream, get("/"), far()).await.unwrap_err();
    assert!(matches!(error, Error::Connect(ConnectError::Tls(_))), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_calls_at_once_all_get_their_own_reply_though_the_upstream_keeps_closing() {
    // Every connection closes without a word after 64 replies.
    let faults = Faults::answering(reply("", "hello"));
    let address = faults.listen().await;
    let client = Client::new(None);
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let (client, upstream) = (client.clone(), at(address));
            tokio::spawn(async move {
                for _ in 0..100 {
                    assert_eq!(client.send(&upstream, get("/x"), far()).await.unwrap().body, "hello");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert!(client.waiting(&at(address)) <= 32 && faults.connections() < 200, "{}", faults.connections());
}
