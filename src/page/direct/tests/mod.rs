//! The engine is the law: whatever is written without it is what it writes.

mod family;
mod filters;
mod law;

mod sample;
mod tape;
mod values;

use super::*;
use crate::json::{Node, Number};
use crate::page::tests::{AROUND_NOTHING, compile, document};

/// What both forms make of a template and a document.
fn both(template: &str, text: &str, around: &Around<'_>) -> (Option<Result<String, Error>>, Result<String, Error>) {
    both_of(&[("t", template)], text, around)
}

/// The same of the first of several templates.
fn both_of(files: &[(&str, &str)], text: &str, around: &Around<'_>) -> (Option<Result<String, Error>>, Result<String, Error>) {
    let templates = compile(files).unwrap_or_else(|problems| panic!("{files:?}: {problems:?}"));
    let name = files[0].0;
    let direct = Direct::compile(files.iter().copied(), name, HeadParts::default()).ok();
    let direct = direct.and_then(|direct| made(&direct, text, around, templates.limit));
    (direct, templates.render(name, &document(text), around))
}

fn made(direct: &Direct, text: &str, around: &Around<'_>, limit: usize) -> Option<Result<String, Error>> {
    match direct.read(text)?.page(around, None, limit, None) {
        Ok(html) => Some(Ok(html)),
        Err(Given::Back) => None,
        Err(Given::Error(error)) => Some(Err(error)),
    }
}

/// Why a template stays with the engine.
fn stays(template: &str) -> Option<String> {
    Direct::compile([("t", template)], "t", HeadParts::default()).err().map(|stays| stays.to_string())
}

const SHOP: &str = r#"{"title":"<Tea> & 'more'","nix":null,"yes":true,"no":false,"zero":0,"one":1,"price":1.50,"rate":0.5,"nought":0.0,
    "noughts":0.00,"minus":-0,"long":12345678901234567890,"huge":1e400,"empty":"","nothing":{},"some":{"a":{"b":"deep"}},"list":[],
    "items":[{"id":1,"name":"a\"b","tags":["x","y"]},{"id":2,"name":"\u4e2d\n","tags":[]},{"id":3,"name":null}],
    "na\u006de":"escaped name","twice":1,"twice":{"b":2},"route":"mine","numbers":[3,1.5,"2",null,true],
    "keyed":"a","spaces":"  <a> b\\r\\nc\u00e9 x ","when":"2026-11-20T08:00:00+08:00"}"#;
