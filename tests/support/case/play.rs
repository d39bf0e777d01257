//! A case, played: its gateway built, its backend started, its steps asked and judged.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use forecourt::gateway::Gateway;
use forecourt::gateway::edge::{BodyError, Peer, Refusal};
use tokio::net::TcpSocket;

use super::super::answering::{PEER, Sent, ask, gateway};
use super::super::backend::{self, Backend};
use super::file::{BadEnd, Case, Coding, Framing, Refused, Reply, Request, Rule, Step, Then};
use super::judge;

/// Longer than any case takes: a step that is not over by then hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a request that the gateway gave up may take to arrive at the backend.
const LAST_REQUESTS: Duration = Duration::from_secs(2);

/// What a case asked for and got, for the tests of completeness.
#[derive(Debug, Default)]
pub struct Played {
    /// The codes of the faults that were answered.
    pub codes: Vec<String>,
    /// Everything that is not as it should be.
    pub failures: Vec<String>,
}

/// Plays a case from its first step to its last.
pub async fn play(case: &Case) -> Played {
    let mut played = Played::default();
    let backend = Backend::start(case.upstream.iter().map(rule).collect()).await;
    // Bound, so that nobody else gets the port, and never listening.
    let refused = TcpSocket::new_v4().expect("a socket");
    refused.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let mut env: BTreeMap<String, String> = case.env.clone().into_iter().collect();
    env.insert("UPSTREAM".to_owned(), backend.url());
    env.insert("REFUSED".to_owned(), format!("http://{}", refused.local_addr().expect("a bound socket has an address")));
    let files = case.files.iter().map(|(name, text)| (name.clone(), text.clone().into_bytes())).collect();
    let gateway = match gateway(&case.routes, files, env) {
        Ok(gateway) => gateway,
        Err(report) => {
            played.failures.push(format!("its configuration is refused:\n{report}"));
            return played;
        }
    };
    for (number, step) in case.steps.iter().enumerate() {
        let title = match &step.name {
            Some(name) => format!("step {} ({name})", number + 1),
            None => format!("step {}", number + 1),
        };
        let failures = one(&gateway, &backend, step, &mut played.codes).await;
        played.failures.extend(failures.into_iter().map(|failure| format!("{title}: {failure}")));
    }
    let (unknown, idle) = backend.leftovers(LAST_REQUESTS).await;
    played.failures.extend(unknown.into_iter().map(|request| format!("no rule of the backend answers `{request}`")));
    played.failures.extend(idle.into_iter().map(|rule| format!("rule {} of the backend was never asked for", rule + 1)));
    played
}

async fn one(gateway: &Gateway, backend: &Backend, step: &Step, codes: &mut Vec<String>) -> Vec<String> {
    let request = match request(&step.request) {
        Ok(request) => request,
        Err(error) => return vec![format!("the request cannot be made: {error}")],
    };
    let Ok(answer) = tokio::time::timeout(PATIENCE, ask(gateway, request)).await else {
        return vec!["it hangs".to_owned()];
    };
    codes.extend(answer.trace.code.as_deref().map(ToOwned::to_owned));
    judge::judge(step, &answer, &backend.take_seen())
}

fn request(spec: &Request) -> Result<http::Request<Sent>, String> {
    let body = match (&spec.body, &spec.body_hex) {
        (Some(text), _) => text.clone().into_bytes(),
        (None, Some(hex)) => unhex(hex),
        (None, None) => Vec::new(),
    };
    let mut request = http::Request::builder().method(spec.method.as_deref().unwrap_or("GET")).uri(&spec.path);
    if !spec.headers.contains_key("host") {
        request = request.header("host", "shop.example");
    }
    for (name, lines) in &spec.headers {
        for line in lines.all() {
            request = request.header(name, line);
        }
    }
    let unannounced = spec.chunked || spec.broken.is_some();
    if !unannounced && !body.is_empty() {
        request = request.header("content-length", body.len());
    }
    let end = spec.broken.map(|broken| match broken {
        BadEnd::Timeout => BodyError::Timeout,
        BadEnd::TooSlow => BodyError::TooSlow,
        BadEnd::Gone => BodyError::Broken("gone".to_owned()),
    });
    let body = match (unannounced, body.is_empty()) {
        (true, _) => Sent::in_pieces(&body, end),
        (false, true) => Sent::empty(),
        (false, false) => Sent::whole(body),
    };
    let mut request = request.body(body).map_err(|error| error.to_string())?;
    request.extensions_mut().insert(Peer { address: PEER.parse().expect("the peer is an address"), secure: spec.secure });
    if let Some(refused) = spec.refused {
        request.extensions_mut().insert(match refused {
            Refused::BadRequest => Refusal::BadRequest("a_rule"),
            Refused::BadPath => Refusal::BadPath("a_rule"),
            Refused::NotFound => Refusal::NotFound,
            Refused::MethodNotAllowed => Refusal::MethodNotAllowed,
            Refused::Timeout => Refusal::Timeout,
            Refused::UriTooLong => Refusal::UriTooLong,
            Refused::ExpectationFailed => Refusal::ExpectationFailed,
            Refused::HeadTooLarge => Refusal::HeadTooLarge,
            Refused::Panicked => Refusal::Panicked,
        });
    }
    Ok(request)
}

fn rule(spec: &Rule) -> backend::Rule {
    let (bytes, cut) = reply(&spec.reply);
    let then = match spec.reply.then {
        None if cut || spec.reply.raw.is_some() || spec.reply.framing == Some(Framing::Close) => backend::Then::Close,
        None => backend::Then::Next,
        Some(Then::Close) => backend::Then::Close,
        Some(Then::Reset) => backend::Then::Reset,
        Some(Then::Hang) => backend::Then::Hang,
    };
    backend::Rule { method: spec.when.method.clone(), target: spec.when.path.clone(), bytes, then }
}

/// The bytes of a reply, and whether they are fewer than it announces.
pub fn reply(spec: &Reply) -> (Vec<u8>, bool) {
    if let Some(raw) = &spec.raw {
        return (raw.clone().into_bytes(), false);
    }
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let body = match (&spec.body, &spec.body_hex, &spec.body_file) {
        (Some(text), _, _) => text.clone().into_bytes(),
        (None, Some(hex), _) => unhex(hex),
        (None, None, Some(file)) => std::fs::read(data.join(file)).expect("the case names a file of tests/data"),
        (None, None, None) => Vec::new(),
    };
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, lines) in &spec.headers {
        headers.extend(lines.all().iter().map(|line| (name.clone(), line.clone())));
    }
    if !body.is_empty() && !spec.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    }
    let body = match spec.coding {
        None => body,
        Some(coding) => {
            headers.push(("Content-Encoding".to_owned(), format!("{coding:?}").to_lowercase()));
            packed(coding, &body)
        }
    };
    let framing = match spec.framing {
        None | Some(Framing::Length) => backend::Framing::Length,
        Some(Framing::Chunked) => backend::Framing::Chunked,
        Some(Framing::Close) => backend::Framing::Close,
    };
    let mut bytes = backend::reply(spec.status.unwrap_or(200), &headers, &body, framing);
    if let Some(cut) = spec.cut {
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |at| at + 4);
        bytes.truncate(head + cut);
    }
    (bytes, spec.cut.is_some())
}

fn packed(coding: Coding, body: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let level = flate2::Compression::default();
    let packed = match coding {
        Coding::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(body).and_then(|()| encoder.finish())
        }
        Coding::Deflate => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(body).and_then(|()| encoder.finish())
        }
    };
    packed.expect("memory takes what is written")
}

/// Bytes out of `00 ff`.
pub fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}
