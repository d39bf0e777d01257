//! `forecourt status`: how a running gateway is, as a table.

use anyhow::Result;
use bytesize::ByteSize;
use clap::Args;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::ask::{self, Patience};
use super::control_argument::ControlArgument;
use super::exit;

/// How to say it.
#[derive(Debug, Clone, Args)]
pub(super) struct StatusArguments {
    #[command(flatten)]
    control: ControlArgument,
    /// As JSON, with everything there is to say
    #[arg(long)]
    json: bool,
}

/// What a master says of itself. More members are fine: it may be a later version.
#[derive(Debug, Deserialize)]
struct Status {
    pid: u32,
    generation: u64,
    state: String,
    uptime_s: u64,
    groups: Vec<Group>,
    workers: Vec<Worker>,
    #[serde(default)]
    topics: Vec<Topic>,
}

#[derive(Debug, Deserialize)]
struct Topic {
    topic: String,
    value: String,
    epoch: u64,
}

#[derive(Debug, Deserialize)]
struct Group {
    group: String,
    listen: Vec<String>,
    policy: String,
    workers: u32,
    ready: usize,
    waiting: usize,
    given_up: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Worker {
    group: String,
    worker: u32,
    pid: u32,
    generation: u64,
    state: String,
    connections: u64,
    requests: u64,
    rss: u64,
    cpu_ms: u64,
    restarts: usize,
    uptime_s: u64,
}

const HEADER: [&str; 11] =
    ["WORKER", "PID", "GROUP", "GENERATION", "STATE", "CONNECTIONS", "REQUESTS", "RSS", "CPU", "RESTARTS", "UPTIME"];

/// Columns that hold words; the others hold numbers.
const WORDS: [usize; 2] = [2, 4];

pub(super) fn run(arguments: &StatusArguments) -> Result<()> {
    ask::with(&arguments.control, async |mut master| {
        let whole: Value = master.ask(Method::GET, "/status", Patience::Short).await?;
        if arguments.json {
            exit::print(&whole.to_string())?;
        } else {
            exit::print(&listing(&serde_json::from_value(whole)?))?;
        }
        Ok(())
    })
}

fn listing(status: &Status) -> String {
    let Status { pid, generation, state, uptime_s, groups, workers, topics } = status;
    let mut lines = vec![format!("master {pid}, generation {generation}, {state}, up {}", time(*uptime_s))];
    for Group { group, listen, policy, workers, ready, waiting, .. } in groups {
        let waiting = if *waiting > 0 { format!(", {waiting} connections waiting") } else { String::new() };
        lines.push(format!("{group}: {ready} of {workers} workers ready, {policy}, on {}{waiting}", listen.join(", ")));
    }
    lines.push(String::new());
    lines.push(table(workers));
    if !topics.is_empty() {
        lines.push(String::new());
        lines.extend(topics.iter().map(|Topic { topic, value, epoch }| format!("{topic}: {value} (change {epoch})")));
    }
    let given_up: Vec<String> = groups
        .iter()
        .flat_map(|group| group.given_up.iter().map(|reason| format!("{}: given up: {reason}", group.group)))
        .collect();
    if !given_up.is_empty() {
        lines.push(String::new());
        lines.extend(given_up);
    }
    lines.join("\n")
}

fn table(workers: &[Worker]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(HEADER);
    table.add_rows(workers.iter().map(row));
    for (number, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        let numbers = !WORDS.contains(&number);
        column.set_cell_alignment(if numbers { CellAlignment::Right } else { CellAlignment::Left });
    }
    table.trim_fmt()
}

fn row(worker: &Worker) -> [String; 11] {
    let rss = if worker.rss == 0 { "-".to_owned() } else { ByteSize::b(worker.rss).display().iec().to_string() };
    [
        worker.worker.to_string(),
        worker.pid.to_string(),
        worker.group.clone(),
        worker.generation.to_string(),
        worker.state.clone(),
        worker.connections.to_string(),
        worker.requests.to_string(),
        rss,
        format!("{}.{} s", worker.cpu_ms / 1000, worker.cpu_ms % 1000 / 100),
        worker.restarts.to_string(),
        time(worker.uptime_s),
    ]
}

/// A length of time in its two largest units.
fn time(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_as_a_table_with_the_master_above_and_trouble_below() {
        let status = r#"{"pid": 4711, "generation": 3, "state": "serving", "uptime_s": 7300, "topics": [], "later": 1,
            "groups": [{"group": "web", "listen": ["127.0.0.1:8080", "unix:/run/a.sock"], "policy": "round_robin", "workers": 3,
                        "ready": 2, "waiting": 4, "accepted": 10, "given_up": ["worker 3: 5 deaths within 60s"]}],
            "workers": [{"group": "web", "worker": 1, "pid": 4712, "generation": 3, "state": "listening", "ready": true,
                         "connections": 12, "requests": 90210, "rss": 16777216, "cpu_ms": 1570, "restarts": 0,
                         "uptime_s": 59, "silent_ms": 12},
                        {"group": "web", "worker": 2, "pid": 4713, "generation": 2, "state": "draining", "ready": false,
                         "connections": 0, "requests": 7, "rss": 0, "cpu_ms": 10, "restarts": 2, "uptime_s": 90061,
                         "silent_ms": null}]}"#;
        let expected = "\
master 4711, generation 3, serving, up 2 h 1 min
web: 2 of 3 workers ready, round_robin, on 127.0.0.1:8080, unix:/run/a.sock, 4 connections waiting

WORKER   PID  GROUP  GENERATION  STATE      CONNECTIONS  REQUESTS       RSS    CPU  RESTARTS   UPTIME
     1  4712  web             3  listening           12     90210  16.0 MiB  1.5 s         0     59 s
     2  4713  web             2  draining             0         7         -  0.0 s         2  1 d 1 h

web: given up: worker 3: 5 deaths within 60s";
        assert_eq!(listing(&serde_json::from_str(status).unwrap()), expected);
    }

    #[test]
    fn a_time_has_its_two_largest_units() {
        for (seconds, text) in [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3600, "1 h 0 min"), (90_000, "1 d 1 h")] {
            assert_eq!(time(seconds), text);
        }
    }
}
