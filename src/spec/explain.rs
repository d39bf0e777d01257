//! From what the schema's validator found to problems that say what to write instead.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

use super::tree::{Content, Entry, Tree};
use super::words::{Words, either, kind_of, title};
use super::{At, Problem, Problems, Source, advice, habits};

/// How much of a value a message quotes, in characters.
const MAX_QUOTED: usize = 40;

/// Turns the validator's errors into problems.
pub(super) struct Explainer<'e> {
    words: Words<'e>,
    source: &'e Source,
    pub(super) problems: Problems,
}

impl<'e> Explainer<'e> {
    pub(super) fn new(schema: &'e Value, source: &'e Source) -> Self {
        Self { words: Words::new(schema), source, problems: Problems::new() }
    }

    /// Explains one error. What follows from a problem that was reported already is left out.
    pub(super) fn explain(&mut self, error: &ValidationError<'_>) {
        let at = At::pointer(error.instance_path().as_str());
        if self.source.find(&at).broken || self.problems.is_full() {
            return;
        }
        let pointer = error.schema_path().as_str();
        let (parent, _) = pointer.rsplit_once('/').unwrap_or_default();
        let Some(schema) = self.words.at(parent) else {
            self.problems.push(Problem::new(at, error.masked().to_string()));
            return;
        };
        match error.kind() {
            Kind::AdditionalProperties { unexpected } => {
                for key in unexpected {
                    self.unknown_key(&at, key, schema, parent);
                }
            }
            Kind::Required { property } => self.missing_key(&at, property.as_str().unwrap_or_default(), schema),
            Kind::OneOfNotValid { .. } | Kind::OneOfMultipleValid { .. } if schema.get("properties").is_some() => {
                self.not_one_step(&at, error.instance(), schema);
            }
            Kind::AnyOf { context } => self.no_branch(&at, error.instance(), schema, context),
            _ => self.wrong_value(&at, error.instance(), schema),
        }
    }

    /// A value that fits no alternative: the one that was meant is the one for values of its type, else the one it got furthest into.
    fn no_branch(&mut self, at: &At, value: &Value, schema: &'e Value, context: &[Vec<ValidationError<'static>>]) {
        let branches = self.words.branches(schema);
        let fitting = branches.iter().zip(context).filter(|(branch, _)| self.words.takes(branch, kind_of(value)));
        let depth = |errors: &[ValidationError<'_>]| {
            errors.iter().map(|error| error.instance_path().as_str().split('/').count()).max().unwrap_or_default()
        };
        // The first of the deepest.
        let meant = fitting.map(|(_, errors)| errors).rev().max_by_key(|errors| depth(errors));
        match meant {
            Some(errors) if value.is_array() || value.is_object() => errors.iter().for_each(|error| self.explain(error)),
            _ => self.wrong_value(at, value, schema),
        }
    }

    fn unknown_key(&mut self, at: &At, key: &str, schema: &'e Value, pointer: &str) {
        let place = at.key(key);
        if self.problems.is_full() || self.source.find(&place).broken || self.is_rest_of_a_list(at, key, schema) {
            return;
        }
        let known: Vec<&str> = self.words.keys(schema).map(|(name, _)| name.as_str()).collect();
        let (noun, expected) = match pointer.rsplit_once('/').map(|(_, name)| name) {
            Some("StepSpec") => ("step", one_of(known.iter().filter(|name| **name != "when"))),
            Some("FieldSpec") => ("keyword", "a keyword of JSON Schema 2020-12, `required: true` or `default`".to_owned()),
            Some("JsonSchema") => ("keyword", "a keyword of JSON Schema 2020-12".to_owned()),
            _ => ("key", one_of(known.iter())),
        };
        let within = match title(schema) {
            _ if noun == "step" => String::new(),
            Some("routes.yaml") => " at the top of the file".to_owned(),
            Some(title) => format!(" in {title}"),
            None => String::new(),
        };
        let message = format!("unknown {noun} `{}`{within}", quoted(key));
        let problem = Problem::new(place, message).at_key().expected(expected);
        let hint = match noun {
            "key" => self.elsewhere(at, key, schema),
            _ if key == "nullable" => Some("write `type: [string, \"null\"]`".to_owned()),
            _ => None,
        };
        self.problems.push(match hint {
            Some(hint) => problem.hint(hint),
            None => problem.did_you_mean(key, known),
        });
    }

    /// Where a key belongs that is no key here: one that is more likely misplaced than misspelt.
    fn elsewhere(&self, at: &At, key: &str, schema: &'e Value) -> Option<String> {
        let here = title(schema).unwrap_or_default();
        if let Some(advice) = habits::key(here, key) {
            return Some(advice.to_owned());
        }
        if here == "a route" && key.contains(" /") {
            return Some(format!("write `route: {key}`"));
        }
        if here == "the `headers` of an upstream" && crate::base::suggest(key, ["set", "remove", "deadline"]).is_none() {
            return Some(format!("write `set: {{{key}: …}}`"));
        }
        let is_near = crate::base::suggest(key, self.words.keys(schema).map(|(name, _)| name.as_str())).is_some();
        if let Some(missing) = self.stands_for(at, schema).filter(|_| !is_near) {
            return Some(format!("the key `{missing}` is missing: is it that?"));
        }
        let has = |schema: &'e Value| self.words.keys(schema).any(|(name, _)| name == key);
        self.words.keys(schema).find_map(|(name, value)| {
            let is_entry = self.words.resolve(value).get("items").is_some_and(has);
            match is_entry {
                true => Some(format!("`{key}` is an entry of `{name}`: `{name}: [{{{key}: …}}]`")),
                false => has(value).then(|| match self.is_empty(&at.key(name)) {
                    true => format!("`{key}` goes into `{name}`: indent it deeper than that"),
                    false => format!("`{key}` goes into `{name}`"),
                }),
            }
        })
    }

    /// Whether a key is there and has no value.
    fn is_empty(&self, at: &At) -> bool {
        let found = self.source.find(at);
        found.exact && is_empty(found.tree)
    }

    /// Whether a key is what is left of a list that lost its brackets: `name` of `{pick: id, name}`. That is told of the first of them.
    fn is_rest_of_a_list(&self, at: &At, key: &str, schema: &'e Value) -> bool {
        let entries = self.source.find(at).tree.entries();
        let Some(position) = entries.iter().position(|entry| entry.key == key) else { return false };
        let before = entries.get(..position).unwrap_or_default();
        let is_bare = |entry: &Entry| is_empty(&entry.value) && self.words.keys(schema).all(|(name, _)| *name != entry.key);
        let first = before.iter().rev().find(|entry| !is_bare(entry));
        let wants_list = |name: &str| {
            let value = self.words.keys(schema).find(|(known, _)| *known == name).map(|(_, value)| value);
            value.is_some_and(|value| self.words.takes(value, "array") && !self.words.takes(value, "string"))
        };
        entries.get(position).is_some_and(is_bare)
            && first.is_some_and(|entry| {
                matches!(&entry.value.content, Content::Scalar(_)) && !is_empty(&entry.value) && wants_list(&entry.key)
            })
    }

    /// What follows a value as [`Self::is_rest_of_a_list`] says.
    fn rest_of_a_list(&self, at: &At) -> Vec<&'e str> {
        let Some(parent) = at.parent() else { return Vec::new() };
        let entries = self.source.find(&parent).tree.entries();
        let position = entries.iter().position(|entry| Some(entry.key.as_str()) == at.last());
        let behind = position.and_then(|position| entries.get(position + 1..)).unwrap_or_default();
        behind.iter().take_while(|entry| is_empty(&entry.value)).map(|entry| entry.key.as_str()).collect()
    }

    /// The key that a mapping lacks, when its only stranger can be nothing else.
    fn stands_for(&self, at: &At, schema: &'e Value) -> Option<&'e str> {
        let required = schema.get("required").and_then(Value::as_array)?;
        let given = self.source.find(at).tree.entries();
        let mut missing = required.iter().filter_map(Value::as_str).filter(|name| given.iter().all(|entry| entry.key != *name));
        let strangers = given.iter().filter(|entry| self.words.keys(schema).all(|(name, _)| *name != entry.key));
        match (missing.next(), missing.next(), strangers.count()) {
            (Some(only), None, 1) => Some(only),
            _ => None,
        }
    }

    fn missing_key(&mut self, at: &At, key: &str, schema: &'e Value) {
        let known: Vec<&String> = self.words.keys(schema).map(|(name, _)| name).collect();
        let given = self.source.find(at).tree.entries();
        // A misspelt key is told as that, and not as missing too; nor is what a mapping of another kind lacks.
        let strangers: Vec<&String> = given.iter().map(|entry| &entry.key).filter(|name| !known.contains(name)).collect();
        let is_other_kind = !strangers.is_empty() && strangers.len() == given.len();
        if is_other_kind || strangers.len() == 1 || strangers.iter().any(|name| crate::base::suggest(name, [key]).is_some()) {
            return;
        }
        let whole = title(schema).unwrap_or("this mapping");
        let problem = Problem::new(at, format!("{whole} needs the key `{key}`"));
        let property = schema.get("properties").and_then(|properties| properties.get(key));
        let description = property.and_then(|property| property.get("description")).and_then(Value::as_str);
        self.problems.push(match description {
            Some(description) => problem.hint(format!("`{key}`: {}", description.trim_end_matches('.'))),
            None => problem,
        });
    }

    /// A list entry of `shape` with no step, or with several.
    fn not_one_step(&mut self, at: &At, value: &Value, schema: &'e Value) {
        let known: Vec<&str> = self.words.keys(schema).map(|(name, _)| name.as_str()).filter(|name| *name != "when").collect();
        let Some(given) = value.as_object() else { return };
        let steps: Vec<&String> = given.keys().filter(|name| known.contains(&name.as_str())).collect();
        match steps.as_slice() {
            [] if given.keys().any(|name| name != "when") => {}
            [] => self.problems.push(Problem::new(at, "this entry names no step").expected(one_of(known.iter()))),
            [first, second, ..] => self.problems.push(
                Problem::new(at.key(*second), format!("`{second}` is a second step beside `{first}`"))
                    .at_key()
                    .expected("one step a list entry")
                    .hint(format!("begin an entry of its own: `- {second}: …`")),
            ),
            [_] => {}
        }
    }

    fn wrong_value(&mut self, at: &At, value: &Value, schema: &'e Value) {
        let name = self.name(at);
        let expected = self.words.expected(schema);
        let takes = |kind: &str| self.words.takes(schema, kind);
        let Content::Scalar(scalar) = &self.source.find(at).tree.content else {
            let kind = if value.is_array() { "a list" } else { "a mapping" };
            let problem = Problem::new(at, format!("{name} cannot be {kind}")).expected(expected);
            let entries = self.words.branches(schema).into_iter().find_map(|branch| branch.get("items"));
            let is_list = value.is_object() && entries.is_some_and(|entry| self.words.takes(entry, "object"));
            let alone = value.as_array().and_then(|entries| match entries.as_slice() {
                [Value::String(only)] if takes("string") => Some(format!("write `{only}`, without the brackets")),
                [Value::Object(only)] if only.keys().all(|key| self.words.keys(schema).any(|(name, _)| name == key)) => {
                    Some("write the mapping alone: without the `- `, or the brackets".to_owned())
                }
                _ => None,
            });
            let alone = alone.or_else(|| advice::for_container(self.words, value, schema));
            self.problems.push(match alone {
                _ if is_list => problem.hint("begin each entry of the list with `- `"),
                Some(hint) => problem.hint(hint),
                None => problem,
            });
            return;
        };
        if scalar.plain && scalar.text.is_empty() && !scalar.filled {
            self.problems.push(Problem::new(at, format!("{name} has no value")).expected(expected));
            return;
        }
        let shown = self.source.shown(at).map(quoted).unwrap_or_default();
        let is_quoted_null = !scalar.plain && scalar.text == "null" && expected.contains("`null`");
        let what = match value {
            _ if scalar.filled => format!("what `{shown}` gives"),
            Value::Number(_) if !takes("integer") && !takes("number") => format!("the number `{shown}`"),
            Value::String(_) if takes("integer") || takes("boolean") || is_quoted_null => format!("the text `{shown}`"),
            _ => format!("`{shown}`"),
        };
        let is_negative = value.as_f64().is_some_and(|number| number < 0.0);
        let expected =
            if is_negative && expected == "a whole number" { "a whole number of at least 0".to_owned() } else { expected };
        let problem = Problem::new(at, format!("{name} cannot be {what}")).expected(expected);
        let rest = if takes("array") && !takes("string") { self.rest_of_a_list(at) } else { Vec::new() };
        let advice = advice::for_list(self.words, scalar, at.last(), &rest, schema);
        let problem = match advice.or_else(|| advice::for_scalar(self.words, scalar, value, schema)) {
            Some(advice) => problem.hint(advice),
            None if scalar.filled => problem,
            None if is_quoted_null => problem.hint("take the quotes off"),
            None => match habits::word(&scalar.text, &self.words.options(schema)) {
                Some(word) => problem.hint(format!("write `{word}`")),
                None => problem.did_you_mean(&scalar.text, self.words.options(schema)),
            },
        };
        self.problems.push(problem);
    }

    /// What a place is called in a message.
    fn name(&self, at: &At) -> String {
        let Some(parent) = at.parent() else { return "the file".to_owned() };
        let last = at.last().unwrap_or_default();
        match (&self.source.find(&parent).tree.content, last.parse::<usize>()) {
            (Content::List(_), Ok(position)) => match parent.last() {
                Some(list) if list.parse::<usize>().is_err() => format!("entry {} of `{}`", position + 1, quoted(list)),
                _ => format!("entry {}", position + 1),
            },
            _ => format!("`{}`", quoted(last)),
        }
    }
}

/// Whether nothing stands behind a key.
fn is_empty(tree: &Tree) -> bool {
    matches!(&tree.content, Content::Scalar(scalar) if scalar.plain && scalar.text.is_empty() && !scalar.filled)
}

/// "one of: a, b, c".
fn one_of<'a>(names: impl Iterator<Item = &'a &'a str>) -> String {
    let names: Vec<&str> = names.copied().collect();
    match names.as_slice() {
        [] => "no key".to_owned(),
        [only] => either(&[format!("`{only}`")]),
        names => format!("one of: {}", names.join(", ")),
    }
}

/// A typed text, short enough for a message.
fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_QUOTED).collect();
    if text.chars().nth(MAX_QUOTED).is_some() {
        short.push('…');
    }
    short
}
