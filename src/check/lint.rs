//! Looks through a schema and every local file it refers to, and gathers all that is wrong with them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{Draft, JsonType, Uri, uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::keywords::{Holds, complaint, holds};
use super::schema::{SchemaProblem, options};
use super::words::{message, types_of};

/// The address of the schema that stands in routes.yaml itself. Files are told from it by their relative path.
pub(super) const ROOT: &str = "routes:///.rule";

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A schema document: its name in messages (empty for the one in routes.yaml) and what it holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Document<'s> {
    pub(super) name: &'s str,
    pub(super) schema: &'s Value,
}

/// A place in a document that something must be done about once all documents are known.
#[derive(Debug)]
pub(super) struct Spot<'s> {
    pub(super) document: Document<'s>,
    pub(super) pointer: String,
    /// The address that references here are relative to.
    pub(super) base: Uri<String>,
    /// The reference, or the subschema with the default or the anchor.
    pub(super) value: &'s Value,
}

/// Where a subschema stands.
#[derive(Debug)]
pub(super) struct Place<'s> {
    pub(super) document: Document<'s>,
    pub(super) pointer: String,
}

/// Where all subschemas stand, to tell what is wrong with one that was reached by a reference.
#[derive(Debug, Default)]
pub(super) struct Places<'s> {
    /// By address in memory.
    places: HashMap<usize, Place<'s>>,
    /// The subschemas with a `$dynamicAnchor`, by the address of their resource and the anchor.
    pub(super) dynamic: HashMap<(String, String), Spot<'s>>,
}

impl<'s> Places<'s> {
    /// Where a subschema stands; `None` below a word that is no keyword.
    pub(super) fn of(&self, schema: &Value) -> Option<&Place<'s>> {
        self.places.get(&std::ptr::from_ref(schema).addr())
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Survey<'s> {
    pub(super) problems: Vec<SchemaProblem>,
    /// Every document that is reached, by address.
    pub(super) reached: BTreeMap<String, Document<'s>>,
    pub(super) references: Vec<Spot<'s>>,
    /// The subschemas with a default of their own.
    pub(super) defaults: Vec<Spot<'s>>,
    pub(super) places: Places<'s>,
    ids: BTreeSet<String>,
}

/// Looks through `schema` and the files it reaches. `strict` refuses words that are no keywords.
pub(super) fn survey<'s>(schema: &'s Value, files: &'s BTreeMap<String, Value>, strict: bool) -> Survey<'s> {
    let mut known: BTreeMap<String, (String, Document<'s>)> = BTreeMap::new();
    for (name, schema) in files {
        let address = file_address(name);
        if let Some(id) = schema.get("$id").and_then(Value::as_str).and_then(|id| resolve(&address, id)) {
            known.insert(id.as_str().to_owned(), (address.clone(), Document { name, schema }));
        }
        known.insert(address.clone(), (address, Document { name, schema }));
    }
    let mut survey = Survey::default();
    survey.reached.insert(ROOT.to_owned(), Document { name: "", schema });
    let mut waiting = vec![(ROOT.to_owned(), Document { name: "", schema })];
    let mut seen = 0;
    while let Some((address, document)) = waiting.pop() {
        if let Ok(base) = uri::from_str(&address) {
            survey.document(document, &base, strict);
        }
        for spot in survey.references.get(seen..).unwrap_or_default() {
            let Some(target) = spot.value.as_str().and_then(|reference| resolve(spot.base.as_str(), reference)) else { continue };
            if let Some((address, document)) = known.get(without_fragment(&target))
                && survey.reached.insert(address.clone(), *document).is_none()
            {
                waiting.push((address.clone(), *document));
            }
        }
        seen = survey.references.len();
    }
    survey.missing(&known);
    survey
}

impl<'s> Survey<'s> {
    fn document(&mut self, document: Document<'s>, base: &Uri<String>, strict: bool) {
        for error in jsonschema::draft202012::meta::validator().iter_errors(document.schema) {
            let pointer = error.instance_path().as_str();
            let says = match error.kind() {
                // Only `type` has alternatives in the schema of schemas.
                Kind::AnyOf { .. } => {
                    "must be one of: array, boolean, integer, null, number, object, string; or a list of them".to_owned()
                }
                Kind::Format { .. } => continue,
                Kind::Type { kind } if is_schema(&types_of(kind)) => "must be a schema: an object, true or false".to_owned(),
                kind => message(kind),
            };
            self.problem(document, pointer, says);
        }
        self.schema(document, document.schema, "", base, strict);
    }

    fn schema(&mut self, document: Document<'s>, schema: &'s Value, pointer: &str, base: &Uri<String>, strict: bool) {
        let place = Place { document, pointer: pointer.to_owned() };
        self.places.places.insert(std::ptr::from_ref(schema).addr(), place);
        let Value::Object(members) = schema else { return };
        let inner = members.get("$id").and_then(Value::as_str).and_then(|id| resolve(base.as_str(), id));
        let base = inner.as_ref().unwrap_or(base);
        if inner.is_some() {
            self.ids.insert(without_fragment(base).to_owned());
        }
        let spot = || Spot { document, pointer: pointer.to_owned(), base: base.clone(), value: schema };
        if let Some(anchor) = members.get("$dynamicAnchor").and_then(Value::as_str) {
            let key = (without_fragment(base).to_owned(), anchor.to_owned());
            self.places.dynamic.insert(key, spot());
        }
        if members.contains_key("default") {
            self.defaults.push(spot());
        }
        for (keyword, value) in members {
            let here = format!("{pointer}/{}", escape(keyword));
            match holds(keyword) {
                Some(Holds::Schema) => self.schema(document, value, &here, base, strict),
                Some(Holds::List) => {
                    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                        self.schema(document, value, &format!("{here}/{index}"), base, strict);
                    }
                }
                Some(Holds::Map) => {
                    for (name, value) in value.as_object().into_iter().flatten() {
                        let here = format!("{here}/{}", escape(name));
                        if keyword == "patternProperties" {
                            self.pattern(document, name, &here);
                        }
                        self.schema(document, value, &here, base, strict);
                    }
                }
                Some(Holds::Rule | Holds::Value) => self.value(document, keyword, value, here, base),
                None => {
                    if let Some(says) = complaint(keyword, strict) {
                        self.problem(document, &here, says);
                    }
                }
            }
        }
    }

    fn value(&mut self, document: Document<'s>, keyword: &str, value: &'s Value, pointer: String, base: &Uri<String>) {
        let spot = |pointer| Spot { document, pointer, base: base.clone(), value };
        match (keyword, value) {
            ("$ref", Value::String(_)) => self.references.push(spot(pointer)),
            ("pattern", Value::String(pattern)) => self.pattern(document, pattern, &pointer),
            ("format", Value::String(format)) if !options().is_known_format(Draft::Draft202012, format) => {
                let says = match format.as_str() {
                    "int32" | "int64" | "float" | "double" => {
                        format!("unknown format `{format}`: use `type`, `minimum` and `maximum`")
                    }
                    _ => format!("unknown format `{format}`"),
                };
                self.problem(document, &pointer, says);
            }
            ("$schema", Value::String(dialect)) if dialect.trim_end_matches('#') != DIALECT => {
                self.problem(document, &pointer, format!("another version of JSON Schema: only 2020-12 is read, `{DIALECT}`"));
            }
            _ => {}
        }
    }

    fn pattern(&mut self, document: Document<'s>, pattern: &str, pointer: &str) {
        if options().build(&serde_json::json!({ "pattern": pattern })).is_err() {
            self.problem(document, pointer, bad_pattern(pattern));
        }
    }

    /// References to files that are not there.
    fn missing(&mut self, known: &BTreeMap<String, (String, Document<'s>)>) {
        let mut problems = Vec::new();
        for spot in &self.references {
            let reference = spot.value.as_str().unwrap_or_default();
            let says = match resolve(spot.base.as_str(), reference) {
                None => {
                    format!("`{reference}` is no reference: write a relative path such as `schemas/item.json`, or `#/$defs/name`")
                }
                Some(target) => {
                    let address = without_fragment(&target);
                    if address == ROOT || known.contains_key(address) || self.ids.contains(address) {
                        continue;
                    }
                    match address.strip_prefix("routes:///") {
                        Some(file) => format!("the schema file `{file}` is not there"),
                        None => {
                            format!("`{reference}` is remote, and no schema is ever fetched: put the file beside routes.yaml")
                        }
                    }
                }
            };
            problems.push((spot.document, spot.pointer.clone(), says));
        }
        for (document, pointer, says) in problems {
            self.problem(document, &pointer, says);
        }
    }

    /// Adds a problem, once.
    pub(super) fn problem(&mut self, document: Document<'s>, pointer: &str, message: String) {
        let problem = SchemaProblem::new(document.name, pointer, message);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

fn is_schema(types: &[JsonType]) -> bool {
    matches!(types, [JsonType::Boolean, JsonType::Object] | [JsonType::Object, JsonType::Boolean])
}

/// The address of a file, by its path relative to routes.yaml.
fn file_address(name: &str) -> String {
    const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');
    let address = format!("routes:///{}", utf8_percent_encode(name.trim_start_matches("./"), &KEPT));
    uri::from_str(&address).map_or(address, |uri| uri.as_str().to_owned())
}

fn resolve(base: &str, reference: &str) -> Option<Uri<String>> {
    let base = uri::from_str(base).ok()?;
    uri::resolve_against(&base.borrow(), reference).ok()
}

pub(super) fn without_fragment(uri: &Uri<String>) -> &str {
    uri.as_str().split('#').next().unwrap_or_default()
}

/// A name as a JSON pointer writes it.
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn bad_pattern(pattern: &str) -> String {
    if ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|look| pattern.contains(look)) {
        return format!(
            "the pattern `{pattern}` looks ahead or behind: patterns must be matched in linear time, which leaves that out"
        );
    }
    match regex::Regex::new(pattern) {
        Err(regex::Error::CompiledTooBig(_)) => format!("the pattern `{pattern}` is too large"),
        Err(error) => {
            let says = error.to_string();
            let reason = says.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("the pattern `{pattern}` cannot be read: {reason}")
        }
        Ok(_) => format!("the pattern `{pattern}` cannot be read, or is too large"),
    }
}
