//! Scripts and styles of a template that do not say whose they are: under a policy with a nonce no browser takes them.

/// A tag without a nonce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    /// The template.
    pub template: String,
    /// The line in it, from 1.
    pub line: usize,
    /// `script` or `style`.
    pub tag: &'static str,
}

/// Finds them in a text. What stands in a comment is found too, and what an expression writes is not.
pub(super) fn unsigned(template: &str, text: &str) -> Vec<Unsigned> {
    let mut found = Vec::new();
    for tag in ["script", "style"] {
        for (at, _) in text.match_indices('<') {
            let rest = text.get(at + 1..).unwrap_or_default();
            let Some(rest) = rest.get(..tag.len()).filter(|name| name.eq_ignore_ascii_case(tag)).and(rest.get(tag.len()..))
            else {
                continue;
            };
            // `<stylesheet>` is another tag.
            if !rest.starts_with(|c: char| c.is_ascii_whitespace() || c == '>') {
                continue;
            }
            let inside = rest.split('>').next().unwrap_or_default().to_ascii_lowercase();
            // Data of any type are never run.
            let is_data = inside.contains("json");
            if !is_data && !inside.contains("nonce=") {
                let line = 1 + text.get(..at).unwrap_or_default().matches('\n').count();
                found.push(Unsigned { template: template.to_owned(), line, tag });
            }
        }
    }
    found.sort_by_key(|unsigned| unsigned.line);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_or_style_without_a_nonce_is_found_where_it_stands() {
        let text = "<style>a{}</style>\n<STYLE nonce=\"{{ request.nonce }}\"></STYLE><stylesheet>\n\
                    <script type=\"application/json\">{}</script><script\nsrc=a></script>\n<script nonce=x></script><script></script>";
        let found: Vec<(usize, &str)> = unsigned("a.html", text).iter().map(|unsigned| (unsigned.line, unsigned.tag)).collect();
        assert_eq!(found, [(1, "style"), (3, "script"), (5, "script")]);
    }
}
