//! Answers that are dropped by name.

use crate::support::operator::Operator;
use crate::upstream::Upstream;
use crate::{gateway, status};

const WORKERS: usize = 3;

#[test]
fn what_is_purged_is_gone_in_every_worker_when_the_command_returns() {
    let upstream = Upstream::start("{\"n\":0}", "Surrogate-Key: all-items\r\n");
    let gateway = gateway(&upstream, WORKERS, "ttl: 1h, query: [], tags: [\"item-{path.id}\"]");
    gateway.workers(WORKERS);
    let operator = Operator::of(&gateway);
    let ask = |path: &str| (0..4 * WORKERS).map(|_| gateway.get(path)).collect::<Vec<_>>();
    for (number, arguments) in
        [["--tag", "item-1"], ["--tag", "all-items"], ["--key", "/item/1"], ["--route", "GET /item/{id}"]].into_iter().enumerate()
    {
        // Round robin: each worker has both by now, or would have asked.
        ask("/item/1");
        ask("/item/2");
        let body = format!("{{\"n\":{}}}", number + 1);
        upstream.answer(&body);
        let done = operator.command(&[&["purge"], &arguments[..]].concat());
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{arguments:?}");
        assert!(done.out.ends_with(&format!("dropped by {WORKERS} workers\n")), "{}", done.out);
        let answers = ask("/item/1?utm=1");
        assert!(answers.iter().all(|answer| answer.text() == body), "{arguments:?}: {answers:?}");
        let misses = answers.iter().filter(|answer| status(answer).starts_with("fwd=miss")).count();
        assert_eq!(misses, WORKERS, "{arguments:?}");
        let others = ask("/item/2");
        let kept = others.iter().all(|answer| answer.text() != body);
        assert_eq!(kept, ["item-1", "/item/1"].contains(&arguments[1]), "{arguments:?}");
    }
    for (arguments, said) in [
        (["--key", "item"], "a key is a path and begins with `/`"),
        (["--route", "GET /item/{i}"], "no route `GET /item/{i}`; did you mean `GET /item/{id}`?"),
    ] {
        let refused = operator.command(&[&["purge"], &arguments[..]].concat());
        assert_eq!((refused.code, refused.out.as_str()), (64, ""), "{arguments:?}");
        assert!(refused.err.contains(said), "{}", refused.err);
    }
    assert_eq!(operator.command(&["purge", "--all"]).code, 0);
}
