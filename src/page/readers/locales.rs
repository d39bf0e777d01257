//! How a few languages write money and dates.
//!
//! From the Unicode CLDR, release 48. A table of what shops need, for the whole of it is larger than all else in this program; plural forms, where a
//! language cannot be guessed from another one, are those of all languages (`plural`).

/// How one language, or a language in one country, writes.
#[derive(Debug)]
pub(in crate::page) struct Locale {
    /// `de`, `de-AT`.
    pub(in crate::page) tag: &'static str,
    /// Before the decimals.
    pub(in crate::page) point: &'static str,
    /// Between groups of digits.
    pub(in crate::page) group: &'static str,
    /// From how many digits on they are grouped.
    pub(in crate::page) least_grouped: usize,
    /// Whether groups beyond the first have two digits.
    pub(in crate::page) is_lakh: bool,
    pub(in crate::page) minus: &'static str,
    pub(in crate::page) place: Place,
    /// Currencies that are not written as their code.
    pub(in crate::page) symbols: &'static [(&'static str, &'static str)],
    /// A date in words: `{d}`, `{m}` and `{y}`.
    pub(in crate::page) date: &'static str,
    /// The months, as they stand in that.
    pub(in crate::page) months: [&'static str; 12],
}

/// Where the currency stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::page) enum Place {
    /// `-$1`
    Before,
    /// `-€ 1`
    BeforeSpaced,
    /// `€ -1`
    BeforeMinusInside,
    /// `CHF 1`, `CHF-1`
    BeforeMinusBetween,
    /// `-1 €`
    After,
}

impl Locale {
    /// The locale of a tag such as `de-AT`; one of a country that has no habits of its own is that of its language.
    pub(in crate::page) fn find(tag: &str) -> Option<&'static Self> {
        let exact = |wanted: &str| LOCALES.iter().find(|locale| locale.tag.eq_ignore_ascii_case(wanted));
        exact(tag).or_else(|| exact(tag.split('-').next().unwrap_or_default()))
    }

    /// All that are known.
    pub(in crate::page) fn all() -> &'static [Self] {
        LOCALES
    }
}

#[rustfmt::skip]
const LOCALES: &[Locale] = &[
    Locale {
        tag: "en",
        point: ".",
        group: ",",
        least_grouped: 4,
        is_lakh: false,
        minus: "-",
        place: Place::Before,
        symbols: &[("USD", "$"), ("EUR", "€"), ("GBP", "£"), ("JPY", "¥"), ("CNY", "CN¥"), ("KRW", "₩"), ("INR", "₹"), ("BRL", "R$"), ("CAD", "CA$"), ("AUD", "A$"), ("HKD", "HK$"), ("TWD", "NT$")],
        date: "{m} {d}, {y}",
        months: ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    },
    Locale {
        tag: "en-GB",
        point: ".",
        group: ",",
        least_grouped: 4,
        is_lakh: false,
        minus: "-",
        place: Place::Before,
        symbols: &[("USD", "US$"), ("EUR", "€"), ("GBP", "£"), ("JPY", "JP¥"), ("CNY", "CN¥"), ("KRW", "₩"), ("INR", "₹"), ("BRL", "R$"), ("CAD", "CA$"), ("AUD", "A$"), ("HKD", "HK$"), ("TWD", "NT$")],
        date: "{d} {m} {y}",
        months: ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    },
    Locale {
        tag: "en-IN",
        point: ".",
        group: ",",
        least_grouped: 4,
        is_lakh: true,
        minus: "-",
        place: Place::Before,
        symbols: &[("USD", "$"), ("EUR", "€"), ("GBP", "£"), ("JPY", "JP¥"), ("CNY", "CN¥"), ("KRW", "₩"), ("INR", "₹"), ("BRL", "R$"), ("CAD", "CA$"), ("AUD", "A$"), ("HKD", "HK$"), ("TWD", "NT$")],
        date: "{d} {m} {y}",
        months: ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    },
    Locale {
        tag: "de",
        point: ",",
        group: ".",
        least_grouped: 4,
        is_lakh: false,
        minus: "-",
        place: Place::After,
        symbols: &[("USD", "$"), ("EUR", "€"), ("GBP", "£"), ("JPY", "¥"), ("CNY", "CN¥"), ("KRW", "₩"), ("INR", "₹"), ("BRL", "R$"), ("CAD", "CA$"), ("AUD", "AU$"), ("HKD", "HK$"), ("TWD", "NT$")],
        date: "{d}. {m} {y}",
        months: ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"],
    },
    Locale {
        tag: "de-AT",
        point: ",",
        group: ".",
        least_grouped: 4,
        is_lakh: false,
        minus: "-",
        place: Place::BeforeSpaced,
        symbols: &[("USD", "$"), ("EUR", "€"), ("GBP", "£"), ("JPY", "¥"), ("CNY", "CN¥"), ("KRW", "₩"), ("INR", "₹"), ("BRL", "R$"), ("CAD", "CA$"), ("AUD", "AU$"), ("HKD", "HK$"), ("TWD", "NT$")],
        date: "{d}. {m} {y}",
        months: ["Jänner", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"],
    },
    Locale {
        tag: "de-CH",
        point: ".",
        group: "'",
        least_grouped: 4,
        is_lakh: false,
        minus: "-",
        place: Place::BeforeMinusBetween,
        symbols: &[("USD", "$"), ("GBP", "£"), ("JPY", "¥"), ("CNY", "CN¥"), ("KRW", "₩"), ("INR", "₹"), ("BRL", "R$"), ("CAD", "CA$"), ("AUD", "AU$"), ("HKD", "HK$"), ("TWD", "NT$")],
        date: "{d}. {m} {y}",
        months: ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"],
    },
    Locale {
        tag: "fr",
        point: ",",
        group: "\u{202f}",
        least_grouped: 4,
        is_lakh: false,
        minus: "-",
        place: Place::After,
        symbols: &[("USD", "$US"), ("EUR", "€"), ("GBP", "£GB"), ("KRW", "₩"), ("INR", "₹"), ("BRL", "R$"), ("CAD", "$CA"), ("AUD", "$AU")],
        date: "{d} {m} {y}",
        months: ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
    },
    Locale {
        tag: "es",
        point: ",",
        group: ".",
        least_grouped: 5,
        is_lakh: false,
        minus: "-",
        place: Place::After,
        symbols: &[("USD", "US$"), ("EUR", "€")],
        date: "{d} de {m} de {y}",
        months: ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"],
    },
    Locale {
        tag: "it",
        point: ",",
        group: ".",
        least_grouped: 5,
        is_lakh: false,
        minus: "-",
        place: Place::After,
        symbols: &[("EUR", "€"), ("GBP", "£"), ("CNY", "CN¥"), ("CAD", "CA$"), ("AUD", "A$")],
        date: "{d} {m} {y}",
        months: ["gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"],
    },
    Locale {
        tag: "nl",
        point: ",",
        group: ".",
        least_grouped: 4,
        is_lakh: false,
        minus: "-",
        place: Place::BeforeMinusInside,
        symbols: &[("USD", "US$"), ("EUR", "€"), ("GBP", "£"), ("JPY", "JP¥"), ("CNY", "CN¥"), ("KRW", "₩"), ("INR", "₹"), ("BRL", "R$"), ("CAD", "C$"), ("AUD", "AU$"), ("HKD", "HK$"), ("TWD", "NT$")],
        date: "{d} {m} {y}",
        months: ["januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"],
    },
    Locale {
        tag: "pt",
        point: ",",
        group: ".",
        least_grouped: 4,
        is_lakh: false,
        minus: "-",
        place: Place::BeforeSpaced,
        symbols: &[("USD", "US$"), ("EUR", "€"), ("GBP", "£"), ("JPY", "JP¥"), ("CNY", "CN¥"), ("KRW", "₩"), ("INR", "₹"), ("BRL", "R$"), ("CAD", "CA$"), ("AUD", "AU$"), ("HKD", "HK$"), ("TWD", "NT$")],
        date: "{d} de {m} de {y}",
        months: ["janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"],
    },
    Locale {
        tag: "pt-PT",
        point: ",",
        group: "\u{a0}",
        least_grouped: 5,
        is_lakh: false,
        minus: "-",
        place: Place::After,
        symbols: &[("USD", "US$"), ("EUR", "€"), ("GBP", "£"), ("JPY", "JP¥"), ("CNY", "CN¥"), ("KRW", "₩"), ("INR", "₹"), ("BRL", "R$"), ("CAD", "CA$"), ("AUD", "AU$"), ("HKD", "HK$"), ("TWD", "NT$")],
        date: "{d} de {m} de {y}",
        months: ["janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"],
    },
    Locale {
        tag: "pl",
        point: ",",
        group: "\u{a0}",
        least_grouped: 5,
        is_lakh: false,
        minus: "-",
        place: Place::After,
        symbols: &[("EUR", "€"), ("BRL", "R$"), ("PLN", "zł")],
        date: "{d} {m} {y}",
        months: ["stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września", "października", "listopada", "grudnia"],
    },
    Locale {
        tag: "sv",
        point: ",",
        group: "\u{a0}",
        least_grouped: 4,
        is_lakh: false,
        minus: "\u{2212}",
        place: Place::After,
        symbols: &[("USD", "US$"), ("EUR", "€"), ("BRL", "BR$"), ("SEK", "kr"), ("DKK", "Dkr"), ("NOK", "Nkr"), ("CAD", "CA$")],
        date: "{d} {m} {y}",
        months: ["januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"],
    },
    Locale {
        tag: "da",
        point: ",",
        group: ".",
        least_grouped: 4,
        is_lakh: false,
        minus: "-",
        place: Place::After,
        symbols: &[("USD", "US$"), ("EUR", "€"), ("GBP", "£"), ("JPY", "JP¥"), ("CNY", "CN¥"), ("KRW", "₩"), ("INR", "₹"), ("BRL", "R$"), ("DKK", "kr."), ("CAD", "CA$"), ("AUD", "AU$"), ("HKD", "HK$"), ("TWD", "NT$")],
        date: "{d}. {m} {y}",
        months: ["januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"],
    },
    Locale {
        tag: "fi",
        point: ",",
        group: "\u{a0}",
        least_grouped: 4,
        is_lakh: false,
        minus: "\u{2212}",
        place: Place::After,
        symbols: &[("USD", "$"), ("EUR", "€"), ("GBP", "£"), ("JPY", "¥")],
        date: "{d}. {m} {y}",
        months: ["tammikuuta", "helmikuuta", "maaliskuuta", "huhtikuuta", "toukokuuta", "kesäkuuta", "heinäkuuta", "elokuuta", "syyskuuta", "lokakuuta", "marraskuuta", "joulukuuta"],
    },
    Locale {
        tag: "cs",
        point: ",",
        group: "\u{a0}",
        least_grouped: 4,
        is_lakh: false,
        minus: "-",
        place: Place::After,
        symbols: &[("USD", "US$"), ("EUR", "€"), ("GBP", "£"), ("JPY", "JP¥"), ("CNY", "CN¥"), ("KRW", "₩"), ("BRL", "R$"), ("CZK", "Kč"), ("CAD", "CA$"), ("AUD", "AU$"), ("HKD", "HK$"), ("TWD", "NT$")],
        date: "{d}. {m} {y}",
        months: ["ledna", "února", "března", "dubna", "května", "června", "července", "srpna", "září", "října", "listopadu", "prosince"],
    },
    Locale {
        tag: "zh",
        point: ".",
        group: ",",
        least_grouped: 4,
        is_lakh: false,
        minus: "-",
        place: Place::Before,
        symbols: &[("USD", "US$"), ("EUR", "€"), ("GBP", "£"), ("JPY", "JP¥"), ("CNY", "¥"), ("KRW", "₩"), ("INR", "₹"), ("BRL", "R$"), ("CAD", "CA$"), ("AUD", "AU$"), ("HKD", "HK$"), ("TWD", "NT$")],
        date: "{y}年{m}月{d}日",
        months: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"],
    },
    Locale {
        tag: "ja",
        point: ".",
        group: ",",
        least_grouped: 4,
        is_lakh: false,
        minus: "-",
        place: Place::Before,
        symbols: &[("USD", "$"), ("EUR", "€"), ("GBP", "£"), ("JPY", "￥"), ("CNY", "元"), ("KRW", "₩"), ("INR", "₹"), ("BRL", "R$"), ("CAD", "CA$"), ("AUD", "A$"), ("HKD", "HK$"), ("TWD", "NT$")],
        date: "{y}年{m}月{d}日",
        months: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"],
    },
    Locale {
        tag: "ko",
        point: ".",
        group: ",",
        least_grouped: 4,
        is_lakh: false,
        minus: "-",
        place: Place::Before,
        symbols: &[("USD", "US$"), ("EUR", "€"), ("GBP", "£"), ("JPY", "JP¥"), ("CNY", "CN¥"), ("KRW", "₩"), ("INR", "₹"), ("BRL", "R$"), ("CAD", "CA$"), ("AUD", "AU$"), ("HKD", "HK$"), ("TWD", "NT$")],
        date: "{y}년 {m} {d}일",
        months: ["1월", "2월", "3월", "4월", "5월", "6월", "7월", "8월", "9월", "10월", "11월", "12월"],
    },
];
