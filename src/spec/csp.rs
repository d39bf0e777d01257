//! `site.csp`: what the pages may load and run.

use schemars::JsonSchema;
use serde::Deserialize;

/// What the pages may load and run: a policy, or its long form.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum CspSpec {
    /// `strict`, `off`, or the text of a policy in which `{nonce}` is the page's nonce.
    Policy(String),
    /// The long form.
    Long(CspFormSpec),
}

/// The long form of a policy.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`csp`")]
pub struct CspFormSpec {
    /// `strict`, `off`, or the text of a policy in which `{nonce}` is the page's nonce. Default `strict`.
    pub policy: Option<String>,
    /// Whether browsers only report what breaks it. Default false.
    pub report_only: Option<bool>,
}
