//! HTTP/2: servers that break off, refuse, leave and lie, frame by frame.

use http_body_util::BodyExt as _;
use http_body_util::Empty;
use http_body_util::combinators::BoxBody;

use super::*;
use crate::upstream::connect::Connector;
use crate::upstream::fault::Act;
use crate::upstream::fault::frames::{CANCEL, Frame, HTTP_1_1_REQUIRED, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM};
use crate::upstream::resolve::Names;

/// A client whose way to these scripts speaks HTTP/2.
fn sharing(faults: &Faults) -> Client {
    Client::with_connector(Connector::new(Some(Arc::new(InMemory(faults.clone()))), Names::system()).sharing_memory())
}

const READ: Act = Act::ReadStream { whole: true };

fn greet() -> Act {
    Act::Greet(Vec::new())
}

fn frames(frames: impl Into<Vec<Frame>>) -> Act {
    Act::Frames(frames.into())
}

fn ok(body: &str) -> Act {
    frames([Frame::head(200), Frame::end(body)])
}

async fn body(client: &Client, call: Call<'_>) -> Result<String, &'static str> {
    match client.send(&demo(), call, far()).await {
        Ok(reply) => Ok(String::from_utf8(reply.body.to_vec()).unwrap()),
        Err(error) => Err(error.kind()),
    }
}

/// What a single call to a server that plays this comes to.
async fn outcome(acts: Vec<Act>) -> Result<Reply, Error> {
    let script = [vec![greet(), READ], acts, vec![Act::Attend]].concat();
    sharing(&Faults::new(vec![script])).send(&demo(), get("/"), far()).await
}

#[tokio::test(start_paused = true)]
async fn calls_one_after_the_other_and_side_by_side_share_a_connection() {
    let both = frames([Frame::head(200), Frame::end("b")]);
    let faults = Faults::new(vec![vec![greet(), READ, ok("a"), READ, both, READ, ok("c"), Act::Attend]]);
    let client = sharing(&faults);
    assert_eq!(body(&client, get("/")).await, Ok("a".into()));
    assert_eq!(body(&client, get("/")).await, Ok("b".into()));
    assert_eq!(body(&client, get("/")).await, Ok("c".into()));
    assert_eq!((faults.connections(), client.sharing(&demo()), client.waiting(&demo())), (1, 1, 0));
    assert_eq!(faults.requests(), ["stream 1: ", "stream 3: ", "stream 5: "]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_reset_before_its_head_is_a_reset_connection_of_its_own() {
    for code in [INTERNAL_ERROR, CANCEL, NO_ERROR] {
        let faults = Faults::new(vec![vec![greet(), READ, frames([Frame::Reset(code)]), READ, ok("next"), Act::Attend]]);
        let client = sharing(&faults);
        assert_eq!(body(&client, get("/")).await, Err("upstream_reset"), "{code}");
        assert_eq!(body(&client, get("/")).await, Ok("next".into()), "the connection stands");
        assert_eq!((faults.connections(), faults.requests().len()), (1, 2), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reset_stream_is_tried_again_where_a_reset_connection_is() {
    let reset = frames([Frame::Reset(INTERNAL_ERROR)]);
    for (method, expected) in [(Method::GET, Ok("again".to_owned())), (Method::POST, Err("upstream_reset"))] {
        let faults = Faults::new(vec![vec![greet(), READ, reset.clone(), READ, ok("again"), Act::Attend]]);
        let policies = Policies { retry: Some(live::retry()), ..Policies::NONE };
        let upstream = Upstream::new("demo".into(), Settings { policies, ..settings("demo:") });
        let outcome = sharing(&faults).send(&upstream, call(method.clone(), "/"), far()).await;
        let outcome = outcome.map(|reply| String::from_utf8(reply.body.to_vec()).unwrap()).map_err(|error| error.kind());
        assert_eq!(outcome, expected, "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn half_an_answer_is_never_taken_for_a_whole_one() {
    let head = |length: &str| Frame::Head(200, vec![("content-length", length.to_owned())], false);
    for (sent, kind) in [
        // Some libraries take these two for the end of the body.
        (vec![Frame::head(200), Frame::data("half"), Frame::Reset(NO_ERROR)], "upstream_reset"),
        (vec![Frame::head(200), Frame::data("half"), Frame::Reset(CANCEL)], "upstream_reset"),
        (vec![Frame::head(200), Frame::data("half"), Frame::Reset(INTERNAL_ERROR)], "upstream_reset"),
        (vec![Frame::head(200), Frame::Reset(NO_ERROR)], "upstream_reset"),
        (vec![head("4"), Frame::data("half"), Frame::Reset(CANCEL)], "upstream_reset"),
        (vec![head("9"), Frame::end("half")], "upstream_malformed"),
        (vec![head("2"), Frame::end("half")], "upstream_malformed"),
        (vec![Frame::Head(200, vec![("content-length", "9".into())], true)], "upstream_malformed"),
    ] {
        let error = outcome(vec![frames(sent)]).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    for (last, kind) in [(vec![], "upstream_incomplete"), (vec![Act::Reset], "upstream_incomplete")] {
        let script = [vec![greet(), READ, frames([head("9"), Frame::data("half")])], last].concat();
        let error = sharing(&Faults::new(vec![script])).send(&demo(), get("/"), far()).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.to_string(), "the body of the reply ended early, after 4 bytes");
    }
}

#[tokio::test(start_paused = true)]
async fn a_whole_answer_is_one_though_the_stream_is_reset_behind_it() {
    // As a server does that has answered and wants no more of the request (RFC 9113, section 8.1).
    for code in [NO_ERROR, CANCEL] {
        let sent = vec![Frame::head(200), Frame::data("wh"), Frame::end("ole"), Frame::Reset(code)];
        assert_eq!(outcome(vec![frames(sent)]).await.unwrap().body, "whole");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_is_none_is_malformed() {
    let field = |name: &'static str, value: &str| Frame::Head(200, vec![(name, value.to_owned())], true);
    let many = (0..101).map(|_| ("x-a", "b".to_owned())).collect();
    let large = (0..700).map(|_| ("x-a", "b".repeat(100))).collect();
    for (sent, words) in [
        (vec![Frame::head(103); 9], "more than 8 interim replies came first"),
        (vec![Frame::head(101)], "it switches protocols, but not as it was asked to"),
        (vec![field("connection", "close")], "it breaks the rules of HTTP/2: PROTOCOL_ERROR"),
        (vec![field("transfer-encoding", "chunked")], "it breaks the rules of HTTP/2: PROTOCOL_ERROR"),
        (vec![field("X-Upper", "1")], "it breaks the rules of HTTP/2: PROTOCOL_ERROR"),
        (vec![field("x-a", "b\r\nx-c: d")], "it breaks the rules of HTTP/2: PROTOCOL_ERROR"),
        (vec![field("content-length", "1, 2")], "it breaks the rules of HTTP/2: PROTOCOL_ERROR"),
        (vec![Frame::data("no head")], "it breaks the rules of HTTP/2: PROTOCOL_ERROR"),
        (vec![Frame::Head(200, many, true)], "its head cannot be read: too many headers"),
        (vec![Frame::Head(200, large, true)], "it breaks the rules of HTTP/2"),
    ] {
        let error = outcome(vec![frames(sent)]).await.unwrap_err();
        assert!(error.kind() == "upstream_malformed" && error.to_string().contains(words), "{error}, not {words}");
    }
    let interim = [vec![Frame::head(103); 8], vec![Frame::head(200), Frame::end("fine")]].concat();
    assert_eq!(outcome(vec![frames(interim)]).await.unwrap().body, "fine");
}

#[tokio::test(start_paused = true)]
async fn what_the_server_has_not_touched_is_sent_again_whatever_its_method() {
    let refused = frames([Frame::Reset(REFUSED_STREAM)]);
    // The connection goes, and the last call came too late for it.
    let gone = frames([Frame::GoAway(1, NO_ERROR)]);
    let failing = frames([Frame::GoAway(1, INTERNAL_ERROR)]);
    for (refusal, connections) in [(refused.clone(), 1), (gone, 2), (failing, 2)] {
        for method in [Method::GET, Method::POST] {
            let first = vec![greet(), READ, refusal.clone(), READ, ok("done"), Act::Attend];
            let faults = Faults::new(vec![first, vec![greet(), READ, ok("done"), Act::Attend]]);
            let mut call = call(method.clone(), "/");
            call.body = Bytes::from_static(b"body");
            assert_eq!(body(&sharing(&faults), call).await, Ok("done".into()), "{method}");
            assert_eq!((faults.connections(), faults.requests().len()), (connections, 2), "{method}");
        }
    }
    let again = vec![greet(), READ, refused.clone(), READ, refused, READ, ok("late"), Act::Attend];
    let faults = Faults::new(vec![again]);
    let error = sharing(&faults).send(&demo(), get("/"), far()).await.unwrap_err();
    assert_eq!(error.to_string(), "the upstream refused the call before it did anything for it");
    assert_eq!((error.kind(), faults.requests().len()), ("upstream_reset", 2), "once, not for ever");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_goes_answers_what_it_has_and_the_next_call_finds_another_way() {
    for code in [NO_ERROR, INTERNAL_ERROR] {
        let goes = frames([Frame::head(200), Frame::data("o"), Frame::GoAway(0, code), Frame::end("ld")]);
        let faults = Faults::new(vec![vec![greet(), READ, goes, Act::Attend], vec![greet(), READ, ok("new"), Act::Attend]]);
        let client = sharing(&faults);
        assert_eq!(body(&client, get("/")).await, Ok("old".into()));
        assert_eq!(body(&client, call(Method::POST, "/")).await, Ok("new".into()));
        faults.closed(1).await;
        assert_eq!((faults.connections(), client.sharing(&demo())), (2, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_goes_before_it_takes_anything_is_an_error_and_not_a_circle() {
    let faults = Faults::new(vec![vec![Act::Greet(vec![Frame::GoAway(0, NO_ERROR)]), Act::Attend]]);
    let error = sharing(&faults).send(&demo(), get("/"), far()).await.unwrap_err();
    assert!(["upstream_reset", "upstream_connect"].contains(&error.kind()), "{error}");
    assert!(faults.connections() <= 2);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_dies_takes_its_calls_with_it_and_is_replaced() {
    for end in [vec![], vec![Act::Reset]] {
        for (method, expected) in [(Method::GET, Ok("new".to_owned())), (Method::POST, Err("upstream_closed"))] {
            // It has waited: what is lost on it may be a server that had closed it already.
            let dying = [vec![greet(), READ, ok("old"), READ], end.clone()].concat();
            let faults = Faults::new(vec![dying, vec![greet(), READ, ok("new"), Act::Attend]]);
            let client = sharing(&faults);
            assert_eq!(body(&client, get("/")).await, Ok("old".into()));
            assert_eq!(body(&client, call(method.clone(), "/")).await, expected, "{method}");
        }
    }
    let faults = Faults::new(vec![vec![greet(), READ]]);
    assert_eq!(body(&sharing(&faults), get("/")).await, Err("upstream_closed"), "a new connection is not forgiven");
    assert_eq!(faults.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_resets_its_stream_and_no_other() {
    let both = vec![greet(), READ, READ, Act::AwaitReset, Act::Frames(vec![Frame::head(200), Frame::end("other")]), Act::Attend];
    let faults = Faults::new(vec![both]);
    let client = sharing(&faults);
    let (first, upstream) = (client.clone(), demo());
    let first = tokio::spawn(async move { first.send(&upstream, get("/first"), far()).await });
    faults.read(1).await;
    let (second, upstream) = (client.clone(), demo());
    let second = tokio::spawn(async move { second.send(&upstream, get("/second"), far()).await });
    faults.read(2).await;
    first.abort();
    assert_eq!(second.await.unwrap().unwrap().body, "other");
    assert_eq!(faults.requests(), ["stream 1: ", "stream 3: ", "reset 1: 8"]);
    assert_eq!((faults.connections(), client.sharing(&demo())), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_leaves_resets_its_stream() {
    let faults = Faults::new(vec![vec![
        greet(),
        READ,
        frames([Frame::head(200), Frame::data("ab")]),
        Act::AwaitReset,
        READ,
        ok("x"),
        Act::Attend,
    ]]);
    let client = sharing(&faults);
    let nothing: BoxBody<Bytes, BodyError> = Empty::new().map_err(|never| match never {}).boxed();
    let head = Head {
        method: Method::GET,
        path_and_query: "/",
        headers: HeaderMap::new().into(),
        repeat: Repeat::ByMethod,
        trailers: Trailers::default(),
        tally: Tally::default(),
    };
    let mut opened = client.open(&demo(), head, nothing, far()).await.unwrap();
    opened.body_mut().frame().await.unwrap().unwrap();
    drop(opened);
    faults.read(2).await;
    assert_eq!(body(&client, get("/")).await, Ok("x".into()));
    assert_eq!((faults.requests()[1].as_str(), faults.connections()), ("reset 1: 8", 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_insists_on_http_1_is_spoken_to_in_it() {
    let faults = Faults::new(vec![
        vec![greet(), READ, frames([Frame::Reset(HTTP_1_1_REQUIRED)]), Act::Attend],
        vec![Act::Read, Act::reply("", "as you like"), Act::Attend],
    ]);
    assert_eq!(body(&sharing(&faults), call(Method::POST, "/")).await, Ok("as you like".into()));
    assert!(faults.requests()[1].starts_with("POST / HTTP/1.1\r\n"));
}

#[tokio::test(start_paused = true)]
async fn a_server_without_settings_is_no_server_of_http_2() {
    for (script, kind) in [
        (vec![Act::Hang], "upstream_connect_timeout"),
        (vec![], "upstream_connect"),
        (vec![Act::send("HTTP/1.1 400 Bad Request\r\n\r\n"), Act::Hang], "upstream_connect"),
        (vec![Act::Greet(vec![Frame::Streams(0)]), Act::Attend], "upstream_connect_timeout"),
    ] {
        let error = sharing(&Faults::new(vec![script])).send(&demo(), get("/"), far()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_connection_hears_that_there_is_none_and_takes_over_from_who_leaves() {
    let faults = Faults::new(vec![vec![]]);
    let (client, upstream) = (sharing(&faults), demo());
    let calls = (0..50).map(|_| client.send(&upstream, get("/"), far()));
    let kinds = futures_util::future::join_all(calls).await.into_iter().map(|outcome| outcome.unwrap_err().kind());
    assert!(kinds.into_iter().all(|kind| kind == "upstream_connect"));
    assert_eq!(faults.connections(), 1);

    let faults = Faults::new(vec![vec![Act::Hang], vec![greet(), READ, ok("mine"), Act::Attend]]);
    let client = sharing(&faults);
    let (first, upstream) = (client.clone(), demo());
    let first = tokio::spawn(async move { first.send(&upstream, get("/"), far()).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (second, upstream) = (client.clone(), demo());
    let second = tokio::spawn(async move { second.send(&upstream, get("/"), far()).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(faults.connections(), 1, "the second one waits for the first one's");
    first.abort();
    assert_eq!(second.await.unwrap().unwrap().body, "mine");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_waited_too_long_or_grew_old_takes_no_more_calls() {
    let calls = (0..40).flat_map(|_| [READ, ok("x")]);
    let script: Vec<Act> = [greet()].into_iter().chain(calls).chain([Act::Attend]).collect();
    let faults = Faults::new(vec![script]);
    let client = sharing(&faults);
    for (pause, connections) in [(13, 1), (13, 1), (17, 2)] {
        body(&client, get("/")).await.unwrap();
        tokio::time::sleep(Duration::from_secs(pause)).await;
        assert_eq!(client.sharing(&demo()), usize::from(pause < 15));
        assert!(faults.connections() <= connections);
    }
    // Nobody has to call for it to be closed, and it was not cut.
    faults.closed(1).await;
    for _ in 0..35 {
        body(&client, get("/")).await.unwrap();
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    assert_eq!(faults.connections(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_connection_on_which_nothing_comes_is_not_waited_on_by_one_call_after_the_other() {
    let faults = Faults::new(vec![vec![greet(), READ, ok("old"), READ, Act::Hang], vec![greet(), READ, ok("new"), Act::Attend]]);
    let client = sharing(&faults);
    assert_eq!(body(&client, get("/")).await, Ok("old".into()));
    assert_eq!(body(&client, get("/")).await, Err("upstream_first_byte_timeout"));
    assert_eq!(body(&client, get("/")).await, Ok("new".into()));
    // Asked whether it is there, it does not answer.
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!((faults.connections(), client.sharing(&demo())), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_slow_with_one_call_and_answers_when_it_is_asked_keeps_its_connection() {
    let faults = Faults::new(vec![vec![greet(), READ, Act::AwaitReset, READ, ok("next"), Act::Attend]]);
    let client = sharing(&faults);
    assert_eq!(body(&client, get("/slow")).await, Err("upstream_first_byte_timeout"));
    // The answer to the question takes a moment.
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(body(&client, get("/")).await, Ok("next".into()));
    assert_eq!(faults.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_of_events_lives_as_long_as_its_connection_does() {
    let events = Frame::Head(200, vec![("content-type", "text/event-stream".into())], false);
    for (last, expected) in [
        (vec![Act::Attend], "upstream_between_bytes_timeout"),
        // Nothing answers any more: that is noticed long before the silence of events is.
        (vec![Act::Hang], "upstream_incomplete"),
    ] {
        let script = [vec![greet(), READ, frames([events.clone()])], last].concat();
        let faults = Faults::new(vec![script]);
        let nothing: BoxBody<Bytes, BodyError> = Empty::new().map_err(|never| match never {}).boxed();
        let head = Head {
            method: Method::GET,
            path_and_query: "/",
            headers: HeaderMap::new().into(),
            repeat: Repeat::ByMethod,
            trailers: Trailers::default(),
            tally: Tally::default(),
        };
        let mut opened = sharing(&faults).open(&demo(), head, nothing, far()).await.unwrap();
        let begun = Instant::now();
        let error = opened.body_mut().frame().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), expected);
        assert_eq!(begun.elapsed() < Duration::from_secs(40), expected == "upstream_incomplete", "{:?}", begun.elapsed());
    }
}
