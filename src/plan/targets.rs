//! The addresses of an upstream: one, or several with weights.

use super::compiler::Compiler;
use crate::spec::{At, BalanceSpec, Problem, TargetSpec, UpstreamSpec};
use crate::upstream::{Target, TargetError, WeightedTarget};

impl Compiler<'_> {
    pub(super) fn targets(&mut self, at: &At, name: &str, spec: &UpstreamSpec) -> Option<Vec<WeightedTarget>> {
        match (&spec.url, &spec.urls) {
            (None, None) => {
                self.expected(
                    &at.key("url"),
                    format!("the upstream `{name}` has no address"),
                    "`url: http://host:port` or `url: \"demo:\"`",
                );
                None
            }
            (Some(url), None) => Some(vec![WeightedTarget { target: self.address(&at.key("url"), url)?, weight: 1 }]),
            (Some(_), Some(_)) => {
                let problem = Problem::new(at.key("urls"), "`urls` is a second address beside `url`").at_key();
                self.push(problem.expected("one of: url, urls").hint("move the `url` into the list"));
                None
            }
            (None, Some(specs)) => self.several(&at.key("urls"), specs, spec.balance),
        }
    }

    fn several(&mut self, at: &At, specs: &[TargetSpec], balance: Option<BalanceSpec>) -> Option<Vec<WeightedTarget>> {
        if specs.is_empty() {
            self.expected(at, "there are no targets".to_owned(), "a list of addresses, as in [http://a:8080, http://b:8080]");
            return None;
        }
        let mut targets: Vec<WeightedTarget> = Vec::new();
        let mut all_read = true;
        for (index, spec) in specs.iter().enumerate() {
            let at = at.index(index);
            let (url_at, url, weight) = match spec {
                TargetSpec::Url(url) => (at.clone(), url, None),
                TargetSpec::Weighted(weighted) => (at.key("url"), &weighted.url, weighted.weight),
            };
            if weight.is_some() && matches!(balance, Some(BalanceSpec::RoundRobin)) {
                let problem = Problem::new(at.key("weight"), "`weight` has no say under `balance: round_robin`").at_key();
                self.push(problem.hint("write `balance: weighted`, or remove it"));
            }
            let Some(target) = self.address(&url_at, url) else {
                all_read = false;
                continue;
            };
            if targets.iter().any(|known| known.target == target) {
                self.expected(
                    &url_at,
                    "this target stands twice".to_owned(),
                    "each target once, with a `weight` when it takes more",
                );
            }
            targets.push(WeightedTarget { target, weight: weight.unwrap_or(1) });
        }
        all_read.then_some(targets)
    }

    fn address(&mut self, at: &At, url: &str) -> Option<Target> {
        match Target::parse(url) {
            Ok(target) => Some(target),
            Err(error) => {
                let problem = Problem::new(at, error.to_string());
                let may_show = error == TargetError::NoScheme && !self.source().is_filled(at);
                let hint = match url.strip_prefix('$') {
                    Some(name) => format!("write `${{{name}}}` for what the environment has"),
                    None => format!("write http://{url}"),
                };
                self.push(if may_show { problem.hint(hint) } else { problem });
                None
            }
        }
    }
}
