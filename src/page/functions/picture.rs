//! `picture`: an image, and from what a browser may choose for the screen that it has.

use std::fmt::Write as _;

use tera::{Kwargs, State, TeraResult, Value};

use super::super::arguments::Arguments;
use super::super::escape::escape;
use super::super::filters::is_harmless;
use super::super::readers::{format_name, pixels};

/// `{{ picture(src=item.pic, alt=item.name, width=640, height=480, widths=[320, 640], sizes="50vw", formats=["avif", "webp"]) }}`: an `<img>` with `srcset`, in a
/// `<picture>` with a `<source>` for each format. `pattern` says how the image server is asked: `{src}?w={width}` when absent, and `&fm={format}` behind it
/// in a source. `lazy=false` for the image that is seen first, and fetched first; `class` for a style. An address that a browser would run is left out.
pub(super) fn picture(kwargs: Kwargs, _: &State) -> TeraResult<Value> {
    let arguments = Arguments::of_function("picture", &kwargs)?;
    let src = arguments.needed("src", arguments.any("src")?)?.to_string();
    let alt = arguments.needed("alt", arguments.any("alt")?)?.to_string();
    let widths = arguments.each_by("widths", pixels)?;
    let formats = arguments.each_by("formats", format_name)?;
    let mut image = Image {
        src: if is_harmless(&src) { src } else { String::new() },
        pattern: arguments.text("pattern")?.unwrap_or("{src}?w={width}").to_owned(),
        sizes: arguments.text("sizes")?.unwrap_or("100vw").to_owned(),
        widths,
        out: String::new(),
    };
    let formats = if image.src.is_empty() { Vec::new() } else { formats };
    if !formats.is_empty() {
        image.out.push_str("<picture>");
    }
    for format in &formats {
        image.out.push_str("<source");
        image.attribute("type", &format!("image/{format}"));
        image.srcset(Some(format));
        image.out.push('>');
    }
    image.out.push_str("<img");
    if !image.src.is_empty() {
        image.attribute("src", &image.src.clone());
        if !image.widths.is_empty() {
            image.srcset(None);
        }
    }
    image.attribute("alt", &alt);
    for name in ["width", "height"] {
        let size = arguments.read_by(name, |value| if value.is_none() { Ok(None) } else { pixels(value).map(Some) })?;
        if let Some(size) = size.flatten() {
            image.attribute(name, &size.to_string());
        }
    }
    if let Some(class) = arguments.text("class")? {
        image.attribute("class", class);
    }
    match arguments.truth("lazy")?.unwrap_or(true) {
        true => image.attribute("loading", "lazy"),
        false => image.attribute("fetchpriority", "high"),
    }
    image.attribute("decoding", "async");
    image.out.push('>');
    if !formats.is_empty() {
        image.out.push_str("</picture>");
    }
    Ok(Value::safe_string(&image.out))
}

/// An image while it is written.
struct Image {
    src: String,
    pattern: String,
    sizes: String,
    widths: Vec<u64>,
    out: String,
}

impl Image {
    fn srcset(&mut self, format: Option<&str>) {
        let address = |width: Option<u64>| {
            let asked = self.pattern.contains("{format}");
            let mut address = match width {
                Some(width) => self.pattern.replace("{width}", &width.to_string()),
                None => "{src}".to_owned(),
            };
            if let (Some(_), false) = (format, asked) {
                address.push_str(if address.contains('?') { "&fm={format}" } else { "?fm={format}" });
            }
            let format = format.unwrap_or("auto");
            // A query goes on behind one, and never stands behind a fragment, which no server sees.
            let src = self.src.split('#').next().unwrap_or_default();
            let address = if src.contains('?') { address.replace("{src}?", "{src}&") } else { address };
            let address = address.replace("{format}", format).replace("{src}", src);
            // Blanks and commas part the entries of a list.
            address.replace(' ', "%20").replace(',', "%2C")
        };
        let list = if self.widths.is_empty() {
            address(None)
        } else {
            self.widths.iter().map(|width| format!("{} {width}w", address(Some(*width)))).collect::<Vec<_>>().join(", ")
        };
        self.attribute("srcset", &list);
        if !self.widths.is_empty() {
            self.attribute("sizes", &self.sizes.clone());
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        // A String takes every text.
        let _ = write!(self.out, " {name}=\"");
        escape(&mut self.out, value);
        self.out.push('"');
    }
}
