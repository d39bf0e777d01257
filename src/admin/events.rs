//! The events of the master as a body that does not end.

use std::convert::Infallible;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;

use crate::telemetry::Events;

/// The lines that were kept, and no more.
pub(super) fn kept(mut events: Events) -> Body {
    let text: String = events.kept().flat_map(|line| [line.to_string(), "\n".to_owned()]).collect();
    text.into()
}

/// The lines that were kept, then each as it comes, until the reader goes and gives his place back.
pub(super) fn following(events: Events, place: OwnedSemaphorePermit) -> Body {
    let lines = stream::unfold((events, place), async |(mut events, place)| {
        let line = events.next().await;
        Some((Ok::<_, Infallible>(Bytes::from(format!("{line}\n"))), (events, place)))
    });
    Body::from_stream(lines)
}
