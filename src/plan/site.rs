//! The public face of the site.

use super::compiler::Compiler;
use crate::spec::{At, FileSpec};

impl Compiler<'_> {
    pub(super) fn origin(&mut self, file: &FileSpec) -> Option<String> {
        let origin = file.site.as_ref()?.origin.as_ref()?;
        let uri = origin.parse::<http::Uri>().ok();
        let fits = uri.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.authority().is_some()
                && matches!(uri.path(), "/" | "")
                && uri.query().is_none()
        });
        if !fits {
            let at = At::root().key("site").key("origin");
            let shown = self.source().shown(&at).unwrap_or(origin);
            self.expected(&at, format!("`{shown}` is not an origin"), "a scheme and a host alone, as in https://shop.example");
        }
        Some(origin.trim_end_matches('/').to_owned())
    }
}
