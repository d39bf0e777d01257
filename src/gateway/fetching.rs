//! Bringing an answer that is not kept, or is no longer fresh: alone, together with all who want the same, or behind a client's back.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use tokio::time::Instant;

use super::abroad::Errand;
use super::answer::{Chain, Task};
use super::compressing::foretell;
use super::edge::Trace;
use super::fault::Fault;
use super::fragment::Wanted;
use super::keeping::{Heard, Worth, give, judge, tell};
use super::shedding::Term;
use super::{Body, Gateway};
use crate::cache::{Entry, Found, Kept, Key, Label, Lead, Standing, Status, Turn};
use crate::plan::{Caching, Route};

/// How long a request waits for another one's answer before it asks for itself.
const WAIT: Duration = Duration::from_secs(5);

/// How long it waits for another worker's: less, so that those who wait for it here are not all late at once.
const WAIT_ABROAD: Duration = Duration::from_secs(4);

/// What is to be brought, for whoever has the same key.
#[derive(Clone)]
pub(super) struct Fetch {
    pub(super) gateway: Gateway,
    pub(super) route: Arc<Route>,
    /// The request, without what speaks of one client.
    pub(super) asked: Parts,
    pub(super) holes: Vec<(String, String)>,
    pub(super) wanted: Wanted,
    pub(super) key: Key,
    /// Path and query, as its answer is called.
    pub(super) address: String,
    /// When the first one wanted it: its time counts from here.
    pub(super) began: Instant,
    /// How long it may take.
    pub(super) time: Duration,
}

/// What a fetch came to, for those who waited for it.
#[derive(Debug, Clone)]
pub(super) enum Landing {
    /// An answer for all of them.
    Answer(Arc<Entry>, Fate),
    /// A failure for all of them.
    Failed(Arc<Fault>),
    /// An answer for one client alone: all others ask for themselves.
    Alone,
}

/// What became of an answer for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fate {
    stored: bool,
    /// Why it is not kept.
    detail: Option<&'static str>,
}

/// What a fetch came to.
enum Fetched {
    Answer(Arc<Entry>, Fate),
    Failed(Fault),
    Alone(Result<Response<Body>, Fault>, &'static str),
}

impl Fetch {
    /// Brings it and gives it to one client; whoever else wants the same at this time waits for it.
    pub(super) async fn together(self, parts: &Parts, stale: Option<Arc<Entry>>, trace: &mut Trace) -> Response<Body> {
        let limit = self.began + WAIT.min(self.route.timeout());
        match self.gateway.flights.turn(&self.key, limit).await {
            Turn::Lead(lead) => self.lead(lead, parts, stale, trace).await,
            Turn::Landed(Landing::Answer(entry, fate)) => self.taken(&entry, fate, true, parts, stale.as_deref(), trace),
            Turn::Landed(Landing::Failed(fault)) => self.failed(&fault, parts, stale.as_deref(), trace),
            Turn::Landed(Landing::Alone) | Turn::Late => self.alone(parts, stale, trace).await,
        }
    }

    /// Brings it for one client, who waits for nobody.
    pub(super) async fn alone(self, parts: &Parts, stale: Option<Arc<Entry>>, trace: &mut Trace) -> Response<Body> {
        match self.run(stale.as_deref(), trace).await {
            Fetched::Answer(entry, fate) => self.taken(&entry, fate, false, parts, stale.as_deref(), trace),
            Fetched::Failed(fault) => self.failed(&fault, parts, stale.as_deref(), trace),
            Fetched::Alone(answered, detail) => self.given(answered, detail, parts, stale.is_some(), trace),
        }
    }

    /// Brings it while a client is given what is stale or waits for less long; false when somebody is at it already.
    pub(super) fn behind(mut self, stale: Option<Arc<Entry>>) -> bool {
        let Some(lead) = self.gateway.flights.try_lead(&self.key) else { return false };
        self.began = Instant::now();
        tokio::spawn(async move {
            let mut trace = Trace { route: Some(Arc::clone(self.route.name())), ..Trace::default() };
            let (fetched, _) = self.for_machine(stale.as_deref(), &mut trace).await;
            lead.land(match fetched {
                Fetched::Answer(entry, fate) => Landing::Answer(entry, fate),
                Fetched::Failed(fault) => {
                    if stale.is_some() {
                        let (route, code) = (self.route.name(), fault.code());
                        tracing::warn!(%route, code, cause = %Chain(&fault), "a stale reply stays, the new one failed");
                    }
                    Landing::Failed(Arc::new(fault))
                }
                Fetched::Alone(..) => Landing::Alone,
            });
        });
        true
    }

    pub(super) async fn lead(
        self,
        lead: Lead<Landing>,
        parts: &Parts,
        stale: Option<Arc<Entry>>,
        trace: &mut Trace,
    ) -> Response<Body> {
        // On several threads it may have been brought between the look and the lead.
        let now = Instant::now();
        if let Found::Kept(entry, Standing::Fresh) = self.gateway.kept.find(self.key.bytes(), now) {
            lead.land(Landing::Answer(Arc::clone(&entry), Fate { stored: true, detail: None }));
            return give(&entry, parts, now, Status::Hit { ttl: entry.ttl(now) }, trace);
        }
        // A client that leaves drops all of this, and the lead with it.
        let (fetched, collapsed) = self.for_machine(stale.as_deref(), trace).await;
        match fetched {
            Fetched::Answer(entry, fate) => {
                lead.land(Landing::Answer(Arc::clone(&entry), fate));
                self.taken(&entry, fate, collapsed, parts, stale.as_deref(), trace)
            }
            Fetched::Alone(answered, detail) => {
                lead.land(Landing::Alone);
                self.given(answered, detail, parts, stale.is_some(), trace)
            }
            Fetched::Failed(fault) if stale.is_none() && is_outage(&fault) && lead.hands_over() => {
                drop(lead);
                self.failed(&fault, parts, None, trace)
            }
            Fetched::Failed(fault) => {
                let fault = Arc::new(fault);
                lead.land(Landing::Failed(Arc::clone(&fault)));
                self.failed(&fault, parts, stale.as_deref(), trace)
            }
        }
    }

    /// Brings it for all workers of the machine, when the route says so, or takes what another one has brought; then the second is true.
    async fn for_machine(&self, stale: Option<&Entry>, trace: &mut Trace) -> (Fetched, bool) {
        let of_machine = self.route.caching().is_some_and(Caching::is_of_machine);
        let Some(abroad) = self.gateway.abroad.as_ref().filter(|_| of_machine) else {
            return (self.run(stale, trace).await, false);
        };
        let epoch = self.gateway.kept.epoch();
        let duty = match abroad.ask(self.key.name(), self.began + WAIT_ABROAD.min(self.route.timeout())).await {
            Errand::Bring(duty) => Some(duty),
            Errand::Take(bytes) => match self.unpacked(&bytes, epoch) {
                Some(fetched) => return (fetched, true),
                None => None,
            },
            Errand::Alone => None,
        };
        let fetched = self.run(stale, trace).await;
        if let Some(duty) = duty {
            duty.done(match &fetched {
                Fetched::Answer(entry, Fate { stored: true, .. }) => entry.pack(&self.key, Instant::now()),
                Fetched::Answer(..) | Fetched::Failed(_) | Fetched::Alone(..) => None,
            });
        }
        (fetched, false)
    }

    /// What another worker has brought, kept here too.
    fn unpacked(&self, bytes: &[u8], epoch: u64) -> Option<Fetched> {
        let (_, entry) = Entry::unpack(bytes, Instant::now()).filter(|(key, _)| *key == self.key)?;
        let entry = Arc::new(entry);
        let kept = self.gateway.kept.keep(&self.key, &entry, epoch);
        Some(Fetched::Answer(entry, fate(kept)))
    }

    /// Asks, and keeps what may be kept.
    async fn run(&self, stale: Option<&Entry>, trace: &mut Trace) -> Fetched {
        let Self { gateway, route, asked, holes, wanted, key, .. } = self;
        let Some(caching) = route.caching() else { return Fetched::Alone(Err(Fault::NoRoute), "defect") };
        let heard = Heard::default();
        let mut asked = asked.clone();
        asked.extensions.insert(heard.clone());
        let epoch = gateway.kept.epoch();
        let empty = Empty::<Bytes>::new().map_err(|never| match never {});
        let time = self.time.saturating_sub(self.began.elapsed());
        let task = Task { route, parts: &asked, holes, wanted, term: Term { time, place: None } };
        let answered = gateway.answered(task, empty, trace).await;
        let (said, now) = (heard.said(), Instant::now());
        let response = match answered {
            Ok(mut response) => {
                if route.compresses() {
                    foretell(&mut response);
                }
                response
            }
            Err(fault) => {
                match stale {
                    Some(stale) if is_outage(&fault) => stale.fail(now),
                    // It is gone, or not for everybody any more: what was kept of it is no answer either.
                    _ => gateway.kept.remove(key),
                }
                // A cookie that comes with a failure is one client's.
                return if said.is_some_and(|said| said.is_personal()) {
                    Fetched::Alone(Err(fault), "personal")
                } else {
                    Fetched::Failed(fault)
                };
            }
        };
        let label = Label { route: Arc::clone(route.name()), address: self.address.clone(), tags: caching.tags(holes) };
        match judge(response, caching, self.gateway.plan.tag_key(), said.as_ref(), label, now) {
            Worth::Kept(entry) => {
                let entry = Arc::new(entry);
                let kept = gateway.kept.keep(key, &entry, epoch);
                Fetched::Answer(entry, fate(kept))
            }
            Worth::Shared(entry, detail) => {
                if let Some(stale) = stale.filter(|_| detail == PARTIAL) {
                    stale.fail(now);
                }
                Fetched::Answer(Arc::new(entry), Fate { stored: false, detail: Some(detail) })
            }
            Worth::Alone(response, detail, marks) => {
                if marks {
                    gateway.kept.mark_alone(key, now);
                }
                Fetched::Alone(Ok(response), detail)
            }
        }
    }

    /// Gives an answer for all to one client. One that is not whole stands back behind a stale one that is.
    pub(super) fn taken(
        &self,
        entry: &Entry,
        fate: Fate,
        collapsed: bool,
        parts: &Parts,
        stale: Option<&Entry>,
        trace: &mut Trace,
    ) -> Response<Body> {
        let now = Instant::now();
        if let Some(stale) = stale.filter(|stale| fate.detail == Some(PARTIAL) && stale.standing(now) != Standing::Gone) {
            return give(stale, parts, now, Status::Failed { ttl: stale.ttl(now) }, trace);
        }
        let Fate { stored, detail } = fate;
        give(entry, parts, now, Status::Miss { stale: stale.is_some(), stored, collapsed, detail }, trace)
    }

    /// Gives a failure to one client, or what is stale in its place.
    pub(super) fn failed(&self, fault: &Fault, parts: &Parts, stale: Option<&Entry>, trace: &mut Trace) -> Response<Body> {
        let now = Instant::now();
        if let Some(stale) = stale.filter(|stale| is_outage(fault) && stale.standing(now) != Standing::Gone) {
            let (route, code) = (self.route.name(), fault.code());
            tracing::warn!(%route, code, cause = %Chain(fault), "a stale reply stands in for one that failed");
            return give(stale, parts, now, Status::Failed { ttl: stale.ttl(now) }, trace);
        }
        let mut response = self.gateway.faulted(parts, fault, trace);
        tell(&mut response, Status::Miss { stale: stale.is_some(), stored: false, collapsed: false, detail: None }, trace);
        response
    }

    fn given(
        &self,
        answered: Result<Response<Body>, Fault>,
        detail: &'static str,
        parts: &Parts,
        stale: bool,
        trace: &mut Trace,
    ) -> Response<Body> {
        let mut response = answered.unwrap_or_else(|fault| self.gateway.faulted(parts, &fault, trace));
        tell(&mut response, Status::Miss { stale, stored: false, collapsed: false, detail: Some(detail) }, trace);
        response
    }
}

fn fate(kept: Kept) -> Fate {
    let (stored, detail) = match kept {
        Kept::Stored => (true, None),
        Kept::TooLarge => (false, Some("too-large")),
        Kept::Purged => (false, Some("purged")),
    };
    Fate { stored, detail }
}

/// Why an answer that lacks an optional part is not kept.
pub(super) const PARTIAL: &str = "partial";

/// Whether a failure says that the upstream cannot answer now, and not that this is its answer.
fn is_outage(fault: &Fault) -> bool {
    fault.status().is_server_error() || fault.status() == StatusCode::TOO_MANY_REQUESTS
}
