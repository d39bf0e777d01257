//! The filters that Tera does not have and pages need.
//!
//! | filter | gives |
//! |---|---|
//! | `json_script` | JSON that is safe inside `<script>` |
//! | `json` | JSON, escaped as any text, for an attribute |
//! | `urlencode` | one path segment or query value |
//! | `urlencode_path` | a path: as `urlencode`, but slashes stay |
//! | `url` | the address if it is harmless, else `#` |
//! | `absolute` | an address with the site's origin |
//! | `decimal` | a number with a fixed number of places: `1,234.50` |
//! | `money` | an amount in a currency, as a language writes it |
//! | `plural` | the form of a text that a number asks for |
//! | `date` | a date in a format and a zone, or as a language writes it |
//! | `striptags` | the text of a piece of HTML |

mod address;
mod date;
mod decimal;
mod json;
mod locales;
mod money;
mod plural;
mod text;

pub(super) use address::is_harmless;

use tera::{Tera, TeraResult, Value};

use super::arguments::described;

/// Registers the filters. Must come before the templates, which are checked against them.
pub(super) fn register(tera: &mut Tera) {
    tera.register_filter("json_script", json::json_script);
    tera.register_filter("json", json::json);
    tera.register_filter("urlencode", address::urlencode);
    tera.register_filter("urlencode_path", address::urlencode_path);
    tera.register_filter("url", address::url);
    tera.register_filter("absolute", address::absolute);
    tera.register_filter("money", money::money);
    tera.register_filter("plural", plural::plural);
    tera.register_filter("decimal", decimal::decimal);
    tera.register_filter("date", date::date);
    tera.register_filter("striptags", text::striptags);
}

/// What to say of a value that is no number.
fn not_a_number(filter: &str, value: &Value) -> tera::Error {
    tera::Error::message(format!("`{filter}` wants a number, not {}", described(value)))
}

/// Refuses a variable that is not there, as printing it would.
fn defined<'v>(filter: &str, value: &'v Value) -> TeraResult<&'v Value> {
    if value.is_undefined() {
        Err(tera::Error::message(format!("`{filter}` was given a variable that is not there")))
    } else {
        Ok(value)
    }
}
