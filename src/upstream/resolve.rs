//! Names to addresses, without those that no upstream can have.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

/// Why a name leads nowhere.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum NameError {
    #[error("{reason}")]
    Unknown { name: String, reason: String },
    #[error("{address} is forbidden")]
    Forbidden { name: String, address: IpAddr },
}

type Addresses = std::vec::IntoIter<SocketAddr>;
type Resolving = Pin<Box<dyn Future<Output = Result<Addresses, NameError>> + Send>>;

/// Resolves names by the system's own means, off the event loop.
///
/// Whoever controls a name could point it at the machine's metadata service. So link-local and other addresses at which no
/// backend lives are reached only by a URL that says them; loopback and private ones are where backends do live.
#[derive(Debug, Clone)]
pub(super) enum Names {
    /// As the system does.
    System,
    /// As a test says; `None` never answers.
    #[cfg(test)]
    Fixed(Option<Vec<SocketAddr>>),
}

impl Service<Name> for Names {
    type Response = Addresses;
    type Error = NameError;
    type Future = Resolving;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NameError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found: Vec<SocketAddr> = match names {
                Self::System => match tokio::net::lookup_host((name.as_str(), 0)).await {
                    Ok(found) => found.collect(),
                    Err(error) => return Err(NameError::Unknown { name: name.clone(), reason: error.to_string() }),
                },
                #[cfg(test)]
                Self::Fixed(Some(found)) => found,
                #[cfg(test)]
                Self::Fixed(None) => std::future::pending().await,
            };
            let forbidden = found.iter().map(SocketAddr::ip).find(is_forbidden);
            let allowed: Vec<SocketAddr> = found.into_iter().filter(|address| !is_forbidden(&address.ip())).collect();
            match forbidden {
                Some(address) if allowed.is_empty() => Err(NameError::Forbidden { name, address }),
                _ => Ok(allowed.into_iter()),
            }
        })
    }
}

fn is_forbidden(address: &IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolve(addresses: &[&str]) -> Result<Vec<String>, NameError> {
        let fixed = addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0)).collect();
        let found = Names::Fixed(Some(fixed)).call("backend".parse().unwrap()).await?;
        Ok(found.map(|address| address.ip().to_string()).collect())
    }

    #[tokio::test]
    async fn a_name_cannot_lead_to_where_no_backend_lives() {
        for address in
            ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "ff02::1"]
        {
            let refused = resolve(&[address]).await;
            assert!(matches!(refused, Err(NameError::Forbidden { .. })), "{address}");
            assert_eq!(resolve(&[address, "10.0.0.7"]).await.unwrap(), ["10.0.0.7"], "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_may_lead_home_and_into_private_networks() {
        let addresses = ["127.0.0.1", "::1", "10.1.2.3", "172.17.0.2", "192.168.1.1", "fd00::1", "203.0.113.7"];
        assert_eq!(resolve(&addresses).await.unwrap(), addresses);
    }
}
