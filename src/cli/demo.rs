//! `forecourt demo`: the sample backend alone.

use std::net::SocketAddr;

use anyhow::Result;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::exit::Exit;
use super::{log, runtime};
use crate::cluster::listen;

pub(super) fn run(address: SocketAddr) -> Result<()> {
    log::start(None)?;
    let listener = listen::bind(&address).map_err(super::serve::cannot_listen)?;
    runtime::one_thread()?.block_on(async {
        let listener = TcpListener::from_std(listener).map_err(|error| Exit::System.because(error))?;
        let address = listener.local_addr().map_err(|error| Exit::System.because(error))?;
        tracing::info!(%address, "the sample backend is listening on http://{address}");
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            served = crate::demo::serve(listener) => served.map_err(|error| Exit::System.because(error)),
            _ = terminate.recv() => Ok(()),
            _ = interrupt.recv() => Ok(()),
        }
    })
}
