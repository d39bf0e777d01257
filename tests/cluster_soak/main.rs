//! A soak: load for minutes, then load with deaths and reloads for minutes; descriptors and memory at the end are what they
//! were. Not part of CI: `scripts/soak`.

#[path = "../support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use rustix::process::Signal;

use support::figures::note;
use support::gateway::{Gateway, Setup};
use support::load::{self, Fate, Load, Mix};
use support::obituary::Obituaries;
use support::operator::{Operator, commanded};
use support::process;
use support::until::until;

const WORKERS: usize = 2;

/// Between two looks at the memory.
const SAMPLE: Duration = Duration::from_secs(5);

/// Between two deaths, and between two reloads, in the second half.
const DEATH: Duration = Duration::from_secs(10);
const RELOAD: Duration = Duration::from_secs(60);

/// A share of every phase in which caches fill and allocators settle; it does not count.
const SETTLING: f64 = 0.2;

/// Memory over time: seconds, and KiB.
#[derive(Default)]
struct Samples(Vec<(f64, f64)>);

impl Samples {
    /// KiB a minute, by least squares over what counts.
    fn slope(&self) -> f64 {
        let counted = self.counted();
        let count = counted.len() as f64;
        let (mean_x, mean_y) =
            (counted.iter().map(|(x, _)| x).sum::<f64>() / count, counted.iter().map(|(_, y)| y).sum::<f64>() / count);
        let covariance: f64 = counted.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
        let variance: f64 = counted.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
        60.0 * covariance / variance
    }

    fn counted(&self) -> &[(f64, f64)] {
        self.0.get((self.0.len() as f64 * SETTLING) as usize..).unwrap_or_default()
    }

    fn describe(&self) -> String {
        let (first, last) = (self.counted().first().map_or(0.0, |(_, y)| *y), self.counted().last().map_or(0.0, |(_, y)| *y));
        format!("{first:.0} KiB, then {last:.0} KiB, {:+.1} KiB a minute", self.slope())
    }
}

/// Looks at memory for so long, and does what is to be done between two looks.
fn phase(gateway: &Gateway, length: Duration, mut between: impl FnMut(Duration)) -> (Samples, Samples) {
    let (mut master, mut workers) = (Samples::default(), Samples::default());
    let began = Instant::now();
    while began.elapsed() < length {
        let next = Instant::now() + SAMPLE;
        between(began.elapsed());
        until("the next look", || if Instant::now() >= next { Ok(()) } else { Err(()) });
        let seconds = began.elapsed().as_secs_f64();
        master.0.push((seconds, process::memory(gateway.master()) as f64));
        let all: u64 = gateway.processes().into_iter().filter(|pid| *pid != gateway.master()).map(process::memory).sum();
        workers.0.push((seconds, all as f64));
    }
    (master, workers)
}

#[test]
#[ignore = "it takes twenty minutes: scripts/soak"]
fn memory_and_descriptors_stay_what_they_were() {
    let minutes: f64 = std::env::var("FORECOURT_SOAK_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(20.0);
    let half = Duration::from_secs_f64(minutes * 30.0);
    let routes = load::routes(load::slow::start());
    let restart = "cluster: {restart: {limit: 100000, within: 60s, backoff: 10ms..20ms}}\n";
    let setup = commanded(Setup::new(&format!("{restart}{routes}"))).workers(WORKERS).without_access_log();
    let mut gateway = setup.start();
    let operator = Operator::of(&gateway);
    let descriptors = |gateway: &Gateway| gateway.workers(WORKERS).into_iter().map(process::descriptors).collect::<Vec<_>>();
    gateway.workers(WORKERS);
    operator.reload_by_signal().expect("a good release");
    until("the end of the first workers", || {
        let processes = gateway.processes();
        if processes.len() == WORKERS + 1 { Ok(()) } else { Err(processes) }
    });
    // What belonged to them is closed when the master has buried them, a little later.
    let (mut before, mut looks) = (0, 0);
    until("the end of what was theirs", || {
        let found = process::descriptors(gateway.master());
        looks = if found == before { looks + 1 } else { 0 };
        before = found;
        if looks < 50 { Err(found) } else { Ok(()) }
    });

    let load = Load::start(gateway.address(), Mix { pause: Duration::from_millis(1), ..Mix::EVERYTHING });
    let (master, workers) = phase(&gateway, half, |_| ());
    note(
        "soak-quiet",
        &format!("{minutes} minutes, half of them quiet: master {}; workers {}", master.describe(), workers.describe()),
    );
    let quiet = load.look(|ledger| ledger.lost.len());

    let (mut deaths, mut reloads) = (0, 0);
    let (master, _) = phase(&gateway, half, |passed| {
        if passed.as_secs() / DEATH.as_secs() > deaths {
            deaths += 1;
            let pids = gateway.workers(WORKERS);
            process::signal(pids[deaths as usize % pids.len()], Signal::KILL);
        }
        if passed.as_secs() / RELOAD.as_secs() > reloads {
            reloads += 1;
            // A worker that is killed during the probation fails the reload, as it should.
            if let Err(reason) = operator.reload_by_signal() {
                println!("refused: {reason}");
            }
        }
    });
    let ledger = load.stop();
    let obituaries = Obituaries::read(&gateway.log.all());
    let unnamed = ledger.lost.iter().filter(|lost| !obituaries.name(lost)).count();
    let after = until("the master's descriptors", || {
        let found = process::descriptors(gateway.master());
        if found == before { Ok(found) } else { Err((found, before)) }
    });
    let line = format!(
        "{deaths} deaths and {reloads} reloads: master {}; its descriptors {before} before, {after} after; workers {:?}; {unnamed} \
         losses without an obituary; {ledger}",
        master.describe(),
        descriptors(&gateway),
    );
    note("soak-deaths", &line);
    assert_eq!((quiet, unnamed), (0, 0), "{ledger}");
    assert_eq!(ledger.count(Fate::Refused), 0, "{ledger}");
    assert_eq!(gateway.stop(), 0);
}
