//! The status of a page says what is true: nothing to show is 404, and whatever keeps a page from being made for now is 503.
//!
//! Search engines drop an address that answers 404 or 410 and come back to one that answers 503; a page that says "not found" under
//! 200 stays in their index for ever. Programs, which get JSON, are told more exactly what went wrong.

use std::time::Duration;

use http::StatusCode;

use super::accept::Form;
use super::fault::Fault;
use super::fragment::Wanted;
use crate::json::{Node, Path};
use crate::plan::Route;

/// When people and crawlers are told to come back, unless a backend or its breaker says otherwise.
pub(super) const COME_BACK: Duration = Duration::from_secs(10);

impl Fault {
    /// What a fault is to whoever asked for a page: a backend that is overloaded, fails, is late or sends what cannot be used is one
    /// that may do better in a moment. What is wrong with the request, and our own defects, stay what they are.
    pub(super) fn of_page(self, route: &Route, wanted: &Wanted) -> Self {
        let may_pass = matches!(
            self.status(),
            StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT
        );
        // Who is refused a place has not been at anybody's backend.
        let is_ours = matches!(self, Self::Overloaded { .. } | Self::Unavailable { .. });
        match route.page().filter(|_| wanted.form == Form::Html && may_pass && !is_ours) {
            None => self,
            Some(page) => {
                // A page stands in for a page, not for a part of one.
                let fallback = page.fallback().filter(|_| wanted.block.is_none());
                Self::Unavailable { fault: Box::new(self), fallback: fallback.map(Into::into) }
            }
        }
    }
}

/// Whether a page has nothing to show: its document is null or an empty object, or one of the values that it requires is not there,
/// null or empty. An empty list is a list, unless it is required.
pub(super) fn has_nothing(document: &Node<'_>, required: &[Path]) -> bool {
    is_nothing(document) || required.iter().any(|path| path.get(document).is_none_or(is_empty))
}

/// Whether a required reply is nothing to make a page of.
pub(super) fn is_nothing(node: &Node<'_>) -> bool {
    node.is_null() || node.as_object().is_some_and(|object| object.is_empty())
}

fn is_empty(node: &Node<'_>) -> bool {
    match node {
        Node::Null => true,
        Node::Bool(_) | Node::Number(_) => false,
        Node::String(text) => text.as_raw().is_empty(),
        Node::Array(elements) => elements.is_empty(),
        Node::Object(object) => object.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, parse};

    #[test]
    fn nothing_is_null_an_empty_object_or_a_lack_of_what_is_required() {
        for (document, required, expected) in [
            ("null", &[][..], true),
            ("{}", &[], true),
            ("[]", &[], false),
            ("0", &[], false),
            ("\"\"", &[], false),
            ("{\"a\":null}", &[], false),
            ("{\"a\":null}", &["a"], true),
            ("{\"a\":\"\"}", &["a"], true),
            ("{\"a\":[]}", &["a"], true),
            ("{\"a\":{}}", &["a"], true),
            ("{\"a\":0}", &["a"], false),
            ("{\"a\":false}", &["a"], false),
            ("{\"a\":[0]}", &["a", "a[0]"], false),
            ("{\"a\":[0]}", &["a", "b"], true),
            ("{\"a\":{\"b\":\" \"}}", &["a.b"], false),
            ("{\"a\":{\"b\":1}}", &["a.c"], true),
            ("{\"list\":[{\"a\":1},{\"a\":2}]}", &["list[].a"], false),
            ("[]", &["."], true),
        ] {
            let required: Vec<Path> = required.iter().map(|path| Path::parse(path).unwrap()).collect();
            assert_eq!(
                has_nothing(&parse(document, &Limits::default()).unwrap(), &required),
                expected,
                "{document} {required:?}"
            );
        }
    }
}
