//! Operators and forms of other languages.

use super::{Complaint, Said, word};

/// What stands in front of the place, what stands there, and what to write instead.
const OPERATORS: [(&str, &str, &str); 24] = [
    ("", "&&", "there is no `&&`: write `and`"),
    ("|", "|", "there is no `||`: write `or`"),
    ("", "??", "there is no `??`: write `x | default(value=y)`"),
    ("==", "=", "there is no `===`: write `==`"),
    ("!=", "=", "there is no `!==`: write `!=`"),
    ("<", ">", "there is no `<>`: write `!=`"),
    ("-", ">", "there is no `->`: write `.`"),
    ("", "=>", "there is no `=>`: a list is made by [item.name for item in items]"),
    ("", ":=", "there is no `:=`: write `{% set x = … %}`"),
    ("", "^", "there is no `^`: write `**`"),
    ("", "::", "there is no `::`: write `.`"),
    ("+", "+", "there is no `++`: write `{% set x = x + 1 %}`"),
    ("+", "=", "there is no `+=`: write `{% set x = x + 1 %}`"),
    ("-", "=", "there is no `-=`: write `{% set x = x - 1 %}`"),
    (".", ".", "there is no `..`: write `range(start=…, end=…)`, whose end is left out"),
    ("", "!", "there is no `!`: write `not`"),
    ("", ";", "there is no `;`: one value stands in one `{{ }}`"),
    ("", "$", "a variable has no `$`: write its name alone"),
    ("", "@", "a variable has no `@`: write its name alone"),
    ("", "&", "there is no `&`: write `and`"),
    ("", "“", "these are no plain quotes: write \"…\""),
    ("", "”", "these are no plain quotes: write \"…\""),
    ("", "‘", "these are no plain quotes: write '…'"),
    ("", "’", "these are no plain quotes: write '…'"),
];

/// How `{{` goes on in Handlebars and Mustache, and what to write instead.
const HANDLEBARS: [(&str, &str); 9] = [
    ("#each", "write `{% for item in items %}…{% endfor %}`"),
    ("#if", "write `{% if x %}…{% endif %}`"),
    ("#unless", "write `{% if not x %}…{% endif %}`"),
    ("#with", "write `{% set x = … %}`"),
    ("#", "write `{% for item in items %}…{% endfor %}`, or `{% if x %}…{% endif %}`"),
    ("/", "write `{% endfor %}`, or `{% endif %}`"),
    ("^", "write `{% else %}`, or `{% if not x %}`"),
    (">", "write `{% include \"name.html\" %}`"),
    ("!--", "write `{# … #}` for a comment"),
];

pub(super) fn said(complaint: &Complaint<'_>) -> Option<Said> {
    let (here, before) = (complaint.here(), complaint.before());
    let handlebars = HANDLEBARS.iter().find(|(sign, _)| complaint.close == "}}" && here.starts_with(sign));
    if let Some((sign, advice)) = handlebars.filter(|_| before.trim().is_empty()) {
        return Some((complaint.open, format!("there is no `{{{{{sign}`: {advice}")));
    }
    for (back, sign, advice) in OPERATORS {
        if before.ends_with(back) && here.starts_with(sign) {
            return Some((complaint.at - back.len(), advice.to_owned()));
        }
    }
    let first = here.chars().next()?;
    match first {
        '?' => return Some((complaint.at, choice(complaint))),
        '=' => return Some((complaint.at, equals(complaint))),
        '0'..='9' if before.ends_with('.') => {
            let index: String = here.chars().take_while(char::is_ascii_digit).collect();
            return Some((complaint.at, format!("an element of a list has its place in brackets: write `[{index}]`")));
        }
        _ => {}
    }
    if complaint.message != "Unexpected character" {
        return None;
    }
    if first.is_whitespace() || first == '\u{200b}' || first == '\u{feff}' {
        let code = u32::from(first);
        return Some((complaint.at, format!("this blank is no plain one (U+{code:04X}): write a space")));
    }
    first.is_alphanumeric().then(|| {
        let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        let name = format!("{}{}", before.get(start..).unwrap_or_default(), word(here));
        let owner = before.get(..start).unwrap_or_default().trim_end_matches('.');
        let owner = owner.rsplit(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').next().unwrap_or_default();
        let owner = if owner.is_empty() || !before.get(..start).is_some_and(|text| text.ends_with('.')) { "data" } else { owner };
        let at = complaint.open + 2 + start;
        (at, format!("a name has the letters a to z, digits and `_` alone: write `{owner}[\"{name}\"]`"))
    })
}

/// `a ? b : c`
fn choice(complaint: &Complaint<'_>) -> String {
    let condition = complaint.before().trim_matches(['-', ' ', '\t', '\n', '\r']);
    let rest = complaint.here().split_once(complaint.close).map_or("", |(rest, _)| rest).trim_start_matches('?');
    match rest.split_once(':') {
        Some((yes, no)) if yes.trim().is_empty() && complaint.close == "}}" => {
            format!("there is no `?:`: write `{{{{ {condition} or {} }}}}`", no.trim_matches(['-', ' ']))
        }
        Some((yes, no)) if complaint.close == "}}" && condition.len() + rest.len() <= 60 => {
            format!("there is no `? :`: write `{{{{ {} if {condition} else {} }}}}`", yes.trim(), no.trim_matches(['-', ' ']))
        }
        _ => "there is no `? :`: write `b if a else c`".to_owned(),
    }
}

/// A `=` where no variable is set and no argument is named.
fn equals(complaint: &Complaint<'_>) -> String {
    let before = complaint.before().trim();
    if matches!(before, "set" | "set_global") {
        return "a name is missing in front of `=`: `{% set name = value %}`".to_owned();
    }
    if complaint.close == "}}" && before.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return format!("a variable is set by a tag: `{{% set {before} = … %}}`");
    }
    "`=` does not compare: write `==`".to_owned()
}

/// What JavaScript has in its own right.
const JAVASCRIPT: [&str; 9] = ["Math", "JSON", "Object", "Array", "Date", "Number", "String", "console", "window"];

/// What to write instead of a method of `owner`.
pub(super) fn method(owner: &str, name: &str) -> String {
    if JAVASCRIPT.contains(&owner) {
        let advice = if name == "stringify" { "write `x | json`" } else { "let the backend send it ready" };
        return format!("no JavaScript runs here, so there is no `{owner}.{name}()`: {advice}");
    }
    let advice = match name {
        "length" | "size" | "count" | "len" => "write `x | length`",
        "toUpperCase" | "upper" | "toLocaleUpperCase" | "uppercase" => "write `x | upper`",
        "toLowerCase" | "lower" | "toLocaleLowerCase" | "lowercase" => "write `x | lower`",
        "trim" | "strip" => "write `x | trim`",
        "capitalize" => "write `x | capitalize`",
        "title" => "write `x | title`",
        "join" => "write `x | join(sep=\", \")`",
        "split" => "write `x | split(pat=\",\")`",
        "replace" | "replaceAll" => "write `x | replace(from=\"a\", to=\"b\")`",
        "items" | "entries" => "write `{% for key, value in x %}`",
        "keys" => "write `x | keys`",
        "values" => "write `x | values`",
        "includes" | "contains" | "indexOf" | "has" => "write `y in x`",
        "startsWith" | "startswith" => "write `x is starting_with(pat=\"a\")`",
        "endsWith" | "endswith" => "write `x is ending_with(pat=\"a\")`",
        "slice" | "substring" | "substr" => "write `x[0:3]`",
        "reverse" => "write `x | reverse`",
        "sort" => "write `x | sort`",
        "get" => "write `x?.name`, or `x | get(key=\"name\")`",
        "toString" => "write `x | str`",
        "toFixed" => "write `x | decimal(places=2)`",
        "toLocaleString" | "format" | "strftime" => {
            "write `x | decimal`, `x | money(currency=\"EUR\")` or `x | date(format=\"%d.%m.%Y\")`"
        }
        "map" | "filter" => "write [item.name for item in items if item.shown]",
        "isEmpty" | "is_empty" => "write `not x`",
        _ => "what there is are filters, `x | name`",
    };
    format!("a value has no methods, so no `{name}()`: {advice}")
}
