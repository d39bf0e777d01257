//! The table of docs/routes.md, "status of a page": what a backend says, and what becomes of it for who asks for a page, for who asks
//! for its head alone, and for a program.

use crate::backend::{Say, serve};
use crate::support::fault::refused;
use crate::support::gateway::Setup;
use crate::{BROWSER, visit};

/// What is answered: status, code (none for what is no fault), `Retry-After`, `Location`.
type Told = (u16, &'static str, Option<&'static str>, Option<&'static str>);

const fn fine(status: u16) -> Told {
    (status, "", None, None)
}

const fn to(status: u16, location: &'static str) -> Told {
    (status, "", None, Some(location))
}

const fn fault(status: u16, code: &'static str) -> Told {
    (status, code, None, None)
}

const fn passing(status: u16, code: &'static str, retry_after: &'static str) -> Told {
    (status, code, Some(retry_after), None)
}

/// A success with a document, and what is empty.
const ITEM: &str = "{\"name\":\"mug\",\"list\":[1]}";

/// What the backend does at a path; what a page and JSON become.
fn rows() -> Vec<(&'static str, Say, Told, Told)> {
    use Say::{Cut, Nothing, Reply};
    let refused = |status, code| (fault(status, code), fault(status, code));
    let away = |status| (passing(503, "upstream_failed", "10"), fault(status, "upstream_failed"));
    let unusable = |code| (passing(503, code, "10"), fault(502, code));
    let row = |path, say, (page, json)| (path, say, page, json);
    vec![
        row("/p/whole", Reply(200, "", ITEM), (fine(200), fine(200))),
        row("/p/created", Reply(201, "", ITEM), (fine(200), fine(201))),
        // What is elsewhere.
        row("/p/301", Reply(301, "Location: /p/whole\r\n", ""), (to(301, "/p/whole"), to(301, "/p/whole"))),
        row("/p/302", Reply(302, "Location: /p/whole\r\n", ""), (to(302, "/p/whole"), to(302, "/p/whole"))),
        row("/p/303", Reply(303, "Location: /p/whole\r\n", ""), (to(303, "/p/whole"), to(303, "/p/whole"))),
        row("/p/307", Reply(307, "Location: /p/whole\r\n", ""), (to(307, "/p/whole"), to(307, "/p/whole"))),
        row("/p/308", Reply(308, "Location: /p/whole\r\n", ""), (to(308, "/p/whole"), to(308, "/p/whole"))),
        row(
            "/p/ours",
            Reply(301, "Location: https://shop.example/p/whole\r\n", ""),
            (to(301, "https://shop.example/p/whole"), to(301, "https://shop.example/p/whole")),
        ),
        row("/p/theirs", Reply(302, "Location: https://other.example/\r\n", ""), unusable("upstream_redirect")),
        // What the request is not given.
        row("/p/400", Reply(400, "", "{}"), refused(400, "upstream_refused")),
        row("/p/401", Reply(401, "WWW-Authenticate: Basic\r\n", "{}"), refused(401, "upstream_refused")),
        row("/p/403", Reply(403, "", "{}"), refused(403, "upstream_refused")),
        row("/p/404", Reply(404, "", "{}"), refused(404, "upstream_refused")),
        row("/p/409", Reply(409, "", "{}"), refused(409, "upstream_refused")),
        row("/p/410", Reply(410, "", ""), refused(410, "upstream_refused")),
        row("/p/422", Reply(422, "", "{}"), refused(422, "upstream_refused")),
        row("/p/451", Reply(451, "", "{}"), refused(451, "upstream_refused")),
        // What may pass.
        row("/p/429", Reply(429, "", "{}"), (passing(503, "upstream_refused", "10"), fault(429, "upstream_refused"))),
        row(
            "/p/429-then",
            Reply(429, "Retry-After: 120\r\n", "{}"),
            (passing(503, "upstream_refused", "120"), passing(429, "upstream_refused", "120")),
        ),
        row("/p/500", Reply(500, "", "{}"), away(502)),
        row("/p/501", Reply(501, "", "{}"), away(502)),
        row("/p/502", Reply(502, "", ""), away(502)),
        row("/p/503", Reply(503, "", ""), (passing(503, "upstream_failed", "10"), passing(503, "upstream_failed", "1"))),
        row(
            "/p/503-then",
            Reply(503, "Retry-After: 30\r\n", ""),
            (passing(503, "upstream_failed", "30"), passing(503, "upstream_failed", "30")),
        ),
        row("/p/504", Reply(504, "", ""), away(504)),
        row("/p/text", Reply(200, "", "<html>"), unusable("upstream_not_json")),
        row("/p/half", Reply(200, "", "{\"name\":"), unusable("upstream_not_json")),
        row("/p/cut", Cut(ITEM), unusable("upstream_incomplete")),
        row("/strict/whole", Reply(200, "", ITEM), unusable("shape_mismatch")),
        row("/late/x", Nothing, (passing(503, "upstream_first_byte_timeout", "10"), fault(504, "upstream_first_byte_timeout"))),
        row("/off/x", Nothing, unusable("upstream_connect")),
        // An envelope's verdict counts as the status that it is mapped to.
        row("/e/404", Reply(200, "", "{\"code\":404,\"data\":null}"), refused(404, "business_failure")),
        row("/e/410", Reply(200, "", "{\"code\":410,\"data\":null}"), refused(410, "business_failure")),
        row(
            "/e/429",
            Reply(200, "", "{\"code\":429,\"data\":null}"),
            (passing(503, "business_failure", "10"), fault(429, "business_failure")),
        ),
        row("/e/500", Reply(200, "", "{\"code\":500,\"data\":null}"), unusable("business_failure")),
        row("/e/none", Reply(200, "", "{\"code\":200,\"data\":null}"), (fault(404, "no_data"), fine(200))),
        // Nothing to show.
        row("/p/204", Reply(204, "", ""), (fault(404, "no_data"), fine(204))),
        row("/p/no-body", Reply(200, "", ""), (fault(404, "no_data"), fine(204))),
        row("/p/null", Reply(200, "", "null"), (fault(404, "no_data"), fine(200))),
        row("/p/object", Reply(200, "", "{}"), (fault(404, "no_data"), fine(200))),
        row("/p/nulls", Reply(200, "", "{\"name\":null}"), (fault(404, "no_data"), fine(200))),
        row("/list/missing", Reply(200, "", "{\"name\":\"mug\"}"), (fault(404, "no_data"), fine(200))),
        row("/list/null", Reply(200, "", "{\"name\":\"mug\",\"list\":null}"), (fault(404, "no_data"), fine(200))),
        row("/list/empty", Reply(200, "", "{\"name\":\"mug\",\"list\":[]}"), (fault(404, "no_data"), fine(200))),
        row("/list/there", Reply(200, "", ITEM), (fine(200), fine(200))),
        // Of several calls those that are required count.
        row("/several/404", Reply(404, "", "{}"), refused(404, "upstream_refused")),
        row("/several/500", Reply(500, "", "{}"), away(502)),
        row("/several/null", Reply(200, "", "null"), (fault(404, "no_data"), fine(200))),
        row("/several/whole", Reply(200, "", ITEM), (fine(200), fine(200))),
        // What the template cannot show is our own fault, and a program's document none.
        row("/fails/whole", Reply(200, "", ITEM), (fault(500, "page_failed"), fine(200))),
    ]
}

fn setup() -> Setup {
    let shop = serve(|path| {
        let by_path = |(known, say, _, _): (&str, Say, Told, Told)| (known == path).then_some(say);
        rows().into_iter().find_map(by_path).unwrap_or(Say::Reply(500, "", "{}"))
    });
    let routes = format!(
        "site: {{origin: 'https://shop.example'}}\n\
         upstreams:\n\
         \x20 shop: {{url: 'http://{shop}', retry: false, breaker: false}}\n\
         \x20 envelope: {{url: 'http://{shop}', retry: false, breaker: false, \
         envelope: {{data: data, ok: {{code: 200}}, status: {{404: 404, 410: 410, 429: 429, else: 502}}}}}}\n\
         \x20 late: {{url: 'http://{shop}', retry: false, breaker: false, timeout: {{first_byte: 50ms}}}}\n\
         \x20 off: {{url: 'http://{}', retry: false, breaker: false}}\n\
         routes:\n\
         \x20 - {{route: 'GET /p/{{id}}', call: 'GET shop:/p/{{path.id}}', page: item.html}}\n\
         \x20 - {{route: 'GET /e/{{id}}', call: 'GET envelope:/e/{{path.id}}', page: item.html}}\n\
         \x20 - {{route: 'GET /list/{{id}}', call: 'GET shop:/list/{{path.id}}', page: {{template: item.html, required: [list]}}}}\n\
         \x20 - {{route: 'GET /strict/{{id}}', strict: true, call: 'GET shop:/strict/{{path.id}}', shape: [{{rename: {{'list.x': y}}}}], page: item.html}}\n\
         \x20 - {{route: 'GET /late/{{id}}', call: 'GET late:/late/{{path.id}}', page: item.html}}\n\
         \x20 - {{route: 'GET /off/{{id}}', call: 'GET off:/', page: item.html}}\n\
         \x20 - {{route: 'GET /fails/{{id}}', call: 'GET shop:/fails/{{path.id}}', page: fails.html}}\n\
         \x20 - route: GET /several/{{id}}\n\
         \x20   calls: {{item: 'GET shop:/several/{{path.id}}', ads: {{to: 'GET shop:/ads', optional: true}}}}\n\
         \x20   page: item.html\n",
        refused()
    );
    Setup::new(&routes)
        .workers(1)
        .file("templates/item.html", "<!doctype html><title>an item</title>{{ data | json }}")
        .file("templates/fails.html", "<!doctype html><title>an item</title>\n{{ data.price }}")
        .file("templates/error.html", "<!doctype html><title>{{ status }}</title><p>{{ code }}</p>")
}

#[test]
fn the_status_of_a_page_says_what_is_true_and_a_program_is_told_exactly() {
    let gateway = setup().start();
    for (path, _, page, json) in rows() {
        let seen = visit(&gateway, path);
        let head = |name| seen.header(name);
        assert_eq!((seen.status, head("retry-after"), head("location")), (page.0, page.2, page.3), "{path}: {seen:?}");
        match page {
            (_, "", _, None) => assert!(seen.text().contains("<title>an item</title>"), "{path}"),
            (_, "", ..) => assert_eq!((seen.text().as_str(), head("cache-control")), ("", Some("no-store")), "{path}"),
            (status, code, ..) => {
                let body = format!("<!doctype html><title>{status}</title><p>{code}</p>");
                assert_eq!((seen.text(), head("cache-control")), (body, Some("no-store")), "{path}");
                assert_eq!(head("content-type"), Some("text/html; charset=utf-8"), "{path}");
            }
        }
        // A redirect is the same for all.
        assert!(page.3.is_some() || head("vary").is_some_and(|vary| vary.contains("accept")), "{path}");

        // The backend above does not know HEAD from GET; what the gateway says of the page is the same, without the page.
        let bare = gateway.request("HEAD", path, &[BROWSER], b"");
        let told = |name| (bare.header(name), seen.header(name));
        assert_eq!((bare.status, bare.body.len()), (seen.status, 0), "{path}");
        for name in ["retry-after", "location", "cache-control", "content-type", "vary"] {
            let (bare, seen) = told(name);
            assert_eq!(bare, seen, "{path}: {name}");
        }

        let seen = gateway.get(path);
        let head = |name| seen.header(name);
        assert_eq!((seen.status, head("retry-after"), head("location")), (json.0, json.2, json.3), "{path}: {seen:?}");
        match json.1 {
            "" if json.3.is_some() || json.0 == 204 => assert!(seen.body.is_empty(), "{path}"),
            "" => assert_eq!(head("content-type"), Some("application/json"), "{path}"),
            code => assert_eq!((seen.problem().as_str(), head("cache-control")), (code, Some("no-store")), "{path}"),
        }
        assert_eq!(head("www-authenticate"), (path == "/p/401").then_some("Basic"), "{path}");
    }
}
