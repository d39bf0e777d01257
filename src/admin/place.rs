//! Where the control socket of a configuration is, when nobody says otherwise: derived from the path of routes.yaml, so that a
//! command that is given the same file finds the master that serves it.

use std::env;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use rustix::process::geteuid;

/// Why there is no folder for sockets that this user alone can enter.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The folder cannot be made or looked at.
    #[error("the folder {path} for control sockets cannot be used: {cause}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// Somebody else could put a socket there, or reach ours.
    #[error("the folder {0} for control sockets is not this user's alone: remove it, or name a socket with --control")]
    Shared(PathBuf),
}

/// The socket of the master that serves the configuration in this file. Makes nothing.
pub fn socket(config: &Path) -> PathBuf {
    folder().join(name(&whole(config)))
}

/// The folder of this user's sockets; made with mode 0700 when it is not there.
///
/// # Errors
/// It cannot be made, or others may enter it.
pub fn private_folder() -> Result<PathBuf, PlaceError> {
    let path = folder();
    make_private(&path)?;
    Ok(path)
}

/// The folder of a socket that an operator has named, if others may write in it.
pub fn open_to_others(socket: &Path) -> Option<&Path> {
    let folder = socket.parent()?;
    fs::metadata(folder).is_ok_and(|found| found.mode() & 0o022 != 0).then_some(folder)
}

/// Root has `/run/forecourt`, whatever the environment says: a shell and a service must agree. A user has his runtime folder,
/// or one of his own in the temporary folder.
fn folder() -> PathBuf {
    let user = geteuid();
    if user.is_root() {
        return "/run/forecourt".into();
    }
    match env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute()) {
        Some(runtime) => runtime.join("forecourt"),
        None => env::temp_dir().join(format!("forecourt-{}", user.as_raw())),
    }
}

/// The path as it is written, from the root, without `.`, `..` and doubled slashes. Links are not followed: where they lead may
/// change while the master serves, as that of a `current` to a release does, and its name must not.
fn whole(config: &Path) -> PathBuf {
    let absolute = std::path::absolute(config).unwrap_or_else(|_| config.to_owned());
    let mut whole = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => drop(whole.pop()),
            Component::CurDir => {}
            part => whole.push(part),
        }
    }
    whole
}

/// The file's name for people, its path as a number for the program: `routes-9c1f44a0d2e1b377.sock`.
fn name(config: &Path) -> String {
    let path = config.as_os_str().as_encoded_bytes();
    let stem = config.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let stem: String = stem.chars().filter(plain).take(24).collect();
    format!("{stem}-{:016x}.sock", fnv1a(path))
}

/// FNV-1a with 64 bits (<https://www.rfc-editor.org/rfc/rfc9923>): the same in every build of this program, which the hash of
/// the standard library does not promise.
fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

fn make_private(path: &Path) -> Result<(), PlaceError> {
    let failed = |cause| PlaceError::Folder { path: path.to_owned(), cause };
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    // In the temporary folder anybody may have been there before us, also with a link to elsewhere.
    let found = fs::symlink_metadata(path).map_err(failed)?;
    let ours = found.is_dir() && found.uid() == geteuid().as_raw() && found.mode() & 0o077 == 0;
    if ours { Ok(()) } else { Err(PlaceError::Shared(path.to_owned())) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn the_same_path_written_otherwise_has_the_same_socket_and_another_path_another() {
        let expected = socket(Path::new("/srv/shop/current/routes.yaml"));
        for same in
            ["/srv//shop/current/./routes.yaml", "/srv/shop/old/../current/routes.yaml", "/../srv/shop/current/routes.yaml"]
        {
            assert_eq!(socket(Path::new(same)), expected, "{same}");
        }
        for other in ["/srv/shop/current/other.yaml", "/srv/shop/releases/1/routes.yaml", "/shop/current/routes.yaml"] {
            assert_ne!(socket(Path::new(other)), expected, "{other}");
        }
        let here = env::current_dir().unwrap();
        assert_eq!(socket(Path::new("routes.yaml")), socket(&here.join("routes.yaml")));
        assert_eq!(socket(Path::new("../routes.yaml")), socket(&here.parent().unwrap().join("routes.yaml")));
    }

    #[test]
    fn a_link_that_is_swapped_at_a_release_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (current, next) = (folder.path().join("current"), folder.path().join("next"));
        for release in ["1", "2"] {
            fs::create_dir(folder.path().join(release)).unwrap();
            fs::write(folder.path().join(release).join("routes.yaml"), "").unwrap();
        }
        symlink("1", &current).unwrap();
        let before = socket(&current.join("routes.yaml"));
        symlink("2", &next).unwrap();
        fs::rename(&next, &current).unwrap();
        assert_eq!(socket(&current.join("routes.yaml")), before);
        // And a link that leads nowhere for the moment.
        fs::remove_dir_all(folder.path().join("2")).unwrap();
        assert_eq!(socket(&current.join("routes.yaml")), before);
    }

    #[test]
    fn a_name_is_short_and_plain_whatever_the_file_is_called() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
        for (path, begin) in [("/a/routes.yaml", "routes-"), ("/a/sh op\n\u{e9}.yaml", "shop-"), ("/a/../", "-")] {
            let name = name(Path::new(path));
            assert!(name.starts_with(begin) && name.len() <= begin.len() + 21, "{name}");
        }
        assert!(name(Path::new(&"x".repeat(300))).len() < 50);
    }

    #[test]
    fn a_folder_that_others_may_enter_or_that_is_a_link_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        make_private(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        make_private(&path).unwrap();
        symlink(&path, folder.path().join("link")).unwrap();
        assert!(matches!(make_private(&folder.path().join("link")), Err(PlaceError::Shared(_))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(make_private(&path), Err(PlaceError::Shared(_))));
        assert!(matches!(make_private(&folder.path().join("no/such")), Err(PlaceError::Folder { .. })));
    }
    #[test]
    fn a_named_folder_that_others_may_write_in_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control.sock");
        for (mode, open) in [(0o700, false), (0o755, false), (0o775, true), (0o1777, true)] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(open_to_others(&socket).is_some(), open, "{mode:o}");
        }
        assert_eq!(open_to_others(Path::new("/no/such/folder/control.sock")), None);
    }
}
