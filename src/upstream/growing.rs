//! A reply that is used while it comes: whole as long as it is small, piece by piece beyond.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body::Body as _;
use tokio::time::Instant;

use super::body::StreamBody;
use super::budget::Budget;
use super::coding::Decoder;
use super::collect::{self, Announced};
use super::exchange::{Exchange, Order, Supply};
use super::headers::Names;
use super::live::Permit;
use super::pieces::Pieces;
use super::tries::{self, Begun};
use super::{Call, Client, Error, Reply, Upstream, hedged};

/// The answer to a call whose reply may be large.
#[derive(Debug)]
pub enum Answered {
    /// It has ended.
    Whole(Reply),
    /// It has grown beyond the size that was asked for.
    Growing(Box<Growing>),
}

/// A reply that is still under way. Its `Debug` form shows no header and no body, which may hold secrets.
pub struct Growing {
    /// Its status.
    pub status: StatusCode,
    /// Its headers, as a whole reply has them.
    pub headers: HeaderMap,
    /// What came so far, without content coding.
    begun: Pieces,
    rest: Rest,
    budget: Budget,
}

/// The rest of a reply, without content coding. Dropped before its end, it cuts the connection to the upstream.
pub struct Rest {
    /// What came and is handed out before all else.
    ahead: VecDeque<Bytes>,
    body: StreamBody,
    decoder: Option<Decoder>,
    received: u64,
    limit: u64,
    over: bool,
}

impl std::fmt::Debug for Growing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Growing").field("status", &self.status).field("bytes", &self.begun.len()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rest").field("received", &self.received).field("over", &self.over).finish_non_exhaustive()
    }
}

impl Client {
    /// As [`Client::send`], but a reply for whose head `above` gives a number, and that grows above so many bytes, is handed over
    /// while it comes. From then on only `timeout.between_bytes` and `max_bytes` bound it, once it is asked for without its budget
    /// ([`Growing::into_rest`]). The reply of a hedged call is whole: which of two is the better one shows at its end.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn send_growing(
        &self,
        upstream: &Upstream,
        call: Call<'_>,
        deadline: Instant,
        above: impl FnOnce(StatusCode, &HeaderMap) -> Option<u64>,
    ) -> Result<Answered, Error> {
        if hedged::takes(upstream, &call) {
            return Box::pin(self.send_hedged(upstream, &call, deadline)).await.map(Answered::Whole);
        }
        let Call { method, path_and_query, headers, body, repeat, tally } = call;
        let order = Order {
            method: &method,
            path_and_query: &path_and_query,
            headers: &headers,
            repeat,
            trailers: None,
            tally: Some(&tally),
            switch_to: None,
        };
        let budget = Budget::begin(upstream.settings().timeouts, deadline);
        let Begun { exchange, budget, pass, permit } = self.begin(upstream, &order, Supply::Whole(body), budget).await?;
        let status = exchange.response.status();
        let answered = receive(upstream, &method, exchange, permit, budget, above).await;
        if let Some(pass) = pass {
            pass.settle(answered.as_ref().map_or_else(Error::verdict, |_| tries::verdict(status)));
        }
        answered
    }
}

/// The reply behind a head, as far as it has to be here before it is used.
async fn receive(
    upstream: &Upstream,
    method: &Method,
    exchange: Exchange,
    permit: Option<Permit>,
    budget: Budget,
    above: impl FnOnce(StatusCode, &HeaderMap) -> Option<u64>,
) -> Result<Answered, Error> {
    let Exchange { response, length, progress } = exchange;
    let (mut head, mut coming) = response.into_parts();
    let limit = upstream.settings().max_bytes;
    let announced = Announced::of(&head, method, length)?;
    let Announced { coding, length, bodiless } = announced;
    let above = above(head.status, &head.headers).filter(|above| {
        let is_small = coding.is_none() && length.is_some_and(|length| length <= *above);
        !bodiless && !is_small
    });
    let Some(above) = above else {
        let body = collect::collect(&mut head, announced, &mut coming, limit, &budget).await?;
        coming.give_back();
        return Ok(Answered::Whole(Reply::new(head, body)));
    };
    if length.is_some_and(|length| length > limit) {
        return Err(Error::TooLarge { limit });
    }
    if coding.is_some() {
        collect::uncoded(&mut head);
    }
    let between_bytes = upstream.settings().timeouts.between_bytes;
    let body = StreamBody::new(coming, permit, progress, Names::default(), between_bytes);
    let decoder = coding.map(|coding| Decoder::new(coding, limit));
    let mut rest = Rest { ahead: VecDeque::new(), body, decoder, received: 0, limit, over: false };
    let mut begun = Pieces::default();
    gather(&mut rest, &mut begun, above, &budget).await?;
    if rest.over {
        return Ok(Answered::Whole(Reply::new(head, begun.whole())));
    }
    let Reply { status, headers, .. } = Reply::new(head, Bytes::new());
    Ok(Answered::Growing(Box::new(Growing { status, headers, begun, rest, budget })))
}

impl Growing {
    /// What came so far from a place on, without content coding, as far as it stands in one piece; nothing at its end.
    pub fn at(&self, place: usize) -> &[u8] {
        self.begun.at(place)
    }

    /// Waits for more, within the time that the call has in all; false at the end.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn more(&mut self) -> Result<bool, Error> {
        let piece = next(&mut self.rest, &self.budget).await?;
        Ok(piece.map(|piece| self.begun.push(piece)).is_some())
    }

    /// Makes the first piece longer, if need be by more; false at the end.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn lengthen(&mut self) -> Result<bool, Error> {
        let more = self.at(0).len() < self.begun.len() || self.more().await?;
        self.begun.whole();
        Ok(more)
    }

    /// The whole reply.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn whole(mut self) -> Result<Reply, Error> {
        gather(&mut self.rest, &mut self.begun, u64::MAX, &self.budget).await?;
        Ok(Reply { status: self.status, headers: self.headers, body: self.begun.whole() })
    }

    /// What follows on so many bytes, in any time that its reader takes.
    pub fn into_rest(self, bytes: usize) -> Rest {
        Rest { ahead: self.begun.behind(bytes), ..self.rest }
    }
}

impl Rest {
    /// The next bytes; none at the end.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if let Some(piece) = self.ahead.pop_front() {
            return Poll::Ready(Some(Ok(piece)));
        }
        while !self.over {
            let data = match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Err(error))) => return self.fail(error),
                Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
                Poll::Ready(None) => {
                    self.over = true;
                    match self.decoder.as_mut().map(Decoder::end) {
                        None => break,
                        Some(Ok(decoded)) if decoded.is_empty() => break,
                        Some(decoded) => return Poll::Ready(Some(decoded.map(Bytes::from))),
                    }
                }
            };
            self.received = self.received.saturating_add(data.len() as u64);
            if self.received > self.limit {
                let limit = self.limit;
                return self.fail(Error::TooLarge { limit });
            }
            let data = match &mut self.decoder {
                None => data,
                Some(decoder) => match decoder.push(&data) {
                    Ok(()) => Bytes::from(decoder.take()),
                    Err(error) => return self.fail(error),
                },
            };
            if !data.is_empty() {
                return Poll::Ready(Some(Ok(data)));
            }
        }
        Poll::Ready(None)
    }

    fn fail(&mut self, error: Error) -> Poll<Option<Result<Bytes, Error>>> {
        self.over = true;
        Poll::Ready(Some(Err(error)))
    }
}

async fn next(rest: &mut Rest, budget: &Budget) -> Result<Option<Bytes>, Error> {
    budget.between_bytes(poll_fn(|cx| rest.poll_next(cx))).await?.transpose()
}

/// Reads on until there are more bytes than this, or the end.
async fn gather(rest: &mut Rest, begun: &mut Pieces, above: u64, budget: &Budget) -> Result<(), Error> {
    while begun.len() as u64 <= above {
        let Some(piece) = next(rest, budget).await? else { break };
        begun.push(piece);
    }
    Ok(())
}
