//! The table of `Cache-Status` against the code: what the header can say, and why an answer is not kept.

use forecourt::cache::{Refusal, Status};

use crate::markdown::{Table, codes, tables};
use crate::read;

fn table() -> Table {
    tables(&read("docs/routes.md")).into_iter().find(|table| table.header[0].starts_with("`Cache-Status")).unwrap()
}

/// One text of every kind, with `0` for every number and without its detail where that stands in a list.
fn texts() -> Vec<String> {
    let ttl = 0;
    let miss = |stored, collapsed| Status::Miss { stale: false, stored, collapsed, detail: None };
    let all = [
        Status::Hit { ttl },
        Status::Revalidating { ttl },
        Status::StaleOnError { ttl },
        Status::Failed { ttl },
        Status::Late { ttl },
        miss(false, false),
        miss(true, false),
        miss(true, true),
        Status::Method,
    ];
    all.iter().map(|status| status.to_string().replace("forecourt; ", "")).collect()
}

/// A text of the table, with `0` for every number.
fn without_numbers(text: &str) -> String {
    let ttl = text.split("; ").map(|part| if part.starts_with("ttl=") { "ttl=0" } else { part });
    ttl.collect::<Vec<_>>().join("; ")
}

#[test]
fn everything_that_the_header_can_say_stands_in_the_table() {
    let table = table();
    let written: Vec<String> = table.rows.iter().flat_map(|row| codes(&row[0])).map(|text| without_numbers(&text)).collect();
    for text in texts() {
        assert!(written.contains(&text), "{text} is missing: {written:?}");
    }
    let refusals = [Refusal::NoTime, Refusal::NoCache, Refusal::NoStore, Refusal::VaryStar, Refusal::Private, Refusal::SetCookie];
    let others = ["status", "partial", "too-large", "streamed", "no-reply", "purged", "personal", "early-head"];
    let words: Vec<String> = table.rows.iter().flatten().flat_map(|cell| codes(cell)).collect();
    for word in refusals.into_iter().map(Refusal::word).chain(others).chain(["authorization", "cookie", "body"]) {
        let stands = words.iter().any(|known| known == word || known.ends_with(&format!("detail={word}")));
        assert!(stands, "{word} is missing: {words:?}");
    }
}
