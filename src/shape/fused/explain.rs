//! What the passes of a route are, for people.

use super::super::numbers::Nan;
use super::program::{Op, Program};
use super::{Fused, Pass};

/// One pass over a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassPlan {
    /// The steps in it, by the names of routes.yaml.
    pub steps: Vec<&'static str>,
    /// Why a step needs the document as a tree, for each of the steps; empty when they work on the bytes.
    pub reasons: Vec<&'static str>,
    /// Where the trees are; none for the whole document.
    pub under: Option<String>,
    /// Those that remove containers because of what is left in them, which only their end tells.
    pub holds: Vec<&'static str>,
    /// Those that end an answer that has begun, and at what; not of a document that is whole.
    pub cuts: Vec<(&'static str, &'static str)>,
    /// In an element of a list they do not.
    pub spares: bool,
}

impl Program {
    /// What of a document that comes in pieces only the reference can do, and only to the whole of it.
    fn cuts(&self) -> Vec<(&'static str, &'static str)> {
        let envelope = self.envelope.iter().map(|_| ("unwrap", "where a name of the envelope stands twice"));
        let mut cuts: Vec<_> = envelope.chain(self.ops.iter().filter_map(|op| Some((op.step(), self.cut(op)?)))).collect();
        cuts.dedup();
        cuts
    }

    fn cut(&self, op: &Op) -> Option<&'static str> {
        match op {
            Op::Drop | Op::Sweep { .. } | Op::Omit(_) => None,
            Op::Numbers(numbers) => (numbers.nan == Some(Nan::Error))
                .then_some("at `NaN` and the infinities, which are the end of a whole reply, too"),
            Op::Rename { .. } | Op::Case { .. } => Some("where two names become one"),
            Op::Convert { otherwise, .. } => {
                let is_alone = self.ops.iter().all(|op| matches!(op, Op::Drop | Op::Convert { .. }));
                (otherwise.is_some() && !is_alone)
                    .then_some("where `else` stands in for an object or an array that other steps look into")
            }
            Op::Pick { .. } => Some("where a name that it keeps stands twice"),
            Op::Default { .. } => Some("where a name that it fills stands twice"),
            Op::Flatten(_) => Some("where two members become one name, or one stands twice and what is in it is lifted"),
            Op::Graft(graft) => graft.sees_last().then_some("where a name of its path stands twice"),
        }
    }
}

impl Fused {
    /// The passes, in order. One without steps only checks the document and takes its white space away.
    pub fn plan(&self) -> Vec<PassPlan> {
        let pass = |pass: &Pass| match pass {
            Pass::Bytes(program) => PassPlan {
                steps: program.names.clone(),
                reasons: program.why.clone(),
                under: program.grafted().map(ToString::to_string),
                holds: program.counting_step(),
                cuts: program.cuts(),
                spares: program.may_redo(),
            },
            Pass::Tree(shape, reasons) => PassPlan {
                steps: shape.steps().iter().map(super::Step::name).collect(),
                reasons: reasons.clone(),
                under: None,
                holds: Vec::new(),
                cuts: Vec::new(),
                spares: true,
            },
        };
        self.passes.iter().map(pass).collect()
    }
}
