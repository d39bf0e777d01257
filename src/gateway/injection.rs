//! Faults on purpose: what a drill does to the answers of a route. Nothing of it is there unless a worker is told so when it starts.

use std::time::Duration;

use http::{Response, StatusCode};

use super::edge::Trace;
use super::fault::Fault;
use super::{Body, Gateway};
use crate::base::share::Share;
use crate::upstream;

/// Who is to blame, in the log.
const DRILL: &str = "drill";

/// What is done to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// It comes so much later.
    Delay(Duration),
    /// No backend is asked: as if it had answered with this status, or closed the connection.
    Abort(Option<StatusCode>),
    /// Its body breaks off after so many bytes.
    Truncate(u64),
}

/// What is done to a share of the answers of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injection {
    /// The route, as routes.yaml writes it.
    pub route: String,
    /// The share of its requests.
    pub share: Share,
    /// What is done to them.
    pub harm: Harm,
}

impl Injection {
    /// Whether it is this request's turn.
    fn hits(&self, route: &str) -> bool {
        self.route == route && fastrand::u32(..Share::WHOLE) < self.share.parts()
    }
}

impl Gateway {
    /// A gateway that does harm to some of its answers.
    #[must_use]
    pub fn with_injections(mut self, injections: Vec<Injection>) -> Self {
        for injection in &injections {
            if !self.plan.router().routes().iter().any(|route| **route.name() == injection.route) {
                tracing::warn!(event = "drill", route = injection.route, "there is no such route here, so no harm is done to it");
            }
        }
        self.injections = injections.into();
        self
    }

    /// Does harm before a request of a route is served.
    pub(super) async fn harm(&self, route: &str) -> Result<(), Fault> {
        for injection in self.injections.iter() {
            match injection.harm {
                Harm::Delay(time) if injection.hits(route) => tokio::time::sleep(time).await,
                Harm::Abort(None) if injection.hits(route) => {
                    return Err(Fault::Call { upstream: DRILL.to_owned(), error: upstream::Error::Closed });
                }
                Harm::Abort(Some(status)) if injection.hits(route) => {
                    let said = Box::default();
                    return Err(Fault::Status { upstream: DRILL.to_owned(), status, said, headers: Vec::new() });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Does harm to an answer.
    pub(super) fn truncated(&self, response: Response<Body>, trace: &Trace) -> Response<Body> {
        let mut response = response;
        let Some(route) = trace.route.as_deref() else { return response };
        for injection in self.injections.iter() {
            if let Harm::Truncate(bytes) = injection.harm
                && injection.hits(route)
            {
                response = response.map(|body| body.cut_after(bytes));
            }
        }
        response
    }
}
