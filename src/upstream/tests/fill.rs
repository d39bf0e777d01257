use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

fn filled(template: &str, values: &[(&str, &str)]) -> Result<String, FillError> {
    let values: HashMap<String, String> =
        values.iter().map(|(name, value)| (format!("{{{name}}}"), (*value).to_owned())).collect();
    let template = Template::parse(template).unwrap();
    fill_with(&template, &|hole| values.get(&hole.to_string()).cloned(), &|hole| hole.path() == ["rest"])
}

#[test]
fn a_value_is_one_segment_or_one_query_value() {
    for (template, values, expected) in [
        ("/items/{path.id}", vec![("path.id", "7")], "/items/7"),
        ("/items/{path.id}", vec![("path.id", "a b;c?d#e&f=g+h")], "/items/a%20b%3Bc%3Fd%23e%26f%3Dg%2Bh"),
        ("/items/{path.id}", vec![("path.id", "小米")], "/items/%E5%B0%8F%E7%B1%B3"),
        ("/items/{path.id}", vec![("path.id", "...")], "/items/..."),
        ("/a-{path.a}.{path.b}/c", vec![("path.a", "1"), ("path.b", "2")], "/a-1.2/c"),
        ("/a/.{path.a}", vec![("path.a", "x")], "/a/.x"),
        ("/s?q={query.q}", vec![("query.q", "a&b=c d/é%?")], "/s?q=a%26b%3Dc%20d%2F%C3%A9%25%3F"),
        ("/s?q={query.q}", vec![("query.q", "")], "/s?q="),
        ("/s?fixed=1&q={query.q}&t=a", vec![("query.q", "x")], "/s?fixed=1&q=x&t=a"),
        ("/搜索 x?n=小", vec![], "/%E6%90%9C%E7%B4%A2%20x?n=%E5%B0%8F"),
        ("/x#y", vec![], "/x%23y"),
        ("/typed/%2e/..", vec![], "/typed/%2e/.."),
    ] {
        assert_eq!(filled(template, &values), Ok(expected.to_owned()), "{template} {values:?}");
    }
}

#[test]
fn a_query_pair_without_a_value_is_left_out() {
    for (template, values, expected) in [
        ("/s?page={query.page}", vec![], "/s"),
        ("/s?a=1&page={query.page}&b=2", vec![], "/s?a=1&b=2"),
        ("/s?page={query.page}&q={query.q}", vec![("query.q", "x")], "/s?q=x"),
        ("/s?range={query.from}-{query.to}&q=1", vec![("query.from", "3")], "/s?q=1"),
        ("/s?range={query.from}-{query.to}", vec![("query.from", "3"), ("query.to", "4")], "/s?range=3-4"),
    ] {
        assert_eq!(filled(template, &values), Ok(expected.to_owned()), "{template} {values:?}");
    }
}

#[test]
fn a_path_value_that_would_move_the_call_is_refused() {
    let character = |character| FillError::Character { hole: "{path.id}".into(), character };
    for (value, expected) in [
        ("..", FillError::Dots("{path.id}".into())),
        (".", FillError::Dots("{path.id}".into())),
        ("", FillError::Empty("{path.id}".into())),
        ("a/b", character('/')),
        ("/", character('/')),
        ("a\\b", character('\\')),
        ("%2e%2e", character('%')),
        ("a\0", character('\0')),
        ("a\r\nb", character('\r')),
        ("a\u{85}", character('\u{85}')),
    ] {
        assert_eq!(filled("/items/{path.id}/x", &[("path.id", value)]), Err(expected), "{value:?}");
    }
    assert_eq!(filled("/items/.{path.id}", &[("path.id", ".")]), Err(FillError::Dots("{path.id}".into())));
    assert_eq!(filled("/items/{path.a}{path.b}", &[("path.a", ""), ("path.b", "")]), Err(FillError::Empty("{path.b}".into())));
    assert_eq!(filled("/items/%2E{path.id}", &[("path.id", "")]), Err(FillError::Dots("{path.id}".into())));
    assert_eq!(filled("/items/{path.id}", &[]), Err(FillError::Missing("{path.id}".into())));
    assert_eq!(filled("/s?{query.k}=1", &[]), Err(FillError::Missing("{query.k}".into())));
}

#[test]
fn a_rest_hole_keeps_its_slashes_and_nothing_else() {
    for (value, expected) in [
        ("a/b c/d", Ok("/files/a/b%20c/d".to_owned())),
        ("a/", Ok("/files/a/".to_owned())),
        ("", Err(FillError::Empty("{path.rest}".into()))),
        ("/", Err(FillError::Empty("{path.rest}".into()))),
        ("/etc", Err(FillError::Empty("{path.rest}".into()))),
        ("a//b", Err(FillError::Empty("{path.rest}".into()))),
        ("a/../b", Err(FillError::Dots("{path.rest}".into()))),
        ("../b", Err(FillError::Dots("{path.rest}".into()))),
        ("a/..", Err(FillError::Dots("{path.rest}".into()))),
        ("a/%2e", Err(FillError::Character { hole: "{path.rest}".into(), character: '%' })),
    ] {
        assert_eq!(filled("/files/{path.rest}", &[("path.rest", value)]), expected, "{value:?}");
    }
}

#[test]
fn a_refusal_names_the_hole_and_the_character() {
    let message = |value| filled("/a/{path.id}", &[("path.id", value)]).unwrap_err().to_string();
    assert_eq!(message("a/b"), "{path.id} holds `/`, which a path segment cannot");
    assert_eq!(message("\0"), "{path.id} holds a NUL, which a path segment cannot");
    assert_eq!(message("\n"), "{path.id} holds the control character U+000A, which a path segment cannot");
}

fn names(query: &str) -> Vec<String> {
    query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name).to_owned()).collect()
}

/// Any text, with what has a meaning in a URL more often than chance would have it.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![".*", "[a-c./%?&=#;:@+ ]{0,6}", "[.a-c]{0,3}"]
}

proptest! {
    #[test]
    fn whatever_the_values_the_structure_is_the_template_s(
        a in value(),
        b in value(),
        q in value(),
        r in proptest::option::of(value()),
    ) {
        let template = Template::parse("/v1/{path.a}/x-{path.b}/end?one=1&q={query.q}&r={query.r}&last=z").unwrap();
        let value = |hole: &Hole| match hole.to_string().as_str() {
            "{path.a}" => Some(a.clone()),
            "{path.b}" => Some(b.clone()),
            "{query.q}" => Some(q.clone()),
            _ => r.clone(),
        };
        if let Ok(filled) = fill(&template, &value) {
            let (path, query) = filled.split_once('?').unwrap();
            let segments: Vec<&str> = path.split('/').collect();
            prop_assert_eq!(segments.len(), 5);
            prop_assert_eq!((segments[0], segments[1], segments[4]), ("", "v1", "end"));
            for segment in &segments[1..] {
                let decoded = percent_encoding::percent_decode_str(segment).decode_utf8().unwrap();
                prop_assert!(!matches!(&*decoded, "" | "." | ".."), "{}", filled);
                prop_assert!(!decoded.contains(['/', '\\', '%', '\0']), "{}", filled);
            }
            let expected = if r.is_some() { vec!["one", "q", "r", "last"] } else { vec!["one", "q", "last"] };
            prop_assert_eq!(names(query), expected);
            let sent = query.split('&').find_map(|pair| pair.strip_prefix("q=")).unwrap();
            prop_assert_eq!(percent_encoding::percent_decode_str(sent).decode_utf8().unwrap(), q.as_str());
            prop_assert!(filled.bytes().all(|b| b.is_ascii_graphic() && b != b'#'), "{}", filled);
            prop_assert!(filled.parse::<http::uri::PathAndQuery>().is_ok(), "{}", filled);
        }
    }
}
