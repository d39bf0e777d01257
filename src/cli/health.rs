//! `forecourt health`: is a running gateway ready? The health check of a container without a shell.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow};

use super::exit::{self, Exit};
use super::{load, runtime};
use crate::plan::{Listen, Plan};

/// How long an answer may take; a container's health check has its own limit above.
const PATIENCE: Duration = Duration::from_secs(3);

/// Reads the argument `--url`.
pub(super) fn url(text: &str) -> Result<String, &'static str> {
    let uri: Option<http::Uri> = text.parse().ok();
    let fits = uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some());
    if fits { Ok(text.to_owned()) } else { Err("write it as in http://127.0.0.1:8080/_forecourt/ready") }
}

pub(super) fn run(url: Option<String>, config: &Path) -> Result<()> {
    let url = match url {
        Some(url) => url,
        None => ready_url(config)?,
    };
    // The client wants to know how to speak TLS even where it will not. Nobody has told it before.
    let _told_already = rustls::crypto::ring::default_provider().install_default();
    let status = runtime::one_thread()?.block_on(async {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        client.get(&url).send().await.map(|response| response.status())
    });
    match status {
        Ok(status) if status.is_success() => exit::print(&format!("{url}: ready")),
        Ok(status) => Err(Exit::Unavailable.because(anyhow!("{url}: answered {status}"))),
        Err(error) => Err(Exit::Unavailable.because(anyhow::Error::new(error).context(format!("{url}: no answer")))),
    }
}

/// Where the gateway of a configuration says whether it is ready.
fn ready_url(config: &Path) -> Result<String> {
    let (_, plan) = load::load(config)?;
    let Some(address) = first_address(&plan) else {
        return Err(Exit::Usage.because(anyhow!("the configuration names no IP address to ask: name one with --url")));
    };
    Ok(format!("http://{address}/_forecourt/ready"))
}

/// The first IP address that a configuration listens on, as this machine reaches it.
fn first_address(plan: &Plan) -> Option<SocketAddr> {
    let listen = plan.cluster().groups.iter().flat_map(|group| &group.listen);
    let mut address = listen.into_iter().find_map(|listen| match listen {
        Listen::Tcp { address, .. } => Some(*address),
        Listen::Unix { .. } | Listen::Systemd(_) => None,
    })?;
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    Some(address)
}
