//! Envelopes and pages as real backends send them, through `unwrap` and `page`.

use super::testing::{doc, literal, path, paths, text};
use super::{
    Action, Error, MissingData, MissingVerdict, Notes, Paging, PagingOptions, Payload, Shape, Step, Unwrap, UnwrapOptions,
};

fn envelope(data: &[&str], ok: &[(&str, &[&str])], message: &[&str], status: &[(&str, u16)]) -> Step {
    let payload = |text: &&str| if *text == "*" { Payload::Rest } else { Payload::At(path(text)) };
    let options = UnwrapOptions {
        data: data.iter().map(payload).collect(),
        ok: ok.iter().map(|(at, good)| (path(at), good.iter().map(|good| literal(good)).collect())).collect(),
        missing: MissingVerdict::Ok,
        message: paths(message),
        status: status.iter().map(|(code, status)| ((*code).to_owned(), *status)).collect(),
        otherwise: 502,
        missing_data: MissingData::Value(literal("null")),
    };
    Step::new(Action::Unwrap(Unwrap::new(options).expect("the test's envelope is one")))
}

fn mall() -> Step {
    envelope(&["data"], &[("code", &["200"])], &["message"], &[("401", 401), ("403", 403), ("404", 422)])
}

fn ruoyi() -> Step {
    envelope(&["data", "*"], &[("code", &["200"])], &["msg"], &[("401", 401), ("403", 403)])
}

fn litemall() -> Step {
    envelope(&["data"], &[("errno", &["0"])], &["errmsg"], &[("501", 401), ("401", 422), ("402", 422)])
}

fn newbee() -> Step {
    envelope(&["data"], &[("resultCode", &["200"])], &["message"], &[("416", 401)])
}

fn jeecg() -> Step {
    envelope(&["result"], &[("success", &["true"]), ("code", &["200", "0"])], &["message"], &[("401", 401), ("510", 401)])
}

fn page(items: &[&str], number: (&[&str], u8), size: &[&str], total: &[&str], pages: &[&str]) -> Step {
    let (number, first) = number;
    let options = PagingOptions {
        items: paths(items),
        number: paths(number),
        first,
        size: paths(size),
        total: paths(total),
        pages: paths(pages),
    };
    Step::new(Action::Page(Paging::new(options).expect("the test's page is one")))
}

fn spring() -> Step {
    page(
        &["content"],
        (&["number", "page.number"], 0),
        &["size", "page.size"],
        &["totalElements", "page.totalElements"],
        &["totalPages", "page.totalPages"],
    )
}

fn hal() -> Step {
    page(&["_embedded.*"], (&["page.number"], 0), &["page.size"], &["page.totalElements"], &["page.totalPages"])
}

#[track_caller]
fn gives(steps: Vec<Step>, input: &str, output: &str) {
    let mut notes = Notes::new();
    let mut node = doc(input);
    Shape::new(steps, true).run(&mut node, &mut notes).expect("the sample has the shape that it is a sample of");
    assert_eq!(text(&node), output);
    assert_eq!(notes.texts(), [""; 0]);
}

#[track_caller]
fn fails(step: Step, input: &str, status: u16, code: &str, message: &str, details: Option<&str>) {
    let error = Shape::new(vec![step], true).run(&mut doc(input), &mut Notes::new());
    let expected =
        Error::Business { status, code: code.to_owned(), message: Some(message.to_owned()), details: details.map(literal) };
    assert_eq!(error, Err(expected));
}

#[test]
fn s01_a_page_of_mall() {
    gives(
        vec![mall(), page(&["list"], (&["pageNum"], 1), &["pageSize"], &["total"], &["totalPage"])],
        r#"{"code":200,"message":"操作成功","data":{"pageNum":1,"pageSize":5,"totalPage":3,"total":11,"list":[{"id":26,"brandId":3,"name":"手机","pic":null,"price":3788.00,"promotionPrice":null,"deleteStatus":0,"albumPics":"a.jpg,b.jpg","spData":"[{\"key\":\"颜色\",\"value\":\"黑色\"}]","promotionEndTime":"2018-05-30T23:59:59.000+0800"}]}}"#,
        r#"{"items":[{"id":26,"brandId":3,"name":"手机","pic":null,"price":3788.00,"promotionPrice":null,"deleteStatus":0,"albumPics":"a.jpg,b.jpg","spData":"[{\"key\":\"颜色\",\"value\":\"黑色\"}]","promotionEndTime":"2018-05-30T23:59:59.000+0800"}],"page":{"number":1,"size":5,"total":11,"pages":3}}"#,
    );
}

#[test]
fn s02_a_401_of_mall_under_a_200_keeps_its_string_as_details() {
    fails(
        mall(),
        r#"{"code":401,"message":"暂未登录或token已经过期","data":"Full authentication is required to access this resource"}"#,
        401,
        "401",
        "暂未登录或token已经过期",
        Some(r#""Full authentication is required to access this resource""#),
    );
}

#[test]
fn s03_a_payload_of_ruoyi() {
    gives(
        vec![ruoyi()],
        r#"{"msg":"操作成功","code":200,"data":{"userId":1,"email":null,"loginDate":"2024-03-01T10:20:30.000+08:00","dept":{"deptId":103,"children":[],"leader":null}}}"#,
        r#"{"userId":1,"email":null,"loginDate":"2024-03-01T10:20:30.000+08:00","dept":{"deptId":103,"children":[],"leader":null}}"#,
    );
}

#[test]
fn s04_a_payload_of_ruoyi_beside_the_verdict() {
    gives(vec![ruoyi()], r#"{"msg":"操作成功","code":200,"token":"eyJ.sample.jwt"}"#, r#"{"token":"eyJ.sample.jwt"}"#);
}

#[test]
fn s05_a_page_of_ruoyi_whose_verdict_comes_last() {
    gives(
        vec![ruoyi(), page(&["rows"], (&[], 1), &[], &["total"], &[])],
        r#"{"total":2,"rows":[{"roleId":"1","roleName":"admin","createTime":"2024-03-01 10:20:30","createBy":null}],"code":200,"msg":"查询成功"}"#,
        r#"{"items":[{"roleId":"1","roleName":"admin","createTime":"2024-03-01 10:20:30","createBy":null}],"page":{"total":2}}"#,
    );
}

#[test]
fn s06_a_403_of_ruoyi_under_a_200() {
    fails(ruoyi(), r#"{"msg":"没有权限，请联系管理员授权","code":403}"#, 403, "403", "没有权限，请联系管理员授权", None);
}

#[test]
fn s07_a_page_of_litemall() {
    gives(
        vec![litemall(), page(&["list"], (&["page"], 1), &["limit"], &["total"], &["pages"])],
        r#"{"errno":0,"data":{"total":239,"pages":24,"limit":10,"page":1,"list":[{"id":1181000,"name":"母亲节礼物","counterPrice":15.00,"retailPrice":0.00,"isNew":false,"gallery":["a.jpg"],"addTime":"2018-02-01 00:00:00"}]},"errmsg":"成功"}"#,
        r#"{"items":[{"id":1181000,"name":"母亲节礼物","counterPrice":15.00,"retailPrice":0.00,"isNew":false,"gallery":["a.jpg"],"addTime":"2018-02-01 00:00:00"}],"page":{"number":1,"size":10,"total":239,"pages":24}}"#,
    );
}

#[test]
fn s08_nobody_is_logged_in_to_litemall() {
    fails(litemall(), r#"{"errno":501,"errmsg":"请登录"}"#, 401, "501", "请登录", None);
}

#[test]
fn s09_an_empty_page_of_newbee() {
    gives(
        vec![newbee(), page(&["list"], (&["currPage"], 1), &["pageSize"], &["totalCount"], &["totalPage"])],
        r#"{"resultCode":200,"message":"SUCCESS","data":{"totalCount":31,"pageSize":10,"totalPage":4,"currPage":1,"list":[]}}"#,
        r#"{"items":[],"page":{"number":1,"size":10,"total":31,"pages":4}}"#,
    );
}

#[test]
fn s10_a_page_of_mybatis_in_an_envelope_of_jeecg() {
    gives(
        vec![jeecg(), page(&["records"], (&["current"], 1), &["size"], &["total"], &["pages"])],
        r#"{"success":true,"message":"","code":200,"result":{"records":[{"id":"1961005746230337538","createBy":"admin","createTime":"2024-03-01 10:20:30","updateBy":null,"sex":1,"sex_dictText":"男"}],"total":1,"size":10,"current":1,"orders":[],"optimizeCountSql":true,"searchCount":true,"maxLimit":null,"countId":null,"pages":1},"timestamp":1709259630123}"#,
        r#"{"items":[{"id":"1961005746230337538","createBy":"admin","createTime":"2024-03-01 10:20:30","updateBy":null,"sex":1,"sex_dictText":"男"}],"page":{"number":1,"size":10,"total":1,"pages":1}}"#,
    );
}

#[test]
fn s10_a_failure_of_jeecg_tells_its_code_and_not_its_false() {
    let input = r#"{"success":false,"message":"no permission","code":510,"result":null,"timestamp":1}"#;
    fails(jeecg(), input, 401, "510", "no permission", None);
    let input = r#"{"success":false,"message":"broken","code":500,"result":null,"timestamp":1}"#;
    fails(jeecg(), input, 502, "500", "broken", None);
    let input = r#"{"success":false,"message":"broken","code":200,"result":null,"timestamp":1}"#;
    fails(jeecg(), input, 502, "false", "broken", None);
}

#[test]
fn s11_a_list_of_halo() {
    gives(
        vec![page(&["items"], (&["page"], 1), &["size"], &["total"], &["totalPages"])],
        r#"{"page":1,"size":2,"total":3,"items":[{"spec":{"title":"Hello","deleted":false},"status":null,"metadata":{"version":7,"creationTimestamp":"2024-03-01T02:20:30.123456789Z"}}],"first":true,"last":false,"hasNext":true,"hasPrevious":false,"totalPages":2}"#,
        r#"{"items":[{"spec":{"title":"Hello","deleted":false},"status":null,"metadata":{"version":7,"creationTimestamp":"2024-03-01T02:20:30.123456789Z"}}],"page":{"number":1,"size":2,"total":3,"pages":2}}"#,
    );
}

#[test]
fn s12_a_page_of_spring_data_as_it_is() {
    gives(
        vec![spring()],
        r#"{"content":[{"id":1,"name":"a"}],"pageable":{"pageNumber":0,"pageSize":20,"sort":{"sorted":false,"empty":true,"unsorted":true},"offset":0,"paged":true,"unpaged":false},"last":true,"totalElements":1,"totalPages":1,"size":20,"number":0,"sort":{"sorted":false,"empty":true,"unsorted":true},"first":true,"numberOfElements":1,"empty":false}"#,
        r#"{"items":[{"id":1,"name":"a"}],"page":{"number":1,"size":20,"total":1,"pages":1}}"#,
    );
}

#[test]
fn s13_a_page_of_spring_data_that_is_not_paged() {
    gives(
        vec![spring()],
        r#"{"content":[],"pageable":"INSTANCE","last":true,"totalElements":0,"totalPages":1,"size":0,"number":0,"sort":{"empty":true,"sorted":false,"unsorted":true},"first":true,"numberOfElements":0,"empty":true}"#,
        r#"{"items":[],"page":{"number":1,"size":0,"total":0,"pages":1}}"#,
    );
}

#[test]
fn s14_a_paged_model_of_spring_data() {
    gives(
        vec![spring()],
        r#"{"content":[{"id":1,"name":"a"}],"page":{"size":20,"number":0,"totalElements":1,"totalPages":1}}"#,
        r#"{"items":[{"id":1,"name":"a"}],"page":{"number":1,"size":20,"total":1,"pages":1}}"#,
    );
}

#[test]
fn s15_a_collection_of_hal_whatever_its_relation_is_called() {
    gives(
        vec![hal()],
        r#"{"_embedded":{"owners":[{"firstName":"Jean","_links":{"self":{"href":"http://10.0.0.7:8080/api/owners/6"}}}]},"_links":{"self":{"href":"http://10.0.0.7:8080/api/owners?page=0&size=20{&sort}","templated":true}},"page":{"size":20,"totalElements":1,"totalPages":1,"number":0}}"#,
        r#"{"items":[{"firstName":"Jean","_links":{"self":{"href":"http://10.0.0.7:8080/api/owners/6"}}}],"page":{"number":1,"size":20,"total":1,"pages":1}}"#,
    );
}

#[test]
fn s16_an_empty_collection_of_hal_has_no_items_and_is_still_a_page() {
    gives(
        vec![hal()],
        r#"{"_links":{"self":{"href":"http://10.0.0.7:8080/api/owners"}},"page":{"size":20,"totalElements":0,"totalPages":0,"number":0}}"#,
        r#"{"items":[],"page":{"number":1,"size":20,"total":0,"pages":0}}"#,
    );
}

mod whole_shapes {
    use proptest::prelude::*;

    use super::*;
    use crate::shape::testing::documents;
    use crate::shape::*;

    fn convert(entries: Vec<(&str, To)>) -> Step {
        let entry = |(at, to): (&str, To)| ConvertOptions { path: path(at), to, otherwise: None };
        Step::new(Action::Convert(Convert::new(entries.into_iter().map(entry).collect()).expect("the conversions are some")))
    }

    fn iso() -> To {
        let from = vec!["iso".to_owned(), "epoch_ms".to_owned(), "array".to_owned()];
        To::Date(DateOptions { to: DateForm::Iso, from, zone: Some("Asia/Shanghai".to_owned()), invalid: None })
    }

    fn rename(from: &str, to: &str) -> Step {
        Step::new(Action::Rename(Rename::new(vec![(path(from), to.to_owned())]).expect("the renaming is one")))
    }

    #[test]
    fn a_page_of_mall_becomes_what_a_browser_wants() {
        let defaults = DefaultsOptions { values: vec![(path("items[].tags"), literal("[]"))] };
        let steps = vec![
            mall(),
            page(&["list"], (&["pageNum"], 1), &["pageSize"], &["total"], &["totalPage"]),
            Step::new(Action::Nulls(Nulls::new(NullsOptions::default()).expect("the defaults are some"))),
            rename("items[].pic", "image"),
            Step::new(Action::Default(Defaults::new(defaults).expect("the defaults are some"))),
            convert(vec![
                ("items[].price", To::DecimalString),
                ("items[].deleteStatus", To::Boolean),
                ("items[].albumPics", To::List { split: ",".to_owned() }),
                ("items[].spData", To::Json(crate::json::Limits::default())),
                ("items[].promotionEndTime", iso()),
            ]),
            Step::new(Action::Wrap(Wrap::new("products").expect("the key is one"))),
        ];
        gives(
            steps,
            r#"{"code":200,"message":"ok","data":{"pageNum":1,"pageSize":5,"totalPage":3,"total":11,"list":[{"id":26,"pic":"p.jpg","price":3788.00,"promotionPrice":null,"deleteStatus":0,"albumPics":"a.jpg,b.jpg","spData":"[{\"key\":\"颜色\"}]","promotionEndTime":"2018-05-30T23:59:59.000+0800"}]}}"#,
            r#"{"products":{"items":[{"id":26,"image":"p.jpg","price":"3788.00","deleteStatus":false,"albumPics":["a.jpg","b.jpg"],"spData":[{"key":"颜色"}],"promotionEndTime":"2018-05-30T23:59:59.000+08:00","tags":[]}],"page":{"number":1,"size":5,"total":11,"pages":3}}}"#,
        );
    }

    /// One of every step, on names that the documents have.
    fn one_of_each() -> Vec<Step> {
        let group = GroupOptions { list: path("data"), by: path("b"), form: GroupForm::Map, missing: "none".to_owned() };
        let merge = MergeOptions { from: paths(&["a", "b"]), into: path("c"), on_conflict: MergeConflict::Last };
        let defaults = DefaultsOptions { values: vec![(path("a.b"), literal("{}")), (path("**.c"), literal("[0]"))] };
        let pick = PickOptions { at: None, fields: paths(&["a", "b", "c", "list", "data", "x.y"]) };
        let case = CaseOptions { to: Spelling::Camel, except: vec![], stop: vec![] };
        let each = EachOptions { list: path("list"), steps: vec![mall(), rename("a", "z")] };
        vec![
            Action::Omit(Omit::new(vec![path("**.code")]).expect("omit")),
            Action::Default(Defaults::new(defaults).expect("default")),
            Action::Each(Each::new(each).expect("each")),
            Action::Nulls(Nulls::new(NullsOptions::default()).expect("nulls")),
            Action::Flatten(
                Flatten::new(FlattenOptions { at: Some(path("list[]")), ..FlattenOptions::default() }).expect("flatten"),
            ),
            Action::Group(Group::new(group).expect("group")),
            Action::Merge(Merge::new(merge).expect("merge")),
            Action::Copy(Copy::new(vec![(path("c"), path("a"))]).expect("copy")),
            Action::Move(Move::new(vec![(path("c"), path("b.a"))]).expect("move")),
            Action::Numbers(Numbers::new(NumbersOptions::default()).expect("numbers")),
            Action::Case(Case::new(case).expect("case")),
            Action::Pick(Pick::new(pick).expect("pick")),
            Action::Wrap(Wrap::new("data").expect("wrap")),
        ]
        .into_iter()
        .map(Step::new)
        .chain([convert(vec![("**.a", iso()), ("**.b", To::Integer)]), spring()])
        .collect()
    }

    proptest! {
        #[test]
        fn every_document_comes_through_all_steps_in_any_order_as_json(input in documents(), steps in Just(one_of_each()).prop_shuffle()) {
            let mut node = doc(&input);
            if Shape::new(steps, false).run(&mut node, &mut Notes::new()).is_ok() {
                let output = text(&node);
                prop_assert_eq!(text(&doc(&output)), output);
            }
        }
    }
}
