//! What the passes of a route are, for people.

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
            },
            Pass::Tree(shape, reasons) => PassPlan {
                steps: shape.steps().iter().map(super::Step::name).collect(),
                reasons: reasons.clone(),
                under: None,
                holds: Vec::new(),
            },
        };
        self.passes.iter().map(pass).collect()
    }
}
