//! One request sent on a stream of a shared connection, the head of one reply received.

use h2::Reason;
use http::{Request, Response, Version};

use super::budget::Budget;
use super::coming::Coming;
use super::exchange::{Exchange, MAX_HEADERS, Order, Outgoing, Supply};
use super::settings::Place;
use super::streams::{self, HeadError, Kind, Slot};
use super::{Error, error::Malformed, reply};
use crate::base::stream::Received;

/// Why a stream brought no reply.
pub(super) enum Missed {
    /// The connection takes no more calls: nothing was sent.
    Unsent,
    /// That, but a second stream may bring one, or a connection `alone`.
    Again { error: Error, alone: bool },
    /// That.
    Over(Error),
}

impl Exchange {
    /// Sends a request on a stream until the head of a reply is there. `reused` is whether the connection stood already.
    pub(super) async fn on_stream(
        (slot, reused): (Slot, bool),
        outgoing: Outgoing<'_>,
        (place, order): (&Place, &Order<'_>),
        supply: &mut Supply,
        budget: &mut Budget,
    ) -> Result<Self, Missed> {
        let progress = supply.progress();
        let body = supply.take(order.trailers);
        let request: Request<()> = outgoing.into_stream(place, &body);
        let mut sent = streams::send(slot, request, body).map_err(|unsent| {
            supply.restore(unsent);
            // The next new connection would take no more than this one.
            if reused { Missed::Unsent } else { Missed::Over(Error::Unprocessed) }
        })?;
        let answered = match &progress {
            Some(progress) => budget.first_byte_of_upload(progress.turn(), sent.head()).await,
            None => budget.first_byte(sent.head()).await,
        };
        let error = match answered.map_err(Missed::Over)? {
            Ok(response) => {
                let (mut head, stream) = response.into_parts();
                if head.headers.len() > MAX_HEADERS {
                    return Err(Missed::Over(Malformed::Head("too many headers".to_owned()).into()));
                }
                head.version = Version::HTTP_11;
                let length = reply::check(&head).map_err(|malformed| Missed::Over(malformed.into()))?;
                let body = Coming::Stream(Box::new((Received::new(stream, &head.headers), sent.into_hold())));
                return Ok(Self { response: Response::from_parts(head, body), length, progress });
            }
            Err(HeadError::Malformed(malformed)) => return Err(Missed::Over(malformed.into())),
            Err(HeadError::Stream(error)) => error,
        };
        if let Some(error) = progress.as_ref().and_then(|progress| progress.take_failure()) {
            return Err(Missed::Over(Error::ClientBody(error)));
        }
        let insists = error.is_remote() && error.reason() == Some(Reason::HTTP_1_1_REQUIRED);
        let is_safe = match streams::kind(&error) {
            Kind::Unprocessed => true,
            Kind::Stream => insists,
            // As a connection that waited and turns out to be closed.
            Kind::Connection => reused && !sent.is_answered() && order.method.is_idempotent(),
        };
        let error = streams::classify(&error, None);
        let is_whole = matches!(supply, Supply::Whole(_)) && !matches!(error, Error::Malformed(_));
        Err(if is_safe && is_whole { Missed::Again { error, alone: insists } } else { Missed::Over(error) })
    }
}
