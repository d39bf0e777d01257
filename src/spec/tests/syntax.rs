//! YAML that is none.

use super::says;

#[test]
fn a_hole_in_a_flow_mapping_wants_quotes() {
    says(
        r##"
routes:
  - {route: GET /items/{id}}
"##,
        r##"
routes.yaml:2:24: a `{` cannot stand here
  |
2 |   - {route: GET /items/{id}}
  |                        ^
  = inside of `{ }` and `[ ]`, a text with `{` or `}` needs quotes: "GET /items/{id}"

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn an_environment_hole_in_a_flow_mapping_wants_quotes() {
    says(
        r##"
upstreams: {shop: {url: ${SHOP_URL:-demo:}}}
"##,
        r##"
routes.yaml:1:26: a `{` cannot stand here
  |
1 | upstreams: {shop: {url: ${SHOP_URL:-demo:}}}
  |                          ^
  = inside of `{ }` and `[ ]`, a text with `{` or `}` needs quotes: "${SHOP_URL:-demo:}"

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_colon_in_a_plain_text_wants_quotes() {
    says(
        r##"
routes:
  - route: GET /a: b
"##,
        r##"
routes.yaml:2:18: a `:` cannot stand here
  |
2 |   - route: GET /a: b
  |                  ^
  = a text with `: ` in it needs quotes; a key begins a line of its own

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_bracket_is_never_closed() {
    says(
        r##"
routes: [{route: GET /a}
"##,
        r##"
routes.yaml:1:9: this `[` is never closed
  |
1 | routes: [{route: GET /a}
  |         ^

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_bracket_is_closed_by_another_kind() {
    says(
        r##"
listen: [a, b}
"##,
        r##"
routes.yaml:1:9: this `[` is closed by `}`
  |
1 | listen: [a, b}
  |         ^

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_quote_is_never_closed() {
    says(
        r##"
site: {origin: "https://shop.example}
routes: []
"##,
        r##"
routes.yaml:1:16: this quote is never closed
  |
1 | site: {origin: "https://shop.example}
  |                ^

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_quote_inside_of_quotes() {
    says(
        r##"
site:
  origin: 'it's'
"##,
        r##"
routes.yaml:2:15: a text goes on after its closing quote
  |
2 |   origin: 'it's'
  |               ^
  = write `''` for a quote inside of single quotes

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_backslash_in_double_quotes() {
    says(
        r##"
routes:
  - route: "GET /\d"
"##,
        r##"
routes.yaml:2:12: an escape in this text is none that YAML knows
  |
2 |   - route: "GET /\d"
  |            ^
  = write `\\` for a backslash inside of double quotes, or use single quotes

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_tab_cannot_indent() {
    says(
        "routes:\n\t- route: GET /a\n",
        r##"
routes.yaml:2:1: a tab cannot indent
  |
2 |     - route: GET /a
  | ^^^^
  = indent with spaces

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn lines_are_indented_by_different_means() {
    says(
        r##"
upstreams:
    a: {url: 'demo:'}
  b: {url: 'demo:'}
"##,
        r##"
routes.yaml:3:3: this line does not line up with the lines above it
  |
3 |   b: {url: 'demo:'}
  |   ^
  = the keys of one mapping, and the dashes of one list, begin in the same column

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_list_begins_behind_its_key() {
    says(
        r##"
routes: - route: GET /a
"##,
        r##"
routes.yaml:1:9: a list cannot begin here
  |
1 | routes: - route: GET /a
  |         ^
  = put the `-` on a line of its own, below the key

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_text_begins_with_a_reserved_character() {
    says(
        r##"
site:
  origin: @home
"##,
        r##"
routes.yaml:2:11: a text cannot begin with `@`
  |
2 |   origin: @home
  |           ^
  = put the text in quotes

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_quote_is_not_closed_before_the_next_key() {
    says(
        r##"
site:
  origin: "https://shop.example
routes: []
"##,
        r##"
routes.yaml:3:1: a quote that was opened above is not closed before this line
  |
3 | routes: []
  | ^

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_comma_is_missing() {
    says(
        r##"
upstreams: {a: {url: "demo:" envelope: mall}}
"##,
        r##"
routes.yaml:1:30: a text goes on after its closing quote
  |
1 | upstreams: {a: {url: "demo:" envelope: mall}}
  |                              ^
  = write `\"` for a quote inside of double quotes, and `,` between two entries

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_path_with_a_bracket_wants_quotes_in_a_list_and_as_a_key() {
    for (line, column, path) in [
        ("pick: [id, list[0].a]", 16, "\"list[0].a\""),
        ("pick: [id, list[].a, b]", 16, "\"list[].a\""),
        ("pick: [id, list[*].a, b]", 16, "\"list[*].a\""),
        ("pick: [a, b.c[0][1] ]", 14, "\"b.c[0][1]\""),
        ("pick: [id, meta[\"a, b\"].c]", 16, "'meta[\"a, b\"].c'"),
        ("convert: {list[].price: decimal_string}", 15, "\"list[].price\""),
        ("nulls: {to: {list[].tags: []}}", 18, "\"list[].tags\""),
        ("rename: {a: b[0] , c: d}", 14, "\"b[0]\""),
        ("rename: {a: b[0] # a comment", 14, "\"b[0]\""),
    ] {
        let report = super::report(&format!("{line}\n"));
        let head = format!("routes.yaml:1:{column}: a `[` cannot stand here\n");
        let hint =
            format!("  = inside of `{{ }}` and `[ ]`, a text with `[` or `]` needs quotes: {path}\n\nroutes.yaml: 1 problem\n");
        assert!(report.starts_with(&head) && report.ends_with(&hint), "{line}\n{report}");
    }
}

#[test]
fn a_bracket_that_no_text_stands_before_wants_a_comma() {
    for line in ["pick: [id [0]]", "route: {methods [GET]}", "route: {methods[GET, POST]}"] {
        let report = super::report(&format!("{line}\n"));
        assert!(report.contains("a `,` or the closing") && !report.contains("quotes"), "{line}\n{report}");
    }
}

#[test]
fn a_key_that_begins_with_a_star_wants_quotes_and_nothing_else() {
    for (text, place, key) in [
        ("rename:\n  **.c: d\n", "2:3", "**.c"),
        ("rename:\n  *a: d\n  e: f\n", "2:3", "*a"),
        ("rename:\n  a: b\n  **.c: d\n", "3:3", "**.c"),
        ("rename:\n  a: b\n  **.c:\n    d: e\n", "3:3", "**.c"),
        ("rename: {e: f, **.c: d}\n", "1:16", "**.c"),
        ("- **.c: d\n", "1:3", "**.c"),
    ] {
        let report = super::report(text);
        let head = format!("routes.yaml:{place}: `{key}` is an alias, and aliases are not read here\n");
        let hint = format!("  = a text that begins with `*` needs quotes: \"{key}\"\n\nroutes.yaml: 1 problem\n");
        assert!(report.starts_with(&head) && report.ends_with(&hint), "{text}\n{report}");
    }
}
