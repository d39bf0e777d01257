//! What the engine says of a page that failed while it was made, in our words.

use crate::base::suggest;

/// How many names a message lists.
const MOST: usize = 12;

/// `None` for what is said well enough.
pub(super) fn explained(message: &str) -> Option<String> {
    if let Some(rest) = message.strip_prefix("Variable `") {
        return missing("variable", rest, "Available variables: ");
    }
    if let Some(rest) = message.strip_prefix("Field `") {
        return missing("member", rest, "Available fields: ");
    }
    let kind = message.strip_prefix("Iteration not possible on type `")?.strip_suffix('`')?;
    Some(format!("a loop wants a list, a mapping or a text, not {}", kind_of(kind)))
}

fn missing(what: &str, rest: &str, mark: &str) -> Option<String> {
    let (name, rest) = rest.split_once("` is not defined")?;
    let known: Vec<&str> = rest.split_once(mark).map(|(_, names)| names.split(", ").collect()).unwrap_or_default();
    let listed = match known.as_slice() {
        [] => String::new(),
        few if few.len() <= MOST => format!(": there are `{}`", few.join("`, `")),
        many => format!(": there are `{}` and {} more", many.get(..MOST).unwrap_or_default().join("`, `"), many.len() - MOST),
    };
    let near = suggest(name, known.iter().copied()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Some(format!("there is no {what} `{name}`{listed}{near}"))
}

fn kind_of(name: &str) -> &str {
    match name {
        "undefined" => "a variable that is not there",
        "none" => "null",
        "bool" => "true or false",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests {
    use crate::page::Error;
    use crate::page::tests::{AROUND_NOTHING, compile, document};

    #[test]
    fn what_is_not_there_is_told_with_its_place_and_what_there_is() {
        let data = r#"{"name":"Mug","seller":{"city":"Ulm"},"n":5,"z":null}"#;
        for (template, expected) in [
            (
                "<p>{{ nam }}",
                "t:1:7: there is no variable `nam`: there are `data`, `n`, `name`, `request`, `route`, `seller`, `site`, `z`; did you mean `name`?",
            ),
            ("a\n{{ seller.ctiy }}", "t:2:11: there is no member `ctiy`: there are `city`; did you mean `city`?"),
            (
                "{% for x in nobody %}{% endfor %}",
                "t:1:13: a loop wants a list, a mapping or a text, not a variable that is not there",
            ),
            ("{% for x in z %}{% endfor %}", "t:1:13: a loop wants a list, a mapping or a text, not null"),
            ("{% for x in n %}{% endfor %}", "t:1:13: a loop wants a list, a mapping or a text, not a number"),
        ] {
            let templates = compile(&[("t", template)]).unwrap();
            let error = templates.render("t", &document(data), &AROUND_NOTHING).unwrap_err();
            assert!(matches!(error, Error::Render { .. }));
            assert_eq!(error.to_string(), expected, "{template}");
        }
    }

    #[test]
    fn not_more_names_are_listed_than_anybody_reads() {
        let names: Vec<String> = (10..40).map(|number| format!("n{number}")).collect();
        let message = format!("Field `x` is not defined. Available fields: {}", names.join(", "));
        let told = super::explained(&message).unwrap();
        assert!(told.ends_with("`n20`, `n21` and 18 more"), "{told}");
    }
}
