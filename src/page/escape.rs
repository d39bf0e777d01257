//! Text between markup.

/// Appends text so that it stands for itself in HTML and in XML, in an element and in the value of an attribute.
pub fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        for (text, expected) in
            [("", ""), ("plain – text", "plain – text"), ("<a href='\"'>&amp;", "&lt;a href=&#x27;&quot;&#x27;&gt;&amp;amp;")]
        {
            let mut out = "x".to_owned();
            escape(&mut out, text);
            assert_eq!(out, format!("x{expected}"));
        }
    }
}
