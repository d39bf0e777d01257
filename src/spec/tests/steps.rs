//! The steps of `shape`.

use super::says;

#[test]
fn an_unknown_step() {
    says(
        r##"
routes:
  - route: GET /a
    shape:
      - flaten: true
"##,
        r##"
routes.yaml:4:9: unknown step `flaten`
  |
4 |       - flaten: true
  |         ^^^^^^
  = expected one of: unwrap, page, nulls, flatten, pick, omit, rename, move, copy, each, default, convert, numbers, case, group, wrap, merge
  = did you mean `flatten`?

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn two_steps_in_one_entry() {
    says(
        r##"
routes:
  - route: GET /a
    shape:
      - nulls: drop
        flatten: true
"##,
        r##"
routes.yaml:5:9: `flatten` is a second step beside `nulls`
  |
5 |         flatten: true
  |         ^^^^^^^
  = expected one step a list entry
  = begin an entry of its own: `- flatten: …`

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn an_entry_without_a_step() {
    says(
        r##"
routes:
  - route: GET /a
    shape:
      - {}
      - when: {path: a}
"##,
        r##"
routes.yaml:4:9: this entry names no step
  |
4 |       - {}
  |         ^^
  = expected one of: unwrap, page, nulls, flatten, pick, omit, rename, move, copy, each, default, convert, numbers, case, group, wrap, merge

routes.yaml:5:9: this entry names no step
  |
5 |       - when: {path: a}
  |         ^^^^
  = expected one of: unwrap, page, nulls, flatten, pick, omit, rename, move, copy, each, default, convert, numbers, case, group, wrap, merge

routes.yaml: 2 problems
"##,
    );
}

#[test]
fn a_step_that_is_a_text() {
    says(
        r##"
routes:
  - route: GET /a
    shape: [flatten]
"##,
        r##"
routes.yaml:3:13: entry 1 of `shape` cannot be `flatten`
  |
3 |     shape: [flatten]
  |             ^^^^^^^
  = expected a step (a mapping)
  = write it as a mapping: `flatten: …`

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_mapping_of_steps() {
    says(
        r##"
defaults:
  shape: {nulls: drop, flatten: true}
"##,
        r##"
routes.yaml:2:10: `shape` cannot be a mapping
  |
2 |   shape: {nulls: drop, flatten: true}
  |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = expected a list of steps
  = begin each entry of the list with `- `

routes.yaml: 1 problem
"##,
    );
}

#[test]
fn a_union_names_all_it_takes() {
    says(
        r##"
routes:
  - route: GET /a
    shape: [{nulls: dorp}, {flatten: sure}, {case: camelCase}, {unwrap: 5}, {omit: 3}]
"##,
        r##"
routes.yaml:3:21: `nulls` cannot be `dorp`
  |
3 |     shape: [{nulls: dorp}, {flatten: sure}, {case: camelCase}, {unwrap: 5}, {omit: 3}]
  |                     ^^^^
  = expected `keep`, `drop` or a mapping
  = did you mean `drop`?

routes.yaml:3:38: `flatten` cannot be the text `sure`
  |
3 |     shape: [{nulls: dorp}, {flatten: sure}, {case: camelCase}, {unwrap: 5}, {omit: 3}]
  |                                      ^^^^
  = expected `true`, `false` or a mapping

routes.yaml:3:52: `case` cannot be `camelCase`
  |
3 |     shape: [{nulls: dorp}, {flatten: sure}, {case: camelCase}, {unwrap: 5}, {omit: 3}]
  |                                                    ^^^^^^^^^
  = expected `camel`, `snake`, `kebab`, `pascal` or a mapping
  = did you mean `camel`?

routes.yaml:3:73: `unwrap` cannot be the number `5`
  |
3 |     shape: [{nulls: dorp}, {flatten: sure}, {case: camelCase}, {unwrap: 5}, {omit: 3}]
  |                                                                         ^
  = expected a text or an envelope (a mapping)
  = put it in quotes: "5"

routes.yaml:3:84: `omit` cannot be the number `3`
  |
3 |     shape: [{nulls: dorp}, {flatten: sure}, {case: camelCase}, {unwrap: 5}, {omit: 3}]
  |                                                                                    ^
  = expected a text or a list of texts
  = put it in quotes: "3"

routes.yaml: 5 problems
"##,
    );
}

#[test]
fn a_union_shows_the_branch_that_was_meant() {
    says(
        r##"
routes:
  - route: GET /a
    shape:
      - nulls: {members: drop, elemnts: keep}
      - flatten: {levels: 0, arrays: all}
      - convert: {a: isoo, b: {to: iso, zoen: UTC}}
      - unwrap: {status: {401: nope}}
      - each: {in: list, steps: [{pik: [a]}]}
"##,
        r##"
routes.yaml:4:32: unknown key `elemnts` in `nulls`
  |
4 |       - nulls: {members: drop, elemnts: keep}
  |                                ^^^^^^^
  = expected one of: members, elements, empty, emptied, except, to
  = did you mean `elements`?

routes.yaml:5:27: `levels` cannot be `0`
  |
5 |       - flatten: {levels: 0, arrays: all}
  |                           ^
  = expected a whole number of at least 1 or `all`

routes.yaml:5:38: `arrays` cannot be `all`
  |
5 |       - flatten: {levels: 0, arrays: all}
  |                                      ^^^
  = expected `keep`, `each` or `index`

routes.yaml:6:22: `a` cannot be `isoo`
  |
6 |       - convert: {a: isoo, b: {to: iso, zoen: UTC}}
  |                      ^^^^
  = expected `string`, `number`, `integer`, `boolean`, `decimal_string`, `json`, `list`, `iso`, `date`, `epoch_ms`, `epoch_s` or a conversion (a mapping)
  = did you mean `iso`?

routes.yaml:6:41: unknown key `zoen` in a conversion
  |
6 |       - convert: {a: isoo, b: {to: iso, zoen: UTC}}
  |                                         ^^^^
  = expected one of: to, split, from, zone, map, else, invalid
  = did you mean `zone`?

routes.yaml:7:32: `401` cannot be the text `nope`
  |
7 |       - unwrap: {status: {401: nope}}
  |                                ^^^^
  = expected the status of a failure, from 400 to 599

routes.yaml:8:35: unknown step `pik`
  |
8 |       - each: {in: list, steps: [{pik: [a]}]}
  |                                   ^^^
  = expected one of: unwrap, page, nulls, flatten, pick, omit, rename, move, copy, each, default, convert, numbers, case, group, wrap, merge
  = did you mean `pick`?

routes.yaml: 7 problems
"##,
    );
}

#[test]
fn a_call_has_steps_of_its_own() {
    says(
        r##"
routes:
  - route: GET /a
    calls:
      a: {to: GET shop:/a, shape: [{picks: [a]}]}
"##,
        r##"
routes.yaml:4:37: unknown step `picks`
  |
4 |       a: {to: GET shop:/a, shape: [{picks: [a]}]}
  |                                     ^^^^^
  = expected one of: unwrap, page, nulls, flatten, pick, omit, rename, move, copy, each, default, convert, numbers, case, group, wrap, merge
  = did you mean `pick`?

routes.yaml: 1 problem
"##,
    );
}
