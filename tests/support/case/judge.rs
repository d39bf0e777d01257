//! What a step got, held against what it expects, and against what no answer may ever be.

use http::HeaderMap;

use super::super::answering::{Answer, REQUEST_ID};
use super::super::backend::Seen;
use super::super::tokens::{spread, squeezed};
use super::diff::diff;
use super::file::{About, Expect, Header, Page, Problem, Saw, SeenRequest, Step};
use super::play::unhex;

/// Names that end at the next hop, and names that tell of the software behind: none of them leaves.
const NEVER: [&str; 11] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "alt-svc",
    "server",
    "x-powered-by",
];

/// Everything that is wrong with an answer.
pub fn judge(step: &Step, answer: &Answer, seen: &[Seen]) -> Vec<String> {
    let expect = &step.expect;
    let mut wrong = Vec::new();
    if answer.status.as_u16() != expect.status {
        wrong.push(format!("status {} instead of {}", answer.status.as_u16(), expect.status));
    }
    for (name, header) in &expect.headers {
        wrong.extend(header_of(&answer.headers, name, header));
    }
    wrong.extend(body(expect, answer));
    if answer.cut != expect.cut {
        wrong.push(if answer.cut { "the body breaks off" } else { "the body does not break off" }.to_owned());
    }
    if answer.trace.warnings != expect.warnings {
        wrong.push(format!("{} warnings instead of {}", answer.trace.warnings, expect.warnings));
    }
    wrong.extend(always(step, answer));
    let mut seen = seen.to_vec();
    if expect.side_by_side {
        seen.sort_by(|one, other| one.target.cmp(&other.target));
    }
    wrong.extend(asked(expect.upstream_saw.as_ref(), &seen));
    wrong
}

fn header_of(headers: &HeaderMap, name: &str, expected: &Header) -> Option<String> {
    let lines: Vec<String> =
        headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
    lines_of(&lines, name, expected)
}

fn lines_of(lines: &[String], name: &str, expected: &Header) -> Option<String> {
    let (fits, wanted) = match expected {
        Header::Exact(line) => (lines == [line.clone()], format!("`{line}`")),
        Header::Lines(wanted) => (lines == wanted.as_slice(), format!("{wanted:?}")),
        Header::About(About::Contains(text)) => {
            (lines.iter().any(|line| line.contains(text)), format!("something with `{text}`"))
        }
        Header::About(About::Absent(true)) => (lines.is_empty(), "nothing".to_owned()),
        Header::About(About::Absent(false)) => (!lines.is_empty(), "anything".to_owned()),
    };
    (!fits).then(|| format!("header {name} is {lines:?} instead of {wanted}"))
}

fn body(expect: &Expect, answer: &Answer) -> Option<String> {
    if let Some(text) = &expect.body {
        return differs(text.as_bytes(), &answer.body);
    }
    if let Some(hex) = &expect.body_hex {
        return differs(&unhex(hex), &answer.body);
    }
    if let Some(page) = &expect.page {
        return page_of(page, &answer.body);
    }
    let expected = match (&expect.json, &expect.problem) {
        (Some(json), _) => json.clone(),
        (None, Some(problem)) => document(expect.status, problem),
        (None, None) => return Some("the case says nothing of the body".to_owned()),
    };
    match squeezed(expected.as_bytes()) {
        Some(expected) => differs(&expected, &answer.body),
        None => Some(format!("the case expects what is no JSON:\n{expected}")),
    }
}

fn differs(expected: &[u8], actual: &[u8]) -> Option<String> {
    (expected != actual).then(|| format!("the body differs:\n{}", diff(&spread(expected), &spread(actual))))
}

fn page_of(page: &Page, body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let missing =
        page.contains.iter().filter(|part| !text.contains(part.as_str())).map(|part| format!("the page lacks `{part}`"));
    let extra = page.lacks.iter().filter(|part| text.contains(part.as_str())).map(|part| format!("the page has `{part}`"));
    let wrong: Vec<String> = missing.chain(extra).collect();
    (!wrong.is_empty()).then(|| format!("{}:\n{text}", wrong.join("; ")))
}

/// The whole problem document, as JSON.
pub fn document(status: u16, problem: &Problem) -> String {
    let text = |text: &str| serde_json::to_string(text).expect("a text is JSON");
    let title = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    let mut members = vec![
        ("type", text("about:blank")),
        ("title", text(title)),
        ("status", status.to_string()),
        ("detail", text(&problem.detail)),
        ("code", text(&problem.code)),
    ];
    members.extend(problem.upstream_code.as_deref().map(|code| ("upstream_code", text(code))));
    members.extend(problem.details.clone().map(|details| ("details", details)));
    members.push(("request_id", text(REQUEST_ID)));
    let errors: Vec<String> = problem
        .errors
        .iter()
        .map(|error| {
            let parts = [("in", &error.place), ("path", &error.path), ("rule", &error.rule), ("message", &error.message)];
            object(parts.into_iter().map(|(name, value)| (name, text(value))))
        })
        .collect();
    if !errors.is_empty() {
        members.push(("errors", format!("[{}]", errors.join(","))));
    }
    object(members)
}

fn object<'n>(members: impl IntoIterator<Item = (&'n str, String)>) -> String {
    let members: Vec<String> = members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// What holds for every answer, whatever a case says.
fn always(step: &Step, answer: &Answer) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in NEVER.iter().filter(|name| answer.headers.contains_key(**name)) {
        // A gateway that has not read a body to its end says that the connection is over.
        let own = *name == "connection" && answer.trace.code.as_deref().is_some_and(|code| code.starts_with("body_"));
        if !own {
            wrong.push(format!("the header {name} leaves"));
        }
    }
    let kind = answer.header("content-type").unwrap_or_default();
    let problem = kind == "application/problem+json";
    if step.request.method.as_deref() == Some("HEAD") && !answer.body.is_empty() {
        wrong.push("an answer to HEAD has a body".to_owned());
    }
    if (problem || kind == "application/json") && !answer.cut && squeezed(&answer.body).is_none() {
        wrong.push(format!("the body is no JSON: {}", String::from_utf8_lossy(&answer.body)));
    }
    if let Some(code) = answer.trace.code.as_deref() {
        let named = format!("\"code\":\"{code}\"");
        if problem && !answer.body.is_empty() && !String::from_utf8_lossy(&answer.body).contains(&named) {
            wrong.push(format!("the trace has the code {code}, the document another"));
        }
        for (name, value) in [("cache-control", "no-store"), ("vary", "accept")] {
            if answer.header(name).is_none_or(|said| said.split(", ").all(|word| word != value)) {
                wrong.push(format!("a fault without `{name}: {value}`"));
            }
        }
    } else if problem && answer.header("cache-control") == Some("no-store") {
        wrong.push("a problem document without a code in the trace".to_owned());
    }
    let length = answer.header("content-length").filter(|_| !answer.body.is_empty() && !answer.cut);
    if let Some(length) = length.filter(|length| *length != answer.body.len().to_string()) {
        wrong.push(format!("content-length says {length}, the body has {}", answer.body.len()));
    }
    wrong
}

fn asked(expected: Option<&Saw>, seen: &[Seen]) -> Vec<String> {
    let list = || seen.iter().map(|seen| format!("{} {}", seen.method, seen.target)).collect::<Vec<_>>();
    let wanted = match expected {
        None if seen.len() <= 1 => return Vec::new(),
        None => return vec![format!("the backend was asked more than once: {:?}", list())],
        Some(Saw::Word(_)) => &[][..],
        Some(Saw::One(request)) => std::slice::from_ref(&**request),
        Some(Saw::Several(requests)) => requests.as_slice(),
    };
    if seen.len() != wanted.len() {
        return vec![format!("the backend saw {} requests instead of {}: {:?}", seen.len(), wanted.len(), list())];
    }
    wanted.iter().zip(seen).flat_map(|(wanted, seen)| saw(wanted, seen)).collect()
}

fn saw(wanted: &SeenRequest, seen: &Seen) -> Vec<String> {
    let mut wrong = Vec::new();
    if wanted.method.as_ref().is_some_and(|method| *method != seen.method) {
        wrong.push(format!("the backend saw the method {}", seen.method));
    }
    if wanted.path.as_ref().is_some_and(|path| *path != seen.target) {
        wrong.push(format!("the backend saw the path {}", seen.target));
    }
    for (name, header) in &wanted.headers {
        let lines: Vec<String> = seen.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect();
        wrong.extend(lines_of(&lines, name, header).map(|text| format!("the backend saw: {text}")));
    }
    if let Some(names) = &wanted.header_names {
        let mut found: Vec<&String> = seen.headers.iter().map(|(name, _)| name).collect();
        found.sort();
        if found != names.iter().collect::<Vec<_>>() {
            wrong.push(format!("the backend saw the headers {found:?} instead of {names:?}"));
        }
    }
    let body = wanted.body.as_ref().map(|text| text.clone().into_bytes()).or(wanted.body_hex.as_deref().map(unhex));
    if let Some(difference) = body.and_then(|body| differs(&body, &seen.body)) {
        wrong.push(format!("what the backend saw: {difference}"));
    }
    wrong
}
