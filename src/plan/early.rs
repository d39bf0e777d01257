//! A page of which something leaves early: whether there is anything that need not wait.

use http::Method;

use super::compiler::Compiler;
use super::{Answer, OnFailure};
use crate::route::{Methods, Pattern};
use crate::spec::{At, PageFormSpec, Problem};

impl Compiler<'_> {
    /// A page of which nobody can tell where its head ends.
    pub(super) fn endless_head(&mut self, at: &At, template: &str) {
        let message = format!("the head cannot leave early: `{template}`, its parents and includes have no `</head>`");
        let problem = Problem::new(at.key("early_head"), message).at_key();
        self.push(problem.hint("what stands before `</head>` leaves early: write it, or leave `early_head` out"));
    }

    /// A page that names nothing before its data are there.
    pub(super) fn empty_hints(&mut self, at: &At, template: &str, hangs_on_data: bool) {
        let why = match hangs_on_data {
            true => {
                "all that the head of `{}` names hangs on the data: what is told early stands outside of `if` and `for`, with no value in its tag"
            }
            false => {
                "the head of `{}`, its parents and includes names no style sheet, script, preload, modulepreload or preconnect"
            }
        };
        self.warn(&at.key("early_hints"), format!("there is nothing to tell early: {}", why.replace("{}", template)));
    }

    /// A page that nobody asks for in the way that hears of hints.
    pub(super) fn unheard_hints(&mut self, at: &At, form: &PageFormSpec, pattern: &Pattern) {
        if form.early_hints == Some(true)
            && matches!(pattern.methods(), Methods::These(methods) if !methods.contains(&Method::GET))
        {
            self.warn(&at.key("early_hints"), "there is nobody to tell: only an answer to GET has early hints".to_owned());
        }
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
