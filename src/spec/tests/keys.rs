//! Keys that are unknown, missing or misplaced.

use super::says;

#[test]
fn a_misspelt_key_of_a_route() {
    says(
        r##"
upstreams: {shop: {url: 'demo:'}}
routes:
  - route: GET /detail/{id}
    timout: 3s
"##,
        r##"
routes.yaml:4:5: unknown key `timout` in a route
  |
4 |     timout: 3s
  |     ^^^^^^
  = expected one of: route, input, call, calls, proxy, page, shape, cache, timeout, strict, retry, compress, in_flight
  = did you mean `timeout`?

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_misspelt_key_at_the_top() {
    says(
        r##"
upstream: {}
routes: []
"##,
        r##"
routes.yaml:1:1: unknown key `upstream` at the top of the file
  |
1 | upstream: {}
  | ^^^^^^^^
  = expected one of: version, listen, templates, limits, defaults, upstreams, routes, site, cluster
  = did you mean `upstreams`?

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_stranger_has_no_suggestion() {
    says(
        r##"
routes: []
banana: 1
"##,
        r##"
routes.yaml:2:1: unknown key `banana` at the top of the file
  |
2 | banana: 1
  | ^^^^^^
  = expected one of: version, listen, templates, limits, defaults, upstreams, routes, site, cluster

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_key_that_belongs_one_level_deeper() {
    says(
        r##"
routes:
  - route: GET /a
    ttl: 30s
"##,
        r##"
routes.yaml:3:5: unknown key `ttl` in a route
  |
3 |     ttl: 30s
  |     ^^^
  = expected one of: route, input, call, calls, proxy, page, shape, cache, timeout, strict, retry, compress, in_flight
  = `ttl` goes into `cache`

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_key_of_a_part_that_the_file_has_names_that_part() {
    says(
        r##"
workers: 4
"##,
        r##"
routes.yaml:1:1: unknown key `workers` at the top of the file
  |
1 | workers: 4
  | ^^^^^^^
  = expected one of: version, listen, templates, limits, defaults, upstreams, routes, site, cluster
  = `workers` goes into `cluster`

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_missing_key_says_what_it_is_for() {
    says(
        r##"
routes:
  - call: GET shop:/a
"##,
        r##"
routes.yaml:2:5: a route needs the key `route`
  |
2 |   - call: GET shop:/a
  |     ^^^^
  = `route`: `METHOD[,METHOD|ANY] PATH`; `{name}` is one segment, `{*name}` the rest. GET also serves HEAD

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_misspelt_key_is_not_told_as_missing_too() {
    says(
        r##"
routes:
  - rout: GET /a
"##,
        r##"
routes.yaml:2:5: unknown key `rout` in a route
  |
2 |   - rout: GET /a
  |     ^^^^
  = expected one of: route, input, call, calls, proxy, page, shape, cache, timeout, strict, retry, compress, in_flight
  = did you mean `route`?

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_keyword_of_a_rule() {
    says(
        r##"
routes:
  - route: GET /a
    input:
      query: {q: {type: string, minLenght: 3}}
"##,
        r##"
routes.yaml:4:33: unknown keyword `minLenght` in a rule
  |
4 |       query: {q: {type: string, minLenght: 3}}
  |                                 ^^^^^^^^^
  = expected a keyword of JSON Schema 2020-12, `required: true` or `default`
  = did you mean `minLength`?

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_keyword_deep_in_a_body() {
    says(
        r##"
routes:
  - route: POST /a
    input:
      body: {type: object, properties: {items: {type: array, items: {minimun: 1}}}}
"##,
        r##"
routes.yaml:4:70: unknown keyword `minimun` in a JSON Schema
  |
4 |       body: {type: object, properties: {items: {type: array, items: {minimun: 1}}}}
  |                                                                      ^^^^^^^
  = expected a keyword of JSON Schema 2020-12
  = did you mean `minimum`?

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_key_of_a_call() {
    says(
        r##"
routes:
  - route: GET /a
    calls:
      user: {too: GET shop:/me, optional: true}
"##,
        r##"
routes.yaml:4:14: unknown key `too` in a call
  |
4 |       user: {too: GET shop:/me, optional: true}
  |              ^^^
  = expected one of: to, optional, fallback, timeout, shape, for_each, as, at_once, when
  = did you mean `to`?

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_page_without_its_template() {
    says(
        r##"
routes:
  - route: GET /a
    page: {status: 200}
"##,
        r##"
routes.yaml:3:11: a page needs the key `template`
  |
3 |     page: {status: 200}
  |           ^^^^^^^^^^^^^
  = `template`: The template's name, relative to the templates folder

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn two_places_of_one_line() {
    says(
        r##"
upstreams: {a: {ulr: x, headers: {sett: {}}}}
"##,
        r##"
routes.yaml:1:17: unknown key `ulr` in an upstream
  |
1 | upstreams: {a: {ulr: x, headers: {sett: {}}}}
  |                 ^^^
  = expected one of: url, urls, balance, envelope, decode, timeout, retry, breaker, bulkhead, hedge, health, headers
  = did you mean `url`?

routes.yaml:1:35: unknown key `sett` in the `headers` of an upstream
  |
1 | upstreams: {a: {ulr: x, headers: {sett: {}}}}
  |                                   ^^^^
  = expected one of: set, remove, deadline
  = did you mean `set`?

routes.yaml: 2 problems
"##,
    );
}
