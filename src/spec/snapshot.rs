//! Everything that a generation is made of, read once: routes.yaml, the files it names, the variables it asks for.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::folder::{Folder, ReadError, normal, relative};
use super::lines::Lines;
use super::tree::Tree;
use super::{At, environment, reference, yaml};

/// Where templates are when routes.yaml does not say.
const TEMPLATES: &str = "templates";

/// Where presets are, beside routes.yaml.
const PRESETS: [&str; 2] = ["presets/envelopes", "presets/pages"];

/// One configuration as it was found on the disk. Every worker of a generation gets the same one.
///
/// The values of environment variables may be secrets: `Debug` leaves them out.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The name of routes.yaml, as it was given; every message begins with it.
    pub root: String,
    /// The text of routes.yaml.
    pub text: String,
    /// Templates, schemas and presets, by their path beside routes.yaml, with `/` between names.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Those of them, and folders, that are there and cannot be read, and why. A snapshot that has any does not compile.
    #[serde(default)]
    pub unread: BTreeMap<String, String>,
    /// The environment variables that holes ask for, as far as they are set.
    pub env: BTreeMap<String, String>,
    /// Where the folders of `site.static` lie, by their path beside routes.yaml, as far as they are there. Their files stay on the disk.
    #[serde(default)]
    pub statics: BTreeMap<String, String>,
}

impl Snapshot {
    /// Reads a configuration from the disk and the environment of this process.
    ///
    /// The files are those below the templates folder, those that a relative `$ref` leads to, however far, and the presets
    /// beside routes.yaml. What is named but not there is left out: whoever needs it says so, with its place. What is there and cannot be
    /// read, is no regular file, or is a symbolic link out of the folder of routes.yaml is noted in [`Snapshot::unread`].
    /// Bounds: 1 MiB for routes.yaml, 16 MiB and 4096 files in all. Hidden files are left out.
    ///
    /// # Errors
    /// routes.yaml cannot be read or is not UTF-8; a bound is passed.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        Self::read_with(path, |name| std::env::var_os(name))
    }

    /// [`Snapshot::read`] with the environment of your choice.
    ///
    /// # Errors
    /// As [`Snapshot::read`].
    pub fn read_with(path: &Path, variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, ReadError> {
        let (text, mut folder) = Folder::beside(path)?;
        let (mut tree, _) = yaml::read(&text, &Lines::of(&text));
        let mut env = BTreeMap::new();
        for name in environment::names(&tree) {
            if let Some(value) = variable(&name) {
                let value = value.into_string().map_err(|_| ReadError::Variable { name: name.clone() })?;
                env.insert(name, value);
            }
        }
        // What cannot be filled is told by `load`.
        environment::fill(&mut tree, &text, &env);
        folder.take_all(&templates_of(&tree))?;
        for presets in PRESETS {
            folder.take_all(presets)?;
        }
        reference::follow(&tree, &mut folder)?;
        let mut statics = BTreeMap::new();
        for name in statics_of(&tree) {
            if let Some(place) = folder.place(&name)? {
                statics.insert(name, place);
            }
        }
        let (files, unread) = folder.into_taken();
        Ok(Self { root: path.display().to_string(), text, files, unread, env, statics })
    }

    /// A file by its path beside routes.yaml; `./a/../b.html` is `b.html`.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.get(&relative("", path)?).map(Vec::as_slice)
    }

    /// What cannot be read below a folder, by its path inside of it; the folder itself is the empty path.
    pub fn unread_under(&self, folder: &str) -> impl Iterator<Item = &str> {
        let folder = relative("", folder);
        self.unread.keys().filter_map(move |path| {
            let folder = folder.as_deref()?;
            if folder.is_empty() || path.is_empty() {
                return Some(path.as_str());
            }
            let rest = path.strip_prefix(folder)?;
            if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
        })
    }

    /// Whether a file, or a folder that it is in, is there and cannot be read.
    pub fn is_unread(&self, path: &str) -> bool {
        let within = |unread: &str| path.strip_prefix(unread).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.unread.keys().any(|unread| unread.is_empty() || within(unread))
    }

    /// The files below a folder, by their path inside of it.
    pub fn under(&self, folder: &str) -> impl Iterator<Item = (&str, &[u8])> {
        let prefix = relative("", folder).map(|folder| if folder.is_empty() { folder } else { format!("{folder}/") });
        self.files.iter().filter_map(move |(path, bytes)| Some((path.strip_prefix(prefix.as_deref()?)?, bytes.as_slice())))
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("root", &self.root)
            .field("text", &self.text)
            .field("files", &self.files.keys())
            .field("unread", &self.unread)
            .field("env", &self.env.keys())
            .field("statics", &self.statics)
            .finish()
    }
}

/// The templates folder that the file names, else the usual one.
fn templates_of(tree: &Tree) -> String {
    let found = tree.find(&At::root().key("templates"));
    found.tree.text().filter(|name| found.exact && !found.broken && !name.is_empty()).unwrap_or(TEMPLATES).to_owned()
}

/// The folders that `site.static` names.
fn statics_of(tree: &Tree) -> Vec<String> {
    let found = tree.find(&At::root().key("site").key("static"));
    let entries = if found.exact { found.tree.entries() } else { &[] };
    entries.iter().filter_map(|entry| normal(entry.value.text()?)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn write(root: &Path, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    fn read(root: &Path) -> Result<Snapshot, ReadError> {
        Snapshot::read_with(&root.join("routes.yaml"), |name| (name == "VIEWS").then(|| "views".into()))
    }

    #[test]
    fn a_snapshot_has_templates_schemas_and_presets_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        write(
            folder.path(),
            &[
                (
                    "routes.yaml",
                    "\u{feff}templates: ./${VIEWS}/\nother: ${NONE}\nroutes: [{input: {body: {$ref: schemas/a.json}}}]\n",
                ),
                ("views/page.html", "p"),
                ("views/parts/head.html", "h"),
                ("views/.page.html.swp", "hidden"),
                ("templates/unused.html", "u"),
                (
                    "schemas/a.json",
                    r##"{"$ref": "#/x", "items": {"$ref": "deep/b.yaml#/y"}, "not": {"$ref": "https://example.org/c.json"}}"##,
                ),
                ("schemas/deep/b.yaml", "allOf:\n  - $ref: ../a.json\n  - $ref: missing.json\n"),
                ("schemas/unused.json", "{}"),
                ("presets/envelopes/own.yaml", "data: x"),
                ("secret.txt", "s"),
            ],
        );
        let snapshot = read(folder.path()).unwrap();
        let names: Vec<&String> = snapshot.files.keys().collect();
        assert_eq!(
            names,
            ["presets/envelopes/own.yaml", "schemas/a.json", "schemas/deep/b.yaml", "views/page.html", "views/parts/head.html"]
        );
        assert_eq!(snapshot.env.keys().collect::<Vec<_>>(), ["VIEWS"]);
        assert!(snapshot.text.starts_with("templates"), "the byte order mark is gone");
        assert_eq!(snapshot.file("./schemas/deep/../a.json"), snapshot.files.get("schemas/a.json").map(Vec::as_slice));
        assert_eq!(snapshot.under("./views/").map(|(name, _)| name).collect::<Vec<_>>(), ["page.html", "parts/head.html"]);
        assert!(!format!("{snapshot:?}").contains("\"views\""));
        let sent = serde_json::to_vec(&snapshot).unwrap();
        assert_eq!(serde_json::from_slice::<Snapshot>(&sent).unwrap(), snapshot);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let name = root.join("routes.yaml").display().to_string();
        assert_eq!(read(root).unwrap_err().to_string(), format!("there is no file `{name}`"));
        fs::create_dir(root.join("routes.yaml")).unwrap();
        assert_eq!(read(root).unwrap_err().to_string(), format!("`{name}` is a folder: name the file in it"));
        fs::remove_dir(root.join("routes.yaml")).unwrap();
        fs::write(root.join("routes.yaml"), b"a: 1\nb: \xc3\xa9 \xff").unwrap();
        assert_eq!(read(root).unwrap_err().to_string(), format!("{name}:2:6: the file is not UTF-8 here: save it as UTF-8"));
        fs::write(root.join("routes.yaml"), vec![b'#'; (1 << 20) + 1]).unwrap();
        assert_eq!(read(root).unwrap_err().to_string(), format!("`{name}` is too large: 1 MiB is the most"));
    }

    #[test]
    fn nothing_outside_of_the_folder_is_read() {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("site");
        write(outer.path(), &[("secret.html", "s"), ("site/routes.yaml", ""), ("site/templates/a.html", "a")]);
        std::os::unix::fs::symlink("a.html", root.join("templates/b.html")).unwrap();
        assert_eq!(read(&root).unwrap().files.len(), 2, "a link inside of the folder is followed");
        std::os::unix::fs::symlink("../../secret.html", root.join("templates/c.html")).unwrap();
        let snapshot = read(&root).unwrap();
        assert_eq!(snapshot.files.keys().collect::<Vec<_>>(), ["templates/a.html", "templates/b.html"]);
        let why = &snapshot.unread["templates/c.html"];
        assert!(why.starts_with("it lies outside of the folder of"), "{why}");
        fs::remove_file(root.join("templates/c.html")).unwrap();
        std::os::unix::fs::symlink("..", root.join("templates/loop")).unwrap();
        assert!(read(&root).is_err(), "a loop of links ends");
        fs::remove_file(root.join("templates/loop")).unwrap();
        for text in [
            "templates: ..",
            "templates: /etc",
            "a: {$ref: ../secret.html}",
            "a: {$ref: /etc/passwd}",
            "a: {$ref: x/../../secret.html}",
        ] {
            fs::write(root.join("routes.yaml"), text).unwrap();
            let names: Vec<String> = read(&root).unwrap().files.into_keys().collect();
            assert!(names.iter().all(|name| name.starts_with("templates/")), "{text}: {names:?}");
        }
        // References of JSON libraries inside of a literal are not files.
        for text in ["a: {$ref: $.data}", "a: {$ref: ..}", "a: {$ref: '@'}"] {
            fs::write(root.join("routes.yaml"), text).unwrap();
            assert!(read(&root).is_ok(), "{text}");
        }
    }

    #[test]
    fn only_folders_and_files_of_the_site_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let routes = "site: {static: {/a: folder, /b: file.txt, /c: pipe, /d: missing}}";
        write(root, &[("routes.yaml", routes), ("folder/a.css", "a"), ("file.txt", "b")]);
        nix::unistd::mkfifo(&root.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(read(root).unwrap().statics.into_keys().collect::<Vec<_>>(), ["file.txt", "folder"]);
    }

    #[test]
    fn what_is_there_and_cannot_be_read_is_noted_and_the_rest_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, &[("routes.yaml", "a: {$ref: schemas/pipe.json}"), ("templates/a.html", "a"), ("schemas/b.json", "{}")]);
        for pipe in ["templates/pipe.html", "schemas/pipe.json"] {
            nix::unistd::mkfifo(&root.join(pipe), nix::sys::stat::Mode::S_IRWXU).unwrap();
        }
        std::os::unix::fs::symlink("self.html", root.join("templates/self.html")).unwrap();
        let snapshot = read(root).unwrap();
        assert_eq!(snapshot.files.keys().collect::<Vec<_>>(), ["templates/a.html"]);
        let unread: Vec<&str> = snapshot.unread.keys().map(String::as_str).collect();
        assert_eq!(unread, ["schemas/pipe.json", "templates/pipe.html", "templates/self.html"]);
        assert_eq!(snapshot.unread["templates/pipe.html"], "it is no regular file");
    }

    #[test]
    fn a_configuration_mounted_by_links_is_read() {
        // As Kubernetes mounts a ConfigMap: every name is a link through a folder that is a link.
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path();
        write(root, &[("..2026_11/routes.yaml", "version: 1"), ("..2026_11/templates/a.html", "a")]);
        std::os::unix::fs::symlink("..2026_11", root.join("..data")).unwrap();
        std::os::unix::fs::symlink("..data/routes.yaml", root.join("routes.yaml")).unwrap();
        std::os::unix::fs::symlink("..data/templates", root.join("templates")).unwrap();
        assert_eq!(read(root).unwrap().files.into_keys().collect::<Vec<_>>(), ["templates/a.html"]);
    }
}
