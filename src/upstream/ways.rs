//! The way to an upstream: a connection that waited, a place on one that calls share, or a new one.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::Instant;

use super::budget::Budget;
use super::client::Client;
use super::connect::{Offer, Opened};
use super::http1::Connection;
use super::pool::{Alone, age};
use super::resolve::Whereabouts;
use super::settings::Place;
use super::streams::{Line, Origin, Protocol, Slot, Turn};
use super::{ConnectError, Error};
use crate::base::moment;

/// A way to an upstream, for one call.
pub(super) enum Way {
    /// A connection of its own: HTTP/1.1.
    Alone(Alone),
    /// A place on a connection that calls share: HTTP/2.
    Shared(Slot),
}

impl Client {
    /// A connection that waited, for a call that has one to itself: one that is to be `alone` has, whatever the server would choose, and
    /// one that wants a `fresh` way has none.
    pub(super) fn at_once(&self, place: &Place, (alone, fresh): (bool, bool)) -> Option<Alone> {
        if fresh || (!alone && self.shared.connector.may_share(place)) {
            return None;
        }
        self.waited(place)
    }

    /// Any other way, and whether it stood already.
    pub(super) async fn way(&self, place: &Place, (alone, fresh): (bool, bool), budget: &Budget) -> Result<(Way, bool), Error> {
        if !alone && self.shared.connector.may_share(place) {
            return self.negotiated(place, fresh, budget).await;
        }
        let open = self.shared.connector.open(place.dial.as_ref(), budget.connect_within(), Offer::Http1);
        let opened = budget.connect(open).await?.map_err(of_connecting)?;
        Ok((Way::Alone(self.begin_alone(place, opened)), false))
    }

    /// A connection that waited.
    fn waited(&self, place: &Place) -> Option<Alone> {
        while let Some(connection) = self.shared.pool.take(&place.origin) {
            // One to an address that the name has left is dropped.
            if connection.whereabouts.as_ref().is_none_or(Whereabouts::holds) {
                return Some(self.alone(place, connection));
            }
        }
        None
    }

    /// Speaks HTTP/1.1 on a new connection.
    fn begin_alone(&self, place: &Place, opened: Opened) -> Alone {
        let Opened { wire, whereabouts, .. } = opened;
        let retire = moment::now() + age(self.number());
        self.alone(place, Box::new(Connection::new(wire, whereabouts, retire)))
    }

    fn alone(&self, place: &Place, connection: Box<Connection>) -> Alone {
        Alone::new(connection, Arc::clone(&self.shared.pool), Arc::clone(&place.origin))
    }

    fn number(&self) -> u32 {
        self.shared.opened.fetch_add(1, Ordering::Relaxed)
    }

    /// A way to a server that chooses the protocol. While it is not known what it chooses, or when it has chosen HTTP/2, one call opens
    /// the connection that many wait for.
    async fn negotiated(&self, place: &Place, fresh: bool, budget: &Budget) -> Result<(Way, bool), Error> {
        let origin = self.shared.lines.origin(&place.origin);
        let found = budget.connect(async {
            let since = Instant::now();
            loop {
                if let Some(slot) = origin.slot() {
                    return Ok((Way::Shared(slot), true));
                }
                let turn = match origin.protocol() {
                    Protocol::Http1 => {
                        if let Some(waited) = (!fresh).then(|| self.waited(place)).flatten() {
                            return Ok((Way::Alone(waited), true));
                        }
                        Turn::NONE
                    }
                    Protocol::Few => Turn::NONE,
                    Protocol::Unknown | Protocol::Http2 => {
                        let turn = origin.turn(since).await?;
                        if let Some(slot) = origin.slot() {
                            return Ok((Way::Shared(slot), true));
                        }
                        if matches!(origin.protocol(), Protocol::Http1 | Protocol::Few) {
                            continue;
                        }
                        turn
                    }
                };
                return self.opened_by_turn(place, &origin, turn, budget).await.map(|way| (way, false));
            }
        });
        found.await?.map_err(of_connecting)
    }

    async fn opened_by_turn(
        &self,
        place: &Place,
        origin: &Arc<Origin>,
        mut turn: Turn<'_>,
        budget: &Budget,
    ) -> Result<Way, ConnectError> {
        let way = self.begin_any(place, origin, budget).await;
        if let Err(error) = &way {
            turn.failed(error);
        }
        way
    }

    async fn begin_any(&self, place: &Place, origin: &Arc<Origin>, budget: &Budget) -> Result<Way, ConnectError> {
        let opened = self.shared.connector.open(place.dial.as_ref(), budget.connect_within(), Offer::Any).await?;
        if !opened.is_http2 {
            origin.speaks(Protocol::Http1);
            return Ok(Way::Alone(self.begin_alone(place, opened)));
        }
        let line = Line::open(opened.wire, opened.whereabouts, origin, self.number()).await?;
        origin.add(line).map(Way::Shared).ok_or_else(|| ConnectError::Http2("the server takes no calls".to_owned()))
    }
}

fn of_connecting(error: ConnectError) -> Error {
    match error {
        // The last address used up its share of the time a moment before the time was up.
        ConnectError::Socket { kind: std::io::ErrorKind::TimedOut, .. } => Error::ConnectTimeout,
        error => Error::Connect(error),
    }
}
