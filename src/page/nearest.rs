//! The template that is meant by a name that is none.

use crate::base::suggest;

/// The known template that was probably meant: the name has a folder too many or too few, lacks its end, or has a slip in it.
pub(super) fn template<'k>(typed: &str, known: impl Iterator<Item = &'k str> + Clone) -> Option<&'k str> {
    let typed = typed.trim_start_matches("./").trim_start_matches('/');
    let mut all = known.clone();
    let inner = typed.split_once('/').and_then(|(_, inner)| known.clone().find(|name| *name == inner));
    let outer = || all.find(|name| name.rsplit_once('/').is_some_and(|(_, last)| last == typed) || (*name == typed));
    // The end that all of them have makes strangers look alike.
    let same = || known.clone().find(|name| stem(name) == stem(typed));
    let near = || suggest(stem(typed), known.clone().map(stem)).and_then(|near| known.clone().find(|name| stem(name) == near));
    inner.or_else(outer).or_else(same).or_else(near)
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_that_is_meant_is_found() {
        let known = ["header.html", "parts/row.html", "layout.html", "list.html"];
        for (typed, meant) in [
            ("hedaer.html", Some("header.html")),
            ("header", Some("header.html")),
            ("header.htm", Some("header.html")),
            ("templates/header.html", Some("header.html")),
            ("/header.html", Some("header.html")),
            ("./header.html", Some("header.html")),
            ("row.html", Some("parts/row.html")),
            ("parts/rwo.html", Some("parts/row.html")),
            ("footer.html", None),
            ("", None),
        ] {
            assert_eq!(template(typed, known.into_iter()), meant, "{typed}");
        }
    }
}
