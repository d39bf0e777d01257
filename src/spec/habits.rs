//! Keys that other tools have, and keys that mean two things: what to write here.

/// What stands where, by its title; the keys that do not belong there; what to do.
const KEYS: [(&str, &[&str], &str); 12] = [
    (
        "a page",
        &["items", "number", "first", "size", "total", "pages"],
        "this is a page list, which is a step: `shape: [{page: {items: …}}]`",
    ),
    (
        "a page list",
        &["template", "layout", "head", "state", "status", "when"],
        "this is a page with a template, which stands beside `shape`: `page: {template: …}`",
    ),
    ("a page", &["layout"], "a template names its layout itself: `{% extends \"layout.html\" %}` in its first line"),
    (
        "an envelope",
        &["code", "success", "errno", "errCode", "errcode", "error_code", "result_code", "retcode"],
        "what tells a success stands below `ok`, as in `ok: {code: 200}`",
    ),
    (
        "an envelope",
        &["msg", "errmsg", "errMsg", "error", "info"],
        "the member with the message is named by `message`, as in `message: msg`",
    ),
    ("an envelope", &["payload", "result", "body", "rows"], "the member with the payload is named by `data`, as in `data: rows`"),
    (
        "a route",
        &["path", "method", "methods", "url", "uri", "verb", "match"],
        "method and path stand together: `route: GET /detail/{id}`",
    ),
    ("a route", &["to", "backend", "upstream", "target", "forward"], "whom a route calls is `call: GET shop:/path`"),
    (
        "`cache`",
        &["max_age", "maxAge", "expires", "time", "age", "duration", "seconds"],
        "how long a reply is fresh is `ttl`, as in `ttl: 30s`",
    ),
    ("`input`", &["params", "param"], "holes of the path are `path`, what stands behind the `?` is `query`"),
    (
        "routes.yaml",
        &["port", "host", "address", "bind", "server"],
        "where it listens is `listen`, as in `listen: 127.0.0.1:8080`",
    ),
    ("routes.yaml", &["backends", "services", "proxies"], "backends are `upstreams`"),
];

/// What to do about a key in a place that has none of that name.
pub(super) fn key(title: &str, key: &str) -> Option<&'static str> {
    KEYS.iter().find(|(known, keys, _)| *known == title && keys.contains(&key)).map(|(.., advice)| *advice)
}

/// The word for one that other tools have.
pub(super) fn word<'w>(typed: &str, options: &[&'w str]) -> Option<&'w str> {
    const WORDS: [(&str, &[&str]); 2] = [
        ("drop", &["remove", "strip", "delete", "omit", "skip", "true", "yes", "on"]),
        ("keep", &["preserve", "leave", "false", "no", "off"]),
    ];
    let (meant, _) = WORDS.iter().find(|(_, words)| words.contains(&typed.to_lowercase().as_str()))?;
    options.iter().find(|option| *option == meant).copied()
}
