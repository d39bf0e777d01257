//! Releases that are no good: the old one serves all along, and whoever ordered the reload is told why it was refused.

use std::time::Instant;

use super::{Release, alone, which};
use crate::support::drill::{drilled, next};
use crate::support::figures::note;
use crate::support::gateway::Gateway;
use crate::support::load::{Fate, Ledger, Load, Mix};
use crate::support::obituary::Obituaries;
use crate::support::operator::{Done, Operator};

const WORKERS: usize = 2;

/// What a bad release came to.
struct Refusal {
    gateway: Gateway,
    done: Done,
    /// What was lost until the command had ended.
    ledger: Ledger,
}

/// Orders a reload of a bad release under load: one whose workers do as `drill` says, or one with this text.
fn refused(name: &str, drill: &str, text: Option<&str>, exit: i32, says: &[&str]) -> Refusal {
    // A long probation: what goes wrong at the tenth request goes wrong in it.
    let release = Release::new("probation: 20s");
    let gateway = drilled(release.setup().workers(WORKERS), "").start();
    let operator = Operator::of(&gateway);
    let load = Load::start(gateway.address(), Mix::EVERYTHING);
    load.around();
    release.write(gateway.folder(), 2);
    next(gateway.folder(), drill);
    if let Some(text) = text {
        std::fs::write(gateway.folder().join("routes.yaml"), text).expect("our own folder");
    }
    let began = Instant::now();
    let done = operator.command(&["reload"]);
    let took = began.elapsed();
    // What was under way at that moment ends. From then on there is the old release alone, and nothing is lost any more.
    load.around();
    let lost = load.look(|ledger| ledger.lost.len());
    load.answers(500);
    for _ in 0..4 {
        assert_eq!(which(&gateway), Some(1), "the old release");
    }
    let ledger = load.stop();
    let (seconds, said) = (took.as_secs_f64(), done.said());
    let first = said.lines().next().unwrap_or_default();
    note(&format!("refused-{name}"), &format!("exit code {} after {seconds:.1} s: {first}; {ledger}", done.code));
    assert_eq!(done.code, exit, "{done:?}");
    for part in says {
        assert!(said.contains(part), "{part}: {done:?}");
    }
    assert_eq!(ledger.lost.len(), lost, "{:#?}", ledger.lost);
    assert_eq!(process_count(&gateway), WORKERS + 1, "nothing of the bad release is left");
    Refusal { gateway, done, ledger }
}

/// How many processes there are when those that leave have left.
fn process_count(gateway: &Gateway) -> usize {
    crate::support::until::until("the end of the bad release's workers", || {
        let processes = gateway.processes();
        if processes.len() == WORKERS + 1 { Ok(processes.len()) } else { Err(processes) }
    })
}

#[test]
fn a_release_that_never_gets_ready_is_refused() {
    let _alone = alone();
    refused("never-ready", "start: hang\n", None, 69, &["generation 1 serves on"]).ledger.flawless();
}

#[test]
fn a_release_that_panics_at_the_start_is_refused_and_a_good_one_is_taken_afterwards() {
    let _alone = alone();
    let refusal = refused("panics-at-start", "start: panic\n", None, 69, &["generation 1 serves on", "70"]);
    refusal.ledger.flawless();
    next(refusal.gateway.folder(), "");
    Operator::of(&refusal.gateway).commands(&["reload"]);
    assert_eq!(which(&refusal.gateway), Some(2));
}

#[test]
fn a_release_that_panics_on_the_tenth_request_is_refused_for_the_price_of_that_request() {
    let _alone = alone();
    let Refusal { ledger, .. } = refused("panics-on-the-tenth", "request 10: panic\n", None, 69, &["generation 1 serves on"]);
    // Each of its workers may have come to its tenth request.
    let failed = ledger.count(Fate::Failed(500));
    assert!((1..=WORKERS).contains(&failed) && failed == ledger.lost.len(), "{:#?}", ledger.lost);
}

#[test]
fn a_release_that_dies_on_the_tenth_request_is_refused_for_the_price_of_what_its_obituary_names() {
    let _alone = alone();
    let refusal = refused("dies-on-the-tenth", "request 10: abort\n", None, 69, &["generation 1 serves on", "SIGABRT"]);
    let obituaries = Obituaries::read(&refusal.gateway.log.all());
    assert!(!refusal.ledger.lost.is_empty());
    let unnamed: Vec<_> = refusal.ledger.lost.iter().filter(|lost| !obituaries.name(lost)).collect();
    assert!(unnamed.is_empty(), "no obituary names {unnamed:#?}");
}

#[test]
fn a_broken_file_is_refused_with_its_whole_report() {
    let _alone = alone();
    let broken = "upstreams:\n  shop: {url: 'demo:'}\nroutes:\n  - rout: GET /which\n  - route: GET /{id}\n    call: nobody:/\n";
    let refusal = refused("broken-file", "", Some(broken), 78, &["routes.yaml:4:5", "routes.yaml:6:11"]);
    refusal.ledger.flawless();
    // The same words as those of the command that checks a file.
    let check = Operator::of(&refusal.gateway).command(&["check"]);
    assert_eq!(check.code, 78);
    for line in check.said().lines().filter(|line| line.starts_with("routes.yaml:")) {
        assert!(refusal.done.said().contains(line), "{line}: {:?}", refusal.done);
    }
}
