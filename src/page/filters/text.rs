//! `striptags`: the text of a piece of HTML, for descriptions.

use tera::{Kwargs, TeraResult};

use super::super::arguments::Arguments;
use super::Given;

/// `<meta name="description" content="{{ body | striptags | truncate(length=160) }}">`: tags, comments, scripts and styles out, the
/// common entities read, blanks in a row made one. What is left is text and escaped as any.
pub(super) fn striptags(given: &Given<'_>, kwargs: &Kwargs) -> TeraResult<String> {
    Arguments::of_filter("striptags", kwargs)?;
    Ok(text_of(given.defined("striptags")?))
}

fn text_of(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        if !after.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)) {
            text.push('<');
            rest = after;
            continue;
        }
        text.push(' ');
        let end = if after.starts_with("!--") {
            "-->"
        } else if starts_with(after, "script") {
            "</script"
        } else if starts_with(after, "style") {
            "</style"
        } else {
            ">"
        };
        rest = find(after, end).and_then(|at| after.get(at..)).unwrap_or_default();
        rest = rest.split_once('>').map_or("", |(_, rest)| rest);
    }
    text.push_str(rest);
    let text =
        text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn starts_with(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// Where an ASCII word begins, in any case.
fn find(text: &str, word: &str) -> Option<usize> {
    text.as_bytes().windows(word.len()).position(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_is_left() {
        for (html, text) in [
            ("<p>Fine <b>tea</b></p>", "Fine tea"),
            ("a<br/>b", "a b"),
            ("1 < 2 &amp; 3 &gt; 2", "1 < 2 & 3 > 2"),
            ("x<script>alert('<b>')</SCRIPT >y", "x y"),
            ("x<!-- <b> -->y", "x y"),
            ("x<style>p{}</style>", "x"),
            ("unclosed <b", "unclosed"),
            ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ] {
            assert_eq!(text_of(html), text, "{html}");
        }
    }
}
