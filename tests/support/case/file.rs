//! A case as it is typed. Unknown keys are errors: the product's own strict reader of YAML sees to it.

use forecourt::spec::{Report, load_preset};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// One data case: a configuration, a backend, and what happens when somebody asks.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a case")]
pub struct Case {
    /// What the case shows, as a sentence.
    pub name: String,
    /// The text of routes.yaml. `${UPSTREAM}` is the backend, `${REFUSED}` an address where nobody listens.
    pub routes: String,
    /// Files beside routes.yaml: templates, schemas, presets.
    #[serde(default)]
    pub files: IndexMap<String, String>,
    /// Variables of the environment.
    #[serde(default)]
    pub env: IndexMap<String, String>,
    /// What the backend answers. Every rule must be asked for, and nothing else may be.
    #[serde(default)]
    pub upstream: Vec<Rule>,
    /// Requests, one after the other.
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a rule of the backend")]
pub struct Rule {
    pub when: When,
    #[serde(default)]
    pub reply: Reply,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`when` of a rule")]
pub struct When {
    /// Any, when there is none.
    pub method: Option<String>,
    /// The request target as the backend sees it, query included.
    pub path: String,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a reply")]
pub struct Reply {
    /// Default 200.
    pub status: Option<u16>,
    /// A JSON body gets its content type by itself, unless one is here.
    #[serde(default)]
    pub headers: IndexMap<String, Lines>,
    pub body: Option<String>,
    /// A file below tests/data.
    pub body_file: Option<String>,
    pub body_hex: Option<String>,
    /// The body is packed.
    pub coding: Option<Coding>,
    /// How the end of the body is told. Default by its length.
    pub framing: Option<Framing>,
    /// All bytes of the reply, in the place of everything above.
    pub raw: Option<String>,
    /// The reply ends after so many bytes of its body.
    pub cut: Option<usize>,
    /// What happens when its bytes are sent. Default the next request; after a cut the connection is closed.
    pub then: Option<Then>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Coding {
    Gzip,
    Deflate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    Length,
    Chunked,
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    Close,
    Reset,
    Hang,
}

/// The lines of a header: one, or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Lines {
    One(String),
    Many(Vec<String>),
}

impl Lines {
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(line) => std::slice::from_ref(line),
            Self::Many(lines) => lines,
        }
    }
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a step")]
pub struct Step {
    /// What it shows, where the case's name does not say it.
    pub name: Option<String>,
    pub request: Request,
    pub expect: Expect,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a request")]
pub struct Request {
    /// Default GET.
    pub method: Option<String>,
    /// Path and query, as the edge hands them on.
    pub path: String,
    /// A `host` of shop.example is there by itself.
    #[serde(default)]
    pub headers: IndexMap<String, Lines>,
    pub body: Option<String>,
    pub body_hex: Option<String>,
    /// The body comes in pieces and nobody says how many.
    #[serde(default)]
    pub chunked: bool,
    /// How the body ends, when it does not end well.
    pub broken: Option<BadEnd>,
    /// The edge refuses the request.
    pub refused: Option<Refused>,
    /// Whether the client came over TLS.
    #[serde(default)]
    pub secure: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BadEnd {
    Timeout,
    TooSlow,
    Gone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    BadRequest,
    BadPath,
    NotFound,
    MethodNotAllowed,
    Timeout,
    UriTooLong,
    ExpectationFailed,
    HeadTooLarge,
    Panicked,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "an expectation")]
pub struct Expect {
    pub status: u16,
    #[serde(default)]
    pub headers: IndexMap<String, Header>,
    /// The body, byte for byte. A step has this or one of the next four.
    pub body: Option<String>,
    pub body_hex: Option<String>,
    /// The body, token for token and in order; the space between tokens is for the reader.
    pub json: Option<String>,
    /// Parts of a page.
    pub page: Option<Page>,
    /// The problem document, all of it.
    pub problem: Option<Problem>,
    /// Whether the body breaks off.
    #[serde(default)]
    pub cut: bool,
    /// How many values were not what the steps expect. Default 0.
    #[serde(default)]
    pub warnings: u32,
    /// The requests that the backend got in this step. Without it there is at most one.
    pub upstream_saw: Option<Saw>,
    /// They came side by side: their order is that of their targets, whichever came first.
    #[serde(default)]
    pub side_by_side: bool,
}

/// What a header of the answer is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Header {
    /// One line, exactly.
    Exact(String),
    /// These lines, in this order.
    Lines(Vec<String>),
    /// Something about it.
    About(About),
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[schemars(title = "a header")]
pub enum About {
    /// One of its lines has this text.
    Contains(String),
    /// It is not there.
    Absent(bool),
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a page")]
pub struct Page {
    pub contains: Vec<String>,
    #[serde(default)]
    pub lacks: Vec<String>,
}

/// `type`, `title`, `status` and `request_id` follow from the status and the request.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a problem")]
pub struct Problem {
    pub code: String,
    pub detail: String,
    pub upstream_code: Option<String>,
    /// As JSON.
    pub details: Option<String>,
    #[serde(default)]
    pub errors: Vec<Violation>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "an error of a problem")]
pub struct Violation {
    #[serde(rename = "in")]
    pub place: String,
    pub path: String,
    pub rule: String,
    pub message: String,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Saw {
    /// Nothing at all.
    Word(Nothing),
    /// One request.
    One(Box<SeenRequest>),
    /// Several, in this order.
    Several(Vec<SeenRequest>),
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Nothing {
    Nothing,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "what the backend saw")]
pub struct SeenRequest {
    pub method: Option<String>,
    pub path: Option<String>,
    #[serde(default)]
    pub headers: IndexMap<String, Header>,
    /// The names of all headers, sorted.
    pub header_names: Option<Vec<String>>,
    pub body: Option<String>,
    pub body_hex: Option<String>,
}

/// Reads a case.
///
/// # Errors
/// Everything that is wrong with it, with line and column.
pub fn read(file: &str, text: &str) -> Result<Case, String> {
    let (case, _) = load_preset::<Case>(file, text).map_err(|(source, problems)| Report::new(&source, &problems).to_string())?;
    let mut wrong = Vec::new();
    if case.steps.is_empty() {
        wrong.push("it has no steps".to_owned());
    }
    for (number, step) in case.steps.iter().enumerate() {
        let expect = &step.expect;
        let bodies = [
            expect.body.is_some(),
            expect.body_hex.is_some(),
            expect.json.is_some(),
            expect.page.is_some(),
            expect.problem.is_some(),
        ];
        if bodies.iter().filter(|there| **there).count() != 1 {
            wrong.push(format!("step {} has not one of body, body_hex, json, page and problem", number + 1));
        }
        if expect.page.as_ref().is_some_and(|page| page.contains.is_empty()) {
            wrong.push(format!("the page of step {} need not contain anything", number + 1));
        }
    }
    for (number, rule) in case.upstream.iter().enumerate() {
        let reply = &rule.reply;
        let bodies = [reply.body.is_some(), reply.body_file.is_some(), reply.body_hex.is_some(), reply.raw.is_some()];
        if bodies.iter().filter(|there| **there).count() > 1 {
            wrong.push(format!("rule {} has more than one body", number + 1));
        }
    }
    if wrong.is_empty() { Ok(case) } else { Err(format!("{file}: {}", wrong.join("; "))) }
}
