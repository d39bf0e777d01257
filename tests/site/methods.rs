//! Which methods a path of the site takes: the same word of it everywhere.

use super::support::gateway::Setup;

const ROUTES: &str = "upstreams: {shop: {url: 'demo:'}}
routes:
  - {route: 'GET /detail/{id}', call: 'GET shop:/api/items/{path.id}'}
";

const OWN: &str = "GET, HEAD, OPTIONS";

/// What POST and OPTIONS are answered with: the status of POST, and what both say in `Allow`.
#[track_caller]
fn check(site: &str, expected: &[(&str, u16, Option<&str>)]) {
    let files = [("public/app.css", "a {}"), ("root/verify.html", "v"), ("root/a/b.html", "b"), ("root/sitemap.xml", "s")];
    let setup = Setup::new(&format!("{ROUTES}site: {site}\n"));
    let gateway = files.into_iter().fold(setup, |setup, (path, text)| setup.file(path, text)).workers(1).start();
    for (path, status, allow) in expected {
        let posted = gateway.request("POST", path, &[("Content-Type", "application/json")], b"{}");
        assert_eq!((posted.status, posted.header("allow")), (*status, *allow), "POST {path}");
        if let Some(allow) = allow {
            assert_eq!(posted.problem(), "method_not_allowed", "POST {path}");
            let options = gateway.request("OPTIONS", path, &[], b"");
            let seen = (options.status, options.header("allow"), options.body.len(), options.header("cache-control"));
            assert_eq!(seen, (204, Some(*allow), 0, Some("no-store")), "OPTIONS {path}");
        } else {
            assert_eq!(gateway.request("OPTIONS", path, &[], b"").status, *status, "OPTIONS {path}");
        }
    }
}

#[test]
fn a_path_of_the_site_says_which_methods_it_takes() {
    check(
        "{static: {/assets: public, /icon.css: public/app.css, /: root}}",
        &[
            ("/assets/app.css", 405, Some(OWN)),
            ("/assets/none.css", 404, None),
            ("/icon.css", 405, Some(OWN)),
            ("/a/b.html", 405, Some(OWN)),
            ("/a/none.html", 404, None),
            ("/detail/1", 405, Some(OWN)),
            ("/_forecourt/live", 405, Some(OWN)),
            ("/_forecourt/ready", 405, Some(OWN)),
            ("/_forecourt/client.js", 405, Some(OWN)),
            ("/_forecourt/none", 404, None),
        ],
    );
}

#[test]
fn robots_and_the_sitemap_have_their_methods_beside_those_of_a_route() {
    let site = "{origin: 'https://shop.example', robots: {sitemap: true}, static: {/: root},
  sitemap: {call: 'GET shop:/api/items?page={page}', items: list, loc: '/detail/{item.id}'}}";
    let routes = "upstreams: {shop: {url: 'demo:'}}
routes: [{route: 'GET /detail/{id}', call: 'GET shop:/api/items/{path.id}'}, {route: 'PUT /{name}', call: 'PUT shop:/api/forms'}]
";
    let alone = routes.replace(", {route: 'PUT /{name}', call: 'PUT shop:/api/forms'}", "");
    for (routes, allow) in [(alone.as_str(), OWN), (routes, "GET, HEAD, PUT, OPTIONS")] {
        let gateway = Setup::new(&format!("{routes}site: {site}\n")).file("root/a.html", "a").workers(1).start();
        for path in ["/robots.txt", "/sitemap.xml"] {
            let posted = gateway.request("POST", path, &[], b"");
            assert_eq!((posted.status, posted.header("allow")), (405, Some(allow)), "POST {path}");
            let options = gateway.request("OPTIONS", path, &[], b"");
            assert_eq!((options.status, options.header("allow")), (204, Some(allow)), "OPTIONS {path}");
        }
        assert_eq!(gateway.request("POST", "/sitemap-7.xml", &[], b"").header("allow").is_some(), allow != OWN);
    }
    // Those that the configuration does not mention stand back behind routes.
    let gateway = Setup::new(&alone).workers(1).start();
    let posted = gateway.request("POST", "/robots.txt", &[], b"");
    assert_eq!((posted.status, posted.header("allow")), (405, Some(OWN)));
    assert_eq!(gateway.request("OPTIONS", "/robots.txt", &[], b"").status, 204);
    assert_eq!(gateway.request("OPTIONS", "/sitemap.xml", &[], b"").status, 404);
}
