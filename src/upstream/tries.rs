//! One call, in as many tries as it takes and may have: each on a target that the upstream's state picks.

use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

use super::budget::Budget;
use super::exchange::{Exchange, Order, Supply};
use super::live::{Ending, Pass, Permit, Verdict};
use super::{Client, Error, Upstream};
use crate::base::moment;

/// No try begins with less time than this: it would only burden the upstream.
const LEAST: Duration = Duration::from_millis(20);

/// A call that has the head of a reply.
pub(super) struct Begun {
    pub(super) exchange: Exchange,
    /// What is left of its time.
    pub(super) budget: Budget,
    /// Tells what became of it; none when that was told.
    pub(super) pass: Option<Pass>,
    pub(super) permit: Option<Permit>,
}

/// What a reply with this status says about who sent it. One that is asked too much is well, and one try more would not help it.
pub(super) fn verdict(status: StatusCode) -> Verdict {
    match status {
        StatusCode::TOO_MANY_REQUESTS => Verdict::Unknown,
        status if status.is_server_error() => Verdict::Bad,
        _ => Verdict::Good,
    }
}

impl Client {
    /// Makes a call until there is a head of a reply that no other try could better.
    pub(super) async fn begin(
        &self,
        upstream: &Upstream,
        order: &Order<'_>,
        mut supply: Supply,
        budget: Budget,
    ) -> Result<Begun, Error> {
        let live = upstream.live();
        let refused = |error: Error| {
            if let Some(tally) = order.tally.filter(|_| matches!(error, Error::BulkheadFull | Error::BreakerOpen { .. })) {
                tally.refused();
            }
            error
        };
        let permit = live.enter(&budget).await.map_err(refused)?;
        live.called();
        let mut tried: Vec<usize> = Vec::new();
        let mut pass = live.pick(&tried).map_err(refused)?;
        loop {
            // An upstream has a target, and what was picked is one of them.
            let Some(place) = upstream.places().get(pass.place()) else {
                return Err(Error::BreakerOpen { retry_after: Duration::ZERO });
            };
            let attempt = u32::try_from(tried.len()).unwrap_or(u32::MAX);
            if let Some(tally) = order.tally {
                tally.made();
            }
            let mut timing = budget;
            let run = Exchange::run(self, upstream, place, (order, attempt), &mut supply, &mut timing);
            let result = run.await;
            let (ending, verdict) = match &result {
                Ok(exchange) => {
                    let (status, headers) = (exchange.response.status(), exchange.response.headers());
                    (Some(Ending::of_reply(status, headers)), verdict(status))
                }
                Err(error) => (Ending::of_error(error), error.verdict()),
            };
            let again = ending.filter(|_| supply.is_there()).and_then(|ending| again(upstream, order, ending, attempt, &budget));
            let Some(wait) = again else {
                return match result {
                    Ok(exchange) => Ok(Begun { exchange, budget: timing, pass: Some(pass), permit }),
                    Err(error) => {
                        pass.settle(verdict);
                        Err(error)
                    }
                };
            };
            tried.push(pass.place());
            pass.settle(verdict);
            tokio::time::sleep_until(wait).await;
            pass = match live.pick(&tried) {
                Ok(pass) if live.may_repeat() => pass,
                // The failure that was is more telling than what stands in the way of another try.
                _ => return result.map(|exchange| Begun { exchange, budget: timing, pass: None, permit }),
            };
            if let Some(tally) = order.tally {
                tally.again();
            }
            tracing::debug!(upstream = upstream.name(), attempt = attempt + 1, "a call is made again");
        }
    }
}

/// When a call that ended so is made again, if it is.
fn again(upstream: &Upstream, order: &Order<'_>, ending: Ending, made: u32, budget: &Budget) -> Option<Instant> {
    let retry = upstream.settings().policies.retry.as_ref()?;
    if made >= retry.attempts || !retry.covers(ending, order.method, order.repeat) {
        return None;
    }
    let mut wait = retry.wait(made + 1, upstream.live().chance());
    // One target knows best when it wants to be asked again; of several, another one may answer at once.
    if let (Ending::Status(_, Some(asked)), [_]) = (ending, upstream.places()) {
        wait = wait.max(asked);
    }
    (wait.saturating_add(LEAST) <= budget.left()).then(|| moment::now() + wait)
}
