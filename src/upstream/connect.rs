//! New connections: sockets, TLS, and the way to the sample backend in memory.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{ConfigBuilderExt, DefaultServerNameResolver, HttpsConnector};
use hyper_util::client::legacy::connect::{Connection as _, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tower::ServiceExt as _;

use super::resolve::{NameError, Names, Whereabouts};
use super::settings::Place;
use super::wire::Wire;
use super::{ConnectError, Dial};

/// What a server may choose from, where there is a choice: over TLS (ALPN, RFC 7301).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// HTTP/2, else HTTP/1.1.
    Any,
    /// HTTP/1.1.
    Http1,
}

/// A new connection.
pub(super) struct Opened {
    pub(super) wire: Wire,
    /// Where it leads, if its name may come to lead elsewhere.
    pub(super) whereabouts: Option<Whereabouts>,
    /// Whether the server has chosen HTTP/2.
    pub(super) is_http2: bool,
}

/// How TLS is spoken, with either offer.
#[derive(Clone)]
struct Tls {
    any: Arc<ClientConfig>,
    http1: Arc<ClientConfig>,
}

impl Tls {
    fn new(mut config: ClientConfig) -> Self {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let http1 = Arc::new(config.clone());
        config.alpn_protocols.insert(0, b"h2".to_vec());
        Self { any: Arc::new(config), http1 }
    }

    fn offering(self, offer: Offer) -> Arc<ClientConfig> {
        match offer {
            Offer::Any => self.any,
            Offer::Http1 => self.http1,
        }
    }
}

/// Opens connections. TLS is set up when the first `https` target is dialled, so that nothing else pays for it.
pub(super) struct Connector {
    http: HttpConnector<Names>,
    names: Names,
    tls: OnceCell<Result<Tls, String>>,
    demo: Option<Arc<dyn Dial>>,
    /// Whether HTTP/2 is spoken in memory.
    #[cfg(test)]
    shares_memory: bool,
}

impl Connector {
    pub(super) fn new(demo: Option<Arc<dyn Dial>>, names: Names) -> Self {
        let mut http = HttpConnector::new_with_resolver(names.clone());
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_keepalive(Some(Duration::from_secs(60)));
        Self {
            http,
            names,
            tls: OnceCell::new(),
            demo,
            #[cfg(test)]
            shares_memory: false,
        }
    }

    /// As [`Connector::new`], with a TLS configuration that somebody else made.
    #[cfg(test)]
    pub(super) fn with_tls(mut self, config: ClientConfig) -> Self {
        self.tls = OnceCell::new_with(Some(Ok(Tls::new(config))));
        self
    }

    /// As [`Connector::new`], with HTTP/2 in memory.
    #[cfg(test)]
    pub(super) fn sharing_memory(mut self) -> Self {
        self.shares_memory = true;
        self
    }

    /// Whether calls to a place may share connections: whether its server has a choice.
    pub(super) fn may_share(&self, place: &Place) -> bool {
        #[cfg(test)]
        if self.shares_memory && place.dial.is_none() {
            return true;
        }
        place.is_secure
    }

    /// Opens a connection to `dial`, or to the sample backend. `within` is shared out among the addresses of a name, so
    /// that one that is dead does not take all the time; the caller limits the whole. Beside the connection it tells where that leads, if
    /// its name may come to lead elsewhere.
    pub(super) async fn open(&self, dial: Option<&Uri>, within: Duration, offer: Offer) -> Result<Opened, ConnectError> {
        let Some(uri) = dial else {
            let demo = self.demo.as_ref().ok_or(ConnectError::NoDemo)?;
            let is_http2 = cfg!(test) && offer == Offer::Any;
            return Ok(Opened { wire: Wire::Memory { io: demo.dial() }, whereabouts: None, is_http2 });
        };
        let mut http = self.http.clone();
        http.set_connect_timeout(Some(within));
        let socket = http.oneshot(uri.clone()).await.map_err(|error| socket_error(&error))?;
        let ip = socket.inner().peer_addr().map(|peer| peer.ip());
        let whereabouts = uri.host().zip(ip.ok()).and_then(|(host, ip)| self.names.whereabouts(host, ip));
        if uri.scheme() == Some(&Scheme::HTTPS) {
            let (wire, is_http2) = self.encrypt(socket, uri, offer).await?;
            return Ok(Opened { wire, whereabouts, is_http2 });
        }
        Ok(Opened { wire: Wire::Tcp { io: socket.into_inner() }, whereabouts, is_http2: false })
    }

    /// Whether HTTP/2 was chosen comes with it.
    async fn encrypt(&self, socket: TokioIo<TcpStream>, uri: &Uri, offer: Offer) -> Result<(Wire, bool), ConnectError> {
        let config = self.tls.get_or_init(tls_config).await.clone().map_err(ConnectError::Tls)?.offering(offer);
        // The connector dials for itself; here it is handed the socket that stands already.
        let mut socket = Some(socket);
        let hand_over = tower::service_fn(move |_: Uri| {
            std::future::ready(socket.take().ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected)))
        });
        let names = Arc::new(DefaultServerNameResolver::default());
        let tls = HttpsConnector::new(hand_over, config, true, names);
        let stream = tls.oneshot(uri.clone()).await.map_err(|error| ConnectError::Tls(tls_reason(error.as_ref())))?;
        let is_http2 = stream.connected().is_negotiated_h2();
        Ok((Wire::Tls { io: Box::new(TokioIo::new(stream)) }, is_http2))
    }
}

/// Reads the platform's certificates, which takes some milliseconds of file reading: not on the event loop.
async fn tls_config() -> Result<Tls, String> {
    let built = tokio::task::spawn_blocking(|| {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .try_with_platform_verifier()?
            .with_no_client_auth();
        Ok::<_, rustls::Error>(Tls::new(config))
    });
    match built.await {
        Ok(Ok(config)) => Ok(config),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the certificates of this machine cannot be read".to_owned()),
    }
}

/// The first cause of a type, along the chain.
fn find<'e, E: std::error::Error + 'static>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e E> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

fn socket_error(error: &(dyn std::error::Error + 'static)) -> ConnectError {
    match (find::<NameError>(error), find::<io::Error>(error)) {
        (Some(NameError::Unknown { name, reason }), _) => ConnectError::Name { name: name.clone(), reason: reason.clone() },
        (Some(NameError::Forbidden { name, address }), _) => ConnectError::Forbidden { name: name.clone(), address: *address },
        (None, Some(io)) => ConnectError::Socket { kind: io.kind(), reason: io.to_string() },
        (None, None) => ConnectError::Socket { kind: io::ErrorKind::Other, reason: error.to_string() },
    }
}

/// What rustls says is wrapped twice.
fn tls_reason(error: &(dyn std::error::Error + 'static)) -> String {
    if let Some(tls) = find::<rustls::Error>(error) {
        return tls.to_string();
    }
    let mut inner = find::<io::Error>(error);
    while let Some(wrapped) = inner.and_then(io::Error::get_ref) {
        if let Some(tls) = wrapped.downcast_ref::<rustls::Error>() {
            return tls.to_string();
        }
        inner = wrapped.downcast_ref::<io::Error>();
    }
    error.to_string()
}
