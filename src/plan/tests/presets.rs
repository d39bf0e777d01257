//! Presets: ours all compile, a user's goes before ours.

use super::super::compiler::Compiler;
use super::super::presets::{ENVELOPES, PAGES, preset};
use super::{compile, heads};
use crate::spec::{At, EnvelopeSpec, PagingMapSpec, Report};

#[test]
fn each_of_our_presets_compiles() {
    assert_eq!((ENVELOPES.len(), PAGES.len()), (5, 5));
    for (name, text) in ENVELOPES {
        let built = preset(name, text, |compiler: &mut Compiler<'_>, spec: &EnvelopeSpec| compiler.envelope(&At::root(), spec));
        let built = built.map_err(|(source, problems)| Report::new(&source, &problems).to_string());
        assert!(built.unwrap().is_some(), "{name}");
    }
    for (name, text) in PAGES {
        let built = preset(name, text, |compiler: &mut Compiler<'_>, spec: &PagingMapSpec| compiler.paging(&At::root(), spec));
        let built = built.map_err(|(source, problems)| Report::new(&source, &problems).to_string());
        assert!(built.unwrap().is_some(), "{name}");
    }
}

#[test]
fn each_of_our_presets_is_known_by_its_name() {
    for (name, _) in ENVELOPES {
        let routes = format!("routes: [{{route: GET /, call: \"GET shop:/\", shape: [{{unwrap: {name}}}]}}]");
        let plan = compile(&routes, &[]).unwrap();
        assert!(format!("{:?}", plan.router().routes()).contains("ok: ["), "{name} is taken for a path");
    }
    for (name, _) in PAGES {
        let routes = format!("routes: [{{route: GET /, call: \"GET shop:/\", shape: [{{page: {name}}}]}}]");
        compile(&routes, &[]).unwrap();
    }
}

#[test]
fn a_preset_of_the_user_goes_before_ours() {
    let routes = "routes: [{route: GET /, call: \"GET shop:/\", shape: [{unwrap: mall}, {page: spring}]}]";
    let files = [("presets/envelopes/mall.yaml", "data: theirs\n"), ("presets/pages/spring.yaml", "items: entries\n")];
    let seen = |files: &[(&str, &str)]| format!("{:?}", compile(routes, files).unwrap().router().routes());
    let (ours, theirs) = (seen(&[]), seen(&files));
    assert!(!ours.contains("theirs") && !ours.contains("entries"));
    assert!(theirs.contains("theirs") && theirs.contains("entries"), "{theirs}");
}

#[test]
fn a_preset_of_the_user_adds_a_name() {
    let routes = "routes: [{route: GET /, call: \"GET shop:/\", shape: [{unwrap: own}, {page: own}]}]";
    let files = [("presets/envelopes/own.yaml", "ok: {status: ok}\n"), ("presets/pages/own.yaml", "items: entries\n")];
    compile(routes, &files).unwrap();
    // An envelope that is none is a path; a page list that is none is nothing.
    let report = compile(routes, &[]).unwrap_err();
    assert_eq!(heads(&report), ["routes.yaml:4:75: there is no page preset `own`"]);
}

#[test]
fn a_broken_preset_is_told_once_however_often_it_is_used() {
    let routes = "\
routes:
  - {route: GET /a, call: \"GET shop:/\", shape: [{unwrap: own}]}
  - {route: GET /b, call: \"GET shop:/\", shape: [{unwrap: own}]}
";
    let report = compile(routes, &[("presets/envelopes/own.yaml", "data: \"list[\"\n")]).unwrap_err();
    let told = ["presets/envelopes/own.yaml:1:7: `list[` is not a path: the bracket at column 5 is never closed"];
    assert_eq!(heads(&report), told);
}
