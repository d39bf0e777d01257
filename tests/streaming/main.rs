//! Large replies through the shipped binary: shaped while they come, held back where they have to be, cut where they break off.

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/answering.rs"]
mod answering;
mod backend;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::mpsc::channel;

use answering::Sent;
use http::Request;
use http_body_util::BodyExt as _;

use backend::{Peer, serve};
use support::gateway::Gateway;

/// One item as it comes and as it leaves.
const ITEM: &str = r#"{"id":7,"none":null,"old":"é","price":{"amount":1.10,"unit":null}}"#;
const SHAPED: &str = r#"{"id":7,"name":"é","price_amount":1.10}"#;

/// A gateway in front of one backend, with the route `GET /list` and these options of the upstream.
fn gateway(backend: SocketAddr, options: &str) -> Gateway {
    Gateway::start(&routes(backend, options))
}

fn routes(backend: SocketAddr, options: &str) -> String {
    format!(
        "upstreams: {{shop: {{url: 'http://{backend}', timeout: {{between_bytes: 60s}}{options}}}}}\nroutes:\n  - route: GET /list\n    \
         timeout: 60s\n    shape: [{{nulls: drop}}, {{rename: {{\"[].old\": name}}}}, {{flatten: {{arrays: each, join: _}}}}]\n"
    )
}

fn list(item: &str, items: usize) -> String {
    format!("[{}]", vec![item; items].join(","))
}

fn head(peer: &mut Peer, length: usize) {
    peer.send(format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"));
}

#[test]
fn a_large_list_leaves_before_the_rest_of_it_has_come() {
    let (go, gone) = channel();
    let items = 20_000;
    let address = serve(move |peer| {
        let body = list(ITEM, items);
        head(peer, body.len());
        let (now, later) = body.as_bytes().split_at(600 * 1024);
        peer.send(now);
        gone.recv().expect("the test goes on");
        peer.send(later);
    });
    let gateway = gateway(address, "");
    let mut client = gateway.connect();
    client.send("GET /list HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    let answer = client.head();
    assert_eq!(
        (answer.status, answer.header("content-type"), answer.header("content-length")),
        (200, Some("application/json"), None)
    );
    assert!(client.fill_to(200 * 1024), "the list is on its way");
    go.send(()).expect("the backend waits");
    let mut whole = client.drain();
    while !whole.ends_with(b"\r\n0\r\n\r\n") {
        assert!(client.fill_to(1), "the answer has an end");
        whole.extend(client.drain());
    }
    assert_eq!(unchunked(&whole), list(SHAPED, items));
}

/// What stands in chunks.
fn unchunked(mut bytes: &[u8]) -> String {
    let mut out = Vec::new();
    while let Some(end) = bytes.iter().position(|byte| *byte == b'\r') {
        let (line, rest) = bytes.split_at(end);
        let size = usize::from_str_radix(std::str::from_utf8(line).expect("a size"), 16).expect("a size");
        let rest = rest.get(2..).expect("the end of the line");
        out.extend_from_slice(rest.get(..size).expect("a whole chunk"));
        bytes = rest.get(size + 2..).expect("the end of the chunk");
    }
    String::from_utf8(out).expect("JSON is UTF-8")
}

#[test]
fn a_small_reply_that_breaks_off_is_a_502_and_a_large_one_a_cut_connection() {
    for (items, is_large) in [(100, false), (20_000, true)] {
        let address = serve(move |peer| {
            let body = list(ITEM, items);
            head(peer, body.len() + 1);
            peer.send(body);
        });
        let gateway = gateway(address, "");
        let answer = gateway.get("/list");
        if is_large {
            assert_eq!((answer.status, answer.cut), (200, true));
            let line = gateway.logged(answer.header("x-request-id").expect("every answer has its id"));
            assert_eq!(line.get("cut"), Some(&true.into()), "{line}");
            gateway
                .log
                .wait("the cause", |lines| lines.iter().find(|line| line.contains("\"code\":\"upstream_incomplete\"")).cloned());
        } else {
            assert_eq!((answer.status, answer.problem().as_str()), (502, "upstream_incomplete"));
        }
    }
}

#[test]
fn a_large_reply_that_stalls_cuts_the_connection() {
    let (done, over) = channel::<()>();
    let address = serve(move |peer| {
        let body = list(ITEM, 20_000);
        head(peer, body.len());
        peer.send(body.as_bytes().get(..600 * 1024).expect("it is longer"));
        // Until the test is over.
        let _ended = over.recv();
    });
    let gateway = Gateway::start(&format!(
        "upstreams: {{shop: {{url: 'http://{address}', timeout: {{between_bytes: 300ms}}}}}}\nroutes:\n  - route: GET /list\n"
    ));
    let answer = gateway.get("/list");
    assert_eq!((answer.status, answer.cut), (200, true));
    gateway.log.wait("the cause", |lines| {
        lines.iter().find(|line| line.contains("\"code\":\"upstream_between_bytes_timeout\"")).cloned()
    });
    drop(done);
}

#[test]
fn what_is_no_json_behind_the_threshold_never_looks_whole() {
    for end in ["]]", ",]", "", ",{\"a\":1", "]x", ",\"\u{1}\"]"] {
        let body = format!("[{}{end}", vec![ITEM; 20_000].join(","));
        let address = serve(move |peer| {
            head(peer, body.len());
            peer.send(&body);
        });
        let gateway = gateway(address, "");
        let answer = gateway.get("/list");
        assert_eq!((answer.status, answer.cut), (200, true), "{end}");
        gateway.log.wait("the cause", |lines| lines.iter().find(|line| line.contains("an answer broke off")).cloned());
    }
}

#[test]
fn an_odd_item_in_a_large_list_is_shaped_as_in_a_small_one() {
    let odd = r#"{"price":{"amount":1},"price_amount":2,"old":1,"name":2}"#;
    let alone = shaped_odd(odd);
    for items in [10, 20_000] {
        let body = format!("[{},{odd},{}]", vec![ITEM; items].join(","), vec![ITEM; items].join(","));
        let address = serve(move |peer| {
            head(peer, body.len());
            peer.send(&body);
        });
        let answer = gateway(address, "").get("/list");
        assert_eq!((answer.status, answer.cut), (200, false));
        let text = answer.text();
        let rest = text.strip_prefix('[').and_then(|text| text.strip_prefix(&format!("{SHAPED},").repeat(items)));
        let rest = rest.expect("the items before it are shaped");
        let item = rest.strip_suffix(&format!("{}]", format!(",{SHAPED}").repeat(items)));
        assert_eq!(item, Some(alone.as_str()));
    }
}

/// The odd item as the reference shapes it: alone, through a gateway that has it whole.
fn shaped_odd(item: &str) -> String {
    let body = format!("[{item}]");
    let address = serve(move |peer| {
        head(peer, body.len());
        peer.send(&body);
    });
    let answer = gateway(address, "").get("/list").text();
    answer.strip_prefix('[').and_then(|text| text.strip_suffix(']')).expect("a list of one").to_owned()
}

#[test]
fn a_verdict_behind_its_payload_is_waited_for_and_not_for_ever() {
    for (items, code, expected) in
        [(20_000, 200, Ok(())), (20_000, 500, Err((502, "business_failure"))), (200_000, 200, Err((502, "upstream_undecided")))]
    {
        let body = format!("{{\"data\":{},\"code\":{code}}}", list(ITEM, items));
        let address = serve(move |peer| {
            head(peer, body.len());
            peer.send(&body);
        });
        let gateway = gateway(address, ", envelope: {data: data, ok: {code: 200}}, decode: {max_bytes: 1GiB}");
        let answer = gateway.get("/list");
        match expected {
            Ok(()) => assert_eq!((answer.status, answer.cut, answer.text()), (200, false, list(SHAPED, items))),
            Err((status, code)) => assert_eq!((answer.status, answer.problem().as_str()), (status, code)),
        }
    }
}

#[test]
fn a_packed_reply_is_unpacked_while_it_comes_and_its_limit_holds() {
    let items = 40_000;
    let body = list(ITEM, items);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    packed.write_all(body.as_bytes()).expect("memory takes it");
    let packed = packed.finish().expect("memory takes it");
    for (options, cut) in [("", false), (", decode: {max_bytes: 1MiB}", true)] {
        let packed = packed.clone();
        let address = serve(move |peer| {
            peer.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n");
            peer.send(&packed);
        });
        let answer = gateway(address, options).get("/list");
        assert_eq!((answer.status, answer.cut, answer.header("content-encoding")), (200, cut, None));
        assert_eq!(answer.text() == list(SHAPED, items), !cut);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_read_that_the_client_does_not_take() {
    let (told, stalled) = channel();
    let items = 300_000;
    let address = serve(move |peer| {
        let body = list(ITEM, items);
        head(peer, body.len());
        let sent = peer.send_until_stalled(body.as_bytes());
        told.send((sent, body.len())).expect("the test waits");
        peer.send(body.as_bytes().get(sent..).expect("a part"));
    });
    let gateway = answering::gateway(&routes(address, ", decode: {max_bytes: 1GiB}"), BTreeMap::new(), BTreeMap::new());
    let request = Request::get("/list").body(Sent::empty()).expect("the path is one");
    // The answer has begun, and nobody asks for more of it.
    let mut body = gateway.expect("the configuration is one").answer(request).await.into_body();
    let (sent, all) = stalled.recv().expect("the backend serves");
    assert!(sent < all / 4 * 3, "{sent} of {all} bytes went into buffers");
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        bytes += frame.expect("it is whole").into_data().expect("it is data").len();
    }
    assert_eq!(bytes, list(SHAPED, items).len());
}

/// A gateway in front of a backend that sends this body to everyone, with one route of these steps.
fn shaping(body: &str, shape: &str) -> Gateway {
    let body = body.to_owned();
    let address = serve(move |peer| {
        head(peer, body.len());
        peer.send(&body);
    });
    Gateway::start(&format!(
        "upstreams: {{shop: {{url: 'http://{address}'}}}}\nroutes:\n  - {{route: GET /it, shape: {shape}}}\n"
    ))
}

/// The members of an object behind a list that is large.
fn behind_a_list(members: &str) -> String {
    format!("{{\"list\":[{}],{members}}}", vec![ITEM; 10_000].join(","))
}

#[test]
fn names_that_only_look_alike_are_lifted_in_a_large_reply() {
    for (members, lifted) in [
        (r#""seller":{"name":"x"},"seller_id":7"#, r#""seller_name":"x","seller_id":7"#),
        (r#""seller_id":7,"seller":{"name":"x"}"#, r#""seller_id":7,"seller_name":"x""#),
        (r#""price":{"amount":1},"price_level":2"#, r#""price_amount":1,"price_level":2"#),
        (r#""u":{"a":{"b":1},"a_c":2}"#, r#""u_a_b":1,"u_a_c":2"#),
        (r#""caf\u00e9":{"x":1}"#, r#""caf\u00e9_x":1"#),
        (r#""x":1,"x":2,"y":{"z":3}"#, r#""x":1,"x":2,"y_z":3"#),
    ] {
        for shape in ["[{flatten: true}]", "[{flatten: {levels: 9}}]"] {
            let gateway = shaping(&behind_a_list(members), shape);
            let answer = gateway.get("/it");
            assert_eq!((answer.status, answer.cut), (200, false), "{members} by {shape}");
            assert!(answer.text() == behind_a_list(lifted), "{members} by {shape}");
            let line = gateway.logged(answer.header("x-request-id").expect("every answer has its id"));
            assert_eq!(line.get("warnings"), Some(&0.into()), "{line}");
        }
    }
}

#[test]
fn what_is_only_to_be_noted_is_counted_and_cuts_nothing() {
    for (shape, warnings, left) in [
        ("[{convert: {total: integer}}]", 1, r#""total":"many","tags":[1]"#),
        ("[{convert: {total: integer, tags: string}}]", 2, r#""total":"many","tags":[1]"#),
        ("[{omit: [total.x]}, {rename: {tags.y: z}}]", 2, r#""total":"many","tags":[1]"#),
        ("[{default: {a.b: 1, total.x: 2}}]", 1, r#""total":"many","tags":[1],"a":{"b":1}"#),
        ("[{convert: {tags: {to: string, else: none}}}]", 0, r#""total":"many","tags":"none""#),
    ] {
        let gateway = shaping(&behind_a_list(r#""total":"many","tags":[1]"#), shape);
        let answer = gateway.get("/it");
        assert_eq!((answer.status, answer.cut), (200, false), "{shape}");
        assert!(answer.text() == behind_a_list(left), "{shape}");
        let line = gateway.logged(answer.header("x-request-id").expect("every answer has its id"));
        assert_eq!((line.get("warnings"), line.get("cut")), (Some(&warnings.into()), Some(&false.into())), "{shape}: {line}");
    }
}

#[test]
fn a_cut_says_which_step_wanted_it_and_where() {
    let odd = r#""total":"many","in":{"a":{"b":1},"a_b":2}"#;
    for (shape, code, cause) in [
        ("[{flatten: true}]", "shape_cut", "flatten: two members become `in_a_b`, in `.`"),
        ("[{flatten: {levels: 9}}]", "shape_cut", "flatten: two names become one, or one stands twice, in `.`"),
        ("[{rename: {in.a: a_b}}]", "shape_cut", "rename: two names become one, in `in`"),
        ("[{convert: {total: integer}}], strict: true", "shape_mismatch", "convert: `total` has a string that is no number"),
    ] {
        let gateway = shaping(&behind_a_list(odd), shape);
        let answer = gateway.get("/it");
        assert_eq!((answer.status, answer.cut), (200, true), "{shape}");
        let line = gateway.logged(answer.header("x-request-id").expect("every answer has its id"));
        assert_eq!((line.get("code"), line.get("cut")), (Some(&code.into()), Some(&true.into())), "{shape}: {line}");
        gateway.log.wait(cause, |lines| {
            let says = |line: &&String| line.contains("an answer broke off") && line.contains(code) && line.contains(cause);
            lines.iter().find(says).cloned()
        });
    }
}

#[test]
fn an_upload_that_its_client_breaks_off_is_no_warning() {
    let address = serve(|peer| {
        peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n");
        peer.wait_for_end();
    });
    let routes =
        format!("upstreams: {{shop: {{url: 'http://{address}'}}}}\nroutes:\n  - {{route: POST /up, proxy: 'shop:/up'}}\n");
    let mut gateway = Gateway::start(&routes);
    let mut client = gateway.connect();
    client.send("POST /up HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 100\r\n\r\nthe first of it");
    let answer = client.head();
    assert_eq!(answer.status, 200);
    client.finish();
    let id = answer.header("x-request-id").expect("every answer has its id");
    let line = gateway.logged(id);
    assert_eq!((line.get("code"), line.get("cut")), (Some(&"body_broken".into()), Some(&true.into())), "{line}");
    assert_eq!(gateway.stop(), 0);
    let said: Vec<String> = gateway.log.whole().into_iter().filter(|line| line.contains(id)).collect();
    assert!(said.is_empty(), "{said:?}");
}
