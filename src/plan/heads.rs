//! The head of a page: from what was typed to what is compiled. Holes of the route become expressions, languages and names are checked.

use indexmap::IndexMap;
use serde_json::Value;

use super::compiler::Compiler;
use super::feeds::Feeds;
use crate::base::hole::{Hole, Part, Template};
use crate::page::{HeadText, JsonLdText, takes_address};
use crate::spec::{At, FieldSpec, FileSpec, HeadSpec, Problem};

impl Compiler<'_> {
    /// The texts of a head. What is wrong with one is told, and the rest looked at all the same.
    pub(super) fn head(&mut self, at: &At, spec: &HeadSpec, file: &FileSpec, feeds: &Feeds<'_>) -> HeadText {
        let has_origin = file.site.as_ref().is_some_and(|site| site.origin.is_some());
        let link = |this: &mut Self, at: At, text: &String| {
            if !has_origin && is_relative(text) {
                this.needs_origin(&at);
            }
            this.link(&at, text, feeds)
        };
        let canonical = spec.canonical.as_ref().map(|text| link(self, at.key("canonical"), text));
        let prev = spec.prev.as_ref().map(|text| link(self, at.key("prev"), text));
        let next = spec.next.as_ref().map(|text| link(self, at.key("next"), text));
        let mut hreflang = Vec::new();
        for (language, text) in spec.hreflang.iter().flatten() {
            let at = at.key("hreflang").key(language);
            if !is_language(language) {
                let problem = Problem::new(&at, format!("`{language}` is not a language")).at_key();
                self.push(problem.expected("a language such as de or pt-BR, or x-default"));
            }
            hreflang.push((language.clone(), link(self, at, text)));
        }
        HeadText {
            title: spec.title.clone(),
            description: spec.description.clone(),
            canonical,
            robots: spec.robots.clone(),
            prev,
            next,
            hreflang,
            og: self.properties(&at.key("og"), spec.og.as_ref(), "og:", has_origin),
            twitter: self.properties(&at.key("twitter"), spec.twitter.as_ref(), "twitter:", has_origin),
            json_ld: spec.json_ld.as_ref().map(structured).unwrap_or_default(),
        }
    }

    fn properties(
        &mut self,
        at: &At,
        typed: Option<&IndexMap<String, String>>,
        prefix: &str,
        has_origin: bool,
    ) -> Vec<(String, String)> {
        let mut properties = Vec::new();
        for (name, text) in typed.into_iter().flatten() {
            let at = at.key(name);
            if let Some(bare) = name.strip_prefix(prefix) {
                self.push(
                    Problem::new(&at, format!("`{prefix}` is put in front of every name here"))
                        .at_key()
                        .hint(format!("write `{bare}`")),
                );
            } else if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-' | '.')) {
                self.push(
                    Problem::new(&at, "this is not the name of a property")
                        .at_key()
                        .expected("a name such as title or image:width"),
                );
            }
            if takes_address(name) && !has_origin && is_relative(text) {
                self.needs_origin(&at);
            }
            properties.push((name.clone(), text.clone()));
        }
        properties
    }

    fn needs_origin(&mut self, at: &At) {
        let key = at.last().unwrap_or_default();
        let problem = Problem::new(at, format!("`{key}` needs to know where the site is")).at_key();
        self.push(problem.hint("add `site: {origin: \"https://shop.example\"}`: an absolute address never comes from Host"));
    }

    /// A link whose `{path.id}` and `{query.page}` have become expressions. What stands in `{{ }}` or `{% %}` is left alone.
    fn link(&mut self, at: &At, text: &str, feeds: &Feeds<'_>) -> String {
        let mut out = String::with_capacity(text.len() + 32);
        let mut rest = text;
        while !rest.is_empty() {
            let start = ["{{", "{%", "{#"].iter().filter_map(|mark| rest.find(mark)).min().unwrap_or(rest.len());
            let (plain, tag) = rest.split_at(start);
            self.plain(at, plain, feeds, &mut out);
            let closing = match tag.get(..2) {
                Some("{{") => "}}",
                Some("{%") => "%}",
                _ => "#}",
            };
            let end = tag.find(closing).map_or(tag.len(), |end| end + closing.len());
            let (tag, after) = tag.split_at(end);
            out.push_str(tag);
            rest = after;
        }
        out
    }

    /// The part of a link between tags.
    fn plain(&mut self, at: &At, text: &str, feeds: &Feeds<'_>, out: &mut String) {
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(error) => {
                self.problem(at, error.to_string());
                return;
            }
        };
        for part in template.parts() {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Hole(hole) => out.push_str(&self.hole_of_a_link(at, hole, feeds)),
            }
        }
    }

    fn hole_of_a_link(&mut self, at: &At, hole: &Hole, feeds: &Feeds<'_>) -> String {
        let known = self.known().len();
        match hole.source() {
            "headers" | "body" => {
                let problem = Problem::new(at, format!("an address cannot depend on `{hole}`")).part(hole.to_string());
                self.push(problem.expected("{path.…} or {query.…}"));
                return String::new();
            }
            _ => self.fed(at, hole, feeds),
        }
        let (source, [name]) = (hole.source(), hole.path()) else { return String::new() };
        if self.known().len() > known {
            return String::new();
        }
        let names: Vec<&str> = match source {
            "path" => feeds.pattern.map(|pattern| pattern.holes().iter().map(String::as_str).collect()).unwrap_or_default(),
            _ => feeds.input.query.keys().map(String::as_str).collect(),
        };
        let name = names.into_iter().find(|known| known.eq_ignore_ascii_case(name)).unwrap_or(name);
        if source == "query" && feeds.input.query.get(name).is_some_and(|rule| !is_always_there(rule)) {
            let problem = Problem::new(at, format!("a request may come without `{hole}`")).part(hole.to_string());
            self.push(problem.hint(format!(
                "give `{name}` a default, or write a condition: `{{% if request.query?.{name} %}}…{{% endif %}}`"
            )));
        }
        let place = if source == "path" { "params" } else { "query" };
        // A rest has slashes, which stay.
        let is_rest = source == "path" && feeds.pattern.and_then(|pattern| pattern.rest()) == Some(name);
        let filter = if is_rest { "urlencode_path" } else { "urlencode" };
        format!("{{{{ request.{place}[{}] | {filter} }}}}", Value::from(name))
    }
}

/// Whether an address depends on where the site is, as far as it can be told before it is rendered.
fn is_relative(text: &str) -> bool {
    !["http://", "https://"].iter().any(|scheme| text.starts_with(scheme))
}

fn is_always_there(rule: &FieldSpec) -> bool {
    rule.required || rule.default.is_some()
}

fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    let letters = first == "x" || ((2..=8).contains(&first.len()) && first.chars().all(|c| c.is_ascii_alphabetic()));
    letters && parts.all(|part| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric()))
}

fn structured(typed: &Value) -> Vec<JsonLdText> {
    match typed {
        Value::Array(pieces) => pieces.iter().flat_map(structured).collect(),
        Value::String(template) => vec![JsonLdText::Template(template.clone())],
        inline => vec![JsonLdText::Inline(inline.clone())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_a_tag_or_the_default() {
        for (text, is) in [
            ("de", true),
            ("pt-BR", true),
            ("zh-Hans-CN", true),
            ("x-default", true),
            ("", false),
            ("d", false),
            ("de_AT", false),
            ("de\"", false),
            ("de-", false),
        ] {
            assert_eq!(is_language(text), is, "{text}");
        }
    }
}
