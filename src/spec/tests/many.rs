//! Many problems at once.

use super::says;

#[test]
fn five_problems_of_one_file_are_told_in_one_run() {
    says(
        r##"
version: 1
upstreams:
  shop:
    url: ${SHOP_URL}
    timeout: {conect: 1s}
routes:
  - route: GET /detail/{id}
    timeout: 3
    shape:
      - nulls: dorp
  - route: GET /home
  - call: GET shop:/x
"##,
        r##"
routes.yaml:4:10: the environment variable `SHOP_URL` is not set
  |
4 |     url: ${SHOP_URL}
  |          ^^^^^^^^^^^
  = set it, or say what stands in for it: `${SHOP_URL:-…}`

routes.yaml:5:15: unknown key `conect` in the `timeout` of an upstream
  |
5 |     timeout: {conect: 1s}
  |               ^^^^^^
  = expected one of: connect, first_byte, between_bytes, total
  = did you mean `connect`?

routes.yaml:8:14: `timeout` cannot be the number `3`
  |
8 |     timeout: 3
  |              ^
  = expected a duration such as 250ms, 10s or 1m30s
  = add the unit: 3s or 3ms

routes.yaml:10:16: `nulls` cannot be `dorp`
   |
10 |       - nulls: dorp
   |                ^^^^
   = expected `keep`, `drop` or a mapping
   = did you mean `drop`?

routes.yaml:12:5: a route needs the key `route`
   |
12 |   - call: GET shop:/x
   |     ^^^^
   = `route`: `METHOD[,METHOD|ANY] PATH`; `{name}` is one segment, `{*name}` the rest. GET also serves HEAD

routes.yaml: 5 problems
"##,
    );
}
