//! YAML that is fine, but more than is read here.

use super::says;

#[test]
fn an_alias_is_refused_and_the_rest_is_still_checked() {
    says(
        r##"
upstreams:
  a: &shop {url: 'demo:'}
  b: *shop
routes:
  - route: GET /a
    call: *nobody
    page: *shop
    strict: maybe
"##,
        r##"
routes.yaml:3:6: `*shop` is an alias, and aliases are not read here
  |
3 |   b: *shop
  |      ^^^^^
  = write the value out; what every route shares goes into `defaults`

routes.yaml:6:11: `*nobody` is an alias, and aliases are not read here
  |
6 |     call: *nobody
  |           ^^^^^^^
  = write the value out; what every route shares goes into `defaults`

routes.yaml:7:11: `*shop` is an alias, and aliases are not read here
  |
7 |     page: *shop
  |           ^^^^^
  = write the value out; what every route shares goes into `defaults`

routes.yaml:8:13: `strict` cannot be the text `maybe`
  |
8 |     strict: maybe
  |             ^^^^^
  = expected `true` or `false`

routes.yaml: 4 problems
"##,
    );
}

#[test]
fn a_merge_key_is_refused() {
    says(
        r##"
upstreams:
  a: {<<: {url: 'demo:'}}
"##,
        r##"
routes.yaml:2:7: `<<` merges keys, and merge keys are not read here
  |
2 |   a: {<<: {url: 'demo:'}}
  |       ^^
  = write the keys out; what every route shares goes into `defaults`

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_key_twice_names_both_places() {
    says(
        r##"
version: 1
routes: []
version: 1
"##,
        r##"
routes.yaml:3:1: the key `version` stands twice
  |
3 | version: 1
  | ^^^^^^^
  = the first one is at line 1, column 1

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_second_document_is_refused() {
    says(
        r##"
routes: []
---
routes: []
"##,
        r##"
routes.yaml:2:1: a second document begins here
  |
2 | ---
  | ^^^
  = expected one document a file
  = remove the line `---`

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_tag_is_refused() {
    says(
        r##"
cluster:
  workers: !!int "4"
"##,
        r##"
routes.yaml:2:12: `!!int` is a tag, and tags are not read here
  |
2 |   workers: !!int "4"
  |            ^^^^^
  = remove the tag

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_key_that_is_a_mapping() {
    says(
        r##"
routes:
  - route: GET /a
    convert: {{path.id}: json}
"##,
        r##"
routes.yaml:3:5: unknown key `convert` in a route
  |
3 |     convert: {{path.id}: json}
  |     ^^^^^^^
  = expected one of: route, input, call, calls, proxy, page, shape, cache, timeout, strict, retry, compress, in_flight
  = `convert` is an entry of `shape`: `shape: [{convert: …}]`

routes.yaml:3:15: a key cannot be a list or a mapping
  |
3 |     convert: {{path.id}: json}
  |               ^^^^^^^^^
  = a text with `{`, `}`, `[` or `]` inside of `{ }` or `[ ]` needs quotes

routes.yaml: 2 problems
"##,
    );
}

#[test]
fn an_empty_file_says_what_a_file_has() {
    says(
        r##"
# nothing yet
"##,
        r##"
routes.yaml:1:1: the file is empty
  |
1 | # nothing yet
  | ^
  = the smallest file has `upstreams` and `routes`

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_file_that_is_a_text() {
    says(
        r##"
hello
"##,
        r##"
routes.yaml:1:1: the file cannot be `hello`
  |
1 | hello
  | ^^^^^
  = expected a mapping of version, listen, templates, limits, defaults, upstreams, routes, site, cluster

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_file_that_is_a_list() {
    says(
        r##"
- route: GET /a
"##,
        r##"
routes.yaml:1:3: the file cannot be a list
  |
1 | - route: GET /a
  |   ^^^^^
  = expected a mapping of version, listen, templates, limits, defaults, upstreams, routes, site, cluster

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn deep_nesting_is_refused() {
    says(
        r##"
routes: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
"##,
        r##"
routes.yaml:1:43: the file nests deeper than 32 levels here
  |
1 | routes: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
  |                                           ^

routes.yaml: 1 problem
"##,
    );
}
