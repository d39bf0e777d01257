//! What backends say of their own insides: names of classes, stack traces. It belongs in logs, and no client is shown it.

use crate::json::{Node, Object, Text};

/// What the names of most packages begin with.
const ROOTS: [&str; 20] = [
    "java", "javax", "jakarta", "kotlin", "scala", "groovy", "sun", "jdk", "com", "org", "net", "edu", "gov", "dev", "io", "cn",
    "de", "fr", "eu", "uk",
];

/// Where a trace is kept, whatever it is made of.
const TRACES: [&str; 4] = ["trace", "stackTrace", "stack_trace", "stacktrace"];

/// Whether a text names a class with its package, or a place in its source.
pub(super) fn shows(text: &str) -> bool {
    let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '$');
    text.contains(".java:") || text.contains(".kt:") || text.split(|char| !is_part(char)).any(is_class)
}

/// Whether this is a class with its package, as `java.lang.NullPointerException`, or a member of one.
fn is_class(word: &str) -> bool {
    let is_package = |part: &&str| part.starts_with(|first: char| first.is_ascii_lowercase());
    let packages = word.split('.').take_while(is_package).count();
    let Some(class) = word.split('.').nth(packages).filter(|_| packages > 0) else { return false };
    let is_name =
        class.starts_with(|first: char| first.is_ascii_uppercase()) && class.contains(|char: char| char.is_ascii_lowercase());
    let root = word.split('.').next().unwrap_or_default();
    let is_rooted = packages > 1 && ROOTS.contains(&root);
    is_name && (is_rooted || class.ends_with("Exception") || class.ends_with("Error"))
}

/// The value without such texts, and without traces; none when it is one.
pub(super) fn without(value: &Node<'static>) -> Option<Node<'static>> {
    match value {
        Node::String(text) if shows(&text.decode()) => None,
        Node::Array(elements) => Some(Node::Array(elements.iter().filter_map(without).collect())),
        Node::Object(object) => {
            let mut shown = Object::new();
            for member in object.members().iter().filter(|member| !is_trace(&member.key)) {
                if let Some(value) = without(&member.value) {
                    shown.push(member.key.clone(), value);
                }
            }
            Some(Node::Object(shown))
        }
        _ => Some(value.clone()),
    }
}

fn is_trace(key: &Text<'_>) -> bool {
    TRACES.iter().any(|trace| *key == **trace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, parse};

    #[test]
    fn classes_and_traces_are_told_from_what_people_are_told() {
        for text in [
            "java.lang.NullPointerException: x",
            "nested exception is java.lang.NumberFormatException",
            "com.example.dao.UserMapper.selectOne: Table 'x' doesn't exist",
            "at com.example.Foo.bar(Foo.java:12)",
            "Foo.java:12",
            "cn.shop.Order$Line",
            "javax.validation.ConstraintViolationException",
            "service.OrderException",
        ] {
            assert!(shows(text), "{text}");
        }
        for text in [
            "",
            "only 2 left",
            "order.items.Name is required",
            "see www.example.com or e.g. The list",
            "Token失效，请重新登录",
            "user.Name",
            "id.user.Name",
            "e.g.This",
            "1.5.Two",
            "Exception",
            "an Error",
            "com.example.shop",
            "com.example.SKU",
            "..",
        ] {
            assert!(!shows(text), "{text}");
        }
    }

    #[test]
    fn what_is_left_of_a_value_is_what_may_be_shown() {
        for (value, left) in [
            (r#""busy""#, Some(r#""busy""#)),
            (r#""at com.example.Foo.bar(Foo.java:12)""#, None),
            (r#"{"left":2,"exception":"java.lang.Foo","trace":[1],"stackTrace":{"a":1}}"#, Some(r#"{"left":2}"#)),
            (r#"[1,"java.lang.Foo",{"causes":["java.lang.Foo"],"k":[{}]}]"#, Some(r#"[1,{"causes":[],"k":[{}]}]"#)),
            ("null", Some("null")),
        ] {
            let value = parse(value, &Limits::default()).unwrap().into_owned();
            let left = left.map(|left| parse(left, &Limits::default()).unwrap().into_owned());
            assert_eq!(without(&value), left);
        }
    }
}
