//! What becomes of calls that fail or are too many: retries, breakers, bulkheads, health checks.

use std::time::Duration;

use http::{Method, StatusCode};

use super::compiler::Compiler;
use crate::base::share::Share;
use crate::route::Methods;
use crate::spec::{
    At, BalanceSpec, BreakerSpec, BulkheadSpec, HealthSpec, HedgeSpec, Problem, RetryOnSpec, RetrySpec, RetryWordSpec, ShareText,
    Switchable, UpstreamSpec,
};
use crate::upstream::{Balance, BreakerRules, BulkheadRules, HealthRules, HedgeRules, Policies, Retry};

/// How long a target that is back takes to get all of its calls again.
const SLOW_START: u64 = 10;

impl Compiler<'_> {
    pub(super) fn policies(&mut self, at: &At, spec: &UpstreamSpec) -> Policies {
        let retry = settings(spec.retry.as_ref()).map(|spec| self.retry(&at.key("retry"), &spec));
        let breaker = settings(spec.breaker.as_ref()).map(|spec| self.breaker(&at.key("breaker"), &spec));
        let bulkhead = settings(spec.bulkhead.as_ref()).map(|spec| self.bulkhead(&at.key("bulkhead"), &spec));
        let health = spec.health.as_ref().map(|spec| self.health(&at.key("health"), spec));
        let hedge = match &spec.hedge {
            None => None,
            hedge => settings(hedge.as_ref()).map(|spec| self.hedge(&at.key("hedge"), &spec)),
        };
        let slow_start = spec.health.as_ref().and_then(|spec| spec.slow_start.as_ref());
        let slow_start = self.duration(&at.key("health").key("slow_start"), slow_start, Duration::from_secs(SLOW_START));
        let balance = match spec.balance {
            None | Some(BalanceSpec::P2c) => Balance::P2c,
            Some(BalanceSpec::RoundRobin) => Balance::RoundRobin,
            Some(BalanceSpec::Weighted) => Balance::Weighted,
        };
        Policies { balance, retry, breaker, bulkhead, hedge, health, slow_start }
    }

    fn retry(&mut self, at: &At, spec: &RetrySpec) -> Retry {
        let millis = Duration::from_millis;
        let backoff = self.span(&at.key("backoff"), spec.backoff.as_ref(), (millis(25), millis(250)));
        let budget = self.share(&at.key("budget"), spec.budget.as_ref(), Share::percent(20));
        let default = || vec![Method::GET, Method::HEAD, Method::OPTIONS];
        let methods = spec.methods.as_ref().map_or_else(default, |words| self.methods_of(&at.key("methods"), words));
        let mut retry = Retry {
            attempts: spec.attempts.unwrap_or(1),
            methods,
            on_connect: spec.on.is_none(),
            on_first_byte: false,
            on_statuses: Vec::new(),
            backoff,
            budget,
        };
        let Some(on) = &spec.on else {
            retry.on_statuses = vec![StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];
            return retry;
        };
        for failure in on {
            match failure {
                RetryOnSpec::Word(RetryWordSpec::Connect) => retry.on_connect = true,
                RetryOnSpec::Word(RetryWordSpec::FirstByte) => retry.on_first_byte = true,
                // Its range is the schema's to hold.
                RetryOnSpec::Status(status) => retry.on_statuses.extend(StatusCode::from_u16(*status).ok()),
            }
        }
        retry
    }

    fn methods_of(&mut self, at: &At, words: &[String]) -> Vec<Method> {
        let mut methods = Vec::new();
        for (index, word) in words.iter().enumerate() {
            match Methods::known().iter().find(|known| known.as_str() == word) {
                Some(method) => methods.push(method.clone()),
                None => {
                    let known = Methods::known().iter().map(Method::as_str);
                    self.push(Problem::new(at.index(index), format!("`{word}` is not a method")).did_you_mean(word, known));
                }
            }
        }
        methods
    }

    fn breaker(&mut self, at: &At, spec: &BreakerSpec) -> BreakerRules {
        let second = Duration::from_secs(1);
        let cooldown = self.span(&at.key("cooldown"), spec.cooldown.as_ref(), (second, second * 60));
        if cooldown.0.is_zero() {
            self.expected(
                &at.key("cooldown"),
                "a breaker that opens for no time is none".to_owned(),
                "a duration above zero first",
            );
        }
        BreakerRules {
            consecutive: self.count(&at.key("consecutive"), spec.consecutive, 7),
            success_below: self.share(&at.key("success_below"), spec.success_below.as_ref(), Share::percent(80)),
            window: self.limit(&at.key("window"), spec.window.as_ref(), second * 10),
            minimum: self.count(&at.key("minimum"), spec.minimum, 20),
            cooldown,
        }
    }

    fn bulkhead(&mut self, at: &At, spec: &BulkheadSpec) -> BulkheadRules {
        BulkheadRules {
            in_flight: self.count(&at.key("in_flight"), spec.in_flight, 256) as usize,
            queue: spec.queue.unwrap_or(64) as usize,
            wait: self.limit(&at.key("wait"), spec.wait.as_ref(), Duration::from_millis(500)),
        }
    }

    fn hedge(&mut self, at: &At, spec: &HedgeSpec) -> HedgeRules {
        let after = spec.after.as_ref();
        let after = after.map(|after| self.limit(&at.key("after"), Some(after), Duration::from_secs(1)));
        HedgeRules { after, budget: self.share(&at.key("budget"), spec.budget.as_ref(), Share::percent(5)) }
    }

    fn health(&mut self, at: &At, spec: &HealthSpec) -> HealthRules {
        let path = spec.path.clone().unwrap_or_else(|| "/".to_owned());
        let is_sendable = path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
        if !is_sendable {
            self.expected(&at.key("path"), format!("`{path}` is not a path"), "a path such as /actuator/health");
        }
        let every = self.limit(&at.key("every"), spec.every.as_ref(), Duration::from_secs(5));
        if every < Duration::from_millis(100) {
            self.expected(&at.key("every"), "that is a load of its own".to_owned(), "100ms or more");
        }
        let timeout = self.limit(&at.key("timeout"), spec.timeout.as_ref(), Duration::from_secs(1));
        let fall = self.count(&at.key("fall"), spec.fall, 3);
        let rise = self.count(&at.key("rise"), spec.rise, 2);
        HealthRules { path, every, timeout, fall, rise }
    }

    /// A number that none of would make no sense.
    fn count(&mut self, at: &At, number: Option<u32>, default: u32) -> u32 {
        if number == Some(0) {
            self.expected(at, "0 has no meaning here".to_owned(), "1 or more");
        }
        number.unwrap_or(default)
    }

    pub(super) fn share(&mut self, at: &At, text: Option<&ShareText>, default: Share) -> Share {
        let Some(ShareText(text)) = text else { return default };
        Share::parse(text).unwrap_or_else(|error| {
            self.problem(at, error.to_string());
            default
        })
    }
}

/// What was typed, the defaults where nothing was, and nothing for `false`.
fn settings<T: Clone + Default>(spec: Option<&Switchable<T>>) -> Option<T> {
    match spec {
        Some(Switchable::Switch(false)) => None,
        None | Some(Switchable::Switch(true)) => Some(T::default()),
        Some(Switchable::Set(spec)) => Some(spec.clone()),
    }
}
