//! What the text of a template tells beside what it prints: its blocks, whom it stands on, which parts of a head it writes itself.

use std::collections::{BTreeMap, BTreeSet};

use super::arguments::{Token, pieces};

/// A part of a page's head that search engines look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadPart {
    /// `<title>`.
    Title,
    /// `<meta name="description">`.
    Description,
    /// `<link rel="canonical">`.
    Canonical,
}

impl HeadPart {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Title, Self::Description, Self::Canonical];

    /// Its key under `head`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Description => "description",
            Self::Canonical => "canonical",
        }
    }

    fn mark(self) -> &'static str {
        match self {
            Self::Title => "<title",
            Self::Description => "name=\"description\"",
            Self::Canonical => "rel=\"canonical\"",
        }
    }
}

/// The facts of one template.
#[derive(Debug, Default)]
struct Facts {
    parent: Option<String>,
    includes: Vec<String>,
    blocks: Vec<String>,
    writes: Vec<HeadPart>,
    ends_head: bool,
}

/// The facts of all templates, by name.
#[derive(Debug, Default)]
pub(super) struct AllFacts(BTreeMap<String, Facts>);

impl AllFacts {
    pub(super) fn of<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        Self(files.into_iter().map(|(name, text)| (name.to_owned(), facts(text))).collect())
    }

    /// The parents of a template, the nearest first.
    pub(super) fn parents(&self, name: &str) -> Vec<&str> {
        let mut parents: Vec<&str> = Vec::new();
        let mut at = self.0.get(name);
        while let Some(parent) = at.and_then(|facts| facts.parent.as_deref()).filter(|parent| !parents.contains(parent)) {
            parents.push(parent);
            at = self.0.get(parent);
        }
        parents
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// All of them, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The templates that one stands on or includes, each with the word of its tag.
    pub(super) fn links(&self, name: &str) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.get(name).into_iter().flat_map(|facts| {
            let parent = facts.parent.iter().map(|parent| ("extends", parent.as_str()));
            parent.chain(facts.includes.iter().map(|include| ("include", include.as_str())))
        })
    }

    /// The names of the blocks of a template and its parents, sorted.
    pub(super) fn blocks(&self, name: &str) -> Vec<&str> {
        let family = [name].into_iter().chain(self.parents(name)).filter_map(|name| self.0.get(name));
        let mut blocks: Vec<&str> = family.flat_map(|facts| &facts.blocks).map(String::as_str).collect();
        blocks.sort_unstable();
        blocks.dedup();
        blocks
    }

    /// Whether a template, its parents or what they include writes a part of the head, perhaps under a condition.
    pub(super) fn writes(&self, name: &str, part: HeadPart) -> bool {
        self.any(name, |facts| facts.writes.contains(&part))
    }

    /// The same of the end of the head.
    pub(super) fn ends_head(&self, name: &str) -> bool {
        self.any(name, |facts| facts.ends_head)
    }

    /// Each of them is asked once, however many ways lead to it.
    fn any(&self, name: &str, is_so: impl Fn(&Facts) -> bool) -> bool {
        let (mut seen, mut open) = (BTreeSet::new(), vec![name]);
        while let Some(name) = open.pop() {
            let Some(facts) = self.0.get(name).filter(|_| seen.insert(name)) else { continue };
            if is_so(facts) {
                return true;
            }
            open.extend(facts.parent.iter().chain(&facts.includes).map(String::as_str));
        }
        false
    }
}

fn facts(text: &str) -> Facts {
    let mut facts = Facts::default();
    for piece in pieces(text) {
        let Some(word) = piece.tag() else { continue };
        let mut rest = piece.tokens.iter().skip(1);
        match word {
            "block" => facts.blocks.extend(rest.next().map(|name| name.text.to_owned())),
            "extends" => facts.parent = rest.find_map(Token::unquoted),
            "include" => facts.includes.extend(rest.filter_map(Token::unquoted)),
            _ => {}
        }
    }
    facts.writes = HeadPart::ALL.into_iter().filter(|part| text.contains(part.mark())).collect();
    facts.ends_head = text.to_ascii_lowercase().contains("</head");
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_parts_of_the_head_come_from_the_whole_family() {
        let all = AllFacts::of([
            ("base", "<head>{% block head %}{% endblock head %}</head>{%- block main -%}{% endblock %}{# {% block no %} #}"),
            ("page", "{% extends \"base\" %}{% block main %}{% block reviews %}{% endblock %}{% include 'meta' %}{% endblock %}"),
            ("meta", "<title>{{ t }}</title><link rel=\"canonical\" href=\"/\">"),
        ]);
        assert_eq!(all.blocks("page"), ["head", "main", "reviews"]);
        assert_eq!(all.blocks("meta"), [""; 0]);
        let written: Vec<&str> = HeadPart::ALL.into_iter().filter(|part| all.writes("page", *part)).map(HeadPart::key).collect();
        assert_eq!(written, ["title", "canonical"]);
        assert!(all.ends_head("page") && !all.ends_head("meta"));
        assert!(!all.writes("base", HeadPart::Title) && !all.writes("nobody", HeadPart::Title));
    }

    #[test]
    fn a_link_is_found_where_the_engine_finds_it() {
        for (text, expected) in [
            ("{{ '}} {% raw %}' }}{% include \"a\" %}", &["a"][..]),
            ("{% raw %}endraw {{ ' {%- endraw -%}{% include 'a' %}'", &["a"]),
            (
                "{% raw %}{% include 'no' %}{% endraw %}{#{% include 'no' %}#}{%-- raw %}{% include 'no' %}{% endraw %}{%-include`a\\/b`-%}",
                &["a/b"],
            ),
            ("{% extends '\\\\' %}{% set a = '{% include \"no\" %}' %}", &["\\"]),
            ("{% raw %}{% include 'no' %}", &[]),
        ] {
            let all = AllFacts::of([("t", text)]);
            assert_eq!(all.links("t").map(|(_, other)| other).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
