//! The text of a drill: one deed a line.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::base::share::Share;
use crate::base::{duration, size};
use crate::gateway::injection::{Harm, Injection};

/// What is to happen at the start of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    Hang,
    Panic,
    Exit(u8),
}

/// What is to happen at a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Abort,
    Panic,
    Exit(u8),
    /// The event loop is busy for ever.
    Spin,
    /// The event loop does nothing for this long.
    Block(Duration),
    /// The request takes this much longer; others do not.
    Wait(Duration),
    /// The worker has this many bytes more from then on.
    Allocate(usize),
}

/// A whole drill.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Script {
    pub(super) start: Option<Start>,
    /// By the number of the request in its worker, from 1.
    pub(super) requests: BTreeMap<u64, Deed>,
    /// By the path as it was asked for, without its query.
    pub(super) paths: HashMap<String, Deed>,
    /// What is done to the answers of routes.
    pub(super) injections: Vec<Injection>,
}

/// A line that says nothing a worker could do.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub(super) struct ScriptError {
    line: usize,
    problem: String,
}

const STARTS: &str = "hang, panic, exit [CODE]";
const HARMS: &str = "delay TIME, abort [STATUS from 400 to 599], truncate SIZE";
const DEEDS: &str = "abort, panic, exit [CODE], spin, block TIME, wait TIME, allocate SIZE";

impl Script {
    /// Reads a drill. Empty lines and lines that begin with `#` say nothing.
    pub(super) fn parse(text: &str) -> Result<Self, ScriptError> {
        let mut script = Self::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                script.add(line).map_err(|problem| ScriptError { line: number + 1, problem })?;
            }
        }
        Ok(script)
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let expected =
            || format!("`{line}`: expected `start: …`, `request NUMBER: …`, `path /PATH: …` or `route SHARE ROUTE: …`");
        let (when, deed) = line.rsplit_once(": ").ok_or_else(expected)?;
        let twice = match when.split_once(' ') {
            None if when == "start" => self.start.replace(start(deed)?).is_some(),
            Some(("request", number)) => {
                let number = number.parse().ok().filter(|number| *number > 0);
                let number = number.ok_or_else(|| format!("`{when}`: expected a number from 1"))?;
                self.requests.insert(number, self::deed(deed)?).is_some()
            }
            Some(("path", path)) if path.starts_with('/') && !path.contains(['?', ' ']) => {
                self.paths.insert(path.to_owned(), self::deed(deed)?).is_some()
            }
            Some(("path", _)) => return Err(format!("`{when}`: expected a path, which begins with `/` and has no query")),
            Some(("route", which)) => {
                let expected = || format!("`{when}`: expected a share and a route, as in `route 10% GET /detail/{{id}}`");
                let (share, route) = which.split_once(' ').ok_or_else(expected)?;
                let share = Share::parse(share).map_err(|error| format!("`{when}`: {error}"))?;
                let injection = Injection { route: route.trim().to_owned(), share, harm: harm(deed)? };
                let twice = self.injections.contains(&injection);
                self.injections.push(injection);
                twice
            }
            _ => return Err(expected()),
        };
        if twice { Err(format!("`{when}` stands twice")) } else { Ok(()) }
    }
}

fn start(text: &str) -> Result<Start, String> {
    let wrong = || format!("`{text}`: expected one of {STARTS}");
    match words(text) {
        ("hang", None) => Ok(Start::Hang),
        ("panic", None) => Ok(Start::Panic),
        ("exit", code) => Ok(Start::Exit(exit_code(code).ok_or_else(wrong)?)),
        _ => Err(wrong()),
    }
}

fn deed(text: &str) -> Result<Deed, String> {
    let wrong = || format!("`{text}`: expected one of {DEEDS}");
    let time = |time: &str| duration::parse(time).map_err(|error| format!("`{text}`: {error}"));
    match words(text) {
        ("abort", None) => Ok(Deed::Abort),
        ("panic", None) => Ok(Deed::Panic),
        ("spin", None) => Ok(Deed::Spin),
        ("exit", code) => Ok(Deed::Exit(exit_code(code).ok_or_else(wrong)?)),
        ("block", Some(argument)) => Ok(Deed::Block(time(argument)?)),
        ("wait", Some(argument)) => Ok(Deed::Wait(time(argument)?)),
        ("allocate", Some(argument)) => {
            let bytes = size::parse(argument).map_err(|error| format!("`{text}`: {error}"))?;
            usize::try_from(bytes).map(Deed::Allocate).map_err(|_| wrong())
        }
        _ => Err(wrong()),
    }
}

fn harm(text: &str) -> Result<Harm, String> {
    let wrong = || format!("`{text}`: expected one of {HARMS}");
    match words(text) {
        ("delay", Some(time)) => duration::parse(time).map(Harm::Delay).map_err(|error| format!("`{text}`: {error}")),
        ("abort", None) => Ok(Harm::Abort(None)),
        ("abort", Some(status)) => {
            let status = status.parse().ok().filter(|status| (400..=599).contains(status));
            let status = status.and_then(|status| StatusCode::from_u16(status).ok());
            status.map(|status| Harm::Abort(Some(status))).ok_or_else(wrong)
        }
        ("truncate", Some(size)) => size::parse(size).map(Harm::Truncate).map_err(|error| format!("`{text}`: {error}")),
        _ => Err(wrong()),
    }
}

/// A word, and what may follow it.
fn words(text: &str) -> (&str, Option<&str>) {
    text.trim().split_once(' ').map_or((text.trim(), None), |(word, argument)| (word, Some(argument.trim())))
}

/// Without a code it is 1.
fn exit_code(code: Option<&str>) -> Option<u8> {
    code.map_or(Some(1), |code| code.parse().ok())
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hang => f.write_str("hang"),
            Self::Panic => f.write_str("panic"),
            Self::Exit(code) => write!(f, "exit {code}"),
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Abort => f.write_str("abort"),
            Self::Panic => f.write_str("panic"),
            Self::Exit(code) => write!(f, "exit {code}"),
            Self::Spin => f.write_str("spin"),
            Self::Block(time) => write!(f, "block {}ms", time.as_millis()),
            Self::Wait(time) => write!(f, "wait {}ms", time.as_millis()),
            Self::Allocate(bytes) => write!(f, "allocate {bytes}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deed_is_understood() {
        let text = "# a comment\n\nstart: exit 3\n  request 10: abort\nrequest 11: panic\nrequest 12: spin\nrequest 13: exit\n\
                    path /drill/slow: block 3s\npath /drill/late: wait 250ms\npath /drill/grow: allocate 64MiB\npath /a:b: exit 7\n";
        let script = Script::parse(text).unwrap();
        assert_eq!(script.start, Some(Start::Exit(3)));
        let requests: Vec<_> = script.requests.into_iter().collect();
        assert_eq!(requests, [(10, Deed::Abort), (11, Deed::Panic), (12, Deed::Spin), (13, Deed::Exit(1))]);
        for (path, deed) in [
            ("/drill/slow", Deed::Block(Duration::from_secs(3))),
            ("/drill/late", Deed::Wait(Duration::from_millis(250))),
            ("/drill/grow", Deed::Allocate(64 << 20)),
            ("/a:b", Deed::Exit(7)),
        ] {
            assert_eq!(script.paths.get(path), Some(&deed), "{path}");
        }
        assert_eq!(Script::parse("start: hang\r\n").unwrap().start, Some(Start::Hang));
        assert_eq!(Script::parse("start: panic").unwrap().start, Some(Start::Panic));
        assert_eq!(Script::parse(""), Ok(Script::default()));
    }

    #[test]
    fn harm_is_done_to_a_share_of_the_answers_of_a_route() {
        for (line, percent, route, harm) in [
            ("route 10% GET /a/{id}: delay 200ms", 10, "GET /a/{id}", Harm::Delay(Duration::from_millis(200))),
            ("route 100% GET,POST /a: abort", 100, "GET,POST /a", Harm::Abort(None)),
            ("route 0% ANY /{*rest}: abort 503", 0, "ANY /{*rest}", Harm::Abort(Some(StatusCode::SERVICE_UNAVAILABLE))),
            ("route 5% GET /a: truncate 1KiB", 5, "GET /a", Harm::Truncate(1024)),
        ] {
            let injection = Injection { route: route.to_owned(), share: Share::percent(percent), harm };
            assert_eq!(Script::parse(line).unwrap().injections, [injection], "{line}");
        }
        for line in [
            "route GET /a: abort",
            "route 10%: abort",
            "route 101% GET /a: abort",
            "route 10% GET /a: abort 200",
            "route 10% GET /a: delay",
            "route 10% GET /a: truncate much",
            "route 10% GET /a: panic",
            "route 10% GET /a: abort\nroute 10% GET /a: abort",
        ] {
            assert!(Script::parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_line_that_says_nothing_is_an_error_with_its_number() {
        for (text, expected) in [
            ("start: fly", "line 1: `fly`: expected one of hang, panic, exit [CODE]"),
            ("start: exit 256", "line 1: `exit 256`: expected one of hang, panic, exit [CODE]"),
            (
                "\nstart hang",
                "line 2: `start hang`: expected `start: …`, `request NUMBER: …`, `path /PATH: …` or `route SHARE ROUTE: …`",
            ),
            (
                "begin: hang",
                "line 1: `begin: hang`: expected `start: …`, `request NUMBER: …`, `path /PATH: …` or `route SHARE ROUTE: …`",
            ),
            ("start: hang\nstart: panic", "line 2: `start` stands twice"),
            ("request 1: panic\nrequest 1: spin", "line 2: `request 1` stands twice"),
            ("request 0: panic", "line 1: `request 0`: expected a number from 1"),
            ("request ten: panic", "line 1: `request ten`: expected a number from 1"),
            ("path drill: panic", "line 1: `path drill`: expected a path, which begins with `/` and has no query"),
            ("path /a?b: panic", "line 1: `path /a?b`: expected a path, which begins with `/` and has no query"),
        ] {
            assert_eq!(Script::parse(text).unwrap_err().to_string(), expected, "{text}");
        }
        for deed in ["", "panic now", "block", "block soon", "wait -1s", "allocate", "allocate much", "exit -1", "hang"] {
            let text = format!("path /a: {deed}");
            assert!(Script::parse(&text).unwrap_err().to_string().starts_with("line 1: `"), "{text}");
        }
    }
}
