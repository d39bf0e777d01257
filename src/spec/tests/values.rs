//! Scalars of the wrong kind.

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
  = expected a whole number from 1 to 64
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
  = expected an address such as 127.0.0.1:8080, a listener (a mapping) or a list of them

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
