//! The functions that pages need.
//!
//! | function | gives |
//! |---|---|
//! | `picture` | an image in the sizes and formats that a browser may choose from |
//! | `pagination` | the numbers of pages around the one that is shown |

mod pagination;
mod picture;

use tera::{Kwargs, State, Tera, TeraResult, Value};

/// A function of ours.
pub(super) type Function = fn(Kwargs, &State<'_>) -> TeraResult<Value>;

/// All of them, by name.
const ALL: [(&str, Function); 2] = [("picture", picture::picture), ("pagination", pagination::pagination)];

/// The function of that name.
pub(super) fn named(name: &str) -> Option<Function> {
    ALL.into_iter().find(|(known, _)| *known == name).map(|(_, function)| function)
}

/// Registers the functions. Must come before the templates, which are checked against them.
pub(super) fn register(tera: &mut Tera) {
    for (name, function) in ALL {
        tera.register_function(name, move |kwargs: Kwargs, state: &State<'_>| function(kwargs, state));
    }
}
