//! The functions that pages need.
//!
//! | function | gives |
//! |---|---|
//! | `picture` | an image in the sizes and formats that a browser may choose from |
//! | `pagination` | the numbers of pages around the one that is shown |

mod pagination;
mod picture;

use tera::Tera;

/// Registers the functions. Must come before the templates, which are checked against them.
pub(super) fn register(tera: &mut Tera) {
    tera.register_function("picture", picture::picture);
    tera.register_function("pagination", pagination::pagination);
}
