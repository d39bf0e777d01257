//! 103 Early Hints, over HTTP/2: what a browser is told while the backend has not answered, who is told, and that nothing else changes.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use http::{HeaderMap, Request, Response};
use tokio::sync::Notify;

use crate::BROWSER;
use crate::support::fault::{Act, Faults, reply};
use crate::support::gateway::{Gateway, Setup};

const LAYOUT: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<title>{{ name }}</title>\n<link rel=\"stylesheet\" href=\"/shop.css\">\n\
                      {% if dark is defined %}<link rel=\"stylesheet\" href=\"/dark.css\">{% endif %}\n\
                      <script src=\"/shop.js\" nonce=\"{{ request.nonce }}\"></script>\n{% block head %}{% endblock %}</head>\n\
                      <body>{% block main %}{% endblock %}</body>\n</html>\n";
const ITEM: &str = "{% extends \"layout.html\" %}{% block head %}<link rel=\"preload\" as=\"image\" href=\"/{{ name }}.jpg\">\n{% endblock %}\
                    {% block main %}<h1>{{ name }}</h1>{% endblock %}";
/// What only the engine can make.
const ENGINE: &str =
    "<head><title>{{ name }}</title>{% raw %}<link rel=\"preconnect\" href=\"https://cdn.example\">{% endraw %}</head>{{ name }}";
const LINKS: &str = "</shop.css>; rel=preload; as=style, </shop.js>; rel=preload; as=script";
const JSON: &str = "{\"name\":\"Mug\",\"dark\":true}";

async fn start(routes: &str, backend: &Faults) -> Gateway {
    let text = format!(
        "upstreams: {{shop: {{url: 'http://{}', timeout: {{first_byte: 60s, total: 60s}}}}}}\ndefaults: {{timeout: 60s}}\nroutes:\n{routes}",
        backend.listen().await
    );
    let setup = Setup::new(&text).file("templates/layout.html", LAYOUT).file("templates/item.html", ITEM);
    let setup = setup.file("templates/engine.html", ENGINE).workers(1);
    tokio::task::spawn_blocking(|| setup.start()).await.unwrap()
}

fn answering() -> Faults {
    Faults::answering(reply("Content-Type: application/json\r\n", JSON))
}

async fn connect(gateway: &Gateway) -> SendRequest<Bytes> {
    let stream = tokio::net::TcpStream::connect(gateway.address()).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn send(client: &SendRequest<Bytes>, method: &str, path: &str, headers: &[(&str, &str)]) -> ResponseFuture {
    let mut request = Request::builder().method(method).uri(format!("http://shop.example{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut client = client.clone().ready().await.unwrap();
    client.send_request(request.body(()).unwrap(), true).unwrap().0
}

/// What comes next of an answer: what is told before it, or itself.
enum Next {
    Interim(Response<()>),
    Answer(Response<h2::RecvStream>),
}

async fn next(response: &mut ResponseFuture) -> Next {
    poll_fn(|cx| {
        if let Poll::Ready(Some(interim)) = response.poll_informational(cx) {
            return Poll::Ready(Next::Interim(interim.unwrap()));
        }
        Pin::new(&mut *response).poll(cx).map(|answer| Next::Answer(answer.unwrap()))
    })
    .await
}

/// The status and the headers of what is told before an answer.
async fn told(response: &mut ResponseFuture) -> (u16, HeaderMap) {
    match next(response).await {
        Next::Interim(interim) => (interim.status().as_u16(), interim.headers().clone()),
        Next::Answer(answer) => panic!("nothing before {answer:?}"),
    }
}

/// The `Link` headers of all that is told before an answer, and the answer.
async fn all(mut response: ResponseFuture) -> (Vec<String>, Response<String>) {
    let mut interims = Vec::new();
    loop {
        match next(&mut response).await {
            Next::Interim(interim) => interims.push(interim.headers()["link"].to_str().unwrap().to_owned()),
            Next::Answer(answer) => return (interims, whole(answer).await),
        }
    }
}

async fn whole(answer: Response<h2::RecvStream>) -> Response<String> {
    let (parts, mut body) = answer.into_parts();
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        bytes.extend_from_slice(&data);
    }
    Response::from_parts(parts, String::from_utf8(bytes).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_told_while_the_backend_has_not_answered() {
    for keys in ["", "    cache: {ttl: 60s}\n", "    cache: {ttl: 60s}\n    X"] {
        let go = Arc::new(Notify::new());
        let answer = reply("Content-Type: application/json\r\n", JSON);
        let slow = Faults::new(vec![vec![Act::Read, Act::Wait(Arc::clone(&go)), Act::Send(answer)]]);
        let page = if keys.ends_with('X') { ", deadline: {hard: 60s}" } else { "" };
        let keys = keys.trim_end_matches("    X");
        let route = format!(
            "  - route: GET /item\n{keys}    call: GET shop:/item\n    page: {{template: item.html, early_hints: true{page}}}\n"
        );
        let gateway = start(&route, &slow).await;
        let client = connect(&gateway).await;
        let mut response = send(&client, "GET", "/item", &[BROWSER, ("cookie", "a=b"), ("sec-fetch-mode", "navigate")]).await;
        let (status, headers) = told(&mut response).await;
        assert_eq!((status, headers.len(), headers["link"].to_str().unwrap()), (103, 1, LINKS));
        // The call is made all the same, and is still under way.
        slow.read(1).await;
        go.notify_one();
        let Next::Answer(answer) = next(&mut response).await else { panic!("told twice") };
        assert_eq!(answer.status(), 200);
        let links = answer.headers()["link"].to_str().unwrap().to_owned();
        assert!(links.contains("/dark.css") && links.contains("/Mug.jpg") && links.contains("nonce="), "{links}");
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert!(whole(answer).await.body().contains("<h1>Mug</h1>"));
        let line = tokio::task::spawn_blocking(move || gateway.logged(&id)).await.unwrap();
        assert_eq!((line["status"].as_u64(), line["http"].as_str(), line["cut"].as_bool()), (Some(200), Some("2"), Some(false)));
    }
}

const ROUTES: &str = "  - route: GET /item\n    input: {query: {n: {type: integer}}}\n    call: GET shop:/item\n    page: {template: item.html, early_hints: true}\n\
    \x20 - route: GET /plain\n    call: GET shop:/item\n    page: {template: item.html}\n\
    \x20 - route: GET /kept\n    input: {query: {n: {type: integer}}}\n    cache: {ttl: 60s}\n    call: GET shop:/item\n    page: {template: item.html, early_hints: true}\n";

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_told() {
    let gateway = start(ROUTES, &answering()).await;
    let client = connect(&gateway).await;
    for (about, method, path, headers, hints) in [
        ("a navigation", "GET", "/item", &[BROWSER][..], &[LINKS][..]),
        ("a navigation that says so", "GET", "/item", &[BROWSER, ("sec-fetch-mode", "navigate")], &[LINKS]),
        ("a script", "GET", "/item", &[BROWSER, ("sec-fetch-mode", "cors")], &[]),
        ("a client of JSON", "GET", "/item", &[("accept", "application/json")], &[]),
        ("a fragment", "GET", "/item", &[BROWSER, ("x-fragment", "main")], &[]),
        ("a fragment by its parameter", "GET", "/item?_fragment=main", &[BROWSER], &[]),
        ("htmx, for a whole page", "GET", "/item", &[BROWSER, ("hx-request", "true")], &[]),
        ("Turbo", "GET", "/item", &[BROWSER, ("turbo-frame", "nothing")], &[]),
        ("HEAD", "HEAD", "/item", &[BROWSER], &[]),
        ("a rule that is broken", "GET", "/item?n=x", &[BROWSER], &[]),
        ("a page that does not say so", "GET", "/plain", &[BROWSER], &[]),
        ("a rule that is broken before a cache", "GET", "/kept?n=x", &[BROWSER], &[]),
        ("what is not kept yet", "GET", "/kept", &[BROWSER], &[LINKS]),
        ("what is kept", "GET", "/kept", &[BROWSER], &[]),
        ("what is kept for others", "GET", "/kept", &[BROWSER, ("cookie", "a=b")], &[LINKS]),
        ("no such route", "GET", "/nothing", &[BROWSER], &[]),
    ] {
        let (told, answer) = all(send(&client, method, path, headers).await).await;
        assert_eq!(told, hints, "{about}");
        let is_broken = path.ends_with("=x") || path == "/nothing";
        assert_eq!(answer.status().is_success(), !is_broken, "{about}: {answer:?}");
    }
    tokio::task::spawn_blocking(move || {
        let answer = gateway.request("GET", "/item", &[BROWSER], b"");
        assert_eq!(answer.status, 200, "nothing comes before it over HTTP/1.1: {answer:?}");
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_only_the_engine_makes_and_one_with_an_early_head_are_told_of_too() {
    let route = "  - route: GET /several\n    calls: {item: GET shop:/item, other: GET shop:/other}\n    shape: [{unwrap: item}]\n    page: {template: engine.html, early_hints: true, when: always}\n";
    let route = format!(
        "{route}  - route: GET /early\n    calls: {{item: GET shop:/item, other: {{to: GET shop:/other, optional: true}}}}\n    shape: [{{unwrap: item}}]\n\
         \x20   page: {{template: item.html, early_hints: true, early_head: true}}\n"
    );
    let gateway = start(&route, &answering()).await;
    let client = connect(&gateway).await;
    let (told, answer) = all(send(&client, "GET", "/early", &[BROWSER]).await).await;
    assert_eq!((told, answer.status().as_u16()), (vec![LINKS.to_owned()], 200));
    let (told, answer) = all(send(&client, "GET", "/several", &[]).await).await;
    assert_eq!(told, ["<https://cdn.example>; rel=preconnect"]);
    assert!(answer.body().ends_with("Mug"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_the_same_with_and_without() {
    let page = |path: &str, hints: bool| {
        format!("  - route: GET /{path}\n    call: GET shop:/item\n    page: {{template: item.html, early_hints: {hints}}}\n")
    };
    let routes = format!("{}{}site: {{csp: off}}\n", page("with", true), page("without", false));
    let gateway = start(&routes, &answering()).await;
    let client = connect(&gateway).await;
    let mut answers = Vec::new();
    for (path, times) in [("/with", 1), ("/without", 0)] {
        let (told, mut answer) = all(send(&client, "GET", path, &[BROWSER]).await).await;
        assert_eq!(told.len(), times);
        for name in ["date", "x-request-id"] {
            assert!(answer.headers_mut().remove(name).is_some());
        }
        answers.push((answer.status(), answer.headers().clone(), answer.into_body()));
    }
    assert_eq!(answers[0], answers[1]);
}
