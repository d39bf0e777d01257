//! The vectors of Java backends: charsets, wrappers, lenient forms, references.

use super::*;

fn options() -> DecodeOptions {
    DecodeOptions {
        charset: None,
        lenient: Lenient::default(),
        strip: Strip { bom: true, jsonp: true, prefix: true },
        refs: Refs::Off,
        max_depth: 128,
    }
}

fn all_lenient() -> Lenient {
    Lenient { bare_nan: true, unquoted_keys: true, single_quotes: true, comments: true }
}

fn decoded(options: DecodeOptions, bytes: &[u8], content_type: Option<&str>) -> Result<String, DecodeError> {
    let decode = Decode::new(options)?;
    let text = decode.text(bytes, content_type)?;
    let node = decode.node(&text)?;
    Ok(String::from_utf8(node.to_json()).unwrap())
}

fn plain(bytes: &[u8], content_type: Option<&str>) -> String {
    decoded(options(), bytes, content_type).unwrap()
}

#[test]
fn a_label_is_believed_only_where_the_bytes_are_not_utf_8() {
    let gbk = b"{\"a\":\"\xd6\xd0\"}";
    assert_eq!(plain(gbk, Some("application/json;charset=GBK")), r#"{"a":"中"}"#);
    assert_eq!(plain("{\"a\":\"中\"}".as_bytes(), Some("application/json; charset=ISO-8859-1")), r#"{"a":"中"}"#);
    assert_eq!(plain(b"{\"a\":\"\xe9\"}", Some("application/json;charset=\"ISO-8859-1\"")), r#"{"a":"é"}"#);
    assert_eq!(plain("{\"a\":\"中\"}".as_bytes(), Some("application/json;charset=nonsense")), r#"{"a":"中"}"#);
    assert!(matches!(decoded(options(), gbk, None), Err(DecodeError::NotText { charset: "UTF-8", offset: 6 })));
    assert!(matches!(decoded(options(), gbk, Some("text/plain;charset=nonsense")), Err(DecodeError::UnknownLabel(_))));
    let configured = DecodeOptions { charset: Some("gbk".to_owned()), ..options() };
    assert_eq!(decoded(configured, gbk, None).unwrap(), r#"{"a":"中"}"#);
    let unknown = DecodeOptions { charset: Some("klingon".to_owned()), ..options() };
    assert!(matches!(Decode::new(unknown), Err(DecodeError::UnknownCharset(_))));
}

#[test]
fn byte_order_marks_are_read() {
    assert_eq!(plain(b"\xef\xbb\xbf[1]", None), "[1]");
    let utf16: Vec<u8> = "\u{feff}[1]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(plain(&utf16, Some("application/json;charset=UTF-16")), "[1]");
    let big: Vec<u8> = "\u{feff}[1]".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(plain(&big, None), "[1]");
}

#[test]
fn wrappers_come_off_and_nothing_else_does() {
    for wrapped in [
        "cb({\"a\":1});",
        "/**/ a.b$[0]({\"a\":1})\n",
        "/**/cb ( {\"a\":1} ) ;",
        ")]}',\n{\"a\":1}",
        ")]}'\n{\"a\":1}",
        "for(;;);{\"a\":1}",
        "while(1);\n{\"a\":1}",
        "{}&&{\"a\":1}",
        "{} && {\"a\":1}",
        "\n{\"a\":1}\n\n",
    ] {
        assert_eq!(plain(wrapped.as_bytes(), None), r#"{"a":1}"#, "{wrapped}");
    }
    for not in ["cb{\"a\":1}", "cb({\"a\":1}", "1cb(1)", "cb-d(1)", "while(2);{}", "{}{}"] {
        assert!(decoded(options(), not.as_bytes(), None).is_err(), "{not}");
    }
    let keeps = DecodeOptions { strip: Strip { bom: false, jsonp: false, prefix: false }, ..options() };
    assert!(decoded(keeps, b"cb(1)", None).is_err());
    assert_eq!(plain(b"true", None), "true");
}

#[test]
fn lenient_forms_become_json_when_asked_and_are_refused_when_not() {
    for (text, json) in [
        ("{1:\"a\",2:\"b\",null:\"c\",true:\"d\"}", r#"{"1":"a","2":"b","null":"c","true":"d"}"#),
        ("{'a':'it''s'}", ""),
        ("{'a':'it\\'s \"x\"'}", r#"{"a":"it's \"x\""}"#),
        ("{\"a\":1, // one\n /* two */ \"b\":[1,2,],}", r#"{"a":1,"b":[1,2]}"#),
        ("{\"a\":\"// no comment, }\"}", r#"{"a":"// no comment, }"}"#),
        ("{a_b-c$:{'d':[null,true]}}", r#"{"a_b-c$":{"d":[null,true]}}"#),
        ("{\"count\":3L}", ""),
        ("{\"set\":Set[1]}", ""),
        ("[1 /* open", ""),
        ("{'a", ""),
        ("[,]", ""),
    ] {
        let result = decoded(DecodeOptions { lenient: all_lenient(), ..options() }, text.as_bytes(), None);
        assert_eq!(result.unwrap_or_default(), json, "{text}");
    }
    for text in ["{1:2}", "{'a':1}", "[1,]", "[NaN]", "[1]//x"] {
        assert!(decoded(options(), text.as_bytes(), None).is_err(), "{text}");
    }
}

#[test]
fn bare_nan_is_a_number_that_is_never_written() {
    let decode = Decode::new(DecodeOptions { lenient: all_lenient(), ..options() }).unwrap();
    let text = decode.text(b"{\"a\":NaN,\"b\":[Infinity,-Infinity,1]}", None).unwrap();
    let node = decode.node(&text).unwrap();
    assert!(matches!(node.as_object().unwrap().get("a"), Some(Node::Number(number)) if !number.is_finite()));
    assert_eq!(String::from_utf8(node.to_json()).unwrap(), r#"{"a":null,"b":[null,null,1]}"#);
}

fn resolved(refs: Refs, text: &str) -> Result<String, DecodeError> {
    decoded(DecodeOptions { refs, ..options() }, text.as_bytes(), None)
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
fn jackson_identities_are_copied_where_their_name_is_known() {
    let text =
        r#"[{"@id":1,"id":7,"name":"g","users":[{"@id":2,"name":"u","group":1}]},{"@id":3,"id":2,"name":"h","users":[2]}]"#;
    let json = r#"[{"@id":1,"id":7,"name":"g","users":[{"@id":2,"name":"u","group":1}]},{"@id":3,"id":2,"name":"h","users":[{"@id":2,"name":"u","group":1}]}]"#;
    assert_eq!(resolved(Refs::JacksonId, text).unwrap(), json);
    let cycle = r#"{"@id":1,"child":{"@id":2,"child":1}}"#;
    assert_eq!(resolved(Refs::JacksonId, cycle).unwrap(), cycle);
}

#[test]
fn depth_is_bounded() {
    let deep = format!("{}{}", "[".repeat(129), "]".repeat(129));
    assert!(decoded(options(), deep.as_bytes(), None).is_err());
    assert!(decoded(options(), &deep.as_bytes()[1..258], None).is_err());
    assert!(decoded(options(), &deep.as_bytes()[1..257], None).is_ok());
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic_whatever_the_options(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), refs in 0..3_u8) {
        let refs = [Refs::Off, Refs::Fastjson, Refs::JacksonId][usize::from(refs)];
        let _refused = decoded(DecodeOptions { lenient: all_lenient(), refs, ..options() }, &bytes, Some("application/json;charset=gbk"));
    }

    #[test]
    fn no_lenient_text_panics(text in "[{}\\[\\],:'\"/*a1 \\\\\n$()&;-]{0,60}") {
        let _refused = decoded(DecodeOptions { lenient: all_lenient(), ..options() }, text.as_bytes(), None);
    }

    #[test]
    fn leniency_leaves_json_alone(numbers in proptest::collection::vec(proptest::num::i64::ANY, 0..8), word in "[a-z'/*,]{0,10}") {
        let json = format!(r#"{{"{word}":{numbers:?},"n":{{"x":["{word}"]}}}}"#).replace(' ', "");
        proptest::prop_assert_eq!(decoded(DecodeOptions { lenient: all_lenient(), ..options() }, json.as_bytes(), None).unwrap(), json);
    }
}
