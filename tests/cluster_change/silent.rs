//! Clients that have connected and said nothing yet when everything changes.

use super::{Release, alone};
use crate::support::figures::note;
use crate::support::http::Client;
use crate::support::load::ITEM;
use crate::support::operator::Operator;

#[test]
fn clients_that_have_said_nothing_yet_are_answered_whatever_changes_meanwhile() {
    let _alone = alone();
    let release = Release::new("probation: 100ms");
    let gateway = release.setup().workers(2).start();
    let operator = Operator::of(&gateway);
    let changes: [(&str, &dyn Fn()); 4] = [
        ("a reload", &|| drop(operator.commands(&["reload"]))),
        ("one worker more", &|| drop(operator.commands(&["scale", "3"]))),
        ("one worker less", &|| drop(operator.commands(&["scale", "2"]))),
        ("an upgrade", &|| operator.upgrade_by_command()),
    ];
    let mut counts = Vec::new();
    for (name, change) in changes {
        let mut silent: Vec<Client> = (0..40).map(|_| gateway.connect()).collect();
        assert_eq!(gateway.get(ITEM).status, 200);
        change();
        let mut answered = 0;
        for client in &mut silent {
            let answer = client.send(format!("GET {ITEM} HTTP/1.1\r\nHost: shop.example\r\n\r\n")).try_read("GET");
            answered += usize::from(answer.is_ok_and(|answer| answer.status == 200));
        }
        counts.push(format!("{name} {answered} of {}", silent.len()));
    }
    let counts = counts.join(", ");
    note("silent", &format!("answered after {counts}"));
    assert_eq!(counts.matches("40 of 40").count(), 4, "{counts}");
}
