//! Bodies on their way to a backend that does not want them.

use super::Stage;
use super::scenarios::{Place, Scenario};
use crate::support::fault::{Act, Faults};
use crate::support::http::{Answer, Client};

const SIZE: usize = 32 * 1024 * 1024;
const PATIENT: &str = ", timeout: {connect: 60s, first_byte: 60s, between_bytes: 60s, total: 60s}";
const HASTY: &str = ", timeout: {connect: 60s, first_byte: 200ms, between_bytes: 60s, total: 60s}";

fn backend(name: &'static str, acts: Vec<Act>) -> Scenario {
    Scenario {
        name,
        options: HASTY,
        place: Place::Plays(Faults::new(vec![acts])),
        status: 504,
        code: "upstream_first_byte_timeout",
        begins: false,
    }
}

/// Sends a body that fills every buffer on the way, from a thread of its own, and reads the answer meanwhile.
fn upload(stage: &Stage, name: &str) -> Answer {
    let mut client: Client = stage.gateway.connect();
    client.send(format!("POST /upload/{name} HTTP/1.1\r\nHost: a\r\nContent-Length: {SIZE}\r\n\r\n"));
    let mut sender = Client::over(client.socket().try_clone().expect("a second handle"));
    let sending = std::thread::spawn(move || {
        sender.send(vec![b'x'; SIZE]);
    });
    let answer = client.read();
    drop(client);
    sending.join().expect("it ends when the gateway has closed");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_backend_that_does_not_take_an_upload_is_a_504_that_the_client_sees() {
    let stage = Stage::open(vec![backend("takes-nothing", vec![Act::ReadHead, Act::Hang])]).await;
    let answer = upload(&stage, "takes-nothing");
    assert_eq!((answer.status, answer.problem().as_str()), (504, "upstream_first_byte_timeout"));
    stage.assert_serves("a refused upload");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_backend_that_answers_before_the_upload_is_over_is_heard() {
    let refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 8\r\nConnection: close\r\n\r\ntoo much";
    let acts = vec![Act::ReadHead, Act::send(refusal), Act::AwaitClose];
    let stage = Stage::open(vec![Scenario { options: PATIENT, ..backend("answers-early", acts) }]).await;
    let answer = upload(&stage, "answers-early");
    assert_eq!((answer.status, answer.text().as_str()), (413, "too much"));
    stage.assert_serves("an early answer");
}
