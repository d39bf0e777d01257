//! The sample in a real browser, Debian's chromium: whole without scripts; with them, the second screen and the state.
//!
//! The pictures that it takes lie in `target/pictures`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a browser that cannot be driven has failed")]

mod driver;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;

use driver::Browser;
use support::gateway::{Gateway, Setup};

fn at(gateway: &Gateway, path: &str) -> String {
    format!("http://{}{path}", gateway.address())
}

#[test]
fn without_scripts_the_first_screen_is_whole() {
    let (gateway, browser) = (Setup::sample().start(), Browser::start(false));
    browser.widen(390, 844);
    browser.visit(&at(&gateway, "/detail/1"));
    let item = gateway.get("/detail/1").json();
    let text = |name: &str| item[name].as_str().unwrap().to_owned();
    for (selector, expected) in [
        ("h1", text("name")),
        (".about .soft", text("subtitle")),
        (".about .price", "€1.10".to_owned()),
        (".badge", format!("{} in stock", item["stock"])),
        (".summary", text("summary")),
        (".facts", text("brand")),
        (".crumbs", text("categoryName")),
    ] {
        let element = browser.find(selector);
        assert!(browser.sees(&element), "{selector}");
        let shown = browser.text(&element);
        assert!(shown.contains(&expected), "{selector}: {shown:?} lacks {expected:?}");
    }
    let picture = browser.find(".gallery img");
    assert!(browser.sees(&picture) && browser.property(&picture, "naturalWidth").as_u64().unwrap() > 0);
    // No script has run: the part that is lazy leads there by a link.
    let link = browser.find("[data-lazy] a");
    assert!(browser.sees(&link) && browser.property(&link, "href").as_str().unwrap().ends_with("/detail/1/reviews"));
}

#[test]
fn with_scripts_the_second_screen_comes_as_a_fragment_and_the_state_can_be_read() {
    let (gateway, browser) = (Setup::sample().start(), Browser::start(true));
    browser.widen(1280, 900);
    browser.visit(&at(&gateway, "/detail/1"));
    // It is waited for.
    let review = browser.find("[data-src] .reviews li");
    assert!(browser.text(&review).contains("Better than the pictures"), "{}", browser.text(&review));
    assert_eq!(browser.count("[data-src] .reviews > li"), 5);
    assert_eq!(browser.count("h1"), 1, "the block alone, not its page");
    let fragments = gateway.access.all().iter().filter(|line| line.contains("\"/detail/1/reviews\"")).count();
    assert_eq!(fragments, 1, "fetched once");
    let item = gateway.get("/detail/1").json();
    let state = browser.run("return import('/_forecourt/client.js').then((client) => client.state())");
    assert_eq!(state.as_object().unwrap().len(), 6, "{state}");
    for name in ["id", "skuId", "name", "price", "priceCurrency", "stock"] {
        assert_eq!(state[name], item[name], "{name}");
    }
    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:?}");
}

#[test]
fn the_policy_of_a_page_lets_nothing_else_run() {
    let (gateway, browser) = (Setup::sample().start(), Browser::start(true));
    browser.visit(&at(&gateway, "/detail/1"));
    browser.find("[data-src] .reviews li");
    browser.run(
        "const script = document.createElement('div'); script.innerHTML = '<img src=x onerror=\"window.ran = true\">'; document.body.append(script);
         return new Promise((done) => document.addEventListener('securitypolicyviolation', (event) => done(event.violatedDirective), {once: true}))",
    );
    assert_eq!(browser.run("return window.ran === undefined"), true);
}

#[test]
fn lists_and_articles_fit_phones_and_desks() {
    let (gateway, browser) = (Setup::sample().start(), Browser::start(true));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../pictures");
    fs::create_dir_all(&folder).unwrap();
    for (name, path) in [("list", "/items"), ("detail", "/detail/1")] {
        for (width, height) in [(390, 844), (1280, 900)] {
            browser.widen(width, height);
            browser.visit(&at(&gateway, path));
            if name == "detail" {
                browser.find("[data-src] .reviews li");
            }
            assert_eq!(browser.run("return document.documentElement.scrollWidth"), width, "{name} is wider than {width} pixels");
            assert_eq!(
                browser.run("return [...document.querySelectorAll('img:not([loading])')].every((img) => img.complete && img.naturalWidth > 0)"),
                true
            );
            if name == "detail" {
                let last = browser.find(".about .badge");
                let bottom = browser.run("return document.querySelector('.about .badge').getBoundingClientRect().bottom");
                assert!(browser.sees(&last) && bottom.as_f64().unwrap() <= f64::from(height), "{bottom} at {width} pixels");
            }
            fs::write(folder.join(format!("{name}-{width}.png")), browser.picture()).unwrap();
        }
    }
    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:?}");
}
