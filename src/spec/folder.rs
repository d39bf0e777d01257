//! The folder around routes.yaml: what may be read from it, and how much.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::lines::Lines;
use super::yaml::MAX_BYTES;

/// How many bytes a configuration may have in all.
const MAX_TOTAL: u64 = 16 << 20;

/// How many files a configuration may have.
const MAX_FILES: usize = 4096;

/// How deep a folder may nest.
const MAX_DEPTH: usize = 16;

/// Why a configuration cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// routes.yaml is not there.
    #[error("there is no file `{file}`")]
    Missing {
        /// The file.
        file: String,
    },
    /// The path of routes.yaml is a folder.
    #[error("`{file}` is a folder: name the file in it")]
    Directory {
        /// The folder.
        file: String,
    },
    /// The operating system says no.
    #[error("`{file}` may not be read by this user")]
    Denied {
        /// The file.
        file: String,
    },
    /// A socket, a device, or a folder where a file is due.
    #[error("`{file}` is no regular file")]
    NotAFile {
        /// The file.
        file: String,
    },
    /// One file is over its bound.
    #[error("`{file}` is too large: {limit} is the most")]
    TooLarge {
        /// The file.
        file: String,
        /// The bound, with its unit.
        limit: &'static str,
    },
    /// All files together are over their bound.
    #[error("the files beside `{file}` are too many: {limit} are the most")]
    TooMany {
        /// routes.yaml.
        file: String,
        /// The bound, with its unit.
        limit: &'static str,
    },
    /// A folder in a folder in a folder.
    #[error("`{file}` nests too deeply: {MAX_DEPTH} levels are the most")]
    TooDeep {
        /// The innermost folder.
        file: String,
    },
    /// Bytes that are no text.
    #[error("{file}:{line}:{column}: the file is not UTF-8 here: save it as UTF-8")]
    NotText {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A path or a symbolic link that leads out of the folder.
    #[error("`{file}` lies outside of the folder of `{root}`: only files in it are read")]
    Outside {
        /// The path, as it was written.
        file: String,
        /// routes.yaml.
        root: String,
    },
    /// A file's name that is no text.
    #[error("the name of `{file}` is not UTF-8")]
    Name {
        /// The name, as well as it can be shown.
        file: String,
    },
    /// A variable's value that is no text.
    #[error("the environment variable `{name}` is not UTF-8")]
    Variable {
        /// The variable.
        name: String,
    },
    /// Anything else.
    #[error("`{file}` cannot be read")]
    Io {
        /// The file.
        file: String,
        /// What the operating system said.
        source: io::Error,
    },
}

/// The files that were taken from the folder around routes.yaml.
pub(super) struct Folder {
    /// routes.yaml, as it was given.
    root: String,
    /// The folder itself, links resolved.
    base: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
    /// Files and folders that are there and cannot be read, and why.
    unread: BTreeMap<String, String>,
    left: u64,
}

/// What a folder has to give.
pub(super) type Taken = (BTreeMap<String, Vec<u8>>, BTreeMap<String, String>);

impl Folder {
    /// Reads routes.yaml and opens the folder that it is in.
    pub(super) fn beside(path: &Path) -> Result<(String, Self), ReadError> {
        let root = path.display().to_string();
        let metadata = fs::metadata(path).map_err(|error| explain(&root, error))?;
        if metadata.is_dir() {
            return Err(ReadError::Directory { file: root });
        }
        // A pipe would be waited for without end.
        if !metadata.is_file() {
            return Err(ReadError::NotAFile { file: root });
        }
        let bytes = read_bounded(path, &root, MAX_BYTES as u64)?
            .ok_or_else(|| ReadError::TooLarge { file: root.clone(), limit: "1 MiB" })?;
        let text = into_text(bytes, &root)?;
        let around = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let base = around.canonicalize().map_err(|error| explain(&around.display().to_string(), error))?;
        Ok((text, Self { root, base, files: BTreeMap::new(), unread: BTreeMap::new(), left: MAX_TOTAL }))
    }

    /// Takes a file, unless it is not there or cannot be read. `name` is relative and normal, as [`relative`] gives it.
    pub(super) fn take(&mut self, name: &str) -> Result<Option<&[u8]>, ReadError> {
        if !self.files.contains_key(name) {
            let path = match self.resolve(name) {
                Ok(Some(path)) if !path.is_file() => Err(ReadError::NotAFile { file: name.to_owned() }),
                found => found,
            };
            let Some(path) = self.readable(name, path)?.flatten() else { return Ok(None) };
            if self.files.len() >= MAX_FILES {
                return Err(ReadError::TooMany { file: self.root.clone(), limit: "4096 files" });
            }
            let Some(bytes) = self.readable(name, read_bounded(&path, name, self.left))? else { return Ok(None) };
            let bytes = bytes.ok_or_else(|| match self.left {
                MAX_TOTAL => ReadError::TooLarge { file: name.to_owned(), limit: "16 MiB" },
                _ => ReadError::TooMany { file: self.root.clone(), limit: "16 MiB" },
            })?;
            self.left = self.left.saturating_sub(bytes.len() as u64);
            self.files.insert(name.to_owned(), bytes);
        }
        Ok(self.files.get(name).map(Vec::as_slice))
    }

    /// Takes every file below a folder. One that is not there, that is no folder, or whose name leads out of ours has none; whoever
    /// needs it says so.
    pub(super) fn take_all(&mut self, folder: &str) -> Result<(), ReadError> {
        match relative("", folder) {
            Some(name) => self.walk(&name, 0),
            None => Ok(()),
        }
    }

    /// Where a folder or a file beside routes.yaml lies, if it is there; a pipe or a device is neither. Links are followed: that is the
    /// operator's to say.
    pub(super) fn place(&self, name: &str) -> Result<Option<String>, ReadError> {
        let place = self.base.join(name);
        if !place.is_dir() && !place.is_file() {
            return Ok(None);
        }
        let named = |place: PathBuf| ReadError::Name { file: place.display().to_string() };
        place.into_os_string().into_string().map(Some).map_err(|place| named(place.into()))
    }

    /// The files, and what cannot be read.
    pub(super) fn into_taken(self) -> Taken {
        (self.files, self.unread)
    }

    /// What was got of a file or a folder. Why it cannot be read is noted, so that all else is looked at too; a bound that is passed, or one that
    /// is gone meanwhile, ends the reading.
    fn readable<T>(&mut self, name: &str, got: Result<T, ReadError>) -> Result<Option<T>, ReadError> {
        let why = match got {
            Ok(got) => return Ok(Some(got)),
            Err(ReadError::Denied { .. }) => "this user may not read it".to_owned(),
            Err(ReadError::NotAFile { .. }) => "it is no regular file".to_owned(),
            Err(ReadError::Outside { .. }) => format!("it lies outside of the folder of `{}`", self.root),
            Err(ReadError::Name { .. }) => "its name is not UTF-8".to_owned(),
            Err(ReadError::Io { source, .. }) => format!("it cannot be read: {source}"),
            Err(other) => return Err(other),
        };
        self.unread.insert(name.to_owned(), why);
        Ok(None)
    }

    fn walk(&mut self, folder: &str, depth: usize) -> Result<(), ReadError> {
        let path = self.resolve(folder);
        let Some(path) = self.readable(folder, path)?.flatten() else { return Ok(()) };
        if depth > MAX_DEPTH {
            return Err(ReadError::TooDeep { file: folder.to_owned() });
        }
        if !path.is_dir() {
            return Ok(());
        }
        let inside = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let entries = fs::read_dir(&path).map_err(|error| explain(folder, error));
        for entry in self.readable(folder, entries)?.into_iter().flatten() {
            let name = entry.map_err(|error| explain(folder, error))?.file_name();
            let shown = name.display().to_string();
            let name = name.into_string().map_err(|_| ReadError::Name { file: shown.clone() });
            let Some(name) = self.readable(&inside(&shown), name)?.filter(|name| !name.starts_with('.')) else { continue };
            let inner = inside(&name);
            let found = self.resolve(&inner);
            match self.readable(&inner, found)?.flatten() {
                Some(path) if path.is_dir() => self.walk(&inner, depth + 1)?,
                _ => {
                    self.take(&inner)?;
                }
            }
        }
        Ok(())
    }

    /// The file behind a name, links resolved; `None` when there is none.
    fn resolve(&self, name: &str) -> Result<Option<PathBuf>, ReadError> {
        match self.base.join(name).canonicalize() {
            Ok(path) if path.starts_with(&self.base) => Ok(Some(path)),
            Ok(_) => Err(ReadError::Outside { file: name.to_owned(), root: self.root.clone() }),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(explain(name, error)),
        }
    }
}

/// A path relative to the folder, from the folder that `from` is in; `None` when it leads out of it.
pub(super) fn relative(from: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut names: Vec<&str> = from.rsplit_once('/').map_or(Vec::new(), |(folder, _)| folder.split('/').collect());
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

/// A path beside routes.yaml in its one form, without `.` and `..`; `None` when it leads out of the folder, or is the folder itself.
pub fn normal(path: &str) -> Option<String> {
    relative("", path).filter(|path| !path.is_empty())
}

/// The bytes of a file; `None` when there are more than `limit`.
fn read_bounded(path: &Path, name: &str, limit: u64) -> Result<Option<Vec<u8>>, ReadError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| explain(name, error))?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| explain(name, error))?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

fn into_text(bytes: Vec<u8>, file: &str) -> Result<String, ReadError> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
        Err(error) => {
            let sound = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
            let sound = String::from_utf8_lossy(sound);
            let (line, column) = Lines::of(&sound).place(&sound, sound.len());
            Err(ReadError::NotText { file: file.to_owned(), line, column })
        }
    }
}

fn explain(file: &str, source: io::Error) -> ReadError {
    let file = file.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::Missing { file },
        io::ErrorKind::PermissionDenied => ReadError::Denied { file },
        _ => ReadError::Io { file, source },
    }
}
