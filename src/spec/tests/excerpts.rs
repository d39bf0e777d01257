//! How the text around a problem is shown.

use super::says;

#[test]
fn the_caret_stands_below_wide_characters() {
    says(
        r##"
site: {origin: "商店", robts: 1}
"##,
        r##"
routes.yaml:1:22: unknown key `robts` in `site`
  |
1 | site: {origin: "商店", robts: 1}
  |                        ^^^^^
  = expected one of: origin, csp, robots, sitemap, static
  = did you mean `robots`?

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_long_line_is_cut_around_the_caret() {
    says(
        r##"
limits: {uri: 8KiB, head: 32KiB, headers: 100, body: 1MiB, json_depth: 64, json_nodes: 100000, json_dept: 64, uri_length: 8KiB, more: 1}
"##,
        r##"
routes.yaml:1:96: unknown key `json_dept` in `limits`
  |
1 | …32KiB, headers: 100, body: 1MiB, json_depth: 64, json_nodes: 100000, json_dept: 64, uri_length: 8KiB…
  |                                                                       ^^^^^^^^^
  = expected one of: uri, head, headers, body, json_depth, json_nodes, cache, memory, in_flight, adaptive
  = did you mean `json_depth`?

routes.yaml:1:111: unknown key `uri_length` in `limits`
  |
1 | …ders: 100, body: 1MiB, json_depth: 64, json_nodes: 100000, json_dept: 64, uri_length: 8KiB, more: 1}
  |                                                                            ^^^^^^^^^^
  = expected one of: uri, head, headers, body, json_depth, json_nodes, cache, memory, in_flight, adaptive
  = did you mean `uri`?

routes.yaml:1:129: unknown key `more` in `limits`
  |
1 | …ders: 100, body: 1MiB, json_depth: 64, json_nodes: 100000, json_dept: 64, uri_length: 8KiB, more: 1}
  |                                                                                              ^^^^
  = expected one of: uri, head, headers, body, json_depth, json_nodes, cache, memory, in_flight, adaptive

routes.yaml: 3 problems
"##,
    );
}

#[test]
fn a_tab_counts_as_it_is_shown() {
    says(
        "limits: {\turi: 8KiB,\tboddy: 1MiB}\n",
        r##"
routes.yaml:1:22: unknown key `boddy` in `limits`
  |
1 | limits: {    uri: 8KiB,    boddy: 1MiB}
  |                            ^^^^^
  = expected one of: uri, head, headers, body, json_depth, json_nodes, cache, memory, in_flight, adaptive
  = did you mean `body`?

routes.yaml: 1 problem
"##,
    );
}
