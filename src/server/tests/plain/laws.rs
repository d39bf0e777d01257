//! What holds for any bytes.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// A whole request whose answer does not depend on when its bytes come: who leaves a body unread may have seen its end or not.
fn request() -> impl Strategy<Value = String> {
    let chunks = prop::collection::vec("[ -~\r\n]{1,40}", 0..4).prop_map(|chunks| {
        let chunks: String = chunks.iter().map(|data| format!("{:x};x=y\r\n{data}\r\n", data.len())).collect();
        format!("Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")
    });
    let sized = "[ -~\r\n]{0,60}".prop_map(|body| format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    let read = prop_oneof![chunks, sized].prop_map(|body| ("POST /body", body));
    let lines = ["GET /a", "GET /large", "GET /unknown", "GET /empty", "HEAD /a", "HEAD /unknown"];
    let none = prop::sample::select(lines.to_vec()).prop_map(|line| (line, "\r\n".to_owned()));
    let elsewhere = Just(("POST /elsewhere", "Content-Length: 3\r\n\r\nabc".to_owned()));
    (prop_oneof![read, none, elsewhere], "[a-z]{0,40}")
        .prop_map(|((line, rest), noise)| format!("{line} HTTP/1.1\r\nHost: a\r\nX-Noise: {noise}\r\n{rest}"))
}

fn noise() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "GET ",
        "POST ",
        "HEAD ",
        "/body",
        "/unread",
        "/echo",
        "/endless",
        " HTTP/1.1\r\n",
        " HTTP/1.0\r\n",
        "Host: a\r\n",
        "Connection: close\r\n",
        "Expect: 100-continue\r\n",
        "\r\n",
        "\n",
        "Content-Length: 3\r\n",
        "Transfer-Encoding: chunked\r\n",
        "3\r\nabc\r\n",
        "0\r\n\r\n",
        "abc",
        "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ]);
    prop_oneof![
        3 => prop::collection::vec(words, 0..20).prop_map(|words| words.concat().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

/// Sends `bytes` in pieces that end at `cuts`, one after another as they are read, and gives back all that comes until the edge closes, or
/// until it has said nothing for as long as it may.
async fn send(test: &Test, bytes: &[u8], cuts: &[Index]) -> Vec<u8> {
    let (client, server) = tokio::io::duplex(4096);
    let serving = tokio::spawn(test.edge.serve(server, test.edge.admit(SocketAddr::from(PEER))));
    let (mut from_edge, mut to_edge) = tokio::io::split(client);
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
    cuts.sort_unstable();
    let sending = async {
        for piece in cuts.windows(2) {
            if to_edge.write_all(&bytes[piece[0]..piece[1]]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let mut received = Vec::new();
    let receiving = async {
        let mut room = vec![0; 64 * 1024];
        while let Ok(came @ 1..) = from_edge.read(&mut room).await {
            received.extend_from_slice(&room[..came]);
            if received.len() > 1 << 20 {
                break;
            }
        }
    };
    let both = async { tokio::join!(sending, receiving) };
    assert!(tokio::time::timeout(Duration::from_secs(400), both).await.is_ok(), "hangs");
    drop((from_edge, to_edge));
    assert!(tokio::time::timeout(Duration::from_secs(400), serving).await.is_ok_and(|ended| ended.is_ok()), "hangs or panics");
    received
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_same_requests_get_the_same_answers_however_they_are_cut(
        requests in prop::collection::vec(request(), 1..6), cuts in prop::collection::vec(any::<Index>(), 0..12)
    ) {
        let bytes = requests.concat() + LAST;
        let (whole, cut) = runtime().block_on(async {
            let test = Test::new();
            (send(&test, bytes.as_bytes(), &[]).await, send(&test, bytes.as_bytes(), &cuts).await)
        });
        let text = |received: &[u8]| plain(&String::from_utf8_lossy(received));
        prop_assert_eq!(text(&whole), text(&cut));
        prop_assert!(text(&whole).ends_with(BYE));
        prop_assert_eq!(text(&whole).matches("HTTP/1.1 200 OK\r\n").count(), requests.len() + 1);
    }

    #[test]
    fn no_bytes_panic_or_hang_a_connection_however_they_are_cut(
        bytes in noise(), cuts in prop::collection::vec(any::<Index>(), 0..8)
    ) {
        runtime().block_on(async { send(&Test::new(), &bytes, &cuts).await });
    }
}

#[tokio::test(start_paused = true)]
async fn a_byte_at_a_time_is_as_good_as_all_at_once() {
    let test = Test::new();
    let bytes = [
        ask("GET /a HTTP/1.1", ""),
        ask("POST /body HTTP/1.1", "Content-Length: 3\r\n") + "abc",
        ask("POST /elsewhere HTTP/1.1", "Transfer-Encoding: chunked\r\n") + "2\r\nde\r\n1;x\r\nf\r\n0\r\nX-Y: z\r\n\r\n",
        ask("POST /echo HTTP/1.1", "Content-Length: 3\r\n") + "abc",
        ask("HEAD /unknown HTTP/1.1", ""),
        "\r\n".to_owned(),
        LAST.to_owned(),
    ]
    .concat();
    let mut client = test.connect(1 << 16);
    for byte in bytes.as_bytes() {
        client.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let received = plain(&read_all(&mut client).await);
    assert_eq!(received, test.exchange(&bytes).await);
    assert_eq!(statuses(&received), [200; 6]);
}
