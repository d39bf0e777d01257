//! A call with a second one beside it when it takes unusually long.

use std::pin::pin;

use http::Method;
use tokio::time::{Instant, sleep};

use super::live::Repeat;
use super::{Call, Client, Error, Reply, Upstream};

/// Whether a call may have a second one: reading does no harm twice, unless the route says that it does.
pub(super) fn takes(upstream: &Upstream, call: &Call<'_>) -> bool {
    let reads = matches!(call.method, Method::GET | Method::HEAD) && call.repeat != Repeat::Never;
    reads && upstream.settings().policies.hedge.is_some()
}

impl Client {
    /// Sends a call, and the same once more when there is no reply after a while. The first good reply is the answer, and the other call is cut;
    /// when one fails, the other one decides.
    pub(super) async fn send_hedged(&self, upstream: &Upstream, call: &Call<'_>, deadline: Instant) -> Result<Reply, Error> {
        let live = upstream.live();
        let begun = Instant::now();
        let after = live.hedge_after();
        let mut first = pin!(self.send_once(upstream, call, deadline));
        let early = match after {
            Some(after) => tokio::select! {
                biased;
                result = &mut first => Some(result),
                () = sleep(after) => None,
            },
            None => Some(first.as_mut().await),
        };
        let result = match early {
            Some(result) => result,
            None if !live.may_hedge() => first.await,
            None => {
                tracing::debug!(upstream = upstream.name(), "a call takes long and has a second one beside it");
                call.tally.again();
                // It is itself another try.
                let again = Call { repeat: Repeat::Never, ..call.clone() };
                let mut second = pin!(self.send_once(upstream, &again, deadline));
                tokio::select! {
                    biased;
                    result = &mut first => if is_good(&result) { result } else { better(result, second.await) },
                    result = &mut second => if is_good(&result) { result } else { better(first.await, result) },
                }
            }
        };
        if is_good(&result) {
            live.answered(begun.elapsed());
        }
        result
    }
}

fn is_good(result: &Result<Reply, Error>) -> bool {
    result.as_ref().is_ok_and(|reply| !reply.status.is_server_error())
}

/// Of two that are over, the one that the client has more of.
fn better(first: Result<Reply, Error>, second: Result<Reply, Error>) -> Result<Reply, Error> {
    if is_good(&second) || (first.is_err() && second.is_ok()) { second } else { first }
}
