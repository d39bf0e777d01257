//! The vectors of flatten.

use super::*;
use crate::shape::vectors::{path, shaped, told};

fn flatten(options: FlattenOptions) -> Flatten {
    Flatten::new(options).expect("the options are sound")
}

fn join(text: &str) -> FlattenOptions {
    FlattenOptions { join: Join::Text(text.to_owned()), ..FlattenOptions::default() }
}

fn camel() -> FlattenOptions {
    FlattenOptions { join: Join::Camel, ..FlattenOptions::default() }
}

fn check(options: FlattenOptions, table: &[(&str, &str)]) {
    let step = flatten(options);
    for (doc, expected) in table {
        assert_eq!(shaped(doc, |doc, notes| step.apply(doc, notes)), *expected, "{doc}");
    }
}

#[test]
fn f1_names_are_joined_by_what_the_route_says() {
    let doc = r#"{"dept":{"name":"x","boss":{"name":"y"}}}"#;
    check(FlattenOptions::default(), &[(doc, r#"{"dept_name":"x","dept_boss_name":"y"}"#)]);
    check(join("."), &[(doc, r#"{"dept.name":"x","dept.boss.name":"y"}"#)]);
    check(join("::"), &[(doc, r#"{"dept::name":"x","dept::boss::name":"y"}"#)]);
    check(join(""), &[(doc, r#"{"deptname":"x","deptbossname":"y"}"#)]);
    check(join("\""), &[(doc, r#"{"dept\"name":"x","dept\"boss\"name":"y"}"#)]);
    check(camel(), &[(doc, r#"{"deptName":"x","deptBossName":"y"}"#)]);
}

#[test]
fn f1_camel_writes_the_first_letter_of_each_further_name_as_a_capital() {
    check(
        camel(),
        &[
            (r#"{"seller":{"address":{"city":1}}}"#, r#"{"sellerAddressCity":1}"#),
            (r#"{"a":{"éa":1,"1":2,"_b":3,"":4}}"#, r#"{"aÉa":1,"a1":2,"a_b":3,"a":4}"#),
            (r#"{"a":{"\u0062c":1,"\"q":2,"\ud83d":3,"\u00e9":4}}"#, r#"{"aBc":1,"a\"q":2,"a\ud83d":3,"aÉ":4}"#),
            (r#"{"":{"a":1}}"#, r#"{"a":1}"#),
            (r#"{"a":{"b":1,"B":2}}"#, r#"{"a":{"b":1,"B":2}}"#),
            (r#"{"a":{"b":{"x":1},"B":{"y":2}}}"#, r#"{"aBX":1,"aBY":2}"#),
        ],
    );
}

#[test]
fn f2_levels_count_how_often_a_value_is_lifted() {
    let levels = |levels| FlattenOptions { levels: Some(levels), ..FlattenOptions::default() };
    let doc = r#"{"a":{"b":{"c":1}}}"#;
    check(
        levels(1),
        &[(doc, r#"{"a_b":{"c":1}}"#), (r#"{"a":{"b":{"c":{"d":1}}},"e":{"f":2}}"#, r#"{"a_b":{"c":{"d":1}},"e_f":2}"#)],
    );
    check(levels(2), &[(doc, r#"{"a_b_c":1}"#)]);
    check(FlattenOptions::default(), &[(doc, r#"{"a_b_c":1}"#)]);
    assert!(Flatten::new(levels(0)).is_err());
}

#[test]
fn f2_arrays_do_not_count_as_levels() {
    let options = FlattenOptions { levels: Some(1), arrays: Arrays::Index, ..FlattenOptions::default() };
    check(options, &[(r#"{"a":[{"b":{"c":1}},[[2]]]}"#, r#"{"a_0_b":{"c":1},"a_1_0_0":2}"#)]);
    let options = FlattenOptions { levels: Some(1), arrays: Arrays::Each, ..FlattenOptions::default() };
    check(options, &[(r#"{"o":{"a":[{"b":{"c":{"d":1}}}]}}"#, r#"{"o_a":[{"b_c":{"d":1}}]}"#)]);
}

#[test]
fn f3_arrays_are_leaves_or_flattened_inside_or_lifted() {
    let doc = r#"{"a":[{"b":{"c":1}},[{"d":{"e":2}}],3,null,[]],"f":{"g":[{"h":{"i":4}}]}}"#;
    let arrays = |arrays| FlattenOptions { arrays, ..FlattenOptions::default() };
    check(arrays(Arrays::Keep), &[(doc, r#"{"a":[{"b":{"c":1}},[{"d":{"e":2}}],3,null,[]],"f_g":[{"h":{"i":4}}]}"#)]);
    check(arrays(Arrays::Each), &[(doc, r#"{"a":[{"b_c":1},[{"d_e":2}],3,null,[]],"f_g":[{"h_i":4}]}"#)]);
    check(arrays(Arrays::Index), &[(doc, r#"{"a_0_b_c":1,"a_1_0_d_e":2,"a_2":3,"a_3":null,"a_4":[],"f_g_0_h_i":4}"#)]);
}

#[test]
fn f4_empty_containers_stay_as_leaves() {
    check(FlattenOptions::default(), &[(r#"{"a":{"b":{}},"c":{},"d":{"e":[]}}"#, r#"{"a_b":{},"c":{},"d_e":[]}"#)]);
}

#[test]
fn f5_null_is_a_leaf() {
    check(FlattenOptions::default(), &[(r#"{"a":{"b":null},"c":null}"#, r#"{"a_b":null,"c":null}"#)]);
}

#[test]
fn f6_what_would_meet_another_name_stays_nested() {
    check(
        FlattenOptions::default(),
        &[
            (r#"{"a_b":1,"a":{"b":2}}"#, r#"{"a_b":1,"a":{"b":2}}"#),
            (r#"{"a":{"b":2},"a_b":1}"#, r#"{"a":{"b":2},"a_b":1}"#),
            (r#"{"a_b_c":1,"a":{"x":1,"b":{"c":2,"d":3}}}"#, r#"{"a_b_c":1,"a_x":1,"a_b":{"c":2,"d":3}}"#),
            (r#"{"a":{"b":{"c":1}},"a_b":{"c":2}}"#, r#"{"a":{"b":{"c":1}},"a_b":{"c":2}}"#),
            (r#"{"a_x":1,"a":{"y":2}}"#, r#"{"a_x":1,"a_y":2}"#),
            (r#"{"\u0061_b":1,"a":{"\u0062":2},"c":{"\u0064":3}}"#, r#"{"\u0061_b":1,"a":{"\u0062":2},"c_\u0064":3}"#),
        ],
    );
    check(join("__"), &[(r#"{"a":{"_b":1},"a_":{"b":2}}"#, r#"{"a":{"_b":1},"a_":{"b":2}}"#)]);
    check(join(""), &[(r#"{"a":{"bc":1},"ab":{"c":2},"x":{"y":3}}"#, r#"{"a":{"bc":1},"ab":{"c":2},"xy":3}"#)]);
    check(camel(), &[(r#"{"aB":1,"a":{"b":2}}"#, r#"{"aB":1,"a":{"b":2}}"#)]);
    let index = || FlattenOptions { arrays: Arrays::Index, ..FlattenOptions::default() };
    check(index(), &[(r#"{"a_1":1,"a":[2,3],"b":[4]}"#, r#"{"a_1":1,"a":[2,3],"b_0":4}"#)]);
    let digits = FlattenOptions { join: Join::Text("0".to_owned()), ..index() };
    check(digits, &[(r#"{"a":[[1,2],3],"b":[4]}"#, r#"{"a0000":1,"a0001":2,"a01":3,"b00":4}"#)]);
}

#[test]
fn f6_each_subtree_that_stays_nested_is_told_once() {
    let step = flatten(FlattenOptions::default());
    let notes = told(r#"{"a_b_c":1,"a":{"x":1,"b":{"c":2,"d":3}},"e":{"f":1}}"#, |doc, notes| step.apply(doc, notes));
    assert_eq!(notes.warnings(), 1);
    assert_eq!(notes.texts(), ["flatten: names in `a_b` meet others, so it stays nested"]);
    let notes = told(r#"{"a":{"b":{"c":1}},"a_b":{"c":2}}"#, |doc, notes| step.apply(doc, notes));
    assert_eq!(notes.warnings(), 2, "`a` holds `a.b`, which is not told again: {:?}", notes.texts());
}

#[test]
fn f7_a_name_that_holds_the_joiner_is_no_harm_until_names_meet() {
    check(
        FlattenOptions::default(),
        &[
            (r#"{"a":{"b_c":1},"a_b":{"c":2}}"#, r#"{"a":{"b_c":1},"a_b":{"c":2}}"#),
            (r#"{"a":{"b_c":1},"a_b":{"d":2}}"#, r#"{"a_b_c":1,"a_b_d":2}"#),
        ],
    );
    check(join("."), &[(r#"{"a.b":{"c":1},"a":{"c":{"d":2}}}"#, r#"{"a.b.c":1,"a.c.d":2}"#)]);
}

#[test]
fn f8_empty_and_numeric_names_are_names() {
    check(FlattenOptions::default(), &[(r#"{"a":{"":1,"0":2},"":{"":3}}"#, r#"{"a_":1,"a_0":2,"_":3}"#)]);
}

#[test]
fn f9_new_names_take_the_place_of_the_member_they_come_from() {
    check(
        FlattenOptions::default(),
        &[(r#"{"z":1,"m":{"y":2,"b":{"x":3},"a":4},"c":5}"#, r#"{"z":1,"m_y":2,"m_b_x":3,"m_a":4,"c":5}"#)],
    );
}

#[test]
fn f10_excepted_values_stay_as_they_are_with_everything_inside() {
    let except = |paths: &[&str], arrays| FlattenOptions {
        except: paths.iter().map(|text| path(text)).collect(),
        arrays,
        ..FlattenOptions::default()
    };
    let doc = r#"{"a":{"geo":{"lat":1},"b":{"c":2}},"geo":{"lat":{"x":3}},"list":[{"geo":{"lat":4},"d":{"e":5}}]}"#;
    check(
        except(&["geo"], Arrays::Keep),
        &[(doc, r#"{"a_geo_lat":1,"a_b_c":2,"geo":{"lat":{"x":3}},"list":[{"geo":{"lat":4},"d":{"e":5}}]}"#)],
    );
    check(
        except(&["**.geo"], Arrays::Each),
        &[(doc, r#"{"a_geo":{"lat":1},"a_b_c":2,"geo":{"lat":{"x":3}},"list":[{"geo":{"lat":4},"d_e":5}]}"#)],
    );
    check(
        except(&["list[].geo", "a.b"], Arrays::Index),
        &[(doc, r#"{"a_geo_lat":1,"a_b":{"c":2},"geo_lat_x":3,"list_0_geo":{"lat":4},"list_0_d_e":5}"#)],
    );
    let at = FlattenOptions { at: Some(path("list[]")), ..except(&["geo"], Arrays::Keep) };
    check(at, &[(doc, r#"{"a":{"geo":{"lat":1},"b":{"c":2}},"geo":{"lat":{"x":3}},"list":[{"geo":{"lat":4},"d_e":5}]}"#)]);
    assert!(Flatten::new(except(&[""], Arrays::Keep)).is_err());
}

#[test]
fn f11_an_array_at_the_top_needs_a_path_to_its_elements() {
    let doc = r#"[{"a":{"b":1}},2]"#;
    check(FlattenOptions { at: Some(path("[]")), ..FlattenOptions::default() }, &[(doc, r#"[{"a_b":1},2]"#)]);
    check(FlattenOptions::default(), &[(doc, doc)]);
    check(FlattenOptions { arrays: Arrays::Each, ..FlattenOptions::default() }, &[(doc, r#"[{"a_b":1},2]"#)]);
    let step = flatten(FlattenOptions::default());
    assert_eq!(told(doc, |doc, notes| step.apply(doc, notes)).texts(), ["flatten: `.` has array"]);
}

#[test]
fn f12_what_is_no_object_stays() {
    let step = flatten(FlattenOptions { at: Some(path("a")), ..FlattenOptions::default() });
    for (doc, warnings) in [(r#"{"a":1}"#, 1), (r#"{"a":"x"}"#, 1), (r#"{"a":null}"#, 0), (r#"{"b":{"c":{"d":1}}}"#, 0)] {
        assert_eq!(shaped(doc, |doc, notes| step.apply(doc, notes)), doc);
        assert_eq!(told(doc, |doc, notes| step.apply(doc, notes)).warnings(), warnings, "{doc}");
    }
}

#[test]
fn f13_names_that_mean_something_to_javascript_are_names() {
    check(
        join("."),
        &[(r#"{"__proto__":{"a":1},"constructor":{"prototype":{"b":2}}}"#, r#"{"__proto__.a":1,"constructor.prototype.b":2}"#)],
    );
}

#[test]
fn names_that_stand_twice_keep_their_values() {
    check(
        FlattenOptions::default(),
        &[
            (r#"{"a":1,"a":2,"b":{"c":3,"c":4}}"#, r#"{"a":1,"a":2,"b_c":3,"b_c":4}"#),
            (r#"{"a":{"x":1,"y":2},"a":{"x":3}}"#, r#"{"a":{"x":1,"y":2},"a":{"x":3}}"#),
            (
                r#"{"a":{"x":1},"a":5,"b":{"\u0063":{"d":1},"c":{"e":2}}}"#,
                r#"{"a":{"x":1},"a":5,"b_\u0063":{"d":1},"b_c":{"e":2}}"#,
            ),
        ],
    );
}

#[test]
fn the_vector_of_the_bench_gives_the_same_result() {
    let options = FlattenOptions { arrays: Arrays::Each, ..join(".") };
    check(
        options,
        &[(
            r#"{"long":1234567890123456789,"dec":199.00,"exp":1E400,"neg0":-0.0,"emptyArr":[],"emptyObj":{},"nullArr":[null,1,null],"esc":"a\u4e2d\/\"\\ \ud83d\ude00","a.b":{"c":1},"o":{},"":{"":3},"l":[{"p":{"q":{}}}]}"#,
            r#"{"long":1234567890123456789,"dec":199.00,"exp":1E400,"neg0":-0.0,"emptyArr":[],"emptyObj":{},"nullArr":[null,1,null],"esc":"a\u4e2d\/\"\\ \ud83d\ude00","a.b.c":1,"o":{},".":3,"l":[{"p.q":{}}]}"#,
        )],
    );
}

#[test]
fn a_long_name_above_many_members_is_refused_before_memory_is() {
    let mut doc = format!("{{\"{}\":{{", "k".repeat(1 << 20));
    for at in 0..100 {
        doc.push_str(&format!("{}\"{at}\":0", if at == 0 { "" } else { "," }));
    }
    doc.push_str("}}");
    let mut node = crate::shape::vectors::document(&doc);
    let step = flatten(FlattenOptions::default());
    assert_eq!(step.apply(&mut node, &mut Notes::new()), Err(Error::TooLarge));
}

#[test]
fn thousands_of_names_that_meet_take_no_square_of_time() {
    // In each `a<n>` two names meet at the bottom; what is closed there meets another one a level up.
    let mut members = vec!["\"a0_x\":0".to_owned()];
    for at in 0..20_000 {
        members.push(format!("\"a{at}\":{{\"x\":1,\"y\":{{\"z\":{{}}}}}},\"a{at}_y\":{{\"z\":[]}}"));
    }
    let doc = format!("{{{}}}", members.join(","));
    let result = shaped(&doc, |doc, notes| flatten(FlattenOptions::default()).apply(doc, notes));
    assert!(result.starts_with(r#"{"a0_x":0,"a0":{"x":1,"y":{"z":{}}},"a0_y":{"z":[]},"a1":{"x":1,"y""#), "{}", &result[..200]);
    assert!(result.ends_with(r#""a19999":{"x":1,"y":{"z":{}}},"a19999_y":{"z":[]}}"#));
}
