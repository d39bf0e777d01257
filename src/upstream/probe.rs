//! Active health checks: every target is asked again and again, beside the calls.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, header};
use tokio::time::Instant;

use super::budget::Budget;
use super::exchange::{Exchange, Order, Supply};
use super::live::{HealthRules, Repeat};
use super::settings::Place;
use super::{Client, Error, Hearsay, Timeouts, Upstream};

impl Client {
    /// Asks the targets of an upstream whether they are well, if it has checks, for as long as this client or a clone of it is used. What
    /// that finds the other workers are told. Must be called on a runtime.
    pub fn watch(&self, upstream: &Upstream, hearsay: Option<&Arc<Hearsay>>) {
        let Some(rules) = &upstream.settings().policies.health else { return };
        for place in 0..upstream.places().len() {
            let (client, upstream, rules, hearsay) = (self.weak(), upstream.clone(), rules.clone(), hearsay.cloned());
            tokio::spawn(async move {
                // Workers that start together do not ask together.
                let mut pause = rules.every.mul_f64(upstream.live().chance());
                loop {
                    tokio::time::sleep(pause).await;
                    let Some(client) = client() else { return };
                    let begun = Instant::now();
                    if let Some(target) = upstream.places().get(place) {
                        let passed = client.check(&upstream, target, &rules).await;
                        let change = upstream.live().checked(place, &rules, passed.unwrap_or(false));
                        if let (Some(well), Some(hearsay)) = (change, &hearsay) {
                            hearsay.found(upstream.name(), &target.name(), well);
                        }
                    }
                    pause = rules.every.saturating_sub(begun.elapsed()).max(Duration::from_millis(10));
                }
            });
        }
    }

    /// Whether a target answers a check well.
    async fn check(&self, upstream: &Upstream, place: &Place, rules: &HealthRules) -> Result<bool, Error> {
        let within = rules.timeout;
        let timeouts = Timeouts { connect: within, first_byte: within, between_bytes: within, total: within };
        let mut budget = Budget::begin(timeouts, Instant::now() + within);
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static("forecourt-health"));
        let (method, repeat) = (&Method::GET, Repeat::Never);
        let order = Order {
            method,
            path_and_query: &rules.path,
            headers: &headers,
            repeat,
            trailers: None,
            tally: None,
            switch_to: None,
        };
        let mut supply = Supply::Whole(bytes::Bytes::new());
        let exchange = Exchange::run(self, upstream, place, (&order, 0), &mut supply, &mut budget).await?;
        let status = exchange.whole(upstream, method, &budget).await?.status;
        Ok(status.is_success() || status.is_redirection())
    }
}
