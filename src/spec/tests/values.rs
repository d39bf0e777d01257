//! Values of the wrong kind, and how they are shown.

use super::says;

#[test]
fn a_number_where_a_text_is_due() {
    says(
        r##"
upstreams:
  shop: {url: 8080}
"##,
        r##"
routes.yaml:2:15: `url` cannot be the number `8080`
  |
2 |   shop: {url: 8080}
  |               ^^^^
  = expected a text
  = put it in quotes: "8080"

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_text_where_a_number_is_due() {
    says(
        r##"
limits: {headers: many}
"##,
        r##"
routes.yaml:1:19: `headers` cannot be the text `many`
  |
1 | limits: {headers: many}
  |                   ^^^^
  = expected a whole number

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_number_in_quotes() {
    says(
        r##"
cluster: {threads: "2"}
"##,
        r##"
routes.yaml:1:20: `threads` cannot be the text `2`
  |
1 | cluster: {threads: "2"}
  |                    ^^^
  = expected a whole number from 1 to 1024
  = take the quotes off

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_duration_without_a_unit() {
    says(
        r##"
defaults: {timeout: 10}
"##,
        r##"
routes.yaml:1:21: `timeout` cannot be the number `10`
  |
1 | defaults: {timeout: 10}
  |                     ^^
  = expected a duration such as 250ms, 10s or 1m30s
  = add the unit: 10s or 10ms

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_duration_of_strangers() {
    says(
        r##"
defaults: {timeout: 10 parsecs}
"##,
        r##"
routes.yaml:1:21: `timeout` cannot be `10 parsecs`
  |
1 | defaults: {timeout: 10 parsecs}
  |                     ^^^^^^^^^^
  = expected a duration such as 250ms, 10s or 1m30s

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_span_is_two_durations() {
    says(
        r##"
cluster: {restart: {backoff: 100ms}}
"##,
        r##"
routes.yaml:1:30: `backoff` cannot be `100ms`
  |
1 | cluster: {restart: {backoff: 100ms}}
  |                              ^^^^^
  = expected a span of durations such as 25ms..250ms

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_size_of_strangers() {
    says(
        r##"
limits: {body: lots}
"##,
        r##"
routes.yaml:1:16: `body` cannot be the text `lots`
  |
1 | limits: {body: lots}
  |                ^^^^
  = expected a size such as 512B, 8KiB or 1MiB

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_word_that_is_no_boolean() {
    says(
        r##"
routes:
  - route: GET /a
    strict: yes
"##,
        r##"
routes.yaml:3:13: `strict` cannot be the text `yes`
  |
3 |     strict: yes
  |             ^^^
  = expected `true` or `false`
  = write `true`

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_word_of_a_few() {
    says(
        r##"
cluster: {policy: roundrobin}
"##,
        r##"
routes.yaml:1:19: `policy` cannot be `roundrobin`
  |
1 | cluster: {policy: roundrobin}
  |                   ^^^^^^^^^^
  = expected `round_robin`, `weighted`, `least_connections` or `shared`
  = did you mean `round_robin`?

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_number_out_of_range() {
    says(
        r##"
routes:
  - route: GET /a
    page: {template: a.html, status: 99}
"##,
        r##"
routes.yaml:3:38: `status` cannot be `99`
  |
3 |     page: {template: a.html, status: 99}
  |                                      ^^
  = expected a whole number from 100 to 599

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_version_of_the_future() {
    says(
        r##"
version: 2
"##,
        r##"
routes.yaml:1:10: `version` cannot be `2`
  |
1 | version: 2
  |          ^
  = expected `1`

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_key_without_a_value() {
    says(
        r##"
routes:
upstreams: {a: {url: }}
"##,
        r##"
routes.yaml:1:1: `routes` has no value
  |
1 | routes:
  | ^^^^^^
  = expected a list of routes

routes.yaml:2:17: `url` has no value
  |
2 | upstreams: {a: {url: }}
  |                 ^^^
  = expected a text

routes.yaml: 2 problems
"##,
    );
}

#[test]
fn an_explicit_null() {
    says(
        r##"
listen: null
"##,
        r##"
routes.yaml:1:9: `listen` cannot be `null`
  |
1 | listen: null
  |         ^^^^
  = expected a text or a list of texts

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_mapping_where_a_list_is_due() {
    says(
        r##"
routes:
  route: GET /a
  call: GET shop:/a
"##,
        r##"
routes.yaml:1:1: `routes` cannot be a mapping
  |
1 | routes:
  | ^^^^^^
  = expected a list of routes
  = begin each entry of the list with `- `

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_text_where_a_list_is_due() {
    says(
        r##"
upstreams: {a: {headers: {remove: x-internal}}}
"##,
        r##"
routes.yaml:1:35: `remove` cannot be `x-internal`
  |
1 | upstreams: {a: {headers: {remove: x-internal}}}
  |                                   ^^^^^^^^^^
  = expected a list of texts
  = write a list: [x-internal]

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_text_where_an_upstream_is_due() {
    says(
        r##"
upstreams:
  shop: http://127.0.0.1:9100
"##,
        r##"
routes.yaml:2:9: `shop` cannot be `http://127.0.0.1:9100`
  |
2 |   shop: http://127.0.0.1:9100
  |         ^^^^^^^^^^^^^^^^^^^^^
  = expected an upstream (a mapping)
  = write a mapping: {url: http://127.0.0.1:9100}

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_text_where_a_rule_is_due() {
    says(
        r##"
routes:
  - route: GET /{id}
    input: {path: {id: integer}}
"##,
        r##"
routes.yaml:3:24: `id` cannot be `integer`
  |
3 |     input: {path: {id: integer}}
  |                        ^^^^^^^
  = expected a rule (a mapping)
  = write a mapping: {type: integer}

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_text_where_parts_are_due() {
    says(
        r##"
upstreams:
  shop: {timeout: 3s}
"##,
        r##"
routes.yaml:2:19: `timeout` cannot be `3s`
  |
2 |   shop: {timeout: 3s}
  |                   ^^
  = expected a mapping of connect, first_byte, between_bytes, total

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_list_where_a_mapping_is_due() {
    says(
        r##"
upstreams:
  - url: http://127.0.0.1:9100
"##,
        r##"
routes.yaml:1:1: `upstreams` cannot be a list
  |
1 | upstreams:
  | ^^^^^^^^^
  = expected a mapping of names to upstreams

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_list_where_a_text_is_due() {
    says(
        r##"
routes:
  - route: [GET, /a]
"##,
        r##"
routes.yaml:2:12: `route` cannot be a list
  |
2 |   - route: [GET, /a]
  |            ^^^^^^^^^
  = expected a text

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_missing_entry_of_a_list() {
    says(
        r##"
routes:
  -
  - route: GET /a
"##,
        r##"
routes.yaml:2:4: entry 1 of `routes` has no value
  |
2 |   -
  |    ^
  = expected a route (a mapping)

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_number_with_a_leading_zero() {
    says(
        r##"
routes:
  - route: GET /a
    shape: [{default: {code: 007}}]
"##,
        r##"
routes.yaml:3:30: `007` has a leading zero: is it a number or a text?
  |
3 |     shape: [{default: {code: 007}}]
  |                              ^^^
  = write 7 for the number, or "007" for the text

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_number_that_json_cannot_carry() {
    says(
        r##"
routes:
  - route: GET /a
    shape: [{default: {ratio: .inf}}]
"##,
        r##"
routes.yaml:3:31: `.inf` is not a number that JSON can carry
  |
3 |     shape: [{default: {ratio: .inf}}]
  |                               ^^^^
  = write ".inf" for the text

routes.yaml: 1 problem
"##,
    );
}

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
  = expected one of: origin, robots, sitemap, static
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
  = expected one of: uri, head, headers, body, json_depth, json_nodes
  = did you mean `json_depth`?

routes.yaml:1:111: unknown key `uri_length` in `limits`
  |
1 | …100, body: 1MiB, json_depth: 64, json_nodes: 100000, json_dept: 64, uri_length: 8KiB, more: 1}
  |                                                                      ^^^^^^^^^^
  = expected one of: uri, head, headers, body, json_depth, json_nodes
  = did you mean `uri`?

routes.yaml:1:129: unknown key `more` in `limits`
  |
1 | …B, json_depth: 64, json_nodes: 100000, json_dept: 64, uri_length: 8KiB, more: 1}
  |                                                                          ^^^^
  = expected one of: uri, head, headers, body, json_depth, json_nodes

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
  = expected one of: uri, head, headers, body, json_depth, json_nodes
  = did you mean `body`?

routes.yaml: 1 problem
"##,
    );
}
