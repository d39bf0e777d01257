//! The page as code written for it and nothing else: what a page from a tree costs at least.

use forecourt::json::Node;

pub(crate) fn page(document: &Node<'_>) -> String {
    let mut out = Out(String::with_capacity(1024));
    let null = Node::Null;
    let get = |name: &str| at(document, name).unwrap_or(&null);
    let is_list = at(document, "title").is_none();
    let (title, about) = if is_list {
        (at(get("seo"), "title").unwrap_or(&null), at(get("seo"), "description").unwrap_or(&null))
    } else {
        (get("title"), get("desc"))
    };
    out.raw("<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n<title>").node(title);
    out.raw("</title>\n<meta name=\"description\" content=\"").of(get("seo"), "description").raw("\">\n");
    if holds(get("price")) {
        out.raw("<meta property=\"product:price:amount\" content=\"").of(get("price"), "amount");
        out.raw("\">\n<meta property=\"product:price:currency\" content=\"").of(get("price"), "currency").raw("\">");
    }
    out.raw("\n");
    for image in elements(get("images")) {
        out.raw("<link rel=\"preload\" as=\"image\" href=\"").node(image).raw("\">\n");
    }
    out.raw("\n</head>\n<body>\n<h1>").node(title).raw("</h1>\n<p>").node(about).raw("</p>\n");
    let seller = get("seller");
    if holds(seller) {
        out.raw("<p class=\"seller\" data-id=\"").of(seller, "id").raw("\">").of(seller, "nick");
        out.raw(" (").of(seller, "level").raw(")</p>");
    }
    out.raw("\n");
    if holds(get("attributes")) {
        out.raw("<dl>\n");
        for attribute in elements(get("attributes")) {
            out.raw("<dt>").of(attribute, "label").raw("</dt><dd>").of(attribute, "value").raw("</dd>\n");
        }
        out.raw("</dl>");
    }
    out.raw("\n");
    skus(get("skus"), &mut out);
    out.raw("\n");
    reviews(get("reviews"), &mut out);
    out.raw("\n");
    list(get("list"), &mut out);
    out.raw("\n</body>\n</html>\n");
    out.0
}

fn skus(skus: &Node<'_>, out: &mut Out) {
    if !holds(skus) {
        return;
    }
    out.raw("<ul class=\"skus\">\n");
    for sku in elements(skus) {
        out.raw("<li data-id=\"").of(sku, "skuId").raw("\">");
        if at(sku, "title").is_some_and(holds) {
            out.of(sku, "title").raw(" ");
        }
        let price = at(sku, "price").unwrap();
        out.raw("<b>").of(price, "amount").raw("</b> ").of(price, "currency");
        for spec in elements(at(sku, "specs").unwrap()) {
            out.raw("<i>").of(spec, "name").raw(": ").of(spec, "value").raw("</i>");
        }
        match at(sku, "stock") {
            Some(Node::Number(number)) if number.as_raw() != "0" => {
                out.raw("<em>in stock: ").raw(number.as_raw()).raw("</em>");
            }
            _ => {
                out.raw("<em>sold out</em>");
            }
        }
        out.raw("</li>\n");
    }
    out.raw("</ul>");
}

fn reviews(reviews: &Node<'_>, out: &mut Out) {
    if !holds(reviews) {
        return;
    }
    out.raw("<h2>").of(reviews, "total").raw(" / ").of(reviews, "average").raw("</h2>\n<ol class=\"reviews\">\n");
    for review in elements(at(reviews, "list").unwrap()) {
        out.raw("<li data-id=\"").of(review, "reviewId").raw("\"><b>").of(review, "userNick").raw("</b> ");
        out.of(review, "score").raw("<p>").of(review, "content").raw("</p>");
        if let Some(reply) = at(review, "reply").filter(|reply| holds(reply)) {
            out.raw("<blockquote>").of(reply, "content").raw("</blockquote>");
        }
        out.raw("<time>").of(review, "gmtCreate").raw("</time></li>\n");
    }
    out.raw("</ol>");
}

fn list(list: &Node<'_>, out: &mut Out) {
    if !holds(list) {
        return;
    }
    out.raw("<ul class=\"list\">\n");
    for item in elements(list) {
        out.raw("<li data-id=\"").of(item, "id").raw("\"><a href=\"/item/").of(item, "id").raw("\"><img src=\"");
        out.of(item, "image").raw("\" alt=\"").of(item, "title").raw("\">").of(item, "title").raw("</a><b>");
        out.of(at(item, "price").unwrap(), "amount").raw("</b>");
        for tag in elements(at(item, "tags").unwrap()) {
            out.raw("<i>").node(tag).raw("</i>");
        }
        out.raw("<span>").of(at(item, "seller").unwrap(), "nick").raw(" ").of(item, "sales").raw("</span></li>\n");
    }
    out.raw("</ul>");
}

fn at<'n>(node: &'n Node<'n>, name: &str) -> Option<&'n Node<'n>> {
    node.as_object()?.members().iter().find(|member| member.key.as_raw() == name).map(|member| &member.value)
}

fn elements<'n>(node: &'n Node<'n>) -> &'n [Node<'n>] {
    node.as_array().unwrap_or_default()
}

fn holds(node: &Node<'_>) -> bool {
    match node {
        Node::Null => false,
        Node::Bool(truth) => *truth,
        Node::Number(number) => number.as_raw() != "0",
        Node::String(text) => !text.as_raw().is_empty(),
        Node::Array(elements) => !elements.is_empty(),
        Node::Object(object) => !object.is_empty(),
    }
}

struct Out(String);

impl Out {
    fn raw(&mut self, text: &str) -> &mut Self {
        self.0.push_str(text);
        self
    }

    fn of(&mut self, node: &Node<'_>, name: &str) -> &mut Self {
        match at(node, name) {
            Some(node) => self.node(node),
            None => self,
        }
    }

    fn node(&mut self, node: &Node<'_>) -> &mut Self {
        match node {
            Node::Number(number) => self.0.push_str(number.as_raw()),
            Node::String(text) => self.escape(&text.decode()),
            _ => {}
        }
        self
    }

    fn escape(&mut self, text: &str) {
        let mut rest = text;
        while let Some(place) = rest.find(['&', '<', '>', '"', '\'']) {
            let (before, from) = rest.split_at(place);
            self.0.push_str(before);
            self.0.push_str(match from.as_bytes().first() {
                Some(b'&') => "&amp;",
                Some(b'<') => "&lt;",
                Some(b'>') => "&gt;",
                Some(b'"') => "&quot;",
                _ => "&#39;",
            });
            rest = from.get(1..).unwrap_or_default();
        }
        self.0.push_str(rest);
    }
}
