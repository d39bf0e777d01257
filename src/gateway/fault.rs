//! Every way that a request fails, and the one place that gives it a status, a stable code and a text for the public.
//!
//! Engines state facts; this file decides what a client is told. The cause goes to the log, never into a body.

use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use http::{Method, StatusCode};

use super::edge::Refusal;
use super::foreign::Foreign;
use super::internals;
use super::truth::COME_BACK;
use crate::check::Violation;
use crate::json::Node;
use crate::{page, shape, upstream};

const LATE: &str = "the backend did not answer in time";
const LEFT_ALONE: &str = "the backend failed too often and is not asked for now";
const FULL: &str = "the backend has all the requests that it may have at once";
const UNUSABLE: &str = "the backend's reply cannot be used";
const LARGE_HEAD: &str = "the request has too many or too large headers";
const BROKEN_BODY: &str = "the request body broke off or is badly framed";
const OURS: &str = "something went wrong on our side";

/// What a path of the gateway's own takes, beside OPTIONS.
pub(super) const OWN: [Method; 2] = [Method::GET, Method::HEAD];

/// A failed request.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Refused before it was a request.
    #[error("refused at the edge: {}", .0.rule())]
    Refused(Refusal),
    /// No route has this path.
    #[error("no route")]
    NoRoute,
    /// The path exists, the method does not.
    #[error("method not allowed")]
    MethodNotAllowed(Vec<Method>),
    /// There are as many requests under way as there may be.
    #[error("over the limit of requests of the {limit}")]
    Overloaded {
        /// Whose limit it is: `worker` or `route`.
        limit: &'static str,
    },
    /// The client takes none of the forms that the route can make.
    #[error("not acceptable")]
    NotAcceptable,
    /// The route's page has no part of the name that was asked for.
    #[error("no such fragment")]
    NoFragment,
    /// The body is over the limit, in bytes.
    #[error("request body over {0} bytes")]
    BodyTooLarge(usize),
    /// The body did not arrive in time.
    #[error("request body too slow")]
    BodyTimeout,
    /// The body broke off or was badly framed.
    #[error("request body broken: {0}")]
    BodyBroken(String),
    /// Syntax that cannot be checked against rules.
    #[error("malformed {}: {}", .0.place, .0.message)]
    Malformed(Violation),
    /// A body rule, and a body that is not JSON.
    #[error("body is not JSON by its content type")]
    UnsupportedMediaType,
    /// Rules are broken: all of them are listed.
    #[error("{} violations", .0.len())]
    Invalid(Vec<Violation>),
    /// The call to a backend failed.
    #[error("upstream {upstream}: {error}")]
    Call {
        /// Whom it asked.
        upstream: String,
        /// What happened.
        error: upstream::Error,
    },
    /// The backend answered with an error status.
    #[error("upstream {upstream} answered {status}")]
    Status {
        /// Who answered.
        upstream: String,
        /// With what.
        status: StatusCode,
        /// What its body said, as far as it can be told.
        said: Box<Foreign>,
        /// What of its head a client needs: cookies, `WWW-Authenticate`, `Retry-After`.
        headers: Vec<(HeaderName, HeaderValue)>,
    },
    /// The backend's reply is not what it should be.
    #[error("upstream {upstream}: {reason}")]
    Contract {
        /// Who answered.
        upstream: String,
        /// Which part of the contract broke: a stable code.
        code: &'static str,
        /// What was wrong, for the log.
        reason: String,
    },
    /// The backend's envelope says that the business failed.
    #[error("upstream {upstream}: business failure, {}", if verdict.is_empty() { "no verdict" } else { verdict })]
    Business {
        /// Who answered.
        upstream: String,
        /// The mapped status.
        status: StatusCode,
        /// The verdict's value.
        verdict: String,
        /// The envelope's message.
        message: Option<String>,
        /// What stood where a success has its payload.
        details: Option<Box<Node<'static>>>,
        /// What of the reply's head a client needs.
        headers: Vec<(HeaderName, HeaderValue)>,
    },
    /// A step of the route's shape failed.
    #[error("shape: {0}")]
    Shape(shape::Error),
    /// A file of the site is there and cannot be read.
    #[error("the file of {path}: {error}")]
    File {
        /// The path that it was asked for under.
        path: String,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// The file is not the one that the request's conditions are about.
    #[error("precondition failed")]
    PreconditionFailed,
    /// The file has no such range.
    #[error("range not satisfiable")]
    NoRange {
        /// How much it has, as `Content-Range` says it.
        of: Option<HeaderValue>,
    },
    /// The page could not be rendered.
    #[error("page: {0}")]
    Page(page::Error),
    /// The page has nothing to show.
    #[error("the data that the page is made of is empty")]
    NoData,
    /// The page cannot be made for now; what happened is another fault.
    #[error("{fault}")]
    Unavailable {
        /// What happened.
        fault: Box<Self>,
        /// The template that stands in for the page.
        fallback: Option<Arc<str>>,
    },
    /// The answer is not there at the deadline of its page.
    #[error("the page was not there in time")]
    Late,
}

impl Fault {
    /// The methods that the path takes, where it does not take the one that it was asked with.
    pub fn allowed(&self) -> Option<&[Method]> {
        match self {
            Self::MethodNotAllowed(allowed) => Some(allowed),
            // The house's own paths, and CONNECT, which no path takes.
            Self::Refused(Refusal::MethodNotAllowed) => Some(&OWN),
            _ => None,
        }
    }

    /// The status that the client gets.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused(refusal) => refusal_status(*refusal),
            Self::NoRoute | Self::NoFragment | Self::NoData => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Overloaded { .. } | Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Late | Self::Page(page::Error::Deadline) => StatusCode::GATEWAY_TIMEOUT,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::NoRange { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyBroken(_) | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Call { error, .. } => call_status(error),
            Self::Status { status, .. } => foreign_status(*status),
            Self::Business { status, .. } => *status,
            Self::Contract { .. } | Self::Shape(_) => StatusCode::BAD_GATEWAY,
            Self::File { .. } | Self::Page(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable word for programs; `docs/routes.md` lists them all.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal_code(*refusal),
            Self::NoRoute => "no_route",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::Overloaded { .. } => "overloaded",
            Self::NotAcceptable => "not_acceptable",
            Self::PreconditionFailed => "precondition_failed",
            Self::NoRange { .. } => "range_not_satisfiable",
            Self::NoFragment => "no_fragment",
            Self::BodyTooLarge(_) => "body_too_large",
            Self::BodyTimeout => "body_timeout",
            Self::BodyBroken(_) => "body_broken",
            Self::Malformed(_) => "malformed_request",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Invalid(_) => "validation_failed",
            Self::Call { error, .. } => error.kind(),
            Self::Status { status, .. } if status.is_client_error() => "upstream_refused",
            Self::Status { .. } => "upstream_failed",
            Self::Contract { code, .. } => code,
            Self::Business { .. } => "business_failure",
            Self::Shape(error) => shape_code(error),
            Self::File { .. } => "internal",
            Self::Late | Self::Page(page::Error::Deadline) => "deadline",
            Self::Page(_) => "page_failed",
            Self::NoData => "no_data",
            Self::Unavailable { fault, .. } => fault.code(),
        }
    }

    /// What the public is told.
    pub fn detail(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal_detail(*refusal),
            Self::NoRoute => "nothing is served under this path".to_owned(),
            Self::MethodNotAllowed(allowed) => {
                let words: Vec<&str> = allowed.iter().map(Method::as_str).collect();
                format!("this path takes {}", words.join(", "))
            }
            Self::Overloaded { .. } => "too many requests are under way: ask again in a moment".to_owned(),
            Self::NotAcceptable => "the resource exists, but in none of the forms that `Accept` asks for".to_owned(),
            Self::PreconditionFailed => "the file is not the one that the request's condition names".to_owned(),
            Self::NoRange { .. } => "the file has nothing in this range".to_owned(),
            Self::NoFragment => "the page has no fragment of this name".to_owned(),
            Self::BodyTooLarge(limit) => format!("the request body is larger than {limit} bytes"),
            Self::BodyTimeout => "the request body did not arrive in time".to_owned(),
            Self::BodyBroken(_) => BROKEN_BODY.to_owned(),
            Self::Malformed(violation) => format!("{}: {}", violation.place, violation.message),
            Self::UnsupportedMediaType => "the request body must be JSON: send `Content-Type: application/json`".to_owned(),
            Self::Invalid(violations) if violations.len() == 1 => "the request breaks a rule".to_owned(),
            Self::Invalid(violations) => format!("the request breaks {} rules", violations.len()),
            Self::Status { status, said, .. } if status.is_client_error() => {
                said.detail.clone().unwrap_or_else(|| "the backend refused the request".to_owned())
            }
            Self::Status { .. } => "the backend failed".to_owned(),
            Self::Business { message: Some(message), .. } if !internals::shows(message) => message.chars().take(500).collect(),
            Self::Business { .. } => "the backend reported a failure".to_owned(),
            Self::Call { error, .. } => call_detail(error).to_owned(),
            Self::Contract { .. } | Self::Shape(_) => UNUSABLE.to_owned(),
            Self::Late | Self::Page(page::Error::Deadline) => LATE.to_owned(),
            Self::File { .. } | Self::Page(_) => OURS.to_owned(),
            Self::NoData => "there is nothing to show under this path".to_owned(),
            Self::Unavailable { fault, .. } => fault.detail(),
        }
    }

    /// What happened: another fault for one that only says what it is to a page.
    pub fn root(&self) -> &Self {
        match self {
            Self::Unavailable { fault, .. } => fault.root(),
            fault => fault,
        }
    }

    /// The template that stands in for the page, when there is one.
    pub fn fallback(&self) -> Option<&str> {
        match self {
            Self::Unavailable { fallback, .. } => fallback.as_deref(),
            _ => None,
        }
    }

    /// When it is worth while to ask again, if that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Call { error: upstream::Error::BreakerOpen { retry_after }, .. } => Some(*retry_after),
            Self::Unavailable { fault, .. } => Some(fault.retry_after().unwrap_or(COME_BACK)),
            _ => None,
        }
    }

    /// What is listed under `errors`.
    pub fn errors(&self) -> Vec<Violation> {
        match self {
            Self::Invalid(violations) => violations.clone(),
            Self::Malformed(violation) => vec![violation.clone()],
            Self::Status { status, said, .. } if status.is_client_error() => said.errors.clone(),
            Self::Unavailable { fault, .. } => fault.errors(),
            _ => Vec::new(),
        }
    }
}

fn refusal_status(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::BadRequest(_) | Refusal::BadPath(_) => StatusCode::BAD_REQUEST,
        Refusal::NotFound => StatusCode::NOT_FOUND,
        Refusal::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Refusal::Timeout => StatusCode::REQUEST_TIMEOUT,
        Refusal::UriTooLong => StatusCode::URI_TOO_LONG,
        Refusal::ExpectationFailed => StatusCode::EXPECTATION_FAILED,
        Refusal::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Refusal::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn refusal_code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::BadRequest(_) => "bad_request",
        Refusal::BadPath(_) => "bad_path",
        Refusal::NotFound => "no_route",
        Refusal::MethodNotAllowed => "method_not_allowed",
        Refusal::Timeout => "request_timeout",
        Refusal::UriTooLong => "uri_too_long",
        Refusal::ExpectationFailed => "expectation_failed",
        Refusal::HeadTooLarge => "head_too_large",
        Refusal::Panicked => "internal",
    }
}

fn refusal_detail(refusal: Refusal) -> String {
    match refusal {
        Refusal::BadRequest(rule) => format!("the request is not well-formed HTTP ({rule})"),
        Refusal::BadPath(rule) => format!("the path can be read in more than one way ({rule})"),
        Refusal::NotFound => "nothing is served under this path".to_owned(),
        Refusal::MethodNotAllowed => "this method is not served here".to_owned(),
        Refusal::Timeout => "the request did not arrive in time".to_owned(),
        Refusal::UriTooLong => "the request target is too long".to_owned(),
        Refusal::ExpectationFailed => "only `Expect: 100-continue` can be met".to_owned(),
        Refusal::HeadTooLarge => LARGE_HEAD.to_owned(),
        Refusal::Panicked => OURS.to_owned(),
    }
}

fn call_status(error: &upstream::Error) -> StatusCode {
    use upstream::Error as E;
    match error {
        error if error.is_timeout() => StatusCode::GATEWAY_TIMEOUT,
        E::BreakerOpen { .. } | E::BulkheadFull => StatusCode::SERVICE_UNAVAILABLE,
        E::HeadTooLarge { .. } => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        E::ClientBody(_) => StatusCode::BAD_REQUEST,
        E::Path(_) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_GATEWAY,
    }
}

fn call_detail(error: &upstream::Error) -> &'static str {
    use upstream::Error as E;
    match error {
        error if error.is_timeout() => LATE,
        E::BreakerOpen { .. } => LEFT_ALONE,
        E::BulkheadFull => FULL,
        E::HeadTooLarge { .. } => LARGE_HEAD,
        E::ClientBody(_) => BROKEN_BODY,
        E::Path(_) => OURS,
        E::Malformed(_) | E::TooLarge { .. } | E::Coding(_) | E::Ratio { .. } => UNUSABLE,
        _ => "the backend could not be reached or broke off",
    }
}

/// 4xx keep their status; a backend that is overloaded or late says so; everything else is a backend that broke.
fn foreign_status(status: StatusCode) -> StatusCode {
    match status {
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => status,
        status if status.is_client_error() => status,
        _ => StatusCode::BAD_GATEWAY,
    }
}

pub(super) fn shape_code(error: &shape::Error) -> &'static str {
    use shape::Error as E;
    match error {
        E::MissingData => "upstream_data_missing",
        E::Mismatch { .. } => "shape_mismatch",
        _ => "shape_failed",
    }
}
