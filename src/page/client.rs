//! The module that pages import to read their state and to fetch fragments.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use http::HeaderValue;

/// An ES module without dependencies. Its types are in `client.d.ts` beside it.
pub const CLIENT: &str = include_str!("client.js");

/// The entity tag of the module: sixteen hexadecimal digits in quotes, others for another text.
pub fn client_tag() -> &'static HeaderValue {
    // The keys of this hasher are fixed, and the tag need not outlive the program.
    static TAG: LazyLock<HeaderValue> = LazyLock::new(|| {
        let mut hasher = DefaultHasher::new();
        CLIENT.hash(&mut hasher);
        let tag = format!("\"{:016x}\"", hasher.finish());
        HeaderValue::try_from(tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
    });
    &TAG
}

#[cfg(test)]
mod tests {
    use super::super::STATE_ID;
    use super::*;

    #[test]
    fn the_module_looks_for_the_state_where_a_page_has_it() {
        assert!(CLIENT.contains(&format!("getElementById(\"{STATE_ID}\")")));
    }

    #[test]
    fn the_types_name_all_that_the_module_exports() {
        let names = |text: &str| -> Vec<String> {
            let lines = text.lines().filter_map(|line| line.strip_prefix("export "));
            let mut names: Vec<String> = lines
                .filter(|line| !line.starts_with("interface"))
                .filter_map(|line| {
                    let line = line.trim_start_matches("async ");
                    let name = line.strip_prefix("function ").or(line.strip_prefix("class "))?;
                    name.split(|c: char| !c.is_alphanumeric()).next().map(ToOwned::to_owned)
                })
                .collect();
            names.sort();
            names
        };
        assert_eq!(names(CLIENT), ["FragmentError", "fragment", "lazy", "state"]);
        assert_eq!(names(CLIENT), names(include_str!("client.d.ts")));
    }
}
