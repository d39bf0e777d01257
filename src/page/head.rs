//! The head of a page: values rendered as plain text, then escaped and made into elements by us.
//!
//! A value is a template text over the same variables as the page. Nothing in it is markup, whatever its data say: a value can become a
//! text or an attribute's value, and no more.

use tera::Context;

use super::engine::{Engine, Escaping};
use super::escape::escape;
use super::json_ld::JsonLd;
use super::surgery::Own;
use super::{Error, HeadPart, JsonLdText, Templates};

/// The largest value of a head, in bytes.
pub(super) const MAX_VALUE: usize = 64 * 1024;

/// What a head holds, as it was typed: every value is a template text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HeadText {
    /// `<title>`.
    pub title: Option<String>,
    /// `<meta name="description">`.
    pub description: Option<String>,
    /// `<link rel="canonical">`: a path, made absolute, or a whole address.
    pub canonical: Option<String>,
    /// `<meta name="robots">`.
    pub robots: Option<String>,
    /// `<link rel="prev">`.
    pub prev: Option<String>,
    /// `<link rel="next">`.
    pub next: Option<String>,
    /// `<link rel="alternate" hreflang>`, by language.
    pub hreflang: Vec<(String, String)>,
    /// `<meta property="og:…">`. What it lacks of title, description and url comes from the head.
    pub og: Vec<(String, String)>,
    /// `<meta name="twitter:…">`.
    pub twitter: Vec<(String, String)>,
    /// `<script type="application/ld+json">`, one each.
    pub json_ld: Vec<JsonLdText>,
}

/// Something wrong with a value of a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadProblem {
    /// Where it stands below `head`: `["og", "title"]`.
    pub path: Vec<String>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The name of a template that is not there, when that is it.
    pub missing: Option<String>,
}

/// A compiled head.
#[derive(Debug)]
pub(super) struct Head {
    values: Values,
    elements: Vec<Element>,
    json_ld: Vec<JsonLd>,
    parts: Vec<HeadPart>,
}

/// The templates of values.
#[derive(Debug)]
pub(super) struct Values {
    engine: Engine,
    /// Their texts, by name.
    texts: Vec<(String, String)>,
}

/// Who knows what the values of a head come to.
pub(super) trait Teller {
    /// Why there may be no value.
    type Stop: From<Error>;

    /// A value, by the name of its template.
    fn value(&self, name: &str) -> Result<String, Self::Stop>;

    /// What a template of structured data writes.
    fn data(&self, name: &str) -> Result<String, Self::Stop>;
}

/// The engine, with the variables of a page.
struct ByEngine<'e> {
    values: &'e Values,
    templates: &'e Templates,
    context: &'e Context,
}

impl Teller for ByEngine<'_> {
    type Stop = Error;

    fn value(&self, name: &str) -> Result<String, Error> {
        self.values.engine.render(name, self.context, MAX_VALUE, None).map_err(|error| of_value(name, error))
    }

    fn data(&self, name: &str) -> Result<String, Error> {
        self.templates.text(name, self.context, None)
    }
}

/// What is wrong with a value, by its name.
pub(super) fn of_value(name: &str, error: Error) -> Error {
    match error {
        Error::TooLarge { limit } => {
            Error::Render { template: name.to_owned(), place: None, message: format!("the value is larger than {limit} bytes") }
        }
        other => other,
    }
}

/// An element that holds one value.
#[derive(Debug)]
struct Element {
    /// The name of the value's template.
    value: String,
    own: Own,
    is_address: bool,
}

impl Head {
    /// Compiles a head.
    ///
    /// # Errors
    /// Every value that is no template text, names an unknown filter, or a template that is not there.
    pub(super) fn compile(typed: &HeadText, templates: &Templates) -> Result<Self, Vec<HeadProblem>> {
        let mut head_values = Values { engine: Engine::new(Escaping::Later), texts: Vec::new() };
        let mut problems = Vec::new();
        let mut elements = Vec::new();
        let mut json_ld = Vec::new();
        for Typed { path, text, own, is_address } in values(typed) {
            elements.push(Element { value: head_values.add(&path, text, &mut problems), own, is_address });
        }

        for (at, piece) in typed.json_ld.iter().enumerate() {
            let path = match typed.json_ld.as_slice() {
                [_] => vec!["json_ld".to_owned()],
                _ => vec!["json_ld".to_owned(), at.to_string()],
            };
            json_ld.push(JsonLd::compile(&mut head_values, &path, piece, templates, &mut problems));
        }
        let given = [(HeadPart::Title, &typed.title), (HeadPart::Description, &typed.description)];
        let given = given.into_iter().chain([(HeadPart::Canonical, &typed.canonical)]);
        let parts = given.filter(|(_, text)| text.is_some()).map(|(part, _)| part).collect();
        // A value that stands for two elements is told once.
        let mut told: Vec<HeadProblem> = Vec::with_capacity(problems.len());
        for problem in problems {
            if !told.contains(&problem) {
                told.push(problem);
            }
        }
        if told.is_empty() { Ok(Self { values: head_values, elements, json_ld, parts }) } else { Err(told) }
    }

    /// Which of the parts that search engines look for it writes.
    pub(super) fn parts(&self) -> &[HeadPart] {
        &self.parts
    }

    /// The template texts of its values, by name.
    pub(super) fn texts(&self) -> &[(String, String)] {
        &self.values.texts
    }

    /// The names of the templates that write its structured data.
    pub(super) fn data(&self) -> Vec<&str> {
        self.json_ld.iter().filter_map(JsonLd::template).collect()
    }

    /// What it says, by the engine.
    pub(super) fn by_engine<'e>(&'e self, templates: &'e Templates, context: &'e Context) -> impl Teller<Stop = Error> + 'e {
        ByEngine { values: &self.values, templates, context }
    }

    /// The elements, one a line, and which of a template's own give way to them. A value that is empty has no element.
    ///
    /// # Errors
    /// A variable that is not there, or a template of structured data that writes no JSON.
    pub(super) fn render<T: Teller>(
        &self,
        teller: &T,
        origin: Option<&str>,
        warnings: &mut Vec<String>,
    ) -> Result<(String, Vec<&Own>), T::Stop> {
        let mut html = String::new();
        let mut written = Vec::new();
        for Element { value, own, is_address } in &self.elements {
            let text = collapsed(&teller.value(value)?);
            let text = if *is_address { address(&text, origin) } else { Some(text) };
            match text {
                None => warnings.push(format!("`{value}` is neither a path nor an address, and was left out")),
                Some(text) if text.is_empty() => {}
                Some(text) => {
                    let mut value = String::with_capacity(text.len() + 8);
                    escape(&mut value, &text);
                    own.write(&value, &mut html);
                    written.push(own);
                }
            }
        }
        for piece in &self.json_ld {
            html.push_str(&piece.element(teller)?);
        }
        Ok((html, written))
    }
}

/// A value: where it stands, what it becomes, and whether it is an address.
struct Typed<'t> {
    path: Vec<String>,
    text: &'t str,
    own: Own,
    is_address: bool,
}

fn values(typed: &HeadText) -> Vec<Typed<'_>> {
    let name = |name: &str| Own::Meta { attribute: "name", name: name.to_owned() };
    let link = |rel: &'static str| Own::Link { rel, hreflang: None };
    let singles = [
        ("title", &typed.title, Own::Title, false),
        ("description", &typed.description, name("description"), false),
        ("canonical", &typed.canonical, link("canonical"), true),
        ("robots", &typed.robots, name("robots"), false),
        ("prev", &typed.prev, link("prev"), true),
        ("next", &typed.next, link("next"), true),
    ];
    let mut values = Vec::new();
    for (key, text, own, is_address) in singles {
        values.extend(text.as_deref().map(|text| Typed { path: vec![key.to_owned()], text, own, is_address }));
    }
    for (language, text) in &typed.hreflang {
        let own = Own::Link { rel: "alternate", hreflang: Some(language.clone()) };
        values.push(Typed { path: vec!["hreflang".to_owned(), language.clone()], text, own, is_address: true });
    }
    let property = |name: &str| Own::Meta { attribute: "property", name: format!("og:{name}") };
    for (name, text) in &typed.og {
        let path = vec!["og".to_owned(), name.clone()];
        values.push(Typed { path, text, own: property(name), is_address: takes_address(name) });
    }
    if !typed.og.is_empty() {
        let borrowed = [
            ("title", "title", &typed.title),
            ("description", "description", &typed.description),
            ("canonical", "url", &typed.canonical),
        ];
        for (key, name, text) in borrowed {
            let text = text.as_deref().filter(|_| typed.og.iter().all(|(known, _)| known != name));
            let path = vec![key.to_owned()];
            values.extend(text.map(|text| Typed { path, text, own: property(name), is_address: takes_address(name) }));
        }
    }
    for (key, text) in &typed.twitter {
        let path = vec!["twitter".to_owned(), key.clone()];
        values.push(Typed { path, text, own: name(&format!("twitter:{key}")), is_address: takes_address(key) });
    }
    values
}

/// Whether a property of Open Graph or of a card holds an address.
pub fn takes_address(name: &str) -> bool {
    matches!(name, "url" | "image" | "audio" | "video") || name.ends_with(":url") || name.ends_with(":secure_url")
}

impl Values {
    /// Adds a value's template, named after its place.
    pub(super) fn add(&mut self, path: &[String], text: &str, problems: &mut Vec<HeadProblem>) -> String {
        let name = format!("head.{}", path.join("."));
        if let Err(told) = self.engine.add(&[(name.clone(), text.to_owned())], &[]) {
            let problem = |message| HeadProblem { path: path.to_vec(), message, missing: None };
            problems.extend(told.into_iter().map(|told| problem(told.message)));
        }
        self.texts.push((name.clone(), text.to_owned()));
        name
    }
}

/// One line without blanks around it: white space and control characters, which no title has, become single blanks.
fn collapsed(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// An absolute address: a path is put behind the site's origin. `None` for what is neither path nor address.
pub(super) fn address(text: &str, origin: Option<&str>) -> Option<String> {
    let is_whole = ["http://", "https://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    if text.is_empty() || is_whole {
        return Some(text.to_owned());
    }
    // Browsers read a backslash as a slash, and two slashes begin a host.
    let is_path = text.starts_with('/') && !text.get(1..).unwrap_or_default().starts_with(['/', '\\']);
    is_path.then(|| format!("{}{text}", origin.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_whole_or_a_path_of_the_site() {
        let site = Some("https://shop.example");
        for (text, origin, expected) in [
            ("/detail/1", site, Some("https://shop.example/detail/1")),
            ("/detail/1", None, Some("/detail/1")),
            ("", site, Some("")),
            ("HTTPS://cdn.example/a", site, Some("HTTPS://cdn.example/a")),
            ("//evil.example", site, None),
            ("/\\evil.example", site, None),
            ("javascript:alert(1)", site, None),
            ("detail/1", site, None),
        ] {
            assert_eq!(address(text, origin).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_value_is_one_line_of_text() {
        assert_eq!(collapsed(" a\n\tb\u{0}\u{a0} c "), "a b c");
    }
}
