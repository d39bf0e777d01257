//! What became of the connections that were open when a drain began.

/// What a connection was at when the drain began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing.
    #[default]
    Idle,
    /// A request, begun or not yet answered to its end.
    InFlight,
    /// An answer that has no known end.
    Streaming,
    /// A WebSocket.
    WebSocket,
}

/// How it went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Way {
    /// It came to its own end.
    #[default]
    Finished,
    /// It was told to come back, in the words of its protocol, and ended in order.
    Told,
    /// It was cut.
    Cut,
}

/// How many connections of one kind went in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ways {
    /// Came to their own end.
    pub finished: u64,
    /// Were told to come back, in the words of their protocol, and ended in order: a close frame with 1012, an event stream
    /// that ends between two events.
    pub told: u64,
    /// Were cut.
    pub cut: u64,
}

/// The report of a drain: every connection that was open when it began or came later, by what it was at then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Departures {
    /// Without a request.
    pub idle: Ways,
    /// With a request, begun or not yet answered to its end.
    pub in_flight: Ways,
    /// With an answer that has no known end, such as a stream of events.
    pub streaming: Ways,
    /// WebSockets.
    pub websocket: Ways,
}

impl Departures {
    pub(super) fn count(&mut self, kind: Kind, way: Way) {
        let ways = match kind {
            Kind::Idle => &mut self.idle,
            Kind::InFlight => &mut self.in_flight,
            Kind::Streaming => &mut self.streaming,
            Kind::WebSocket => &mut self.websocket,
        };
        *match way {
            Way::Finished => &mut ways.finished,
            Way::Told => &mut ways.told,
            Way::Cut => &mut ways.cut,
        } += 1;
    }

    /// How many were cut in all.
    pub fn cut(&self) -> u64 {
        [self.idle, self.in_flight, self.streaming, self.websocket].iter().map(|ways| ways.cut).sum()
    }
}
