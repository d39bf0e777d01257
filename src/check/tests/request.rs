//! Path, query and headers.

use http::HeaderMap;
use serde_json::json;

use super::*;

#[test]
fn texts_are_read_as_the_declared_type_and_digits_stay() {
    let rules = query_rules(
        json!({
            "page": {"type": "integer", "minimum": 1}, "price": {"type": "number"}, "on": {"type": "boolean"},
            "ids": {"type": "array", "items": {"type": "integer"}}, "q": {},
        }),
        UnknownQuery::Pass,
    );
    let input = check_query(&rules, "page=12345678901234567890&price=1.10&on=true&ids=1&ids=2&q=a+b%20c&x=1&x=2&y").unwrap();
    assert_eq!(shown(&input.query), r#"page=12345678901234567890 price=1.10 on=true ids=[1,2] q="a b c" x=["1","2"] y="""#);
    assert_eq!(input.query_string, "page=12345678901234567890&price=1.10&on=true&ids=1&ids=2&q=a+b%20c&x=1&x=2&y");
    let one = check_query(&rules, "ids=7").unwrap();
    assert_eq!(shown(&one.query), "ids=[7]");
}

#[test]
fn a_text_of_another_type_is_a_violation_of_type() {
    let rules = query_rules(
        json!({
            "n": {"type": "integer"}, "d": {"type": "number"}, "b": {"type": "boolean"},
            "ids": {"type": "array", "items": {"type": "integer"}},
        }),
        UnknownQuery::Pass,
    );
    for bad in ["1.0", "%2B1", "+1", "1 ", " 1", "1e3", "", "abc", "0x1", "01", "--1", "１", "1%00"] {
        assert_eq!(told(check_query(&rules, &format!("n={bad}"))), ["type n: must be a whole number"], "{bad:?}");
    }
    for bad in ["NaN", "Infinity", "1,5", ".5", "1.", "%201"] {
        assert_eq!(told(check_query(&rules, &format!("d={bad}"))), ["type d: must be a number"], "{bad:?}");
    }
    for bad in ["TRUE", "1", "yes", ""] {
        assert_eq!(told(check_query(&rules, &format!("b={bad}"))), ["type b: must be true or false"], "{bad:?}");
    }
    assert_eq!(
        told(check_query(&rules, "ids=1&ids=x&ids=3&ids=y")),
        ["type ids[1]: must be a whole number", "type ids[3]: must be a whole number"]
    );
    assert!(check_query(&rules, "n=-0&d=-1.5e-3&b=false").is_ok());
}

#[test]
fn defaults_stand_behind_what_came_and_go_upstream() {
    let rules = query_rules(
        json!({
            "page": {"type": "integer", "minimum": 1, "default": 1}, "sort": {"default": "a&b c/ü"},
            "tags": {"type": "array", "items": {"type": "string"}, "default": ["x", "y"]}, "size": {"type": "integer"},
        }),
        UnknownQuery::Pass,
    );
    let input = check_query(&rules, "b=%E4%BD%A0&a=1").unwrap();
    assert_eq!(input.query_string, "b=%E4%BD%A0&a=1&page=1&sort=a%26b%20c%2F%C3%BC&tags=x&tags=y");
    assert_eq!(shown(&input.query), r#"b="你" a="1" page=1 sort="a&b c/ü" tags=["x","y"]"#);
    let given = check_query(&rules, "page=3&sort=&tags=z").unwrap();
    assert_eq!(given.query_string, "page=3&sort=&tags=z");
    let none = rules.check(&Request { path: &[], query: None, headers: &NONE, body: &[] }).unwrap();
    assert_eq!(none.query_string, "page=1&sort=a%26b%20c%2F%C3%BC&tags=x&tags=y");
}

#[test]
fn parameters_without_a_rule_pass_or_are_dropped_or_are_violations() {
    let rules = json!({"page": {"type": "integer"}});
    let query = "z=%7e&page=1&&pgae=2&a=b=c";
    let passed = check_query(&query_rules(rules.clone(), UnknownQuery::Pass), query).unwrap();
    assert_eq!(passed.query_string, query);
    let dropped = check_query(&query_rules(rules.clone(), UnknownQuery::Drop), query).unwrap();
    assert_eq!((dropped.query_string.as_str(), shown(&dropped.query).as_str()), ("page=1", "page=1"));
    assert_eq!(
        told(check_query(&query_rules(rules, UnknownQuery::Reject), query)),
        ["unknown z: is not known here", "unknown pgae: is not known here; did you mean page?", "unknown a: is not known here"]
    );
}

#[test]
fn a_scalar_that_stands_twice_is_a_violation() {
    let rules = query_rules(json!({"page": {"type": "integer"}}), UnknownQuery::Pass);
    assert_eq!(told(check_query(&rules, "page=1&p%61ge=2")), ["repeated page: must be given once"]);
}

#[test]
fn a_query_that_cannot_be_decoded_is_malformed() {
    let rules = query_rules(json!({"q": {}}), UnknownQuery::Pass);
    for (query, path) in [("q=%", "q"), ("q=%4", "q"), ("q=%zz", "q"), ("q=%+1", "q"), ("q=%C4%E3", "q"), ("x=1&%FF=2", "")] {
        match check_query(&rules, query) {
            Err(Refusal::Malformed(v)) => {
                assert_eq!((v.place, v.path.as_str(), v.rule.as_str()), (In::Query, path, "encoding"), "{query}")
            }
            other => panic!("{query}: {other:?}"),
        }
    }
}

#[test]
fn every_part_of_a_request_is_told_at_once() {
    let rules = Rules::new(RulesOptions {
        path: fields(json!({"id": {"type": "integer", "minimum": 1}})),
        query: fields(json!({"page": {"type": "integer", "minimum": 1}, "q": {"maxLength": 3, "required": true}})),
        headers: fields(json!({"X-Tenant": {"pattern": "^[a-z]+$", "required": true}, "x-ids": {"type": "array", "items": {"type": "integer"}}})),
        body: Some(Body {
            schema: json!({"type": "object", "required": ["sku", "count"], "properties": {"count": {"type": "integer", "minimum": 1}}}),
            files: BTreeMap::new(),
        }),
        ..options()
    })
    .unwrap();
    let mut headers = json_headers();
    headers.insert("x-tenant", "ACME".parse().unwrap());
    headers.insert("x-ids", "1, x".parse().unwrap());
    let path = [("id".to_owned(), "0".to_owned()), ("rest".to_owned(), "a/b".to_owned())];
    let request = Request { path: &path, query: Some("page=abc"), headers: &headers, body: br#"{"count":0}"# };
    let Err(Refusal::Violations(violations)) = rules.check(&request) else { panic!("must be refused") };
    let lines: Vec<String> = violations.iter().map(|v| format!("{v} ({})", v.rule)).collect();
    assert_eq!(
        lines,
        [
            "path: id must be at least 1 (minimum)",
            "query: page must be a whole number (type)",
            "query: q is required (required)",
            "headers: x-tenant must match the pattern ^[a-z]+$ (pattern)",
            "headers: x-ids[1] must be a whole number (type)",
            "body: sku is required (required)",
            "body: count must be at least 1 (minimum)",
        ]
    );
    headers.insert("x-tenant", "acme".parse().unwrap());
    headers.insert("x-ids", "1,2".parse().unwrap());
    headers.append("x-ids", "3".parse().unwrap());
    let path = [("id".to_owned(), "7".to_owned()), ("rest".to_owned(), "a/b".to_owned())];
    let request = Request { path: &path, query: Some("q=tea"), headers: &headers, body: br#"{"sku":"a","count":1}"# };
    let input = rules.check(&request).unwrap();
    assert_eq!(shown(&input.path), r#"id=7 rest="a/b""#);
    assert_eq!(shown(&input.headers), r#"x-tenant="acme" x-ids=[1,2,3]"#);
    assert_eq!(input.body_bytes, BodyBytes::AsReceived);
}

#[test]
fn a_header_that_is_not_utf_8_is_malformed_when_it_has_a_rule() {
    let rules = Rules::new(RulesOptions { headers: fields(json!({"x-a": {}})), ..options() }).unwrap();
    let headers = HeaderMap::from_iter([(http::HeaderName::from_static("x-a"), http::HeaderValue::from_bytes(b"\xff").unwrap())]);
    let result = rules.check(&Request { path: &[], query: None, headers: &headers, body: &[] });
    assert!(matches!(result, Err(Refusal::Malformed(v)) if v.place == In::Headers && v.path == "x-a"));
}
