//! Backends behind TLS, which choose HTTP/2 or HTTP/1.1 as a test says, and the certificate that they show.

#![allow(dead_code, unreachable_pub, reason = "every test binary uses its own part of it")]

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{RecvStream, SendStream};
use http::Request;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::fault::Faults;
use super::gateway::Setup;

const CERTIFICATE: &[u8] = include_bytes!("tls/cert.der");
const KEY: &[u8] = include_bytes!("tls/key.der");

pub const HTTP2: &[&str] = &["h2"];
pub const BOTH: &[&str] = &["h2", "http/1.1"];
pub const HTTP1: &[&str] = &["http/1.1"];
/// A server that knows nothing of the choice.
pub const NONE: &[&str] = &[];

/// Has a gateway trust the certificate of these backends, and no other.
pub fn trusting(setup: Setup) -> Setup {
    let text = base64::engine::general_purpose::STANDARD.encode(CERTIFICATE);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    let setup = setup.file("trusted.pem", pem);
    let path = setup.folder().join("trusted.pem");
    setup.environment("SSL_CERT_FILE", path.to_str().expect("a path in UTF-8"))
}

/// Plays scripts behind TLS.
pub async fn play(faults: &Faults, protocols: &[&str]) -> SocketAddr {
    let faults = faults.clone();
    listen(protocols, move |stream| {
        faults.serve(stream, |stream: &TlsStream<TcpStream>| {
            stream.get_ref().0.set_zero_linger().expect("a socket that lingers not");
        });
    })
    .await
}

/// Serves HTTP/2 by the rules, behind TLS: each call by a task of its own. Counts its connections.
pub async fn serve<F: Future<Output = ()> + Send + 'static>(
    builder: Builder,
    answer: impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> F + Clone + Send + Sync + 'static,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let address = listen(HTTP2, move |stream| {
        count.fetch_add(1, Ordering::SeqCst);
        let (builder, answer) = (builder.clone(), answer.clone());
        tokio::spawn(async move {
            let Ok(mut connection) = builder.handshake::<_, Bytes>(stream).await else { return };
            while let Some(Ok((request, respond))) = connection.accept().await {
                tokio::spawn(answer(request, respond));
            }
        });
    })
    .await;
    (address, connections)
}

/// Sends so many bytes, no faster than they are taken.
pub async fn pour(mut stream: SendStream<Bytes>, mut bytes: usize) {
    while bytes > 0 {
        stream.reserve_capacity(bytes.min(64 * 1024));
        let Some(Ok(room)) = poll_fn(|cx| stream.poll_capacity(cx)).await else { return };
        let piece = room.min(bytes);
        bytes -= piece;
        if stream.send_data(vec![b'x'; piece].into(), bytes == 0).is_err() {
            return;
        }
    }
}

async fn listen(protocols: &[&str], serve: impl Fn(TlsStream<TcpStream>) + Send + Sync + 'static) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("a version of TLS");
    let (chain, key) = (vec![CertificateDer::from(CERTIFICATE)], PrivatePkcs8KeyDer::from(KEY).into());
    let mut config = config.with_no_client_auth().with_single_cert(chain, key).expect("the key of the certificate");
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream);
            }
        }
    });
    address
}
