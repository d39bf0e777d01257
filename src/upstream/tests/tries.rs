//! Calls that fail, and what is made of that: other tries, other targets, breakers, bulkheads, checks.

use futures_util::future::join_all;
use http::HeaderValue;
use http_body_util::BodyExt as _;
use tokio::sync::Notify;

use super::*;
use crate::base::share::Share;
use crate::upstream::fault::{Act, refused, reply};
use crate::upstream::live::retry;

const UNAVAILABLE: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

fn breaker(consecutive: u32) -> BreakerRules {
    BreakerRules {
        consecutive,
        success_below: Share::percent(0),
        window: Duration::from_secs(10),
        minimum: 20,
        cooldown: (Duration::from_secs(1), Duration::from_secs(60)),
    }
}

fn upstream(targets: &[String], policies: Policies) -> Upstream {
    let weighted = |target: &String| WeightedTarget { target: Target::parse(target).unwrap(), weight: 1 };
    let targets = targets.iter().map(weighted).collect();
    Upstream::new("shop".into(), Settings { targets, policies, ..settings("demo:") })
}

fn demo_with(policies: Policies) -> Upstream {
    upstream(&["demo:".into()], policies)
}

fn retrying() -> Upstream {
    demo_with(Policies { retry: Some(retry()), ..Policies::NONE })
}

async fn outcome(client: &Client, upstream: &Upstream, call: Call<'_>) -> Result<u16, &'static str> {
    client.send(upstream, call, in_a_minute()).await.map(|reply| reply.status.as_u16()).map_err(|error| error.kind())
}

#[tokio::test(start_paused = true)]
async fn what_failed_is_made_again_when_that_does_no_harm() {
    let (ok, bad) = (Act::send(reply("", "x")), Act::send(UNAVAILABLE));
    for (name, first, method, repeat, expected, requests) in [
        ("closed", vec![Act::Read], Method::GET, Repeat::ByMethod, Ok(200), 2),
        ("closed", vec![Act::Read], Method::POST, Repeat::ByMethod, Err("upstream_closed"), 1),
        ("closed", vec![Act::Read], Method::POST, Repeat::Always, Ok(200), 2),
        ("closed", vec![Act::Read], Method::GET, Repeat::Never, Err("upstream_closed"), 1),
        ("503", vec![Act::Read, bad.clone()], Method::GET, Repeat::ByMethod, Ok(200), 2),
        ("503", vec![Act::Read, bad.clone()], Method::POST, Repeat::ByMethod, Ok(503), 1),
        ("late", vec![Act::Read, Act::Hang], Method::GET, Repeat::ByMethod, Err("upstream_first_byte_timeout"), 1),
        (
            "in body",
            vec![Act::Read, Act::send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")],
            Method::GET,
            Repeat::Always,
            Err("upstream_incomplete"),
            1,
        ),
    ] {
        let faults = Faults::new(vec![first, vec![Act::Read, ok.clone()]]);
        let call = Call { repeat, ..call(method.clone(), "/") };
        assert_eq!(outcome(&client(&faults), &retrying(), call).await, expected, "{name} {method} {repeat:?}");
        assert_eq!(faults.requests().len(), requests, "{name} {method} {repeat:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_try_says_so_and_a_reply_that_stays_bad_is_the_answer() {
    let faults = Faults::new(vec![vec![Act::Read, Act::send(UNAVAILABLE)]]);
    let retry = Retry { attempts: 2, ..retry() };
    let upstream = demo_with(Policies { retry: Some(retry), ..Policies::NONE });
    assert_eq!(outcome(&client(&faults), &upstream, get("/")).await, Ok(503));
    let attempts: Vec<bool> = faults.requests().iter().map(|request| request.contains("x-retry-attempt: ")).collect();
    assert_eq!(attempts, [false, true, true]);
    assert!(faults.requests()[2].contains("x-retry-attempt: 2\r\n"));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_before_they_want_to_be_or_when_there_is_no_time_left() {
    let busy = Act::send("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n");
    let ok = vec![Act::Read, Act::send(reply("", "x"))];
    for (deadline, expected) in [(30, 200), (4, 503)] {
        let faults = Faults::new(vec![vec![Act::Read, busy.clone()], ok.clone()]);
        let start = Instant::now();
        let reply = client(&faults).send(&retrying(), get("/"), start + Duration::from_secs(deadline)).await.unwrap();
        let waited = start.elapsed().as_secs();
        assert_eq!((reply.status.as_u16(), waited), (expected, if expected == 200 { 5 } else { 0 }));
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_upstream_gets_a_fifth_more_calls_and_ten_a_second() {
    let faults = Faults::new(vec![vec![Act::Read]]);
    let (client, upstream) = (client(&faults), retrying());
    let start = Instant::now();
    let calls = (0..5000_u64).map(|number| {
        let (client, upstream) = (&client, &upstream);
        async move {
            tokio::time::sleep(Duration::from_millis(number)).await;
            outcome(client, upstream, get("/")).await
        }
    });
    let outcomes = join_all(calls).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Err("upstream_closed")));
    let seconds = start.elapsed().as_secs() as usize + 1;
    let attempts = faults.requests().len();
    assert!(attempts > 5000 + 5000 / 5, "{attempts}");
    assert!(attempts <= 5000 + 5000 / 5 + 10 * (seconds + 1), "{attempts} in {seconds} s");
}

#[tokio::test(start_paused = true)]
async fn a_breaker_keeps_calls_away_and_a_single_one_finds_out_when_all_is_well() {
    let closed = vec![Act::Read];
    let faults =
        Faults::new(vec![closed.clone(), closed.clone(), closed.clone(), closed, vec![Act::Read, Act::send(reply("", "x"))]]);
    let client = client(&faults);
    let upstream = demo_with(Policies { breaker: Some(breaker(3)), ..Policies::NONE });
    for _ in 0..3 {
        assert_eq!(outcome(&client, &upstream, get("/")).await, Err("upstream_closed"));
    }
    let error = client.send(&upstream, get("/"), in_a_minute()).await.unwrap_err();
    assert!(matches!(error, Error::BreakerOpen { retry_after } if retry_after <= Duration::from_millis(1500)), "{error}");
    assert_eq!(faults.requests().len(), 3);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let both = tokio::join!(outcome(&client, &upstream, get("/")), outcome(&client, &upstream, get("/")));
    assert_eq!(both, (Err("upstream_closed"), Err("upstream_breaker_open")));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(outcome(&client, &upstream, get("/")).await, Ok(200));
    assert_eq!(outcome(&client, &upstream, get("/")).await, Ok(200));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_counts_as_a_failure_and_a_client_that_leaves_does_not() {
    let half = vec![Act::Read, Act::send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")];
    let faults = Faults::new(vec![half]);
    let client_of = client(&faults);
    let upstream = demo_with(Policies { breaker: Some(breaker(1)), ..Policies::NONE });
    assert_eq!(outcome(&client_of, &upstream, get("/")).await, Err("upstream_incomplete"));
    assert_eq!(outcome(&client_of, &upstream, get("/")).await, Err("upstream_breaker_open"));
    let faults = Faults::new(vec![vec![Act::Read, Act::Hang]]);
    let client_of = client(&faults);
    let upstream = demo_with(Policies { breaker: Some(breaker(1)), ..Policies::NONE });
    for _ in 0..3 {
        let left = tokio::time::timeout(Duration::from_millis(100), client_of.send(&upstream, get("/"), far())).await;
        assert!(left.is_err());
        let late = client_of.send(&upstream, get("/"), Instant::now() + Duration::from_millis(100)).await.unwrap_err();
        assert_eq!(late.kind(), "deadline");
    }
}

#[tokio::test(start_paused = true)]
async fn an_upstream_has_no_more_calls_at_once_than_it_may_and_the_last_to_wait_goes_first() {
    let go = Arc::new(Notify::new());
    let script = vec![Act::Read, Act::Wait(Arc::clone(&go)), Act::send(reply("", "x"))];
    let faults = Faults::new(vec![script]);
    let client = client(&faults);
    let bulkhead = BulkheadRules { in_flight: 1, queue: 2, wait: Duration::from_millis(500) };
    let upstream = demo_with(Policies { bulkhead: Some(bulkhead), ..Policies::NONE });
    let calls = ["/first", "/oldest", "/second", "/third"].map(|path| {
        let (client, upstream) = (client.clone(), upstream.clone());
        tokio::spawn(async move { outcome(&client, &upstream, get(path)).await })
    });
    faults.read(1).await;
    go.notify_one();
    faults.read(2).await;
    go.notify_one();
    faults.read(3).await;
    go.notify_one();
    let outcomes: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes, [Ok(200), Err("upstream_bulkhead_full"), Ok(200), Ok(200)]);
    let order: Vec<bool> = faults.requests().iter().map(|request| request.contains("/third")).collect();
    assert_eq!(order, [false, true, false]);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_place_longer_than_allowed() {
    let faults = Faults::new(vec![vec![Act::Read, Act::Hang]]);
    let client = client(&faults);
    let bulkhead = BulkheadRules { in_flight: 1, queue: 2, wait: Duration::from_millis(500) };
    let upstream = demo_with(Policies { bulkhead: Some(bulkhead), ..Policies::NONE });
    let (first, start) = (client.send(&upstream, get("/"), far()), Instant::now());
    let second = async {
        faults.read(1).await;
        let error = outcome(&client, &upstream, get("/")).await;
        (error, start.elapsed().as_millis())
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.unwrap_err().kind(), "upstream_first_byte_timeout");
    assert!(matches!(second, (Err("upstream_bulkhead_full"), 500..600)), "{second:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_is_passed_down_keeps_its_place_until_its_end_and_events_do_not() {
    for (head, held) in [("", true), ("Content-Type: text/event-stream\r\n", false)] {
        let faults = Faults::new(vec![vec![
            Act::Read,
            Act::send(format!("HTTP/1.1 200 OK\r\n{head}Content-Length: 2\r\n\r\nx")),
            Act::Hang,
        ]]);
        let client = client(&faults);
        let bulkhead = BulkheadRules { in_flight: 1, queue: 0, wait: Duration::from_millis(500) };
        let upstream = demo_with(Policies { bulkhead: Some(bulkhead), ..Policies::NONE });
        let open = || async {
            let head = Head {
                method: Method::GET,
                path_and_query: "/",
                headers: HeaderMap::new().into(),
                repeat: Repeat::ByMethod,
                trailers: Trailers::default(),
                tally: Tally::default(),
            };
            let body = http_body_util::Empty::new().map_err(|never| match never {}).boxed();
            client.open(&upstream, head, body, far()).await
        };
        let first = open().await.unwrap();
        assert_eq!(open().await.is_err(), held, "{head}");
        drop(first);
        assert!(open().await.is_ok(), "{head}");
    }
}

#[tokio::test]
async fn a_call_goes_to_another_target_when_one_is_dead_and_so_does_an_upload() {
    let well = Faults::answering(reply("", "x"));
    let targets = [format!("http://{}", refused()), format!("http://{}", well.listen().await)];
    let policies = Policies { balance: Balance::RoundRobin, retry: Some(retry()), breaker: Some(breaker(3)), ..Policies::NONE };
    let (client, upstream) = (Client::new(None), upstream(&targets, policies));
    for number in 0..20 {
        assert_eq!(outcome(&client, &upstream, call(Method::POST, "/")).await, Ok(200), "{number}");
        let head = Head {
            method: Method::PUT,
            path_and_query: "/",
            headers: HeaderMap::new().into(),
            repeat: Repeat::ByMethod,
            trailers: Trailers::default(),
            tally: Tally::default(),
        };
        let body = http_body_util::StreamBody::new(futures_util::stream::iter([Ok::<_, BodyError>(http_body::Frame::data(
            Bytes::from_static(b"up"),
        ))]));
        let opened = client.open(&upstream, head, http_body_util::combinators::BoxBody::new(body), far()).await;
        opened.unwrap().collect().await.unwrap();
    }
    let uploads = well.requests().iter().filter(|request| request.starts_with("PUT ") && request.ends_with("up")).count();
    assert_eq!((well.requests().len(), uploads), (40, 20));
}

#[tokio::test]
async fn the_host_and_the_base_path_are_those_of_the_target_that_is_called() {
    let (a, b) = (Faults::answering(reply("", "a")), Faults::answering(reply("", "b")));
    let (at_a, at_b) = (a.listen().await, b.listen().await);
    let targets = [format!("http://{at_a}/one"), format!("http://{at_b}/two")];
    let upstream = upstream(&targets, Policies { balance: Balance::RoundRobin, ..Policies::NONE });
    let client = Client::new(None);
    for _ in 0..2 {
        assert_eq!(outcome(&client, &upstream, get("/x")).await, Ok(200));
    }
    for (faults, path, address) in [(a, "/one/x", at_a), (b, "/two/x", at_b)] {
        let requests = faults.requests();
        assert_eq!(requests.len(), 1);
        assert!(requests[0].starts_with(&format!("GET {path} ")) && requests[0].contains(&format!("host: {address}\r\n")));
    }
}

#[tokio::test(start_paused = true)]
async fn checks_go_on_beside_the_calls_until_nobody_uses_the_client() {
    let faults = Faults::answering(reply("", "fine"));
    let client = client(&faults);
    let second = Duration::from_secs(1);
    let health = HealthRules { path: "/actuator/health?x=1".into(), every: second, timeout: second, fall: 3, rise: 2 };
    let upstream = demo_with(Policies { health: Some(health), ..Policies::NONE });
    client.watch(&upstream, None);
    tokio::time::sleep(second * 10).await;
    let requests = faults.requests();
    assert!((9..=10).contains(&requests.len()), "{}", requests.len());
    assert!(requests[0].starts_with("GET /actuator/health?x=1 ") && requests[0].contains("user-agent: forecourt-health"));
    drop(client);
    tokio::time::sleep(second * 10).await;
    assert!(faults.requests().len() <= requests.len() + 1);
}

#[tokio::test]
async fn a_target_that_fails_its_checks_gets_no_calls_until_it_passes_them() {
    let sick = Faults::new(vec![vec![Act::Read, Act::send(UNAVAILABLE)]]);
    let well = Faults::answering(reply("", "x"));
    let targets = [format!("http://{}", sick.listen().await), format!("http://{}", well.listen().await)];
    let millis = Duration::from_millis;
    let health = HealthRules { path: "/health".into(), every: millis(10), timeout: Duration::from_secs(5), fall: 3, rise: 2 };
    let policies = Policies { balance: Balance::RoundRobin, health: Some(health), ..Policies::NONE };
    let (client, upstream) = (Client::new(None), upstream(&targets, policies));
    client.watch(&upstream, None);
    // The fourth check begins when the third one is over and counted.
    sick.read(4).await;
    for _ in 0..10 {
        assert_eq!(outcome(&client, &upstream, get("/")).await, Ok(200));
    }
    assert!(sick.requests().iter().all(|request| request.starts_with("GET /health ")));
}

fn hedging(percent: u32) -> Upstream {
    let hedge = HedgeRules { after: Some(Duration::from_millis(100)), budget: Share::percent(percent) };
    demo_with(Policies { hedge: Some(hedge), ..Policies::NONE })
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_long_has_a_second_one_and_the_first_good_reply_is_the_answer() {
    let bad = || vec![Act::Read, Act::Pause(Duration::from_millis(150)), Act::send(UNAVAILABLE)];
    let hangs = || vec![Act::Read, Act::Hang];
    let good = |millis| vec![Act::Read, Act::Pause(Duration::from_millis(millis)), Act::send(reply("", "x"))];
    for (name, scripts, expected, requests, took) in [
        ("quick", vec![good(50)], Ok(200), 1, 50),
        ("the second is first", vec![hangs(), good(10)], Ok(200), 2, 110),
        ("the first is first", vec![good(150), hangs()], Ok(200), 2, 150),
        ("the first fails", vec![bad(), good(90)], Ok(200), 2, 190),
        ("the second fails", vec![good(900), vec![Act::Read]], Ok(200), 2, 900),
        ("both fail", vec![bad(), vec![Act::Read]], Ok(503), 2, 150),
    ] {
        let faults = Faults::new(scripts);
        let start = Instant::now();
        assert_eq!(outcome(&client(&faults), &hedging(100), get("/")).await, expected, "{name}");
        let millis = u64::try_from(start.elapsed().as_millis()).unwrap();
        assert!((took..took + 5).contains(&millis), "{name}: {millis} ms");
        assert_eq!(faults.requests().len(), requests, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_reading_calls_have_a_second_one_and_only_few_of_them() {
    let slow = vec![Act::Read, Act::Pause(Duration::from_millis(150)), Act::send(reply("", "x"))];
    let faults = Faults::new(vec![slow]);
    let client = client(&faults);
    let upstream = hedging(100);
    assert_eq!(outcome(&client, &upstream, call(Method::POST, "/")).await, Ok(200));
    assert_eq!(outcome(&client, &upstream, Call { repeat: Repeat::Never, ..get("/") }).await, Ok(200));
    assert_eq!(faults.requests().len(), 2);
    let upstream = hedging(5);
    for _ in 0..40 {
        // All within the ten seconds that a call counts for.
        assert_eq!(outcome(&client, &upstream, get("/")).await, Ok(200));
    }
    assert_eq!(faults.requests().len(), 2 + 40 + 2);
}

#[test]
fn a_head_shows_nothing_that_may_be_secret() {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static("s3cret"));
    let head = Head {
        method: Method::GET,
        path_and_query: "/?token=s3cret",
        headers: headers.into(),
        repeat: Repeat::ByMethod,
        trailers: Trailers::default(),
        tally: Tally::default(),
    };
    assert!(!format!("{head:?}").contains("s3cret"));
}
