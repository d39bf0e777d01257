//! The steps `unwrap` and `page`: what a backend wraps around its data.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Literal, OneOrMany};

/// An envelope: a path, a preset's name, or the mapping.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum UnwrapSpec {
    /// A preset (`mall`, `ruoyi`, `litemall`, `newbee`, `jeecg`, or one of yours), else the payload's path.
    Name(String),
    /// The mapping.
    Mapping(Box<EnvelopeSpec>),
}

/// What an envelope looks like.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "an envelope")]
pub struct EnvelopeSpec {
    /// Where the payload is; `*` is everything but the envelope's own keys; a list is tried in order. Default `data`.
    pub data: Option<OneOrMany<String>>,
    /// The verdict: a member and the values that mean success. Without it every reply is a success.
    #[schemars(title = "a member and the values that mean success, as in {code: 200}")]
    pub ok: Option<IndexMap<String, OneOrMany<Literal>>>,
    /// What a reply without the verdict's member means. Default `ok`.
    pub missing: Option<MissingVerdictSpec>,
    /// Where the message is; the first that exists.
    pub message: Option<OneOrMany<String>>,
    /// The status of a failure, by the verdict's value; `else` for the rest. Default 502.
    #[schemars(with = "Option<IndexMap<String, super::text::StatusText>>")]
    #[schemars(title = "a status for each failure, as in {401: 401, else: 502}")]
    pub status: Option<IndexMap<String, u16>>,
    /// What stands in when a success has no payload; `error` makes it a 502. Default null.
    #[serde(default, deserialize_with = "super::text::given")]
    pub missing_data: Option<Literal>,
}

/// What a reply without a verdict means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingVerdictSpec {
    /// A success.
    Ok,
    /// A failure.
    Error,
}

/// A page list: a preset's name or the mapping.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PagingSpec {
    /// A preset: `mall`, `ruoyi`, `spring`, `mybatis`, `hal`, or one of yours.
    Name(String),
    /// The mapping.
    Mapping(Box<PagingMapSpec>),
}

/// Where a page list keeps its parts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a page list")]
pub struct PagingMapSpec {
    /// The items; a list of paths is tried in order.
    pub items: OneOrMany<String>,
    /// The page's number.
    pub number: Option<OneOrMany<String>>,
    /// What the backend calls the first page: 0 or 1. Default 1.
    #[schemars(range(max = 1))]
    pub first: Option<u8>,
    /// Items on a page.
    pub size: Option<OneOrMany<String>>,
    /// Items in all.
    pub total: Option<OneOrMany<String>>,
    /// Pages in all; counted from `total` and `size` when absent.
    pub pages: Option<OneOrMany<String>>,
}
