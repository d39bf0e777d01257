//! HTML as far as these tests read it: tags with their attributes, texts, and whether every tag is closed.

/// A tag: `<a href="/x">`, `</a>`.
#[derive(Debug, Clone)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    closes: bool,
    /// Where it ends in its page.
    end: usize,
}

impl Tag {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A page.
pub(crate) struct Page {
    text: String,
    tags: Vec<Tag>,
}

impl Page {
    /// Reads a page.
    ///
    /// # Panics
    /// A tag is never ended, or closes what is not open.
    pub(crate) fn read(text: &str) -> Self {
        let page = Self { text: text.to_owned(), tags: tags(text) };
        page.balanced();
        page
    }

    /// Every opening tag of this name.
    pub(crate) fn all(&self, name: &str) -> Vec<&Tag> {
        self.tags.iter().filter(|tag| tag.name == name && !tag.closes).collect()
    }

    /// The only tag of this name that has this attribute.
    pub(crate) fn only(&self, name: &str, attribute: (&str, &str)) -> &Tag {
        let found: Vec<&Tag> = self.all(name).into_iter().filter(|tag| tag.attribute(attribute.0) == Some(attribute.1)).collect();
        assert_eq!(found.len(), 1, "<{name} {attribute:?}>");
        found[0]
    }

    /// Every opening tag.
    pub(crate) fn tags(&self) -> impl Iterator<Item = &Tag> {
        self.tags.iter().filter(|tag| !tag.closes)
    }

    /// What stands between a tag and its end, references resolved.
    pub(crate) fn inner(&self, tag: &Tag) -> String {
        let rest = &self.text[tag.end..];
        let end = rest.find(&format!("</{}", tag.name)).unwrap();
        resolved(&rest[..end])
    }

    /// The same as it stands there: the content of a script has no references.
    pub(crate) fn raw(&self, tag: &Tag) -> String {
        let rest = &self.text[tag.end..];
        rest[..rest.find("</").unwrap()].to_owned()
    }

    /// The text of the only tag of this name.
    pub(crate) fn one(&self, name: &str) -> String {
        let found = self.all(name);
        assert_eq!(found.len(), 1, "<{name}>");
        self.inner(found[0])
    }

    /// Every structured datum of the page.
    pub(crate) fn json_ld(&self) -> Vec<serde_json::Value> {
        let scripts = self.all("script").into_iter().filter(|tag| tag.attribute("type") == Some("application/ld+json"));
        scripts
            .map(|tag| serde_json::from_str(&self.raw(tag)).unwrap_or_else(|error| panic!("{error}: {}", self.raw(tag))))
            .collect()
    }

    fn balanced(&self) {
        const VOID: [&str; 5] = ["meta", "link", "img", "input", "br"];
        let mut open: Vec<&str> = Vec::new();
        for tag in &self.tags {
            if tag.closes {
                let before: String = self.text[..tag.end].lines().next_back().unwrap_or_default().to_owned();
                assert_eq!(open.pop(), Some(tag.name.as_str()), "a tag is closed that is not open: {before}");
            } else if !VOID.contains(&tag.name.as_str()) && tag.attribute("/").is_none() {
                open.push(&tag.name);
            }
        }
        assert!(open.is_empty(), "never closed: {open:?}");
    }
}

/// `&lt;` as `<`.
fn resolved(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    named.iter().fold(text.to_owned(), |text, (reference, plain)| text.replace(reference, plain))
}

fn tags(text: &str) -> Vec<Tag> {
    let mut tags: Vec<Tag> = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('<') {
        let start = at + found + 1;
        // Nothing in a script or a stylesheet is a tag but its own end.
        let inside = tags.last().filter(|tag| !tag.closes && ["script", "style"].contains(&tag.name.as_str()));
        if let Some(raw) = inside.filter(|raw| !text[start..].starts_with(&format!("/{}", raw.name))) {
            assert!(text[start..].contains(&format!("</{}", raw.name)), "<{}> is never closed", raw.name);
            at = start;
            continue;
        }
        if text[start..].starts_with('!') {
            at = start;
            continue;
        }
        let end = end_of(text, start);
        tags.push(tag(&text[start..end], end + 1));
        at = end + 1;
    }
    tags
}

/// Where a tag's `>` is; one in quotes is none.
fn end_of(text: &str, start: usize) -> usize {
    let mut quoted = false;
    for (at, c) in text[start..].char_indices() {
        quoted ^= c == '"';
        if c == '>' && !quoted {
            return start + at;
        }
    }
    panic!("a tag is never ended: {}", &text[start..]);
}

fn tag(inside: &str, end: usize) -> Tag {
    let (closes, inside) = inside.strip_prefix('/').map_or((false, inside), |rest| (true, rest));
    let (name, mut rest) = inside.split_once(|c: char| c.is_whitespace() || c == '/').unwrap_or((inside, ""));
    let mut attributes = Vec::new();
    if inside.ends_with('/') {
        attributes.push(("/".to_owned(), String::new()));
        rest = rest.trim_end_matches('/');
    }
    while !rest.trim_start().is_empty() {
        rest = rest.trim_start();
        let word = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (attribute, after) = rest.split_at(word);
        match after.strip_prefix("=\"").and_then(|after| after.split_once('"')) {
            Some((value, after)) => {
                attributes.push((attribute.to_lowercase(), resolved(value)));
                rest = after;
            }
            None => {
                attributes.push((attribute.to_lowercase(), String::new()));
                rest = after.trim_start_matches('=');
            }
        }
    }
    Tag { name: name.to_lowercase(), attributes, closes, end }
}
