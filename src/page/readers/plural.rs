//! Languages whose plural forms are known: all of them.

use icu_locale_core::Locale;
use tera::Value;

use super::{Refusal, text};

/// A language, perhaps in one country.
pub(in crate::page) fn language(value: &Value) -> Result<Locale, Refusal> {
    let tag = text(value)?;
    read(tag).ok_or_else(|| {
        let dashed = tag.replace('_', "-");
        let near = read(&dashed).map(|_| dashed);
        Refusal::new("a language such as pl or pt-BR", value).near(near)
    })
}

/// A tag; `english` could be one, and is the name of a language.
fn read(tag: &str) -> Option<Locale> {
    let first = tag.split('-').next().unwrap_or_default();
    tag.parse().ok().filter(|_| first.len() <= 3 && !tag.contains('_'))
}
