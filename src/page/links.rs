//! What a page needs first, for its `Link` header: said by the page itself, in its head, or by a picture that it calls urgent. Nothing is
//! guessed: what is fetched in vain makes the rest later.
//!
//! | the page has | the header says |
//! |---|---|
//! | in its head `<link rel="preload">`, `modulepreload`, `preconnect` | the same |
//! | in its head `<link rel="stylesheet">` | `rel=preload; as=style` |
//! | in its head `<script src>` that is neither `async` nor `defer` | `rel=preload; as=script`; of a module `rel=modulepreload` |
//! | the first `<img fetchpriority="high">` outside of a `<picture>` | `rel=preload; as=image; fetchpriority=high` |

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::{self, Finder};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::attributes::Attributes;
use super::filters::is_harmless;
use super::tags::{IN_HEAD, TEXT, Tag, Tags};

/// The most links, and the most bytes of all of them: proxies bear a head of 4 KiB to 8 KiB.
const MOST: usize = 10;
const LONGEST: usize = 2 * 1024;

/// What stands in the text of a head for what its data decide.
pub(super) const MARK: char = '\0';

/// What a picture is called urgent by.
static URGENT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("fetchpriority"));

/// What would end an address or a quoted text, and what no header has.
const ESCAPED: AsciiSet =
    CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');
const ESCAPED_IN_TEXT: AsciiSet = ESCAPED.remove(b' ');

/// The attributes that go along, beside those that a kind of link has anyway.
const ALONG: [&str; 10] =
    ["as", "type", "media", "imagesrcset", "imagesizes", "fetchpriority", "crossorigin", "integrity", "referrerpolicy", "nonce"];

/// The value of the `Link` header of a page. `None` when the page names nothing.
pub fn links(page: &str) -> Option<String> {
    let mut all = Links::default();
    Tags::of(page).take_while(is_head).filter(|tag| !tag.is_end).for_each(|tag| of_tag(&tag, &mut all));
    urgent_picture(page, &mut all);
    (!all.text.is_empty()).then_some(all.text)
}

/// What the head of a page names, of which not everything is known: a tag with a [`MARK`] in it is passed over. Without nonces. `None`
/// also where a script, a style or a title ends that has not begun: what stands in front of it is no markup.
pub(super) fn named(page: &str) -> Option<String> {
    let mut all = Links { is_hint: true, ..Links::default() };
    let mut open: Option<Tag<'_>> = None;
    for tag in Tags::of(page).take_while(is_head) {
        if !tag.is_end {
            if !tag.text.contains(MARK) {
                of_tag(&tag, &mut all);
            }
        } else if tag.is_one_of(&TEXT) && !open.is_some_and(|open| tag.is_one_of(&[open.name])) {
            return None;
        }
        open = Some(tag).filter(|tag| !tag.is_end);
    }
    (!all.text.is_empty()).then_some(all.text)
}

fn of_tag(tag: &Tag<'_>, all: &mut Links) {
    if tag.is_one_of(&["link"]) {
        of_link(tag.text, all);
    } else if tag.is_one_of(&["script"]) {
        of_script(tag.text, all);
    }
}

/// The links so far, each once.
#[derive(Default)]
struct Links {
    text: String,
    /// Where each of them stands.
    places: Vec<Range<usize>>,
    /// They are told before the page is made: nothing of one page alone is said.
    is_hint: bool,
}

impl Links {
    /// Takes one more that `write` writes, if it is one, and another one than those before.
    fn add(&mut self, write: impl FnOnce(&mut String, bool) -> Option<()>) {
        let before = self.text.len();
        if before > 0 {
            self.text.push_str(", ");
        } else {
            self.text.reserve(LONGEST);
        }
        let from = self.text.len();
        let written = write(&mut self.text, self.is_hint).and_then(|()| self.text.get(from..)).is_some_and(|link| {
            let mut known = self.places.iter().filter_map(|place| self.text.get(place.clone()));
            self.places.len() < MOST && self.text.len() <= LONGEST && known.all(|known| known != link)
        });
        match written {
            true => self.places.push(from..self.text.len()),
            false => self.text.truncate(before),
        }
    }
}

/// Whether a tag still belongs to the head.
fn is_head(tag: &Tag<'_>) -> bool {
    match tag.is_end {
        true => !tag.is_one_of(&["head"]),
        false => tag.is_one_of(&IN_HEAD) || tag.is_one_of(&["html", "head"]),
    }
}

fn of_link(text: &str, all: &mut Links) {
    let Some(tag) = Attributes::of(text) else { return };
    let mut rels = tag.get("rel").unwrap_or_default().split_ascii_whitespace();
    let (Some(rel), None) = (rels.next(), rels.next()) else { return };
    let kinds = [
        ("preload", "rel=preload"),
        ("modulepreload", "rel=modulepreload"),
        ("preconnect", "rel=preconnect"),
        ("stylesheet", "rel=preload; as=style"),
    ];
    if let Some((rel, kind)) = kinds.iter().find(|(known, _)| rel.eq_ignore_ascii_case(known))
        && (*rel != "stylesheet" || tag.get("disabled").is_none())
    {
        all.add(|out, is_hint| link(&tag, "href", kind, is_hint, out));
    }
}

fn of_script(text: &str, all: &mut Links) {
    let Some(tag) = Attributes::of(text) else { return };
    if ["async", "defer", "nomodule"].iter().any(|name| tag.get(name).is_some()) {
        return;
    }
    let kind = tag.get("type").unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "module" => all.add(|out, is_hint| link(&tag, "src", "rel=modulepreload", is_hint, out)),
        "" | "text/javascript" | "application/javascript" => {
            all.add(|out, is_hint| link(&tag, "src", "rel=preload; as=script", is_hint, out))
        }
        _ => {}
    }
}

/// The first picture that the page calls urgent. What a `<picture>` shows is for the browser to choose.
fn urgent_picture(page: &str, all: &mut Links) {
    let is_urgent =
        |tag: &Attributes<'_>| tag.get("fetchpriority").is_some_and(|value| value.trim().eq_ignore_ascii_case("high"));
    let pictures = URGENT.find_iter(page.as_bytes()).filter_map(|at| {
        let before = page.get(..at)?;
        let start = before.rfind('<')?;
        let (before, from) = page.split_at(start);
        let tag = Tags::of(from).next().filter(|tag| tag.is_one_of(&["img"]) && from.starts_with(tag.text))?;
        // From behind, texts are looked for letter by letter; that there is none is found faster from the front.
        let has_any = || memmem::find(before.as_bytes(), b"<picture").is_some();
        let is_chosen = || has_any() && before.rfind("<picture") > before.rfind("</picture");
        Attributes::of(tag.text).filter(|image| is_urgent(image) && !is_chosen())
    });
    for image in pictures {
        let mut is_link = false;
        all.add(|out, is_hint| {
            link(&image, "src", "rel=preload; as=image", is_hint, out)?;
            is_link = true;
            Some(())
        });
        if is_link {
            return;
        }
    }
}

/// Writes a link to what an attribute names, with what it says beside. `None` when it names nothing that anybody should fetch.
fn link(tag: &Attributes<'_>, address: &str, kind: &str, is_hint: bool, link: &mut String) -> Option<()> {
    let address = tag.get(address)?.trim();
    if !is_harmless(address) {
        return None;
    }
    link.push('<');
    escape(address, &ESCAPED, link);
    link.push_str(">; ");
    link.push_str(kind);
    let (is_image, says_as) = (kind.ends_with("as=image"), kind.contains("as="));
    for name in ALONG {
        // An image has other names for what a preload of it says.
        let from = match name {
            "imagesrcset" if is_image => "srcset",
            "imagesizes" if is_image => "sizes",
            "as" if says_as => continue,
            "nonce" if is_hint => continue,
            // Of a script it has been heeded, of a picture it says nothing.
            "type" if kind != "rel=preload" => continue,
            name => name,
        };
        match tag.get(from).map(str::trim) {
            None => {}
            Some("") if name == "crossorigin" => link.push_str("; crossorigin"),
            Some("") => {}
            Some(value) => {
                ["; ", name, "=\""].iter().for_each(|piece| link.push_str(piece));
                escape(value, &ESCAPED_IN_TEXT, link);
                link.push('"');
            }
        }
    }
    Some(())
}

/// Writes a text with `%20` and the like for what is in a set.
fn escape(text: &str, set: &'static AsciiSet, link: &mut String) {
    if is_plain(text) { link.push_str(text) } else { link.extend(utf8_percent_encode(text, set)) }
}

/// Whether a text stays as it is in both sets, as most do: without a way out of the loop, which lets the compiler look at many bytes at once.
fn is_plain(text: &str) -> bool {
    let is_odd = |byte: u8| {
        [b'"', b'<', b'>', b'\\', b'^', b'`', b'{', b'|', b'}']
            .iter()
            .fold((byte <= b' ') | (byte >= 0x7f), |odd, own| odd | (byte == *own))
    };
    !text.bytes().fold(false, |odd, byte| odd | is_odd(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_is_what_no_set_escapes() {
        for letter in '\0'..'\u{200}' {
            let text = format!("/a{letter}b");
            assert_eq!(is_plain(&text), utf8_percent_encode(&text, &ESCAPED).to_string() == text, "{letter:?}");
            assert!(!is_plain(&text) || utf8_percent_encode(&text, &ESCAPED_IN_TEXT).to_string() == text, "{letter:?}");
        }
    }

    #[test]
    fn a_page_s_links_are_what_it_names_itself() {
        for (page, expected) in [
            ("<head><title>a</title><link rel=canonical href=/a><link rel=icon href=/i></head>", ""),
            ("<head><link rel=\"stylesheet\" href=\"/a.css\"></head>", "</a.css>; rel=preload; as=style"),
            (
                "<head><LINK REL=StyleSheet HREF=/a.css media=print crossorigin></head>",
                "</a.css>; rel=preload; as=style; media=\"print\"; crossorigin",
            ),
            ("<head><link rel=\"alternate stylesheet\" href=/a><link rel=stylesheet href=/b disabled></head>", ""),
            (
                "<head><link rel=preload href=/f.woff2 as=font type=font/woff2 crossorigin=anonymous></head>",
                "</f.woff2>; rel=preload; as=\"font\"; type=\"font/woff2\"; crossorigin=\"anonymous\"",
            ),
            ("<head><link rel=preconnect href=https://cdn.example></head>", "<https://cdn.example>; rel=preconnect"),
            (
                "<head><script src=/a.js nonce=n></script><script type=module src=/m.js></script><script src=/b.js defer></script>\
                 <script async src=/c.js></script><script>'<link rel=preload href=/x>'</script></head>",
                "</a.js>; rel=preload; as=script; nonce=\"n\", </m.js>; rel=modulepreload",
            ),
            (
                "<head><!-- <link rel=stylesheet href=/old> --></head><body><link rel=stylesheet href=/late><script src=/z></script>",
                "",
            ),
            ("<head><link rel=stylesheet href=/a><link rel=stylesheet href=/a></head>", "</a>; rel=preload; as=style"),
            (
                "<head></head><body><p>fetchpriority=\"high\"</p><img src=/no alt='fetchpriority=\"high\"'><img src='/h.jpg?a=1&amp;b' srcset='/h 1x, /g 2x' \
                 fetchpriority=high alt=''><img src=/second fetchpriority=high>",
                "</h.jpg?a=1&b>; rel=preload; as=image; imagesrcset=\"/h 1x, /g 2x\"; fetchpriority=\"high\"",
            ),
            (
                "<body><picture><source srcset=/a><img src=/b fetchpriority=high></picture><img src=/c fetchpriority=high>",
                "</c>; rel=preload; as=image; fetchpriority=\"high\"",
            ),
        ] {
            assert_eq!(links(page).unwrap_or_default(), expected, "{page}");
        }
    }

    #[test]
    fn no_address_says_more_than_an_address() {
        for (address, expected) in [
            ("/a>; rel=preload, </b", "</a%3E;%20rel=preload,%20%3C/b>; rel=preload; as=image; fetchpriority=\"high\""),
            ("/a\r\nSet-Cookie: b=c", ""),
            ("javascript:alert(1)", ""),
            ("", ""),
            ("/é", "</%C3%A9>; rel=preload; as=image; fetchpriority=\"high\""),
        ] {
            let mut escaped = String::new();
            super::super::escape(&mut escaped, address);
            assert_eq!(links(&format!("<img fetchpriority=\"high\" src=\"{escaped}\">")).unwrap_or_default(), expected);
        }
        let odd = "<head><link rel=preload href=/a as='\"; rel=x'></head>";
        assert_eq!(links(odd).as_deref(), Some("</a>; rel=preload; as=\"%22; rel=x\""));
    }

    #[test]
    fn links_are_few_and_short() {
        let many: String = (0..100).map(|n| format!("<link rel=stylesheet href=/{n}>")).collect();
        assert_eq!(links(&many).unwrap().matches("as=style").count(), MOST);
        let long: String = (0..9).map(|n| format!("<link rel=stylesheet href=/{}{n}>", "a".repeat(700))).collect();
        assert!(links(&long).unwrap().len() <= LONGEST);
    }
}
