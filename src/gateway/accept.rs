//! What a client wants to read: `Accept`, as far as a gateway that makes JSON and HTML needs it (RFC 9110, 12.5.1).

use http::HeaderMap;
use http::header::ACCEPT;

/// What the gateway can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/json`, or problem+json.
    Json,
    /// `text/html`.
    Html,
}

/// How much a client wants each form, 0 (not at all) to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish {
    json: u16,
    html: u16,
    html_named: bool,
}

impl Wish {
    /// Reads the request's `Accept`; without one everything is welcome.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut seen = false;
        let (mut json, mut html) = (Rank::default(), Rank::default());
        for range in headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default().to_ascii_lowercase();
            if media.is_empty() {
                continue;
            }
            seen = true;
            let quality =
                parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="))).map_or(1000, quality);
            match media.as_str() {
                "application/json" | "application/problem+json" => json.offer(3, quality),
                "application/*" => json.offer(2, quality),
                "text/html" => html.offer(3, quality),
                "text/*" => html.offer(2, quality),
                "*/*" => {
                    json.offer(1, quality);
                    html.offer(1, quality);
                }
                _ => {}
            }
        }
        if !seen {
            return Self { json: 1000, html: 1000, html_named: false };
        }
        Self { json: json.quality, html: html.quality, html_named: html.closeness >= 2 && html.quality > 0 }
    }

    /// Whether the client is a browser that asks for a page: it names `text/html`, and wants JSON no more than that.
    pub(super) fn page(self) -> bool {
        self.html_named && self.html >= self.json
    }

    /// Whether a form is acceptable at all.
    pub(super) fn takes(self, form: Form) -> bool {
        match form {
            Form::Json => self.json > 0,
            Form::Html => self.html > 0,
        }
    }
}

/// The most exact range that named a form wins, whatever its place in the list.
#[derive(Default)]
struct Rank {
    closeness: u8,
    quality: u16,
}

impl Rank {
    fn offer(&mut self, closeness: u8, quality: u16) {
        if closeness > self.closeness || (closeness == self.closeness && quality > self.quality) {
            *self = Self { closeness, quality };
        }
    }
}

/// `0.85` as 850; what is no number counts as 1.
fn quality(text: &str) -> u16 {
    let value = text.trim().parse::<f32>().ok().filter(|value| (0.0..=1.0).contains(value)).unwrap_or(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000 by the filter above")]
    let thousandths = (value * 1000.0).round() as u16;
    thousandths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(accept: &str) -> Wish {
        let mut headers = HeaderMap::new();
        if !accept.is_empty() {
            headers.insert(ACCEPT, accept.parse().unwrap());
        }
        Wish::of(&headers)
    }

    #[test]
    fn a_page_goes_to_those_who_name_html() {
        let chrome = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";
        for (accept, page) in [
            (chrome, true),
            ("text/html", true),
            ("text/*", true),
            ("", false),
            ("*/*", false),
            ("application/json", false),
            ("application/json, text/html;q=0.5", false),
            ("text/html;q=0", false),
            ("application/json;q=0.9, text/html", true),
        ] {
            assert_eq!(wish(accept).page(), page, "{accept}");
        }
    }

    #[test]
    fn the_most_exact_range_decides_what_is_acceptable() {
        for (accept, json, html) in [
            ("", true, true),
            ("*/*", true, true),
            ("image/png", false, false),
            ("application/json;q=0, */*", false, true),
            ("text/html", false, true),
            ("application/*", true, false),
            ("nonsense;;;q=x", false, false),
        ] {
            assert_eq!((wish(accept).takes(Form::Json), wish(accept).takes(Form::Html)), (json, html), "{accept}");
        }
    }
}
