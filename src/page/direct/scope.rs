//! What a name stands for where it stands: an element of a loop, something of the request, or a member of the document.

use super::expression::{Expression, Path, Root, Step, Turn};
use super::names::Names;

/// The loops around a place, and the names of members that have been met.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The name of each loop's element, the outermost first.
    loops: Vec<Box<str>>,
    pub(super) names: Names,
}

impl Scope {
    pub(super) fn enter(&mut self, element: &str) {
        self.loops.push(element.into());
    }

    pub(super) fn leave(&mut self) {
        self.loops.pop();
    }

    /// A name with members behind it. `None` where the engine has to say what it is.
    pub(super) fn path(&mut self, word: &str, members: &[(&str, bool)]) -> Option<Expression> {
        if word == "loop" {
            return self.turn(members);
        }
        let element = self.loops.iter().rposition(|name| **name == *word);
        let (root, members) = match (element, word, members) {
            (Some(depth), ..) => (Root::Element(depth), members),
            (None, "data", _) => (Root::Data, members),
            (None, "route", []) => (Root::Route, members),
            (None, "site", [("origin", _), rest @ ..]) => (Root::Origin, rest),
            (None, "request", [("method", _), rest @ ..]) => (Root::Method, rest),
            (None, "request", [("path", _), rest @ ..]) => (Root::RequestPath, rest),
            (None, "request", [("id", _), rest @ ..]) => (Root::Id, rest),
            (None, "request", [("nonce", _), rest @ ..]) => (Root::Nonce, rest),
            (None, "request", [("params", _), (name, _), rest @ ..]) => (Root::Param((*name).into()), rest),
            (None, "request", [("query", _), (name, _), rest @ ..]) => (Root::Query((*name).into()), rest),
            (None, "route" | "site" | "request" | "__tera_context", _) => return None,
            (None, "head", _) => (Root::Head(self.names.id(word)?), members),
            (None, ..) => (Root::Member(self.names.id(word)?), members),
        };
        // None of these has members.
        if !matches!(root, Root::Data | Root::Member(_) | Root::Head(_) | Root::Element(_)) && !members.is_empty() {
            return None;
        }
        let step = |(name, is_optional): &(&str, bool)| Some(Step { name: self.names.id(name)?, is_optional: *is_optional });
        let steps = members.iter().map(step).collect::<Option<_>>()?;
        Some(Expression::Path(Path { root, steps }))
    }

    fn turn(&self, members: &[(&str, bool)]) -> Option<Expression> {
        let depth = self.loops.len().checked_sub(1)?;
        let [(name, _)] = members else { return None };
        let turn = match *name {
            "index" => Turn::Index,
            "index0" => Turn::Index0,
            "first" => Turn::First,
            "last" => Turn::Last,
            "length" => Turn::Length,
            _ => return None,
        };
        Some(Expression::Turn(depth, turn))
    }
}
