//! Environment holes.

use super::says;

#[test]
fn an_unset_variable() {
    says(
        r##"
upstreams:
  shop: {url: "${SHOP_URL}"}
"##,
        r##"
routes.yaml:2:16: the environment variable `SHOP_URL` is not set
  |
2 |   shop: {url: "${SHOP_URL}"}
  |                ^^^^^^^^^^^
  = set it, or say what stands in for it: `${SHOP_URL:-…}`

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn an_unset_variable_with_a_message() {
    says(
        r##"
upstreams:
  shop:
    url: ${SHOP_URL:?say where the shop is}
"##,
        r##"
routes.yaml:3:10: the environment variable `SHOP_URL` is not set: say where the shop is
  |
3 |     url: ${SHOP_URL:?say where the shop is}
  |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_hole_of_the_request_is_none_of_the_environment() {
    says(
        r##"
site:
  origin: https://${path.host}
"##,
        r##"
routes.yaml:2:19: `${path.host}` is no environment hole: write `${NAME}`, `${NAME:-default}` or `${NAME:?message}`
  |
2 |   origin: https://${path.host}
  |                   ^^^^^^^^^^^^
  = a hole of the request has no dollar: `{path.host}`

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_hole_that_is_never_closed() {
    says(
        r##"
site:
  origin: https://${HOST
"##,
        r##"
routes.yaml:2:19: the hole `${` is never closed
  |
2 |   origin: https://${HOST
  |                   ^^
  = add `}`, or write `$$` for a dollar

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn what_a_variable_gives_is_not_shown() {
    says(
        r##"
cluster: {threads: "${SECRET}", drain: "${SECRET}", policy: "${SECRET}"}
"##,
        r##"
routes.yaml:1:20: `threads` cannot be what `${SECRET}` gives
  |
1 | cluster: {threads: "${SECRET}", drain: "${SECRET}", policy: "${SECRET}"}
  |                    ^^^^^^^^^^^
  = expected a whole number from 1 to 64
  = take the quotes off: what fills a hole in quotes is a text

routes.yaml:1:40: `drain` cannot be what `${SECRET}` gives
  |
1 | cluster: {threads: "${SECRET}", drain: "${SECRET}", policy: "${SECRET}"}
  |                                        ^^^^^^^^^^^
  = expected a duration such as 250ms, 10s or 1m30s

routes.yaml:1:61: `policy` cannot be what `${SECRET}` gives
  |
1 | cluster: {threads: "${SECRET}", drain: "${SECRET}", policy: "${SECRET}"}
  |                                                             ^^^^^^^^^^^
  = expected `round_robin`, `weighted`, `least_connections` or `shared`

routes.yaml: 3 problems
"##,
    );
}

#[test]
fn a_default_may_be_wrong_too() {
    says(
        r##"
defaults:
  timeout: ${TIMEOUT:-soon}
"##,
        r##"
routes.yaml:2:12: `timeout` cannot be what `${TIMEOUT:-soon}` gives
  |
2 |   timeout: ${TIMEOUT:-soon}
  |            ^^^^^^^^^^^^^^^^
  = expected a duration such as 250ms, 10s or 1m30s

routes.yaml: 1 problem
"##,
    );
}
