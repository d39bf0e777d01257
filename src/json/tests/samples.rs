//! Bodies as Java backends send them, through decode.

use super::{data, files};
use crate::json::decode::{Decode, DecodeError, DecodeOptions, Lenient, Refs, Strip};

fn decode(lenient: bool, refs: Refs, charset: Option<&str>) -> Decode {
    Decode::new(DecodeOptions {
        charset: charset.map(str::to_owned),
        lenient: Lenient { bare_nan: lenient, unquoted_keys: lenient, single_quotes: lenient, comments: lenient },
        strip: Strip { bom: true, jsonp: true, prefix: true },
        refs,
        max_depth: 128,
    })
    .unwrap()
}

fn decoded(decode: &Decode, bytes: &[u8], content_type: Option<&str>) -> Result<String, DecodeError> {
    let text = decode.text(bytes, content_type)?;
    decode.node(&text).map(|node| String::from_utf8(node.to_json()).unwrap())
}

/// Each sample with the content type that it was sent under.
fn samples() -> Vec<(String, String, Vec<u8>)> {
    let files = files(&data("samples"));
    let manifest = files.iter().find(|(name, _)| name == "manifest.json").unwrap();
    let manifest: Vec<serde_json::Value> = serde_json::from_slice(&manifest.1).unwrap();
    let sample = |entry: &serde_json::Value| {
        let (name, label) = (entry["file"].as_str().unwrap(), entry["content_type"].as_str().unwrap());
        let (_, bytes) = files.iter().find(|(file, _)| file == name).unwrap();
        (name.to_owned(), label.to_owned(), bytes.clone())
    };
    manifest.iter().map(sample).collect()
}

#[test]
fn samples_decode_unless_they_are_no_json() {
    let samples = samples();
    let refused: Vec<String> = samples
        .iter()
        .filter(|(_, label, bytes)| decoded(&decode(false, Refs::Off, None), bytes, Some(label)).is_err())
        .map(|(name, ..)| name.chars().take(2).collect())
        .collect();
    assert_eq!(refused, ["25", "26", "27", "34", "51", "52", "53", "60", "66", "67", "69"]);
    let refused: Vec<String> = samples
        .iter()
        .filter(|(_, label, bytes)| decoded(&decode(true, Refs::Fastjson, None), bytes, Some(label)).is_err())
        .map(|(name, ..)| name.chars().take(2).collect())
        .collect();
    assert_eq!(refused, ["25", "26", "27", "53", "60", "66", "69"]);
}

#[test]
fn samples_that_need_help_become_what_was_meant() {
    let samples = samples();
    let out = |number: &str, decode: &Decode| {
        let (_, label, bytes) = samples.iter().find(|(name, ..)| name.starts_with(number)).unwrap();
        decoded(decode, bytes, Some(label)).unwrap()
    };
    let (plain, lenient) = (decode(false, Refs::Off, None), decode(true, Refs::Off, None));
    assert_eq!(out("34", &lenient), r#"{"rate":null,"max":null,"min":null}"#);
    assert_eq!(out("51", &lenient), r#"{"1":"a","2":"b","null":"c","true":"d"}"#);
    assert_eq!(out("52", &lenient), r#"{"id":1,"name":"it's"}"#);
    assert_eq!(out("67", &lenient), r#"{"a":1,"b":[1,2]}"#);
    assert_eq!(out("54", &plain), r#"{"code":0,"data":{"id":1}}"#);
    assert_eq!(out("55", &plain), r#"{"code":0}"#);
    assert_eq!(out("56", &plain), r#"{"code":0}"#);
    assert_eq!(out("57", &plain), r#"[{"a":1}]"#);
    assert_eq!(out("62", &plain), r#"{"msg":"Grüße"}"#);
    let (fastjson, jackson) = (decode(false, Refs::Fastjson, None), decode(false, Refs::JacksonId, None));
    assert!(out("50", &fastjson).contains(r#"{"id":2,"dept":{"id":9,"name":"R&D"}}"#));
    assert!(out("50", &fastjson).ends_with(r#"{"id":3,"parent":null,"self":null}]}"#));
    assert!(out("36", &jackson).ends_with(r#""users":[{"@id":2,"name":"u","group":1}]}]"#));
    for number in ["58", "59", "61", "63"] {
        assert!(!out(number, &plain).contains('\u{fffd}'), "{number}");
    }
    assert_eq!(out("60", &decode(false, Refs::Off, Some("gbk"))), out("59", &plain));
}
