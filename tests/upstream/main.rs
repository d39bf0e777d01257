//! Backends that refuse, break off, lie, babble or fall silent, behind the shipped binary.
//!
//! Each has its documented status and code on a shaped route. On a `proxy:` route what fails before the head of the reply
//! has the same, and what fails after it is seen by the client as a cut connection, never as a clean end. The gateway serves
//! the next request. A backend that is dead costs little and takes nobody along; one of several is not even missed.

#[path = "../support/mod.rs"]
mod support;

mod dying;
mod endurance;
mod injected;
mod memory;
mod overload;
mod passed;
mod scenarios;
mod shaped;
mod streams;
mod targets;
mod uploads;

use scenarios::Scenario;
use support::gateway::{Gateway, Setup};

/// A gateway with one worker, a shaped and a passing route for each scenario, and a route to the sample backend.
struct Stage {
    gateway: Gateway,
    scenarios: Vec<Scenario>,
}

impl Stage {
    async fn open(scenarios: Vec<Scenario>) -> Self {
        let (mut upstreams, mut routes) = (String::new(), String::new());
        for scenario in &scenarios {
            let (name, options, address) = (scenario.name, scenario.options, scenario.place.address().await);
            // Every request is to see its own failure.
            let once = ", retry: false, breaker: false";
            upstreams += &format!("  {name}: {{url: 'http://{address}'{options}{once}}}\n");
            routes += &format!("  - route: GET /shaped/{name}\n    call: '{name}:/'\n    timeout: 60s\n");
            routes += &format!("  - route: GET /passed/{name}\n    proxy: '{name}:/'\n    timeout: 60s\n");
            routes += &format!("  - route: POST /upload/{name}\n    proxy: '{name}:/'\n    timeout: 60s\n");
        }
        let good = "  shop: {url: 'demo:', envelope: mall}\nroutes:\n  - route: GET /detail/{id}\n    call: GET shop:/api/items/{path.id}\n";
        let gateway = Setup::new(&format!("upstreams:\n{upstreams}{good}{routes}")).workers(1).start();
        Self { gateway, scenarios }
    }

    /// The gateway is as it was.
    fn assert_serves(&self, about: &str) {
        let answer = self.gateway.get("/detail/1");
        assert_eq!(answer.status, 200, "after {about}: {answer:?}");
    }
}
