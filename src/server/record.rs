//! What is remembered of a request until its answer has ended, for the access log and the connection's books.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use http::{Method, Uri, Version};

use super::answer::Cause;
use super::traffic::Traffic;
use super::watch::Begun;
use crate::base::address::AddressText;
use crate::base::moment;
use crate::gateway::Broken;
use crate::gateway::edge::{Peer, RequestId, Trace};
use crate::telemetry::{AccessLog, Entry};

/// What the log says when the client left before there was a status, and when the connection was cut before. Nobody ever
/// receives them.
const CLIENT_LEFT: u16 = 499;
const CUT: u16 = 503;

/// The code of what the end of a drain ended.
pub(super) const DRAIN: &str = "drain_deadline";

/// What was asked for.
#[derive(Debug)]
pub(super) enum Asked {
    Parsed {
        method: Method,
        uri: Uri,
    },
    /// From a head that was refused before it was parsed.
    Raw {
        method: String,
        target: String,
    },
}

/// One request. When it is dropped its line is written and it no longer counts as under way: no path out of a request, not
/// even a client that leaves, can miss that.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) access: Option<AccessLog>,
    pub(super) traffic: Arc<Traffic>,
    /// Its number on its connection.
    pub(super) number: u64,
    pub(super) asked: Asked,
    pub(super) id: RequestId,
    pub(super) peer: Peer,
    pub(super) version: Version,
    pub(super) time: SystemTime,
    pub(super) started: Instant,
    pub(super) answer: Answer,
    /// The number that the watch gave it.
    pub(super) watched: Option<u64>,
}

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: Option<u16>,
    pub(super) trace: Trace,
    pub(super) bytes: u64,
    /// Everything was handed over for sending.
    pub(super) complete: bool,
    /// It broke off on our side.
    pub(super) failed: bool,
    /// Why we cut it short, and nothing else of the connection.
    pub(super) cut: Option<&'static str>,
    /// It has no known end.
    streams: bool,
    /// A piece was handed over and the next one not asked for.
    waiting: bool,
}

impl Asked {
    /// Method and target, as the log has them.
    fn line(&self) -> (&str, &str) {
        match self {
            Self::Parsed { method, uri } => (method.as_str(), uri.path_and_query().map_or("", |target| target.as_str())),
            Self::Raw { method, target } => (method.as_str(), target.as_str()),
        }
    }
}

impl Record {
    /// Has the watch know that this request began.
    pub(super) fn begin(&mut self) {
        let (method, target) = self.asked.line();
        let begun = Begun { id: self.id.as_str(), method, target, started: self.started };
        self.watched = self.traffic.watched().map(|watched| watched.began(&begun));
    }

    /// Has the watch know that this request panicked.
    pub(super) fn panicked(&self) {
        if let Some(watched) = self.traffic.watched() {
            watched.panicked();
        }
    }

    /// The answer broke off on our side.
    pub(super) fn broke_off(&mut self, cause: &Cause) {
        self.answer.failed = true;
        let Some(broken) = cause.downcast_ref::<Broken>() else { return };
        let trace = &mut self.answer.trace;
        let (request_id, route, code) = (&self.id, trace.route.as_deref(), broken.code());
        // What a client does to itself is in the access log, as every other fault of a client is.
        if broken.is_of_client() {
            tracing::debug!(%request_id, route, code, cause = %broken, "an answer broke off with its upload");
        } else {
            tracing::warn!(%request_id, route, code, cause = %broken, "an answer broke off");
        }
        trace.code = Some(broken.code().into());
    }

    /// The answer has no known end.
    pub(super) fn stream(&mut self) {
        if !std::mem::replace(&mut self.answer.streams, true) {
            self.traffic.streams(true);
        }
    }

    /// A piece of the answer was handed over.
    pub(super) fn gave(&mut self, bytes: usize) {
        self.answer.bytes += bytes as u64;
        if self.traffic.is_multiplexed() {
            self.answer.waiting = true;
            self.traffic.piece(self.number, true);
        }
    }

    /// The next piece is asked for.
    pub(super) fn taken(&mut self) {
        if std::mem::take(&mut self.answer.waiting) {
            self.traffic.piece(self.number, false);
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        // How long it took counts what was done for it in this turn.
        let ended = moment::renewed().into_std();
        self.taken();
        if self.answer.streams {
            self.traffic.streams(false);
        }
        self.traffic.leave(!self.answer.complete && !self.answer.failed);
        if let (Some(watched), Some(request)) = (self.traffic.watched(), self.watched) {
            watched.ended(request);
        }
        let Some(access) = &self.access else { return };
        let (method, target) = self.asked.line();
        let Answer { status, trace, bytes, complete, cut, .. } = &self.answer;
        let trace = trace.later.told().unwrap_or(trace);
        let cut = if *complete { None } else { cut.or_else(|| self.traffic.cut()) };
        let peer = AddressText::new(self.peer.ip());
        access.record(&Entry {
            time: self.time,
            request_id: self.id.as_str(),
            peer: peer.as_str(),
            method,
            target,
            route: trace.route.as_deref(),
            status: status.unwrap_or(if cut.is_some() { CUT } else { CLIENT_LEFT }),
            bytes: *bytes,
            duration: ended.saturating_duration_since(self.started),
            upstream: trace.upstream,
            calls: [trace.calls.made, trace.calls.again, trace.calls.refused],
            code: trace.code.as_deref().or(cut),
            cache: trace.cache,
            warnings: trace.warnings,
            version: self.version,
            cut: !complete,
        });
    }
}
