//! The policy of the pages: what a browser may load and run for them (Content Security Policy, level 3).

use http::header::{CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY};
use http::{HeaderName, HeaderValue};

use super::compiler::Compiler;
use crate::base::suggest;
use crate::page::{Templates, Unsigned};
use crate::spec::{At, CspSpec, FileSpec, Problem};

/// The hole in a policy where the nonce of a page goes.
const NONCE: &str = "{nonce}";

/// A script runs when the page's own template says so by its nonce, or when such a script loads it. Nothing else runs, frames the page,
/// or takes its forms away.
const STRICT: &str = "default-src 'self'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self' 'nonce-{nonce}'; \
                      img-src 'self' https: data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csp {
    name: HeaderName,
    /// What stands around the holes for the nonce.
    pieces: Vec<String>,
}

impl Csp {
    /// The header that has it.
    pub fn name(&self) -> &HeaderName {
        &self.name
    }

    /// Its value for a page with this nonce, which is letters and digits.
    pub fn value(&self, nonce: &str) -> HeaderValue {
        // Its characters were looked at, so that no nonce makes anything else of it.
        HeaderValue::try_from(self.pieces.join(nonce)).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
    }
}

impl Compiler<'_> {
    /// The policy of the pages; none when the file wants none.
    pub(super) fn csp(&mut self, file: &FileSpec) -> Option<Csp> {
        let at = At::root().key("site").key("csp");
        let (at, policy, reports) = match file.site.as_ref().and_then(|site| site.csp.as_ref()) {
            None => (at, None, false),
            Some(CspSpec::Policy(text)) => (at, Some(text.as_str()), false),
            Some(CspSpec::Long(form)) => (at.key("policy"), form.policy.as_deref(), form.report_only == Some(true)),
        };
        let text = match policy.unwrap_or("strict") {
            "strict" => STRICT,
            "off" => return None,
            text => {
                self.policy(&at, text);
                text
            }
        };
        let name = if reports { CONTENT_SECURITY_POLICY_REPORT_ONLY } else { CONTENT_SECURITY_POLICY };
        Some(Csp { name, pieces: text.split(NONCE).map(ToOwned::to_owned).collect() })
    }

    /// Warns of scripts and styles that the policy takes from the pages.
    pub(super) fn unsigned(&mut self, csp: Option<&Csp>, templates: Option<&Templates>) {
        let (Some(csp), Some(templates)) = (csp, templates) else { return };
        if csp.name != CONTENT_SECURITY_POLICY || csp.pieces.len() < 2 {
            return;
        }
        for Unsigned { template, line, tag } in templates.unsigned() {
            let message = format!(
                "`{template}`, line {line}: `site.csp` takes a `<{tag}>` without a nonce from the page: write `<{tag} nonce=\"{{{{ request.nonce }}}}\">`"
            );
            self.warn(&At::root().key("templates"), message);
        }
    }

    /// What is wrong with a policy, as far as it can be told without knowing every directive that there will be.
    fn policy(&mut self, at: &At, text: &str) {
        let shown = self.source().shown(at).unwrap_or(text).to_owned();
        if !text.contains(' ') {
            let problem = Problem::new(at, format!("`{shown}` is not a policy"))
                .expected("strict, off, or directives such as `default-src 'self'`");
            let near = suggest(text, ["strict", "off"]);
            self.push(match near {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem,
            });
            return;
        }
        let bare = text.replace(NONCE, "");
        if let Some(odd) = bare.chars().find(|c| !(c.is_ascii_graphic() || *c == ' ') || matches!(c, '{' | '}' | ',')) {
            let problem = Problem::new(at, format!("a policy cannot have {odd:?}")).part(odd.to_string());
            self.push(problem.expected("directives with `;` between them, on one line; `{nonce}` is the page's nonce"));
        }
    }
}
