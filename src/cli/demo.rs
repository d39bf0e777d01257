//! `forecourt demo`: the sample backend alone.

use std::net::SocketAddr;

use anyhow::Result;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::exit::Exit;
use super::runtime;
use crate::cluster::listen;
use crate::telemetry::{self, Format};

pub(super) fn run(address: SocketAddr) -> Result<()> {
    telemetry::init(Format::of_stderr(), None)?;
    let listener = listen::bind(&address).map_err(super::serve::cannot_listen)?;
    runtime::one_thread()?.block_on(async {
        let listener = TcpListener::from_std(listener).map_err(|error| Exit::System.because(error))?;
        tracing::info!(address = %listener.local_addr()?, "the sample backend is listening");
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            served = crate::demo::serve(listener) => served.map_err(|error| Exit::System.because(error)),
            _ = terminate.recv() => Ok(()),
            _ = interrupt.recv() => Ok(()),
        }
    })
}
