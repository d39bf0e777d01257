//! Workers that are stopped and then killed: what they had not read is served by others, and what they had is named.

use std::collections::BTreeSet;

use rustix::process::Signal;

use super::{RESILIENT, alone, setup};
use crate::support::figures::note;
use crate::support::load::{Fate, Kind, Load, Mix};
use crate::support::obituary::Obituaries;
use crate::support::process;
use crate::support::until::until;

const WORKERS: usize = 3;
const DEATHS: usize = 50;

/// A load of which some is always under way in every worker.
const MIX: Mix = Mix { keep_alive: 6, one_each: 6, uploads: 4, streams: 2, pause: std::time::Duration::ZERO };

#[test]
fn fifty_workers_stopped_and_killed_lose_what_their_obituaries_name_and_nothing_else() {
    let _alone = alone();
    let gateway = setup(RESILIENT).workers(WORKERS).start();
    let load = Load::start(gateway.address(), MIX);
    load.answers(500);
    let mut waited = 0;
    for death in 0..DEATHS {
        let pids = gateway.workers(WORKERS);
        // Any of them, but the same ones in every run.
        let victim = pids[(death * 7 + death / 5) % pids.len()];
        process::signal(victim, Signal::STOP);
        standstill(&load);
        waited += load.look(|ledger| ledger.under_way_of(Kind::OneEach));
        process::signal(victim, Signal::KILL);
        load.answers(100);
    }
    let ledger = load.stop();
    gateway.log.wait("fifty obituaries", |lines| {
        (lines.iter().filter(|line| line.contains("\"event\":\"exit\"")).count() >= DEATHS).then_some(())
    });
    let obituaries = Obituaries::read(&gateway.log.all());
    let unnamed: Vec<_> = ledger.lost.iter().filter(|lost| !obituaries.name(lost)).collect();
    let lost: BTreeSet<&str> = ledger.lost.iter().map(|lost| lost.id.as_str()).collect();
    let (died, outlived): (Vec<&str>, Vec<&str>) = obituaries.requests().partition(|id| lost.contains(id));
    let counts = format!(
        "{DEATHS} deaths; {waited} clients of one request waited at a stopped worker; {} requests lost, {} of them named in \
         flight and {} on idle connections that are named, {} unnamed; {} named and answered all the same; {ledger}",
        lost.len(),
        died.len(),
        lost.len() - died.len() - unnamed.len(),
        unnamed.len(),
        outlived.len(),
    );
    note("stopped-and-killed", &counts);
    assert!(unnamed.is_empty(), "no obituary names {unnamed:#?}");
    // The last byte of an answer may leave just before the worker stops, and its entry with it no more.
    assert!(outlived.len() <= DEATHS, "answered, and in an obituary: {outlived:?}");
    for fate in [Fate::Failed(0), Fate::Refused, Fate::TimedOut, Fate::Wrong] {
        assert_eq!(ledger.count(fate), 0, "{ledger}");
    }
}

/// Waits until the clients of one request a connection get no more answers: all of them wait at the one that is stopped.
fn standstill(load: &Load) {
    let (mut answered, mut looks) = (0, 0);
    until("a standstill", || {
        let now = load.look(|ledger| ledger.answered_of(Kind::OneEach));
        looks = if now == answered { looks + 1 } else { 0 };
        answered = now;
        if looks < 5 { Err(now) } else { Ok(()) }
    });
}
