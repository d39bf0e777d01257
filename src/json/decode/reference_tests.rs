//! References: what they are copied from, where they are cut, what they may cost.

use super::tests::options;
use super::{DecodeError, DecodeOptions, Refs};

fn resolved(refs: Refs, text: &str) -> Result<String, DecodeError> {
    super::tests::decoded(DecodeOptions { refs, ..options() }, text.as_bytes(), None)
}

#[test]
fn fastjson_references_are_copied_and_cycles_cut() {
    let text = r#"{"data":[{"id":1,"dept":{"id":9,"name":"R&D"}},{"id":2,"dept":{"$ref":"$.data[0].dept"}},{"id":3,"parent":{"$ref":".."},"self":{"$ref":"@"},"up":{"$ref":"../.."},"root":{"$ref":"$"}}]}"#;
    let json = r#"{"data":[{"id":1,"dept":{"id":9,"name":"R&D"}},{"id":2,"dept":{"id":9,"name":"R&D"}},{"id":3,"parent":null,"self":null,"up":null,"root":null}]}"#;
    assert_eq!(resolved(Refs::Fastjson, text).unwrap(), json);
    assert_eq!(resolved(Refs::Off, text).unwrap(), text);
    let missing = r#"{"a":{"$ref":"$.nowhere"},"b":{"$ref":7},"c":{"$ref":"x","d":1}}"#;
    assert_eq!(resolved(Refs::Fastjson, missing).unwrap(), missing);
    let mutual = r#"{"a":{"$ref":"$.b"},"b":{"$ref":"$.a"},"c":{"$ref":"$.c"},"d":{"e":{"$ref":"$.d"}}}"#;
    assert_eq!(resolved(Refs::Fastjson, mutual).unwrap(), r#"{"a":null,"b":null,"c":null,"d":{"e":null}}"#);
    assert_eq!(resolved(Refs::Fastjson, r#"{"a.b":1,"c":{"$ref":"$.a\\.b"}}"#).unwrap(), r#"{"a.b":1,"c":1}"#);
}

#[test]
fn an_expansion_bomb_is_an_error() {
    let mut text = String::from(r#"{"a0":["x","x","x","x","x","x","x","x","x","x"]"#);
    for level in 1..12 {
        let refs: Vec<String> = (0..10).map(|_| format!(r#"{{"$ref":"$.a{}"}}"#, level - 1)).collect();
        text.push_str(&format!(r#","a{level}":[{}]"#, refs.join(",")));
    }
    text.push('}');
    assert_eq!(resolved(Refs::Fastjson, &text), Err(DecodeError::Expansion));
}

#[test]
fn a_few_references_to_a_long_text_are_a_bomb_too() {
    let list = vec![r#"{"$ref":"$.a"}"#; 2000].join(",");
    let text = format!(r#"{{"a":"{}","b":[{list}]}}"#, "x".repeat(100_000));
    assert_eq!(resolved(Refs::Fastjson, &text), Err(DecodeError::Expansion));
    let list = vec!["1"; 2000].join(",");
    let text = format!(r#"[{{"@id":1,"{}":null}},{list}]"#, "x".repeat(100_000));
    assert_eq!(resolved(Refs::JacksonId, &text), Err(DecodeError::Expansion));
    let nowhere = format!(r#"{{"$ref":"$.{}"}}"#, "x".repeat(100_000));
    let list = vec![r#"{"$ref":"$.a"}"#; 2000].join(",");
    assert_eq!(resolved(Refs::Fastjson, &format!(r#"{{"a":[{nowhere}],"b":[{list}]}}"#)), Err(DecodeError::Expansion));
}

#[test]
fn references_into_a_wide_object_are_found_in_no_time() {
    let members: Vec<String> = (0..20_000).map(|at| format!(r#""k{at}":{at}"#)).collect();
    let list: Vec<String> = (0..20_000).map(|at| format!(r#"{{"$ref":"$.a.k{at}"}}"#)).collect();
    let out = resolved(Refs::Fastjson, &format!(r#"{{"a":{{{}}},"b":[{}]}}"#, members.join(","), list.join(","))).unwrap();
    assert!(out.ends_with(",19998,19999]}"));
}

#[test]
fn chains_of_references_end_at_the_depth() {
    let chain = |length: usize| {
        let links: Vec<String> = (1..length).map(|at| format!(r#""k{}":{{"$ref":"$.k{at}"}}"#, at - 1)).collect();
        format!(r#"{{{},"k{}":7}}"#, links.join(","), length - 1)
    };
    assert!(resolved(Refs::Fastjson, &chain(100)).unwrap().starts_with(r#"{"k0":7,"k1":7"#));
    assert_eq!(resolved(Refs::Fastjson, &chain(1000)), Err(DecodeError::Expansion));
}

#[test]
fn every_way_to_write_a_fastjson_path_is_read() {
    let members = r#""a":{"b.c":1,"d":[[2],{"e":3}],"7":4,"":5,"f\"g":6}"#;
    for (path, value) in [
        (r"$.a.b\\.c", "1"),
        (r#"$.a[\"b.c\"]"#, "1"),
        ("$.a['b.c']", "1"),
        ("$['a'].d[0][0]", "2"),
        ("$.a.d[1].e", "3"),
        ("$.a[7]", "4"),
        ("$.a.7", "4"),
        ("$.a['']", "5"),
        (r#"$.a['f\"g']"#, "6"),
    ] {
        let out = resolved(Refs::Fastjson, &format!(r#"{{{members},"z":{{"$ref":"{path}"}}}}"#)).unwrap();
        assert_eq!(out, format!(r#"{{{members},"z":{value}}}"#), "{path}");
    }
    for path in ["$.a.d[9]", "$.a.d[x]", "$.a[", "$.a['b.c", "$x", "a.b", "", "$.a.d.0", "$.a.d[-1]", "..x"] {
        let text = format!(r#"{{{members},"z":{{"$ref":"{path}"}}}}"#);
        assert_eq!(resolved(Refs::Fastjson, &text).unwrap(), text, "{path}");
    }
}

#[test]
fn jackson_identities_are_copied_where_their_name_is_known() {
    let text =
        r#"[{"@id":1,"id":7,"name":"g","users":[{"@id":2,"name":"u","group":1}]},{"@id":3,"id":2,"name":"h","users":[2]}]"#;
    let json = r#"[{"@id":1,"id":7,"name":"g","users":[{"@id":2,"name":"u","group":1}]},{"@id":3,"id":2,"name":"h","users":[{"@id":2,"name":"u","group":1}]}]"#;
    assert_eq!(resolved(Refs::JacksonId, text).unwrap(), json);
    for stays in [
        r#"{"@id":1,"child":{"@id":2,"child":1}}"#,
        // Of another type, of another name, before its object.
        r#"[{"@id":1,"a":"1"},"1"]"#,
        r#"{"a":{"@id":1},"b":1}"#,
        r#"{"x":[{"a":1},{"a":{"@id":1}}]}"#,
        r#"{"a":{"@id":{}},"b":{"a":1}}"#,
    ] {
        assert_eq!(resolved(Refs::JacksonId, stays).unwrap(), stays);
    }
    let text = r#"{"a":{"@id":"u-1","n":1.10},"list":[{"a":"u\u002d1"}]}"#;
    assert_eq!(resolved(Refs::JacksonId, text).unwrap(), r#"{"a":{"@id":"u-1","n":1.10},"list":[{"a":{"@id":"u-1","n":1.10}}]}"#);
}
