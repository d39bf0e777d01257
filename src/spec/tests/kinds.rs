//! Mappings, lists and texts in each other's place.

use super::says;

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
  = write `remove: [x-internal]`

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
  = write a mapping: {total: 3s}

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
  = write a mapping, `name: …` on each line, without `- `

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
  = expected a route such as GET /detail/{id}

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
