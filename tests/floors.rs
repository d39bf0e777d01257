//! The floors of `docs/ARCHITECTURE.md`: a module uses modules on lower floors only, never sideways, never up.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its own tree has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Every module at the top of `src`, with its floor.
const FLOORS: [(&str, u8); 19] = [
    ("base", 0),
    ("telemetry", 0),
    ("json", 1),
    ("spec", 2),
    ("route", 2),
    ("check", 2),
    ("upstream", 2),
    ("shape", 2),
    ("page", 2),
    ("cache", 2),
    ("coding", 2),
    ("files", 2),
    ("plan", 3),
    ("gateway", 4),
    ("server", 5),
    ("cluster", 5),
    ("demo", 5),
    ("admin", 6),
    ("cli", 7),
];

/// A use of another module that the floors forbid.
#[derive(Debug, PartialEq, Eq)]
struct Breach {
    place: String,
    text: String,
}

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// The breaches of one source file that belongs to `module`.
fn breaches(module: &str, path: &str, source: &str) -> Vec<Breach> {
    let Some(here) = floor(module) else {
        return vec![Breach { place: path.to_owned(), text: format!("the module `{module}` stands on no floor") }];
    };
    let mut found = Vec::new();
    for (number, line) in source.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for used in used_modules(code) {
            let breach = used != module && floor(&used).is_none_or(|there| there >= here);
            if breach && (floor(&used).is_some() || code.trim_start().starts_with("use ")) {
                found.push(Breach {
                    place: format!("{path}:{}", number + 1),
                    text: format!("{module} (floor {here}) uses {used}: {}", line.trim()),
                });
            }
        }
    }
    found
}

/// The names right behind every `crate::` of a line, `crate::{a, b::c}` included.
fn used_modules(code: &str) -> Vec<String> {
    let name = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = Vec::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            None => names.push(name(after)),
            Some(list) => {
                let mut depth = 0;
                for item in list.split(|c| {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    c == ',' && depth == 0
                }) {
                    names.push(name(item));
                }
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_module_uses_lower_floors_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut all = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        let inside = file.strip_prefix(&root).unwrap();
        let Some(module) = inside.components().next().filter(|_| inside.components().count() > 1) else { continue };
        let module = module.as_os_str().to_string_lossy().into_owned();
        *seen.entry(module.clone()).or_default() += 1;
        all.extend(breaches(&module, &inside.display().to_string(), &std::fs::read_to_string(&file).unwrap()));
    }
    assert!(seen.len() >= 10, "the sources were not found: {seen:?}");
    let list: Vec<String> = all.iter().map(|breach| format!("src/{}: {}", breach.place, breach.text)).collect();
    assert!(list.is_empty(), "the floors are broken:\n{}", list.join("\n"));
}

#[test]
fn an_upward_and_a_sideways_import_are_found_with_their_line() {
    let up = breaches("shape", "shape/x.rs", "use crate::json::Node;\nuse crate::plan::Plan;\n");
    assert_eq!(up.len(), 1);
    assert_eq!(up[0].place, "shape/x.rs:2");
    assert_eq!(breaches("server", "server/x.rs", "let a = crate::cluster::Master::new();").len(), 1);
    assert_eq!(breaches("plan", "plan/x.rs", "use crate::{base::size, gateway::{Body, fault}, check};").len(), 1);
    assert_eq!(breaches("nowhere", "nowhere/x.rs", "").len(), 1);
}

#[test]
fn lower_floors_the_own_module_and_comments_are_fine() {
    let source = "use crate::json::Node;\nuse crate::shape::Error;\n// use crate::plan::Plan;\nuse crate::{base, json::Path};\n";
    assert_eq!(breaches("shape", "shape/x.rs", source), []);
}
