//! Twenty reloads, five upgrades and twenty changes of size.

use std::time::Instant;

use super::{Release, alone, which};
use crate::support::figures::note;
use crate::support::load::{Load, Mix};
use crate::support::operator::Operator;

const REQUESTS: u64 = 100_000;

#[derive(Debug, Clone, Copy)]
enum Change {
    Reload,
    Upgrade,
    More,
    Less,
}

/// Twenty, five and twenty of them, mixed.
fn changes() -> Vec<Change> {
    use Change::{Less, More, Reload, Upgrade};
    let round = [Reload, More, Reload, More, Reload, Less, Reload, Less, Upgrade];
    round.repeat(5)
}

#[test]
fn reloads_upgrades_and_changes_of_size_cost_no_request() {
    let _alone = alone();
    let release = Release::new("probation: 300ms");
    let gateway = release.setup().workers(2).start();
    let operator = Operator::of(&gateway);
    let load = Load::start(gateway.address(), Mix::EVERYTHING);
    load.around();
    let (changes, began) = (changes(), Instant::now());
    let mut workers = 2;
    for (number, change) in changes.iter().enumerate() {
        // Every other one by a signal, the others by commands.
        let by_signal = number % 2 == 0;
        match change {
            Change::Reload => {
                // Item 1 is the first release; there are a dozen items.
                let release_number = number % 8 + 2;
                release.write(gateway.folder(), release_number);
                if by_signal {
                    operator.reload_by_signal().expect("a good release");
                } else {
                    operator.commands(&["reload"]);
                }
                for _ in 0..4 {
                    assert_eq!(which(&gateway), Some(release_number as u64));
                }
            }
            Change::Upgrade if by_signal => operator.upgrade_by_signal(),
            Change::Upgrade => operator.upgrade_by_command(),
            Change::More | Change::Less => {
                workers = if matches!(change, Change::More) { workers + 1 } else { workers - 1 };
                if by_signal {
                    operator.scale_by_signal(matches!(change, Change::More));
                } else {
                    operator.commands(&["scale", &workers.to_string()]);
                }
            }
        }
        load.answers(REQUESTS / changes.len() as u64);
    }
    load.around();
    let took = began.elapsed();
    let ledger = load.stop();
    note("changes", &format!("20 reloads, 5 upgrades, 20 changes of size in {} s; {ledger}", took.as_secs()));
    assert!(ledger.begun() >= REQUESTS, "{ledger}");
    ledger.flawless();
}
