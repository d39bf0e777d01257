//! The page by the template engine alone, from a tree: what it costs to make its values, and to render them.

use forecourt::json::Node;
use tera::{Context, Map, Tera, Value};

/// The template, compiled.
pub(crate) struct Engine(Tera);

impl Engine {
    pub(crate) fn new(template: &str) -> Self {
        let mut tera = Tera::new();
        tera.autoescape_on([""]);
        tera.add_raw_template("page.html", template).unwrap();
        Self(tera)
    }

    pub(crate) fn render(&self, context: &Context) -> String {
        self.0.render("page.html", context).unwrap()
    }
}

/// The members of a document as variables.
pub(crate) fn context(document: &Node<'_>) -> Context {
    let mut context = Context::new();
    for member in document.as_object().unwrap().members() {
        context.insert_value(member.key.decode().into_owned(), value(&member.value));
    }
    context
}

fn value(node: &Node<'_>) -> Value {
    match node {
        Node::Null => Value::none(),
        Node::Bool(truth) => (*truth).into(),
        Node::Number(number) => match number.as_raw().parse::<i64>() {
            Ok(whole) => whole.into(),
            // It prints as it was typed, which is what counts here.
            Err(_) => Value::safe_string(number.as_raw()),
        },
        Node::String(text) => Value::normal_string(&text.decode()),
        Node::Array(elements) => elements.iter().map(value).collect::<Vec<_>>().into(),
        Node::Object(object) => {
            let mut map = Map::with_capacity(object.len());
            for member in object.members() {
                map.insert(member.key.decode().into(), value(&member.value));
            }
            map.into()
        }
    }
}
