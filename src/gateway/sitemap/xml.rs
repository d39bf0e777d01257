//! The files of a sitemap (sitemaps.org, version 0.9): as many as their limits ask for, and an index over several.

use std::fmt::Write as _;

use bytes::Bytes;

use crate::page::escape;

/// The most addresses in one file; the protocol's own limit is 50,000.
const URLS: usize = 45_000;

/// The most bytes in one file; the protocol's own limit is 50 MiB.
const BYTES: usize = 45 << 20;

const OPENING: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const SPACE: &str = "xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"";

/// Writes addresses, and begins a new file where one is full.
#[derive(Debug)]
pub(super) struct Writer {
    origin: String,
    full: Vec<Bytes>,
    text: String,
    urls: usize,
    limits: (usize, usize),
}

impl Writer {
    /// For a site that lives here.
    pub(super) fn new(origin: &str) -> Self {
        Self::with_limits(origin, (URLS, BYTES))
    }

    fn with_limits(origin: &str, limits: (usize, usize)) -> Self {
        Self { origin: origin.to_owned(), full: Vec::new(), text: String::new(), urls: 0, limits }
    }

    /// Adds a page by its path, and when it last changed.
    pub(super) fn add(&mut self, path: &str, lastmod: Option<&str>) {
        if self.urls >= self.limits.0 || self.text.len() >= self.limits.1 {
            self.close();
        }
        if self.urls == 0 {
            self.text = format!("{OPENING}<urlset {SPACE}>\n");
        }
        self.urls += 1;
        self.text.push_str("<url><loc>");
        escape(&mut self.text, &self.origin);
        escape(&mut self.text, path);
        self.text.push_str("</loc>");
        if let Some(lastmod) = lastmod {
            self.text.push_str("<lastmod>");
            escape(&mut self.text, lastmod);
            self.text.push_str("</lastmod>");
        }
        self.text.push_str("</url>\n");
    }

    fn close(&mut self) {
        let mut text = std::mem::take(&mut self.text);
        text.push_str("</urlset>\n");
        self.full.push(Bytes::from(text));
        self.urls = 0;
    }

    /// What stands at `/sitemap.xml`, then at `/sitemap-1.xml` and so on, if one file is not enough; nothing when no page was added.
    pub(super) fn finish(mut self) -> Vec<Bytes> {
        if self.urls > 0 {
            self.close();
        }
        if self.full.len() <= 1 {
            return self.full;
        }
        let mut index = format!("{OPENING}<sitemapindex {SPACE}>\n");
        for number in 1..=self.full.len() {
            index.push_str("<sitemap><loc>");
            escape(&mut index, &self.origin);
            // A String takes every text.
            let _ = write!(index, "/sitemap-{number}.xml");
            index.push_str("</loc></sitemap>\n");
        }
        index.push_str("</sitemapindex>\n");
        self.full.insert(0, Bytes::from(index));
        self.full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(count: usize, limits: (usize, usize)) -> Vec<String> {
        let mut writer = Writer::with_limits("https://shop.example", limits);
        for number in 0..count {
            writer.add(&format!("/detail/{number}?a=1&b='<"), (number == 0).then_some("2026-01-02"));
        }
        writer.finish().into_iter().map(|file| String::from_utf8(file.to_vec()).unwrap()).collect()
    }

    #[test]
    fn one_file_is_enough_until_it_is_full() {
        assert!(files(0, (3, 1 << 20)).is_empty());
        let one = files(3, (3, 1 << 20));
        assert_eq!(one.len(), 1);
        assert_eq!(
            one[0].lines().nth(2),
            Some("<url><loc>https://shop.example/detail/0?a=1&amp;b=&#x27;&lt;</loc><lastmod>2026-01-02</lastmod></url>")
        );
        assert_eq!((one[0].matches("<url>").count(), one[0].ends_with("</urlset>\n")), (3, true));
    }

    #[test]
    fn a_full_file_is_followed_by_the_next_and_an_index_names_them_all() {
        // By their number, and by their size.
        for limits in [(3, 1 << 20), (100, 300)] {
            let several = files(7, limits);
            assert!(several[0].contains("<sitemapindex ") && several.len() >= 3, "{several:?}");
            assert_eq!(several[0].matches("<sitemap>").count(), several.len() - 1);
            assert!(several[0].contains("<loc>https://shop.example/sitemap-1.xml</loc>"));
            let urls: Vec<usize> = several[1..].iter().map(|file| file.matches("<url>").count()).collect();
            assert_eq!(urls.iter().sum::<usize>(), 7);
            assert!(urls.iter().all(|urls| (1..=limits.0).contains(urls)));
            assert!(several[1..].iter().all(|file| file.starts_with(OPENING) && file.ends_with("</urlset>\n")));
        }
    }
}
