//! `money`: amounts in a currency, as a language writes them.

use tera::{Kwargs, TeraResult};

use super::super::arguments::Arguments;
use super::super::readers::{self, Locale, Place};
use super::Given;
use super::decimal::{Rounded, rounded};

/// The language when none is named.
const ENGLISH: &str = "en";

/// Currencies without two decimals (ISO 4217).
const DECIMALS: [(&str, usize); 25] = [
    ("BHD", 3),
    ("BIF", 0),
    ("CLP", 0),
    ("DJF", 0),
    ("GNF", 0),
    ("IQD", 3),
    ("ISK", 0),
    ("JOD", 3),
    ("JPY", 0),
    ("KMF", 0),
    ("KRW", 0),
    ("KWD", 3),
    ("LYD", 3),
    ("OMR", 3),
    ("PYG", 0),
    ("RWF", 0),
    ("TND", 3),
    ("UGX", 0),
    ("UYI", 0),
    ("UYW", 4),
    ("VND", 0),
    ("VUV", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("XPF", 0),
];

/// `{{ price | money(currency="EUR", locale="de") }}`: `1234.5` as `1.234,50 €`. With `minor=true` the value counts cents, or what the currency has
/// in their place. Takes numbers and texts that are numbers, computes in decimals, rounds half away from zero. `locale` is `en` when absent.
/// Null prints nothing.
pub(super) fn money(given: &Given<'_>, kwargs: &Kwargs) -> TeraResult<String> {
    let arguments = Arguments::of_filter("money", kwargs)?;
    let currency = arguments.needed("currency", arguments.read_by("currency", readers::currency)?)?;
    let locale = match arguments.read_by("locale", readers::locale)? {
        Some(locale) => locale,
        None => arguments.needed("locale", Locale::find(ENGLISH))?,
    };
    let places = DECIMALS.iter().find(|(code, _)| *code == currency).map_or(2, |(_, places)| *places);
    let shift = if arguments.truth("minor")?.unwrap_or(false) { places } else { 0 };
    let text = given.defined("money")?;
    if given.is_none() {
        return Ok(String::new());
    }
    let rounded = given.is_one().then(|| rounded(text.trim(), shift, places)).flatten();
    let rounded = rounded.ok_or_else(|| given.not_a_number("money"))?;
    Ok(written(&rounded, currency, locale))
}

fn written(amount: &Rounded, currency: &str, locale: &Locale) -> String {
    let symbol = locale.symbols.iter().find(|(code, _)| *code == currency).map_or(currency, |(_, symbol)| symbol);
    let mut digits = String::new();
    let count = amount.whole.len();
    for (index, digit) in amount.whole.chars().enumerate() {
        let left = count - index;
        let is_border = if locale.is_lakh { left == 3 || (left > 3 && left % 2 == 1) } else { left.is_multiple_of(3) };
        if index > 0 && is_border && count >= locale.least_grouped {
            digits.push_str(locale.group);
        }
        digits.push(digit);
    }
    if !amount.decimals.is_empty() {
        digits.push_str(locale.point);
        digits.push_str(&amount.decimals);
    }
    let minus = if amount.is_negative { locale.minus } else { "" };
    // A code is no sign: it stands apart.
    let gap = if symbol.ends_with(char::is_alphabetic) { "\u{a0}" } else { "" };
    match locale.place {
        Place::Before => format!("{minus}{symbol}{gap}{digits}"),
        Place::BeforeSpaced => format!("{minus}{symbol}\u{a0}{digits}"),
        Place::BeforeMinusInside => format!("{symbol}\u{a0}{minus}{digits}"),
        Place::BeforeMinusBetween if amount.is_negative => format!("{symbol}{minus}{digits}"),
        Place::BeforeMinusBetween => format!("{symbol}\u{a0}{digits}"),
        Place::After => format!("{minus}{digits}\u{a0}{symbol}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str, currency: &str, tag: &str) -> String {
        let places = DECIMALS.iter().find(|(code, _)| *code == currency).map_or(2, |(_, places)| *places);
        written(&rounded(text, 0, places).unwrap(), currency, Locale::find(tag).unwrap())
    }

    #[test]
    fn every_language_writes_an_amount_as_the_cldr_says() {
        // What `Intl.NumberFormat` gives, with CLDR 48.
        for (tag, currency, text, expected) in [
            ("en-US", "USD", "-1234567.5", "-$1,234,567.50"),
            ("en-US", "CNY", "1234.5", "CN¥1,234.50"),
            ("en-US", "CHF", "1234.5", "CHF\u{a0}1,234.50"),
            ("en-GB", "GBP", "0.5", "£0.50"),
            ("en-IN", "INR", "1234567.5", "₹12,34,567.50"),
            ("en-IN", "INR", "1234.5", "₹1,234.50"),
            ("de-DE", "EUR", "-1234567.5", "-1.234.567,50\u{a0}€"),
            ("de-AT", "EUR", "-1234.5", "-€\u{a0}1.234,50"),
            ("de-CH", "CHF", "-1234567.5", "CHF-1'234'567.50"),
            ("de-CH", "CHF", "1234.5", "CHF\u{a0}1'234.50"),
            ("fr-FR", "EUR", "1234.5", "1\u{202f}234,50\u{a0}€"),
            ("es-ES", "EUR", "1234.5", "1234,50\u{a0}€"),
            ("es-ES", "EUR", "12345", "12.345,00\u{a0}€"),
            ("nl-NL", "EUR", "-1234567.5", "€\u{a0}-1.234.567,50"),
            ("pt-BR", "BRL", "-1234567.5", "-R$\u{a0}1.234.567,50"),
            ("pt-PT", "EUR", "1234.5", "1234,50\u{a0}€"),
            ("pl-PL", "PLN", "-1234567.5", "-1\u{a0}234\u{a0}567,50\u{a0}zł"),
            ("sv-SE", "SEK", "-1234567.5", "\u{2212}1\u{a0}234\u{a0}567,50\u{a0}kr"),
            ("da-DK", "DKK", "0.5", "0,50\u{a0}kr."),
            ("cs-CZ", "CZK", "1234.5", "1\u{a0}234,50\u{a0}Kč"),
            ("zh-CN", "CNY", "-1234567.5", "-¥1,234,567.50"),
            ("zh-CN", "USD", "1234.5", "US$1,234.50"),
            ("ja-JP", "JPY", "1234.5", "￥1,235"),
            ("ko-KR", "KRW", "-1234567.5", "-₩1,234,568"),
        ] {
            assert_eq!(money(text, currency, tag), expected, "{tag} {currency} {text}");
        }
    }

    #[test]
    fn no_amount_is_rounded_as_a_float_would_be() {
        for (text, expected) in [
            ("1.005", "$1.01"),
            ("0.285", "$0.29"),
            ("12345678901234567890.125", "$12,345,678,901,234,567,890.13"),
            ("-0.004", "$0.00"),
            ("1e3", "$1,000.00"),
        ] {
            assert_eq!(money(text, "USD", "en"), expected, "{text}");
        }
        for (text, places, expected) in
            [("12990", 2, "$129.90"), ("5", 2, "$0.05"), ("-123456", 2, "-$1,234.56"), ("1.5", 2, "$0.02")]
        {
            assert_eq!(written(&rounded(text, 2, places).unwrap(), "USD", Locale::find("en").unwrap()), expected, "{text}");
        }
        assert_eq!(money("1234.5", "KWD", "en"), "KWD\u{a0}1,234.500");
    }
}
