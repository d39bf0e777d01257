//! Limits that find their own size by how long answers take: as many requests at once as a worker and what stands behind it can bear.

mod aimd;
mod baseline;
mod gradient;

use std::sync::Arc;

use tokio::time::Instant;

use crate::plan::{Adaptive, AdaptiveMode};
use aimd::Aimd;
use gradient::Gradient;

/// How many requests may be under way.
#[derive(Debug)]
pub(super) enum Limit {
    /// By how long answers may take.
    Aimd(Aimd),
    /// By how long they take when little is under way.
    Gradient(Box<Gradient>),
}

impl Limit {
    /// Between the least that is set and `most`.
    pub(super) fn new(adaptive: Adaptive, most: usize) -> Self {
        match adaptive.mode {
            AdaptiveMode::Aimd { latency } => Self::Aimd(Aimd::new(latency, adaptive.least, most)),
            AdaptiveMode::Gradient => Self::Gradient(Box::new(Gradient::new(adaptive.least, most, fastrand::Rng::new()))),
        }
    }

    /// As it is now.
    pub(super) fn now(&self) -> usize {
        match self {
            Self::Aimd(aimd) => aimd.limit(),
            Self::Gradient(gradient) => gradient.limit(),
        }
    }

    /// A request of a route is over, of `busy` that were under way: `is_good` when it got what it came for.
    pub(super) fn answered(&mut self, route: &Arc<str>, began: Instant, now: Instant, busy: usize, is_good: bool) {
        match self {
            Self::Aimd(aimd) => aimd.answered(began, now, busy),
            Self::Gradient(gradient) => gradient.answered(route, began, now, busy, is_good),
        }
    }
}
