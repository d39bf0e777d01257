//! The vectors of Java backends: charsets, wrappers, lenient forms, references.

use super::*;

pub(super) fn options() -> DecodeOptions {
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

pub(super) fn decoded(options: DecodeOptions, bytes: &[u8], content_type: Option<&str>) -> Result<String, DecodeError> {
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
    for label in ["klingon", "iso-2022-kr"] {
        let unknown = DecodeOptions { charset: Some(label.to_owned()), ..options() };
        assert!(matches!(Decode::new(unknown), Err(DecodeError::UnknownCharset(_))), "{label}");
    }
    let latin = DecodeOptions { charset: Some("iso-8859-1".to_owned()), ..options() };
    assert_eq!(decoded(latin, "[\"é\"]".as_bytes(), Some("application/json;charset=utf-8")).unwrap(), "[\"Ã©\"]");
}

#[test]
fn byte_order_marks_are_read() {
    assert_eq!(plain(b"\xef\xbb\xbf[1]", None), "[1]");
    let utf16: Vec<u8> = "\u{feff}[1]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(plain(&utf16, Some("application/json;charset=UTF-16")), "[1]");
    let unmarked: Vec<u8> = "[\"a\"]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(plain(&unmarked, Some("application/json;charset=utf-16le")), "[\"a\"]");
    assert_eq!(plain(b"[\"ab\"]", Some("application/json;charset=utf-16le")), "[\"ab\"]", "a wrong label");
    assert!(decoded(options(), &unmarked, None).is_err());
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
        "while (1);{\"a\":1}",
        "for(;;);cb({\"a\":1})",
        "jQuery123_4.cb[0]({\"a\":1})",
        "123({\"a\":1})",
        "\u{feff}{\"a\":1}",
        "\n{\"a\":1}\n\n",
    ] {
        assert_eq!(plain(wrapped.as_bytes(), None), r#"{"a":1}"#, "{wrapped}");
    }
    for not in ["cb{\"a\":1}", "cb({\"a\":1}", "(1)", "cb-d(1)", "\u{00e9}(1)", "/*cb(1)", "while(2);{}", "{}{}"] {
        assert!(decoded(options(), not.as_bytes(), None).is_err(), "{not}");
    }
    let keeps = DecodeOptions { strip: Strip { bom: false, jsonp: false, prefix: false }, ..options() };
    for wrapped in ["cb(1)", "for(;;);1", "\u{feff}1"] {
        assert!(decoded(keeps.clone(), wrapped.as_bytes(), None).is_err(), "{wrapped}");
    }
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
        ("[ ,]", ""),
        ("{/**/,}", ""),
        ("[1,,]", ""),
        ("[1, ,]", ""),
        ("[1,// x\n/* y */ ]", "[1]"),
        ("[[1,],{\"a\":{},},]", r#"[[1],{"a":{}}]"#),
        ("{-1.5e3:1,null:2,NaN:NaN}", r#"{"-1.5e3":1,"null":2,"NaN":null}"#),
        ("{名字:1,$a.b@c:[x]}", ""),
        ("{名字:1,$a.b@c:[true]}", r#"{"名字":1,"$a.b@c":[true]}"#),
        ("{a(b:1}", ""),
        ("{a b:1}", ""),
        ("[1]/", ""),
        ("[1/**/2]", ""),
        ("['\\u4e2d','\\\\','','\"','//']", r#"["\u4e2d","\\","","\"","//"]"#),
        ("[\"a\\\"'b\",'c']", r#"["a\"'b","c"]"#),
        ("['a\nb']", ""),
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

#[test]
fn what_never_ends_is_refused_in_no_time() {
    for (start, again) in [("", "/* "), ("[1", ",/*"), ("[", "'"), ("{", "a,"), ("", "//"), ("[", ", ")] {
        let text = start.to_owned() + &again.repeat(300_000);
        assert!(decoded(DecodeOptions { lenient: all_lenient(), ..options() }, text.as_bytes(), None).is_err(), "{again}");
    }
}

#[test]
fn depth_is_bounded() {
    let over = DecodeOptions { max_depth: Limits::DEEPEST + 1, ..options() };
    assert_eq!(Decode::new(over).err(), Some(DecodeError::DepthLimit(513)));
    assert!(Decode::new(DecodeOptions { max_depth: Limits::DEEPEST, ..options() }).is_ok());
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
