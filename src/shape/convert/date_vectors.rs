//! Dates as backends send them, and what becomes of them.

use proptest::prelude::*;

use super::*;
use crate::shape::Action;
use crate::shape::testing::{literal, path, shaped, shaped_and_noted};

fn options(to: DateForm, from: &[&str], zone: &str) -> DateOptions {
    let from = from.iter().map(|form| (*form).to_owned()).collect();
    DateOptions { to, from, zone: Some(zone.to_owned()), invalid: None }
}

fn step(options: DateOptions) -> Action {
    let options = ConvertOptions { path: path("."), to: To::Date(options), otherwise: None };
    Action::Convert(Convert::new(vec![options]).expect("the test's dates are some"))
}

fn to_iso(from: &[&str], zone: &str, input: &str) -> String {
    shaped(step(options(DateForm::Iso, from, zone)), input)
}

fn refusal(from: &str) -> String {
    let to = To::Date(options(DateForm::Iso, &[from], "UTC"));
    let refused = Convert::new(vec![ConvertOptions { path: path("d"), to, otherwise: None }]);
    refused.expect_err("the pattern is refused").message().to_owned()
}

#[test]
fn s31_every_date_of_jackson_becomes_iso() {
    for (from, input, output) in [
        ("epoch_ms", "1709259630123", "2024-03-01T10:20:30.123+08:00"),
        ("epoch_ms", "1709259630000", "2024-03-01T10:20:30+08:00"),
        ("epoch_ms", "-1", "1970-01-01T07:59:59.999+08:00"),
        ("epoch_ms", "1.709259630123E12", "2024-03-01T10:20:30.123+08:00"),
        ("epoch_ms", r#""1709259630123""#, "2024-03-01T10:20:30.123+08:00"),
        ("epoch_s", "1709259630", "2024-03-01T10:20:30+08:00"),
        ("epoch_s", "1709259630.123000000", "2024-03-01T10:20:30.123+08:00"),
        ("epoch_s", "1709259630.000000001", "2024-03-01T10:20:30.000000001+08:00"),
        ("epoch_s", "-0.5", "1970-01-01T07:59:59.500+08:00"),
        ("iso", r#""2024-03-01""#, "2024-03-01T00:00:00+08:00"),
        ("iso", r#""2024-03-01T10:20:30.123+0800""#, "2024-03-01T10:20:30.123+08:00"),
        ("iso", r#""2024-03-01T10:20:30.123+08:00""#, "2024-03-01T10:20:30.123+08:00"),
        ("iso", r#""2024-03-01T02:20:30.123+0000""#, "2024-03-01T10:20:30.123+08:00"),
        ("iso", r#""2024-03-01T10:20:30+08:00[Asia\/Shanghai]""#, "2024-03-01T10:20:30+08:00"),
        ("iso", r#""2024-03-01T02:20:30.123456789Z""#, "2024-03-01T10:20:30.123456789+08:00"),
        ("iso", r#""2018-05-30T23:59:59.000+0800""#, "2018-05-30T23:59:59.000+08:00"),
        ("iso", r#""2024-03-01T10:20""#, "2024-03-01T10:20:00+08:00"),
        ("iso", r#""2024-03-01 10:20:30""#, "2024-03-01T10:20:30+08:00"),
        ("yyyy-MM-dd HH:mm:ss", r#""2024-03-01 10:20:30""#, "2024-03-01T10:20:30+08:00"),
        ("yyyyMMddHHmmss", r#""20240301102030""#, "2024-03-01T10:20:30+08:00"),
        ("yyyyMMddHHmmss", "20240301102030", "2024-03-01T10:20:30+08:00"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSZ", r#""2024-03-01T02:20:30.120+0000""#, "2024-03-01T10:20:30.120+08:00"),
        ("MMM d, yyyy, h:mm:ss a", r#""Mar 1, 2024, 10:20:30 AM""#, "2024-03-01T10:20:30+08:00"),
        ("MMM d, yyyy, h:mm:ss a", "\"Mar 1, 2024, 12:20:30\u{202f}PM\"", "2024-03-01T12:20:30+08:00"),
        ("EEE, d MMMM yyyy hh:mm a X", r#""Fri, 1 March 2024 12:20 am Z""#, "2024-03-01T08:20:00+08:00"),
        ("dd/MM/yy", r#""01/03/24""#, "2024-03-01T00:00:00+08:00"),
        ("yyyy'年'M'月'd'日'", r#""2024年3月1日""#, "2024-03-01T00:00:00+08:00"),
    ] {
        assert_eq!(to_iso(&[from], "Asia/Shanghai", input), format!("\"{output}\""), "{input} from {from}");
    }
}

#[test]
fn j12_arrays_have_three_five_six_or_seven_parts_and_months_from_one() {
    for (input, output) in [
        ("[2019,8,25]", r#""2019-08-25T00:00:00Z""#),
        ("[2019,8,25,8,35]", r#""2019-08-25T08:35:00Z""#),
        ("[2019,8,25,8,35,38]", r#""2019-08-25T08:35:38Z""#),
        ("[2019,8,25,8,35,38,120000000]", r#""2019-08-25T08:35:38.120Z""#),
        ("[2019,12,31,23,59,59,1]", r#""2019-12-31T23:59:59.000000001Z""#),
        ("[8,35]", "[8,35]"),
        ("[2019,8,25,8]", "[2019,8,25,8]"),
        ("[2019,0,25]", "[2019,0,25]"),
        ("[2019,13,25]", "[2019,13,25]"),
        (r#"[2019,"8",25]"#, r#"[2019,"8",25]"#),
        ("[2019,8,2.5]", "[2019,8,2.5]"),
        ("[]", "[]"),
    ] {
        assert_eq!(to_iso(&["array"], "UTC", input), output, "{input}");
        assert_eq!(to_iso(&[], "UTC", input), output, "{input} by default");
    }
}

#[test]
fn j12_an_epoch_is_never_guessed() {
    assert_eq!(to_iso(&[], "UTC", "1709259630123"), "1709259630123");
    assert_eq!(to_iso(&["epoch_ms"], "UTC", "1709259630"), r#""1970-01-20T18:47:39.630Z""#);
    assert_eq!(to_iso(&["epoch_ms", "epoch_s"], "UTC", "1709259630.000000000"), r#""2024-03-01T02:20:30Z""#);
    let both = ["epoch_ms", "yyyyMMddHHmmss"];
    assert_eq!(to_iso(&both, "UTC", r#""20240301102030""#), r#""2024-03-01T10:20:30Z""#);
    assert_eq!(to_iso(&both, "UTC", r#""1709259630123""#), r#""2024-03-01T02:20:30.123Z""#);
}

#[test]
fn j12_a_time_that_daylight_saving_skips_takes_the_later_offset() {
    let berlin = |input| to_iso(&["iso"], "Europe/Berlin", input);
    assert_eq!(berlin(r#""2024-03-31T02:30:00""#), r#""2024-03-31T03:30:00+02:00""#);
    assert_eq!(berlin(r#""2024-10-27T02:30:00""#), r#""2024-10-27T02:30:00+02:00""#);
    assert_eq!(berlin(r#""2024-01-01T00:00:00""#), r#""2024-01-01T00:00:00+01:00""#);
}

#[test]
fn j12_an_impossible_date_stays_or_becomes_what_the_entry_says() {
    for input in [
        r#""0000-00-00 00:00:00""#,
        r#""0000-00-00""#,
        r#""0001-01-01T00:00:00""#,
        r#""0001-01-01T00:00:00Z""#,
        r#""2023-02-29""#,
        r#""2024-03-01T25:00:00""#,
        "[0,0,0]",
    ] {
        let invalid =
            DateOptions { invalid: Some(literal("null")), ..options(DateForm::Iso, &["array", "iso"], "Asia/Shanghai") };
        assert_eq!(shaped_and_noted(step(invalid), input), ("null".to_owned(), vec![]), "{input}");
    }
    let (output, texts) = shaped_and_noted(step(options(DateForm::Iso, &["iso"], "UTC")), r#""0000-00-00""#);
    assert_eq!((output.as_str(), texts), (r#""0000-00-00""#, vec!["convert: `.` has an impossible date".to_owned()]));
    assert_eq!(to_iso(&["yyyy-MM-dd'T'HH:mm"], "UTC", r#""0001-01-01T00:00""#), r#""0001-01-01T00:00:00Z""#);
}

#[test]
fn offsets_from_before_standard_time_are_told_in_utc() {
    assert_eq!(to_iso(&["iso"], "Asia/Shanghai", r#""1850-01-01T08:05:43""#), r#""1850-01-01T00:00:00Z""#);
}

#[test]
fn a_date_can_become_a_day_or_a_number() {
    let to = |to, input| shaped(step(options(to, &["iso", "epoch_ms", "array"], "Asia/Shanghai")), input);
    for (input, day, ms, s) in [
        (r#""2024-03-01""#, r#""2024-03-01""#, "1709222400000", "1709222400"),
        (r#""2024-02-29T23:00:00Z""#, r#""2024-03-01""#, "1709247600000", "1709247600"),
        (r#""2024-02-29T23:00:00.5Z""#, r#""2024-03-01""#, "1709247600500", "1709247600"),
        (r#""1969-12-31T23:59:59.9Z""#, r#""1970-01-01""#, "-100", "-1"),
        ("1709259630123", r#""2024-03-01""#, "1709259630123", "1709259630"),
        ("[2024,3,1]", r#""2024-03-01""#, "1709222400000", "1709222400"),
    ] {
        assert_eq!(to(DateForm::Date, input), day);
        assert_eq!(to(DateForm::EpochMs, input), ms);
        assert_eq!(to(DateForm::EpochS, input), s);
    }
}

#[test]
fn what_is_no_date_stays_and_is_counted() {
    for (input, found) in [
        (r#""PT1H30M""#, "a string in none of the forms of `from`"),
        (r#""2024-03-01T10:20:30+08:00[Asia]x""#, "a string in none of the forms of `from`"),
        (r#""2024-03-01T10:20:30.1234567890Z""#, "a string in none of the forms of `from`"),
        (r#""""#, "a string in none of the forms of `from`"),
        ("1e999999999", "a number, which none of the forms of `from` takes"),
        ("[1]", "an array that is no date"),
        (r#"{"year":2019}"#, "object"),
        ("true", "boolean"),
    ] {
        let (output, texts) = shaped_and_noted(step(options(DateForm::Iso, &["iso", "epoch_s", "array"], "UTC")), input);
        assert_eq!((output.as_str(), texts), (input, vec![format!("convert: `.` has {found}")]));
    }
    assert_eq!(to_iso(&["epoch_s"], "UTC", "99999999999999"), "99999999999999");
    assert_eq!(to_iso(&["iso"], "UTC", "null"), "null");
}

#[test]
fn a_zone_is_a_name_or_an_offset() {
    for (zone, output) in [
        ("UTC", r#""2024-03-01T02:20:30Z""#),
        ("GMT+8", r#""2024-03-01T10:20:30+08:00""#),
        ("+05:30", r#""2024-03-01T07:50:30+05:30""#),
        ("America/New_York", r#""2024-02-29T21:20:30-05:00""#),
    ] {
        assert_eq!(to_iso(&["epoch_s"], zone, "1709259630"), output);
    }
    let unknown = To::Date(options(DateForm::Iso, &[], "Asia/Shangai"));
    let refused = Convert::new(vec![ConvertOptions { path: path("d"), to: unknown, otherwise: None }]).expect_err("no such zone");
    assert_eq!(refused.message(), "`d`: there is no time zone `Asia/Shangai`; write its IANA name, such as Asia/Shanghai");
    let none = DateOptions { zone: None, ..options(DateForm::Iso, &[], "UTC") };
    assert_eq!(shaped(step(none), r#""2024-03-01T10:20:30""#), r#""2024-03-01T10:20:30Z""#);
}

#[test]
fn a_pattern_that_makes_no_sense_is_refused_with_its_reason() {
    for (pattern, reason) in [
        ("YYYY-MM-dd", "that is the week's year, write `yyyy`"),
        ("yyyy-MM-DD", "that is the day of the year, write `dd`"),
        ("yyyy-mm-dd", "needs a month (`MM`; `mm` is minutes)"),
        ("yyyy-MM-dd hh:mm:ss", "needs both `hh` and `a`, or `HH` alone"),
        ("yyyy-MM-ddTHH:mm", "write 'T' in single quotes"),
        ("yyyy-MM-dd HH:mm zzz", "names of zones are ambiguous"),
        ("yyyy-MM-dd HH:MM", "has a month (`MM`; `mm` is minutes) twice"),
        ("yyyy-MM-dd mm", "needs an hour (`HH`)"),
        ("yyyy-MM-dd 'at", "has an open quote"),
        ("HH:mm", "needs a year (`yyyy`)"),
        ("yyyy-MM-dd[ HH:mm]", "`[` in the date pattern"),
        ("epoch", "`epoch` is no form of a date: iso, epoch_ms, epoch_s, array or a Java pattern"),
    ] {
        let message = refusal(pattern);
        assert!(message.contains(reason), "{pattern}: {message}");
    }
}

proptest! {
    #[test]
    fn an_instant_is_the_same_after_any_way_round(ms in -62_000_000_000_000_i64..250_000_000_000_000, zone in prop::sample::select(vec!["UTC", "Asia/Shanghai", "America/St_Johns", "Pacific/Apia"])) {
        let iso = to_iso(&["epoch_ms"], zone, &ms.to_string());
        prop_assert_eq!(shaped(step(options(DateForm::EpochMs, &["iso"], zone)), &iso), ms.to_string());
    }

    #[test]
    fn no_text_makes_a_pattern_panic(pattern in "[yMdHhmsSaXZ' :.年-]{0,20}", text in "\\PC{0,40}") {
        let to = To::Date(options(DateForm::Iso, &[&pattern, "iso"], "UTC"));
        let convert = Convert::new(vec![ConvertOptions { path: path("."), to, otherwise: None }])
            .or_else(|_| Convert::new(vec![ConvertOptions { path: path("."), to: To::Date(options(DateForm::Iso, &[], "UTC")), otherwise: None }]));
        let mut node = Node::text(text);
        let _ = convert.expect("one of the two is one").apply(&mut node, &mut Notes::new());
    }

    #[test]
    fn a_date_that_was_told_is_read_back(year in 1_i16..=9999, day in 1_i16..=365, second in 0_i32..86_400) {
        let date = jiff::civil::Date::new(year, 1, 1).and_then(|date| date.checked_add(jiff::Span::new().days(day - 1)));
        let date = date.expect("a day of a year");
        let text = format!("\"{date} {:02}:{:02}:{:02}\"", second / 3600, second / 60 % 60, second % 60);
        let iso = to_iso(&["yyyy-MM-dd HH:mm:ss"], "UTC", &text);
        prop_assert_eq!(iso, text.replace(' ', "T").trim_end_matches('"').to_owned() + "Z\"");
    }
}
