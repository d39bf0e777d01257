//! A page whose head leaves early: whether there is anything that it need not wait for.

use super::compiler::Compiler;
use super::{Answer, OnFailure};
use crate::spec::{At, PageFormSpec, Problem};

impl Compiler<'_> {
    /// A page of which nobody can tell where its head ends.
    pub(super) fn endless_head(&mut self, at: &At, template: &str) {
        let message = format!("the head cannot leave early: `{template}`, its parents and includes have no `</head>`");
        let problem = Problem::new(at.key("early_head"), message).at_key();
        self.push(problem.hint("what stands before `</head>` leaves early: write it, or leave `early_head` out"));
    }

    /// A page whose status is known only when all of it is there.
    pub(super) fn idle_early_head(&mut self, at: &At, form: &PageFormSpec, answer: &Answer) {
        let message = match answer {
            _ if form.early_head != Some(true) => return,
            Answer::Proxy(_) => return,
            Answer::Calls { calls, .. } if calls.iter().any(|call| *call.on_failure() != OnFailure::Fail) => return,
            Answer::Calls { .. } => "the head cannot leave early: every call of this route is required",
            Answer::Call { .. } => "the head cannot leave early: this route waits for one call",
        };
        let problem = Problem::new(at.key("early_head"), message).at_key();
        self.push(
            problem.hint("it leaves when the required ones of several `calls` are over: say `optional: true` of the slow ones"),
        );
    }
}
