//! `plural`: the form of a text that a number asks for, in any language.

use fixed_decimal::Decimal;
use icu_locale_core::{Locale, locale};
use icu_plurals::{PluralCategory, PluralRuleType, PluralRules, PluralRulesOptions};
use tera::{Error, Kwargs, TeraResult};

use super::super::arguments::Arguments;
use super::super::readers;
use super::Given;

/// `{{ count | plural(locale="pl", one="{n} plik", few="{n} pliki", many="{n} plików", other="{n} pliku") }}`: the text of the category that the
/// language (by the CLDR) puts the number in, with the number for `{n}`. `other` stands in for a text that is absent. `ordinal=true` for
/// first and second. `locale` is `en` when absent. Null prints nothing.
pub(super) fn plural(given: &Given<'_>, kwargs: &Kwargs) -> TeraResult<String> {
    let arguments = Arguments::of_filter("plural", kwargs)?;
    let language = arguments.read_by("locale", readers::language)?.unwrap_or(locale!("en"));
    let kind = if arguments.truth("ordinal")?.unwrap_or(false) { PluralRuleType::Ordinal } else { PluralRuleType::Cardinal };
    let other = arguments.needed("other", arguments.text("other")?)?;
    let number = given.defined("plural")?;
    if given.is_none() {
        return Ok(String::new());
    }
    let category = given.is_one().then(|| category(number.trim(), &language, kind)).transpose()?.flatten();
    let category = category.ok_or_else(|| given.not_a_number("plural"))?;
    let name = match category {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => "other",
    };
    Ok(arguments.text(name)?.unwrap_or(other).replace("{n}", number.trim()))
}

/// The category of a number, as it is written: `1.0` is not `1`. None for what is no number.
fn category(number: &str, language: &Locale, kind: PluralRuleType) -> TeraResult<Option<PluralCategory>> {
    let options = PluralRulesOptions::default().with_type(kind);
    let rules = PluralRules::try_new(language.into(), options)
        .map_err(|error| Error::message(format!("`plural` has no rules for `{language}`: {error}")))?;
    let digits = number.strip_prefix('-').unwrap_or(number);
    let number = digits.starts_with(|c: char| c.is_ascii_digit()).then(|| Decimal::try_from_str(digits).ok()).flatten();
    Ok(number.map(|number| rules.category_for(&number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_category_of_its_language() {
        use PluralCategory::{Few, Many, One, Other, Two, Zero};
        for (tag, number, expected) in [
            ("en", "1", One),
            ("en", "-1", One),
            ("en", "0", Other),
            ("en", "1.0", Other),
            ("en-GB", "2", Other),
            ("fr", "0", One),
            ("fr", "1.5", One),
            ("pl", "1", One),
            ("pl", "22", Few),
            ("pl", "12", Many),
            ("pl", "1.5", Other),
            ("ru", "21", One),
            ("ru", "11", Many),
            ("ar", "0", Zero),
            ("ar", "2", Two),
            ("ar", "103", Few),
            ("ar", "111", Many),
            ("ja", "1", Other),
            ("cs", "1.5", Many),
        ] {
            assert_eq!(
                category(number, &tag.parse().unwrap(), PluralRuleType::Cardinal).unwrap(),
                Some(expected),
                "{tag} {number}"
            );
        }
        for (number, expected) in [("1", One), ("2", Two), ("3", Few), ("11", Other), ("21", One)] {
            assert_eq!(category(number, &locale!("en"), PluralRuleType::Ordinal).unwrap(), Some(expected), "{number}");
        }
        for text in ["", "many", "-", "--1", "1,5", "NaN"] {
            assert_eq!(category(text, &locale!("en"), PluralRuleType::Cardinal).unwrap(), None, "{text}");
        }
    }
}
