//! Currencies, and the languages whose way of writing is known.

use tera::Value;

use super::{Locale, Refusal, text};

/// A currency: three capital letters (ISO 4217).
pub(in crate::page) fn currency(value: &Value) -> Result<&str, Refusal> {
    let code = text(value)?;
    if is_code(code) { Ok(code) } else { Err(Refusal::new("a currency such as EUR", value).near(near_currency(code))) }
}

fn is_code(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn near_currency(typed: &str) -> Option<String> {
    let capitals = typed.trim().to_ascii_uppercase();
    if is_code(&capitals) {
        return Some(capitals);
    }
    let known = || Locale::all().iter().flat_map(|locale| locale.symbols);
    let by_sign = known().find(|(_, sign)| *sign == typed.trim()).map(|(code, _)| *code);
    by_sign.or_else(|| crate::base::suggest(typed, known().map(|(code, _)| *code))).map(ToOwned::to_owned)
}

/// A language, perhaps in one country, whose way of writing money and dates is known.
pub(in crate::page) fn locale(value: &Value) -> Result<&'static Locale, Refusal> {
    let tag = text(value)?;
    Locale::find(tag).ok_or_else(|| {
        let tags = || Locale::all().iter().map(|locale| locale.tag);
        let refusal = Refusal::new(format!("one of the locales {}", tags().collect::<Vec<_>>().join(", ")), value);
        let dashed = tag.replace('_', "-");
        match Locale::find(&dashed) {
            Some(_) => refusal.near(Some(dashed)),
            None => refusal.nearest(value, tags()),
        }
    })
}
