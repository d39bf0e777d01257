//! What a configuration does, told without serving it: its routes, its passes, a reply in its shape, and warnings.

use std::fs;

use super::{SHOP, err, fed, folder, out, run_in};

#[test]
fn a_reply_is_shaped_as_its_route_would() {
    let folder = folder(SHOP);
    let reply = r#" {"code":200, "data":{"id":1.10,"brand":null}} "#;
    let output = fed(folder.path(), &["shape", "GET /detail/1"], reply);
    assert_eq!((out(&output).as_str(), err(&output).as_str()), ("{\"id\":1.10}\n", ""));
    let output = fed(folder.path(), &["shape", "--trace", "/detail/1"], reply);
    assert_eq!(out(&output), "{\"id\":1.10}\n");
    assert!(
        err(&output).contains("2. nulls: nothing to note\n  {\n-   \"id\": 1.10,\n-   \"brand\": null\n+   \"id\": 1.10\n  }")
    );
    for (request, reply, code, said) in [
        ("GET /detail/1", r#"{"code":500,"message":"down"}"#, 65, "verdict is `500`"),
        ("GET /detail/1", "{]", 65, "line 1, column 2"),
        ("POST /detail/1", "{}", 64, "these do: GET"),
        ("GET /nowhere", "{}", 64, "no route matches /nowhere"),
        ("detail", "{}", 64, "no path"),
    ] {
        let output = fed(folder.path(), &["shape", request], reply);
        assert_eq!(output.status.code(), Some(code), "{request}: {}", err(&output));
        assert_eq!(err(&output).matches(said).count(), 1, "{request}: {}", err(&output));
    }
}

#[test]
fn a_reply_whose_answer_would_be_cut_is_told_of() {
    let folder = folder(
        "upstreams: {shop: {url: 'demo:'}}\nroutes:\n  - {route: GET /list, call: 'GET shop:/api/items', shape: [{flatten: true}]}\n",
    );
    let items = vec![r#"{"a":"is one of many"}"#; 20_000].join(",");
    for (odd, said) in [
        (r#""a":{"b":1},"a_c":2"#, ""),
        (
            r#""a":{"b":1},"a_b":2"#,
            "warning: flatten: names in `a` meet others, so it stays nested\n\
             warning: a reply of this size leaves while it comes (`stream_above`: 256.0 KiB), and its answer is cut: \
             flatten: two members become `a_b`, in `.`, and a reply that is shaped while it comes cannot take back what has left\n",
        ),
    ] {
        let output = fed(folder.path(), &["shape", "GET /list"], &format!("{{\"list\":[{items}],{odd}}}"));
        assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), said));
        assert!(out(&output).ends_with("}\n"));
        let small = fed(folder.path(), &["shape", "GET /list"], &format!("{{\"list\":[],{odd}}}"));
        assert!(!err(&small).contains("is cut"), "{}", err(&small));
    }
}

#[test]
fn routes_explain_their_passes() {
    let list = format!(
        "{SHOP}  - {{route: GET /groups, call: 'GET shop:/api/items', shape: [{{nulls: drop}}, {{group: {{in: list, by: id}}}}]}}\n  - {{route: GET /spread, call: 'GET shop:/api/items', shape: [{{flatten: {{arrays: index}}}}]}}\n  - {{route: GET /page, call: 'GET shop:/api/items', page: page.html}}\n  - {{route: GET /sorted, call: 'GET shop:/api/items', page: sorted.html}}\n"
    );
    let folder = folder(&list);
    let templates = folder.path().join("templates");
    fs::create_dir(&templates).expect("a folder");
    for (name, text) in [
        ("page.html", "{{ items | length }}"),
        ("sorted.html", "{% include \"part.html\" %}"),
        ("part.html", "\n{{ items | sort }}"),
    ] {
        fs::write(templates.join(name), text).expect("a template");
    }
    let output = run_in(folder.path(), &["routes", "--explain"]);
    assert_eq!(
        out(&output),
        "\
GET /detail/{id}
  pass 1, over the bytes: unwrap, nulls
  above 256.0 KiB it is shaped while it comes
    unwrap: all is held until the verdict, where that stands behind the payload
    unwrap: cuts the answer where a name of the envelope stands twice

GET /groups
  pass 1, over the bytes: unwrap, nulls
  pass 2, over the bytes, with a tree for each `list`:
    group: elements change their order
  above 256.0 KiB it is shaped while it comes
    unwrap: all is held until the verdict, where that stands behind the payload
    unwrap: cuts the answer where a name of the envelope stands twice

GET /spread
  pass 1, over the bytes: unwrap
  pass 2, on a tree:
    flatten: `arrays: index` lifts out of arrays, whose length decides
  whole, whatever its size: a step needs the whole document as a tree

GET /page
  pass 1, over the bytes: unwrap, nulls
  above 256.0 KiB it is shaped while it comes
    unwrap: all is held until the verdict, where that stands behind the payload
    unwrap: cuts the answer where a name of the envelope stands twice
  a page needs all of it
  a page: written straight from the text of the document

GET /sorted
  pass 1, over the bytes: unwrap, nulls
  above 256.0 KiB it is shaped while it comes
    unwrap: all is held until the verdict, where that stands behind the payload
    unwrap: cuts the answer where a name of the envelope stands twice
  a page needs all of it
  a page: by the template engine, from a tree, because of line 2 of part.html: the filter `sort`
"
    );
}

#[test]
fn routes_are_a_table_and_the_schema_is_json() {
    let folder = folder(SHOP);
    let table = out(&run_in(folder.path(), &["routes"]));
    for wanted in ["METHOD", "PATH", "CALLS", "SHAPE", "PAGE", "/detail/{id}", "GET shop:/api/items/{path.id}", "nulls"] {
        assert!(table.contains(wanted), "{wanted}: {table}");
    }
    let output = run_in(folder.path(), &["schema"]);
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(output.status.code(), Some(0));
    assert!(schema.get("$schema").is_some() && schema.pointer("/properties/routes").is_some(), "{schema:.300}");
}

#[test]
fn a_page_that_search_engines_cannot_tell_from_others_is_a_warning_and_no_error() {
    let routes = |page: &str| format!("{SHOP}    page: {page}\nsite: {{origin: 'https://shop.example'}}\n");
    let head = "{template: a.html, head: {title: a, description: b, canonical: '/detail/{path.id}'}}";
    for (page, template, warning) in [
        ("a.html", "<p>", "warning: the page `a.html` has no title, no description and no canonical"),
        ("a.html", "<title>a</title><meta name=\"description\" content=\"b\">", "warning: the page `a.html` has no canonical"),
        (
            "{template: a.html, head: {title: a}}",
            "<link rel=\"canonical\" href=\"/\">",
            "warning: the page `a.html` has no description",
        ),
        ("{template: a.html, head: {robots: noindex}}", "<p>", ""),
        ("{template: a.html, status: 410}", "<p>", ""),
        (head, "<p>", ""),
    ] {
        let folder = folder(&routes(page));
        fs::create_dir(folder.path().join("templates")).expect("a folder");
        fs::write(folder.path().join("templates/a.html"), template).expect("a file");
        let output = run_in(folder.path(), &["check"]);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        assert!(out(&output).starts_with("routes.yaml: ok, 1 route"), "{}", out(&output));
        assert_eq!(err(&output).is_empty(), warning.is_empty(), "{page}: {}", err(&output));
        assert!(err(&output).contains(warning), "{}", err(&output));
    }
}

#[test]
fn a_page_with_nothing_to_tell_early_is_a_warning_and_explained() {
    for (route, template, warning, explained) in [
        ("GET /a", "<head><link rel=stylesheet href=/a.css></head>", "", "  told early: </a.css>; rel=preload; as=style"),
        (
            "GET /a",
            "<head><title>a</title></head>",
            "routes.yaml:5:43: warning: there is nothing to tell early: the head of `a.html`, its parents and includes names no style sheet",
            "  nothing told early: its head names nothing that a browser could fetch",
        ),
        (
            "GET /a",
            "<head>{% if b %}<link rel=stylesheet href=/a.css>{% endif %}</head>",
            "routes.yaml:5:43: warning: there is nothing to tell early: all that the head of `a.html` names hangs on the data",
            "  nothing told early: all that its head names hangs on the data",
        ),
        (
            "POST /a",
            "<head><link rel=stylesheet href=/a.css></head>",
            "routes.yaml:5:43: warning: there is nobody to tell: only an answer to GET has early hints",
            "  told early: </a.css>; rel=preload; as=style",
        ),
    ] {
        let folder = folder(&format!(
            "upstreams: {{shop: {{url: 'demo:'}}}}\nroutes:\n  - route: {route}\n    call: GET shop:/a\n    page: {{template: a.html, early_hints: true, head: {{robots: noindex}}}}\n"
        ));
        fs::create_dir(folder.path().join("templates")).expect("a folder");
        fs::write(folder.path().join("templates/a.html"), template).expect("a file");
        let output = run_in(folder.path(), &["check"]);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        assert_eq!(err(&output).is_empty(), warning.is_empty(), "{template}: {}", err(&output));
        assert!(err(&output).contains(warning), "{}", err(&output));
        let output = run_in(folder.path(), &["routes", "--explain"]);
        assert!(out(&output).lines().any(|line| line == explained), "{}", out(&output));
    }
}

#[test]
fn a_new_name_that_reads_as_a_path_is_a_warning() {
    for (entry, warning) in [
        (
            r#""a.b": "a.c""#,
            "7:25: warning: `a.c` is one name here, and no path: write `c`, the new name alone, if it shall stay where it is",
        ),
        (r#""list[].a": "list[].b""#, "7:30: warning: `list[].b` is one name here, and no path: write `b`, the new name alone"),
        (
            r#"a: b.c"#,
            "7:21: warning: `b.c` is one name here, and no path: write `move: {\"a\": \"b.c\"}` if it shall stand there",
        ),
        // What no `move` takes, none is advised for.
        (r#""[].x": y.z"#, "`y.z` is one name here, and no path\n"),
        (r#"'["a b"]': y.z"#, "`y.z` is one name here, and no path\n"),
        (r#""a.b": c"#, ""),
        (r#"a: "v1. of it""#, ""),
        (r#"'["a.b"]': c.d"#, ""),
    ] {
        let folder = folder(&format!("{SHOP}    \n").replace("[{nulls: drop}]", &format!("\n      - rename: {{{entry}}}")));
        let output = run_in(folder.path(), &["check"]);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        assert_eq!(err(&output).is_empty(), warning.is_empty(), "{entry}: {}", err(&output));
        assert!(err(&output).contains(warning), "{}", err(&output));
    }
    // What stands in `defaults` is told once, not for every route.
    let folder =
        folder(&format!("defaults: {{shape: [{{rename: {{a: b.c}}}}]}}\n{SHOP}  - {{route: GET /a, call: 'GET shop:/a'}}\n"));
    assert_eq!(err(&run_in(folder.path(), &["check"])).matches("warning").count(), 1);
}
