//! The table of faults against the code: every code with its status, and no other.

use std::collections::{BTreeMap, BTreeSet};

use forecourt::gateway::edge::Refusal;
use forecourt::gateway::fault::Fault;
use forecourt::{check, page, shape, upstream};
use http::StatusCode;

use crate::markdown::{codes, tables};
use crate::read;

/// The codes of the table, each with the statuses that it may have; none where they are somebody else's.
fn documented() -> BTreeMap<String, BTreeSet<u16>> {
    let table = tables(&read("docs/routes.md")).into_iter().find(|table| table.header[0] == "code").unwrap();
    let row =
        |row: &Vec<String>| (codes(&row[0])[0].clone(), row[1].split(", ").filter_map(|status| status.parse().ok()).collect());
    table.rows.iter().map(row).collect()
}

fn violation() -> check::Violation {
    check::Violation { place: check::In::Path, path: "id".to_owned(), rule: "type".to_owned(), message: "m".to_owned() }
}

/// One fault of every kind. A new kind of refusal or fault does not compile here until it is in the list.
fn faults() -> Vec<Fault> {
    let name = || "shop".to_owned();
    let status = |status| Fault::Status { upstream: name(), status, said: Box::default(), headers: Vec::new() };
    let contract = |code| Fault::Contract { upstream: name(), code, reason: String::new() };
    let call = |error| Fault::Call { upstream: name(), error };
    let mut faults = vec![
        Fault::NoRoute,
        Fault::MethodNotAllowed(vec![http::Method::GET]),
        Fault::Overloaded { limit: "worker" },
        Fault::NotAcceptable,
        Fault::PreconditionFailed,
        Fault::NoRange { of: None },
        Fault::NoFragment,
        Fault::NoData,
        Fault::BodyTooLarge(1),
        Fault::BodyTimeout,
        Fault::BodyBroken(String::new()),
        Fault::Malformed(violation()),
        Fault::UnsupportedMediaType,
        Fault::Invalid(vec![violation()]),
        Fault::Business {
            upstream: name(),
            status: StatusCode::UNAUTHORIZED,
            verdict: name(),
            message: None,
            details: None,
            headers: Vec::new(),
        },
        Fault::Page(page::Error::NotFound(name())),
        Fault::Page(page::Error::Deadline),
        Fault::Late,
        contract("upstream_not_json"),
        contract("upstream_redirect"),
        contract("upstream_undecided"),
        contract("upstream_value_unusable"),
    ];
    faults.extend([404, 418].map(|code| status(StatusCode::from_u16(code).unwrap())));
    faults.extend([500, 501, 502, 503, 504].map(|code| status(StatusCode::from_u16(code).unwrap())));
    faults.extend(
        [
            Refusal::BadRequest("host"),
            Refusal::BadPath("backslash"),
            Refusal::NotFound,
            Refusal::MethodNotAllowed,
            Refusal::Timeout,
            Refusal::UriTooLong,
            Refusal::ExpectationFailed,
            Refusal::HeadTooLarge,
            Refusal::Panicked,
        ]
        .map(Fault::Refused),
    );
    faults.extend(
        [
            shape::Error::MissingData,
            shape::Error::Mismatch { step: "each", path: name(), found: "a string" },
            shape::Error::Number { path: name(), token: name() },
            shape::Error::Conflict { step: "merge", path: name() },
            shape::Error::TooLarge,
        ]
        .map(Fault::Shape),
    );
    faults.extend(
        [
            upstream::Error::Connect(upstream::ConnectError::NoDemo),
            upstream::Error::ConnectTimeout,
            upstream::Error::FirstByteTimeout,
            upstream::Error::BetweenBytesTimeout,
            upstream::Error::TotalTimeout,
            upstream::Error::Deadline,
            upstream::Error::BreakerOpen { retry_after: std::time::Duration::ZERO },
            upstream::Error::BulkheadFull,
            upstream::Error::Closed,
            upstream::Error::Reset { in_body: true },
            upstream::Error::Incomplete { received: 1 },
            upstream::Error::Malformed(upstream::Malformed::BareLineFeed),
            upstream::Error::TooLarge { limit: 1 },
            upstream::Error::Coding(upstream::CodingError::Unknown(name())),
            upstream::Error::Ratio { limit: 100 },
            upstream::Error::ClientBody("gone".into()),
            upstream::Error::HeadTooLarge { what: name(), limit: 1 },
            upstream::Error::Path(name()),
        ]
        .map(call),
    );
    faults
}

#[test]
fn the_table_has_every_code_with_its_status() {
    let table = documented();
    let mut made: BTreeMap<String, BTreeSet<u16>> = BTreeMap::new();
    for fault in faults() {
        made.entry(fault.code().to_owned()).or_default().insert(fault.status().as_u16());
        assert!(!fault.detail().is_empty());
    }
    for (code, statuses) in &made {
        let written = table.get(code).unwrap_or_else(|| panic!("the table has no `{code}`"));
        // What the backend or the envelope decides is written in words.
        assert!(written.is_empty() || written == statuses, "{code}: {written:?} in the table, {statuses:?} in the code");
    }
    // An answer that has begun has its status already: these are for the logs.
    let cut = read("src/gateway/body.rs").contains("\"shape_cut\"").then_some("shape_cut");
    assert_eq!(cut.and_then(|code| table.get(code)), Some(&BTreeSet::new()));
    let strangers: Vec<&String> = table.keys().filter(|code| !made.contains_key(*code) && Some(code.as_str()) != cut).collect();
    assert!(strangers.is_empty(), "no fault has the codes {strangers:?}");
}

#[test]
fn only_a_fault_of_the_backend_speaks_of_the_backend() {
    for fault in faults() {
        let ours = fault.code() == "overloaded";
        let theirs = (fault.status().as_u16() > 500 && !ours) || ["upstream_refused", "business_failure"].contains(&fault.code());
        assert_eq!(fault.detail().contains("backend"), theirs, "{}: {}", fault.code(), fault.detail());
    }
}

#[test]
fn no_code_in_the_sources_is_missing_from_the_table() {
    let table = documented();
    let mut found = BTreeSet::new();
    for (file, marks) in [
        ("src/gateway/fault.rs", ["=> \"", "else => \""]),
        ("src/gateway/reply.rs", ["code: \"", "\"upstream_"]),
        ("src/gateway/preparing.rs", ["code: \"", "\"upstream_"]),
        ("src/gateway/gathering.rs", ["code: \"", "\"upstream_"]),
        ("src/upstream/error.rs", ["=> \"", "else => \""]),
    ] {
        let source = read(file);
        // Codes are single words in quotes; sentences have blanks.
        for mark in marks {
            for (at, _) in source.match_indices(mark) {
                let rest = &source[at + mark.find('"').unwrap() + 1..];
                let word = rest.split('"').next().unwrap();
                found.extend(
                    Some(word).filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_')).map(ToOwned::to_owned),
                );
            }
        }
    }
    assert!(found.len() > 30, "{found:?}");
    let missing: Vec<&String> = found.iter().filter(|code| !table.contains_key(*code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
