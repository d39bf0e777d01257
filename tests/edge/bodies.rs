//! Bodies of requests that are framed wrongly or break off, and what a backend sees of them: nothing, or a call cut short,
//! never one that looks whole.

use super::{assert_closed, assert_problem};
use crate::support::fault::{Act, Faults, chunked, reply};
use crate::support::gateway::Gateway;
use crate::support::http::End;

const CHUNKED: &str = "HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

/// A shaped route and one that passes bytes through, both to `backend`.
async fn gateway(backend: &Faults) -> Gateway {
    let address = backend.listen().await;
    Gateway::start(&format!(
        "
upstreams:
  backend: {{url: 'http://{address}'}}
routes:
  - route: POST /shaped
  - route: POST /passed
    proxy: backend:/passed
"
    ))
}

fn willing() -> Faults {
    Faults::answering(reply("Content-Type: application/json\r\n", "{\"ok\":true}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn chunks_that_servers_disagree_on_are_answered_400_and_no_backend_hears_of_them() {
    let backend = willing();
    let gateway = gateway(&backend).await;
    for body in [
        "0x2\r\n{}\r\n0\r\n\r\n",
        "+2\r\n{}\r\n0\r\n\r\n",
        "-2\r\n{}\r\n0\r\n\r\n",
        " 2\r\n{}\r\n0\r\n\r\n",
        "2 \r\n{}\r\n0\r\n\r\n",
        "2\n{}\r\n0\r\n\r\n",
        "2\r\n{}0\r\n\r\n",
        "2\r\n{}\n0\r\n\r\n",
        "2\r\n{} \r\n0\r\n\r\n",
        "g\r\n{}\r\n0\r\n\r\n",
        "\r\n{}\r\n0\r\n\r\n",
        "2;a=\nb\r\n{}\r\n0\r\n\r\n",
        "10000000000000002\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}\r\n0\r\nX y: z\r\n\r\n",
    ] {
        let mut client = gateway.connect();
        let answer = client.send(format!("POST /shaped {CHUNKED}{body}GET / HTTP/1.1\r\nHost: a\r\n\r\n")).read();
        assert_problem(&gateway, &answer, (400, "body_broken"), body);
        assert_closed(&mut client, &answer);
    }
    assert_eq!(backend.connections(), 0);
    let good = gateway.raw(format!("POST /shaped {CHUNKED}2;a=b\r\n{{}}\r\n0\r\nX: y\r\n\r\n"));
    assert_eq!((good.status, good.text().as_str()), (200, "{\"ok\":true}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_call_whose_body_broke_off_is_abandoned_not_ended() {
    // The backend takes what comes and waits for the end of the connection.
    let backend = Faults::new(vec![vec![Act::ReadHead, Act::AwaitClose]; 2]);
    let gateway = gateway(&backend).await;
    // Framed wrongly after a good piece.
    let mut client = gateway.connect();
    let answer = client.send(format!("POST /passed {CHUNKED}2\r\n{{}}\r\nzz\r\n")).read();
    assert_problem(&gateway, &answer, (400, "body_broken"), "wrong framing");
    backend.closed(1).await;
    // Given up by the client after a good piece: nobody is left to be answered.
    let mut client = gateway.connect();
    client.send(format!("POST /passed {CHUNKED}2\r\n{{}}\r\n"));
    backend.read(2).await;
    drop(client);
    backend.closed(2).await;
    assert!(backend.requests().iter().all(|request| !request.contains("0\r\n\r\n")), "{:?}", backend.requests());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_client_that_ends_in_the_middle_of_its_body_costs_its_own_request_only() {
    let backend = willing();
    let gateway = gateway(&backend).await;
    for half in [
        format!("POST /shaped {CHUNKED}5\r\n{{\"a"),
        format!("POST /shaped {CHUNKED}"),
        "POST /shaped HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{\"a".to_owned(),
        "POST /shaped HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n".to_owned(),
    ] {
        let mut client = gateway.connect();
        match client.send(&half).finish().try_read("POST") {
            Ok(answer) => assert_eq!((answer.status, answer.problem().as_str()), (400, "body_broken"), "{half:?}"),
            Err(end) => assert_eq!(end, End::Closed, "{half:?}"),
        }
    }
    assert_eq!(backend.connections(), 0);
    let logged = gateway.access.wait("four lines", |lines| (lines.len() >= 5).then(|| lines.to_vec()));
    let broken = logged.iter().filter(|line| line.contains("\"code\":\"body_broken\"") || line.contains("\"status\":499"));
    assert_eq!(broken.count(), 4, "{logged:#?}");
    let good = gateway.request("POST", "/shaped", &[("Content-Type", "application/json")], b"{}");
    assert_eq!(good.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_a_client_sends_in_chunks_arrives_whole_and_framed_anew() {
    let backend = willing();
    let gateway = gateway(&backend).await;
    let body = [b"{\"a\":".as_slice(), b"[1, 2,", b" 3]}"];
    let mut request = format!("POST /shaped {CHUNKED}").into_bytes();
    request.extend(chunked(&body));
    assert_eq!(gateway.raw(&request).status, 200);
    let seen = backend.requests();
    assert!(seen.iter().all(|request| request.to_ascii_lowercase().contains("content-length: 15\r\n")), "{seen:?}");
    assert!(seen.iter().all(|request| request.ends_with("{\"a\":[1, 2, 3]}")), "{seen:?}");
}
