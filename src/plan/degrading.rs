//! What stands in for a page that takes too long or cannot be made: a stale one, then the fallback.

use std::time::Duration;

use super::compiler::Compiler;
use super::templates::Shelf;
use super::{Caching, Page};
use crate::spec::{At, PageFormSpec, Problem};

/// How long a page may take before a stale one is shown, and before the fallback is, when `deadline` does not say.
const SOFT: Duration = Duration::from_millis(800);
const HARD: Duration = Duration::from_secs(3);

/// When a page is given up, from when its request is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageDeadline {
    /// From then on a stale page is as good.
    pub soft: Duration,
    /// From then on there is none.
    pub hard: Duration,
}

/// What stands in for a page.
#[derive(Debug, Default)]
pub(super) struct Degrading {
    pub(super) deadline: Option<PageDeadline>,
    pub(super) fallback: Option<String>,
}

impl Compiler<'_> {
    /// What stands in for a page, as its form says.
    pub(super) fn degrading(&mut self, at: &At, form: Option<&PageFormSpec>, templates: &Shelf) -> Option<Degrading> {
        let Some(form) = form else { return Some(Degrading::default()) };
        let deadline = form.deadline.as_ref().map(|spec| {
            let at = at.key("deadline");
            let hard = self.limit(&at.key("hard"), spec.hard.as_ref(), HARD);
            let soft = self.duration(&at.key("soft"), spec.soft.as_ref(), SOFT.min(hard));
            if soft > hard {
                let key = if spec.soft.is_some() { "soft" } else { "hard" };
                self.expected(
                    &at.key(key),
                    "the soft deadline comes after the hard one".to_owned(),
                    &format!("a soft one below the hard one, which is {hard:?}"),
                );
            }
            PageDeadline { soft, hard }
        });
        let fallback = form.fallback.clone();
        let is_there = fallback.as_ref().is_none_or(|name| self.is_there(&at.key("fallback"), name, templates));
        is_there.then_some(Degrading { deadline, fallback })
    }

    /// A deadline that can never come, or that nothing stands in at.
    pub(super) fn idle_deadline(
        &mut self,
        at: &At,
        form: &PageFormSpec,
        page: &Page,
        caching: Option<&Caching>,
        timeout: Duration,
    ) {
        let (Some(spec), Some(deadline)) = (form.deadline.as_ref(), page.deadline()) else { return };
        let at = at.key("deadline");
        let has_stale = caching.is_some_and(|caching| !caching.rules().stale_if_error.is_zero());
        if spec.soft.is_some() && !has_stale {
            let problem =
                Problem::new(at.key("soft"), "nothing stands in at the soft deadline: this route keeps no stale pages").at_key();
            self.push(problem.hint("give the route a `cache` with `stale_if_error`, or leave `soft` out"));
        }
        if spec.hard.is_some() && deadline.hard > timeout {
            let problem = Problem::new(at.key("hard"), format!("the route gives up before this, after {timeout:?}"));
            self.push(problem.expected("a deadline below the route's `timeout`"));
        }
    }
}
