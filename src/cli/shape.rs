//! `forecourt shape`: what a route makes of a reply, from a file or standard input; with `--trace` what each step changes.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use bytesize::ByteSize;
use clap::Args;
use http::Method;
use similar::{ChangeTag, TextDiff};

use super::exit::{self, Exit};
use super::{ConfigArgument, load};
use crate::json::Node;
use crate::json::decode::Opening;
use crate::plan::{Answer, Backend, Plan, Route};
use crate::route::Found;
use crate::shape::{Notes, Refused, Shape, Step};

/// How much of a large reply is looked at once, as the gateway does it.
const PIECE: usize = 64 << 10;

/// Lines around a change that are shown with it.
const AROUND: usize = 2;

/// How long the shortest difference between two documents is looked for, before one that is not is good enough.
const PATIENCE: Duration = Duration::from_secs(1);

/// Which reply, and what is told about it.
#[derive(Debug, Clone, Args)]
pub(super) struct ShapeArguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// The request whose route shapes the reply: 'GET /detail/1'
    #[arg(value_name = "REQUEST", value_parser = request)]
    request: (Method, String),
    /// The reply of the backend; standard input without it
    #[arg(value_name = "FILE")]
    reply: Option<PathBuf>,
    /// Show on standard error what each step changes
    #[arg(long)]
    trace: bool,
}

/// A method and a path, or a path alone for GET.
fn request(text: &str) -> Result<(Method, String), String> {
    let (method, path) = text.split_once(' ').unwrap_or(("GET", text));
    let method = method.parse().map_err(|_| format!("`{method}` is no method"))?;
    if !path.starts_with('/') {
        return Err(format!("`{path}` is no path; write a request such as 'GET /detail/1'"));
    }
    Ok((method, path.split('?').next().unwrap_or(path).to_owned()))
}

pub(super) fn run(arguments: &ShapeArguments) -> Result<()> {
    let (_, plan) = load::load(&arguments.config.config)?;
    let route = route(&plan, &arguments.request)?;
    let (call, shape) = match route.answer() {
        Answer::Call { call, shape } => (call, shape),
        Answer::Calls { .. } => {
            let message = format!("`{}` has several calls: its steps see the results of all, not one reply", route.name());
            return Err(Exit::Usage.because(anyhow!(message)));
        }
        Answer::Proxy(_) => {
            return Err(Exit::Usage.because(anyhow!("`{}` is a proxy: bytes pass through it untouched", route.name())));
        }
    };
    let backend = call.backend();
    let bytes = read(arguments.reply.as_deref(), backend.upstream().settings().max_bytes)?;
    let text = backend.decode().text(&bytes, None).map_err(refused)?;
    let envelope = backend.envelope().map_or(&[][..], Shape::steps);
    if arguments.trace {
        trace(backend, &text, envelope.iter().chain(shape.steps()))?;
    }
    let depth = backend.decode().literal_depth(&text);
    let fast = route.fused().zip(depth).and_then(|(fused, depth)| fused.run(&text, depth));
    let json = match fast {
        Some(json) => json,
        None => by_reference(backend, &text, shape)?,
    };
    exit::print(&String::from_utf8_lossy(&json))?;
    if let Some((above, refused)) = cut(route, backend, shape, &bytes) {
        let above = ByteSize::b(above).display().iec();
        exit::complain(&format!(
            "warning: a reply of this size leaves while it comes (`stream_above`: {above}), and its answer is cut: {refused}"
        ));
    }
    Ok(())
}

/// Why the answer with a reply of this size breaks off, if it does, and above which size it begins to leave before the reply is whole.
fn cut(route: &Route, backend: &Backend, shape: &Shape, bytes: &[u8]) -> Option<(u64, Refused)> {
    let above = route.streams().ok().filter(|above| bytes.len() as u64 > *above)?;
    let Opening::Document(start) = backend.decode().opening(bytes, None) else { return None };
    let mut stream = route.fused()?.stream(shape.is_strict(), backend.decode().depth())?;
    let (mut came, mut has_left) = (start as u64, false);
    for piece in bytes.get(start..)?.chunks(PIECE) {
        came += piece.len() as u64;
        if let Err(refused) = stream.push(piece) {
            return has_left.then_some((above, refused));
        }
        while came >= above && stream.is_ready() {
            stream.take();
            has_left = true;
        }
    }
    stream.finish().err().filter(|_| has_left).map(|refused| (above, refused))
}

fn route<'p>(plan: &'p Plan, (method, path): &(Method, String)) -> Result<&'p Route> {
    match plan.router().find(method, path) {
        Found::Route(route, _) => Ok(route),
        Found::MethodNotAllowed(allowed) => {
            let allowed: Vec<&str> = allowed.iter().map(Method::as_str).collect();
            Err(Exit::Usage.because(anyhow!("no route of {path} takes {method}; these do: {}", allowed.join(", "))))
        }
        Found::NotFound => Err(Exit::Usage.because(anyhow!("no route matches {path}; `forecourt routes` lists them"))),
    }
}

/// Reads a reply, and no more of it than shows that it is larger than a reply may be.
fn read(file: Option<&Path>, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let enough = limit.saturating_add(1);
    let read = match file {
        Some(file) => File::open(file)
            .and_then(|file| file.take(enough).read_to_end(&mut bytes))
            .with_context(|| format!("cannot read {}", file.display())),
        None => std::io::stdin().lock().take(enough).read_to_end(&mut bytes).context("cannot read standard input"),
    };
    let read = read.map_err(|error| Exit::NoInput.because(error))?;
    if read as u64 > limit {
        let limit = ByteSize::b(limit).display().iec();
        let message =
            format!("the reply is larger than {limit} (`decode.max_bytes`): the gateway answers 502 `upstream_too_large`");
        return Err(Exit::Data.because(anyhow!(message)));
    }
    Ok(bytes)
}

/// What the gateway would answer with a 502, or the status of a business failure.
fn refused(error: impl std::error::Error + Send + Sync + 'static) -> anyhow::Error {
    Exit::Data.because(error)
}

fn by_reference(backend: &Backend, text: &str, shape: &Shape) -> Result<Vec<u8>> {
    let mut document = backend.decode().node(text).map_err(refused)?;
    let mut notes = Notes::new();
    if let Some(envelope) = backend.envelope() {
        envelope.run(&mut document, &mut notes).map_err(refused)?;
    }
    shape.run(&mut document, &mut notes).map_err(refused)?;
    for text in notes.texts() {
        exit::complain(&format!("warning: {text}"));
    }
    if notes.warnings() > notes.texts().len() {
        exit::complain(&format!("{} warnings in all", notes.warnings()));
    }
    Ok(document.to_json())
}

/// Shows the document after each step as a difference to the one before.
fn trace<'s>(backend: &Backend, text: &str, steps: impl Iterator<Item = &'s Step>) -> Result<()> {
    let mut document = backend.decode().node(text).map_err(refused)?;
    let mut before = lines(&document);
    for (at, step) in steps.enumerate() {
        let mut notes = Notes::new();
        let shape = Shape::new(vec![step.clone()], false);
        shape.run(&mut document, &mut notes).map_err(refused)?;
        let after = lines(&document);
        exit::complain(&format!("{}. {}: {}", at + 1, step.name(), told(&notes)));
        let difference = difference(&before, &after);
        if !difference.is_empty() {
            exit::complain(&difference);
        }
        before = after;
    }
    Ok(())
}

fn told(notes: &Notes) -> String {
    match notes.texts() {
        [] => "nothing to note".to_owned(),
        texts => texts.join("; "),
    }
}

fn difference(before: &str, after: &str) -> String {
    let mut out = Vec::new();
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
    for (at, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if at > 0 {
            out.push("  ...".to_owned());
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op).collect::<Vec<_>>()) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            out.push(format!("{sign} {}", change.value().trim_end_matches('\n')));
        }
    }
    out.join("\n")
}

/// A document with one value on a line.
fn lines(document: &Node<'_>) -> String {
    let mut out = String::new();
    write(document, 0, &mut out);
    out.push('\n');
    out
}

fn write(node: &Node<'_>, depth: usize, out: &mut String) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    match node {
        Node::Array(elements) if !elements.is_empty() => {
            out.push('[');
            for (at, element) in elements.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                line(out, depth + 1);
                write(element, depth + 1, out);
            }
            line(out, depth);
            out.push(']');
        }
        Node::Object(object) if !object.is_empty() => {
            out.push('{');
            for (at, member) in object.members().iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                line(out, depth + 1);
                out.push('"');
                out.push_str(member.key.as_raw());
                out.push_str("\": ");
                write(&member.value, depth + 1, out);
            }
            line(out, depth);
            out.push('}');
        }
        leaf => out.push_str(&String::from_utf8_lossy(&leaf.to_json())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, parse};

    #[test]
    fn a_request_is_a_method_and_a_path() {
        assert_eq!(request("POST /orders?x=1"), Ok((Method::POST, "/orders".to_owned())));
        assert_eq!(request("/detail/1"), Ok((Method::GET, "/detail/1".to_owned())));
        for text in ["GET detail", "", "G=T /a"] {
            assert!(request(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_difference_shows_what_went_and_what_came() {
        let lines = |text: &str| lines(&parse(text, &Limits::default()).unwrap());
        let (before, after) = (lines(r#"{"a":null,"b":[1,{}]}"#), lines(r#"{"b":[1,{"c":2}]}"#));
        let expected = "  {\n-   \"a\": null,\n    \"b\": [\n      1,\n-     {}\n+     {\n+       \"c\": 2\n+     }\n    ]\n  }";
        assert_eq!(difference(&before, &after), expected);
        assert_eq!(difference(&after, &after), "");
    }
}
