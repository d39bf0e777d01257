//! What is told before an answer.

use super::*;

/// What comes before an answer, each with the seconds after which it came, and the answer.
async fn before(client: &SendRequest<Bytes>, path: &str) -> (Vec<(u64, Response<()>)>, Response<h2::RecvStream>) {
    let (mut response, _) = ask(client, "GET", path, true).await;
    let (from, mut interims) = (Instant::now(), Vec::new());
    loop {
        let next = std::future::poll_fn(|cx| {
            if let Poll::Ready(Some(interim)) = response.poll_informational(cx) {
                return Poll::Ready(Err(interim.unwrap()));
            }
            Pin::new(&mut response).poll(cx).map(|answer| Ok(answer.unwrap()))
        });
        match next.await {
            Err(interim) => interims.push((from.elapsed().as_secs(), interim)),
            Ok(answer) => return (interims, answer),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hint_leaves_at_once_and_alone_and_the_log_has_the_answer() {
    let kept = Kept::default();
    let log = AccessLog::start(5, kept.clone()).unwrap();
    let test = Test::with(EdgeSettings { access: Some(log.clone()), ..EdgeSettings::default() });
    let client = test.client().await;
    let (interims, mut answer) = before(&client, "/told").await;
    let [(0, hint)] = interims.as_slice() else { panic!("{interims:?}") };
    assert_eq!((hint.status().as_u16(), hint.headers().len()), (103, 1));
    assert_eq!(hint.headers()["link"], "</a.css>; rel=preload; as=style");
    assert_eq!((answer.status().as_u16(), read(answer.body_mut()).await.unwrap()), (200, b"told".to_vec()));
    // Where nothing is waited for, nothing is to be told before.
    let (interims, answer) = before(&client, "/told-at-once").await;
    assert_eq!((interims.len(), answer.status().as_u16()), (0, 200));
    drop((client, answer));
    test.edge.drain().await;
    let lines = kept.lines(&log);
    let statuses: Vec<_> = lines.iter().map(|line| (line["path"].as_str(), line["status"].as_u64())).collect();
    assert_eq!(statuses, [(Some("/told"), Some(200)), (Some("/told-at-once"), Some(200))]);
}
