//! Opening files below a folder and nowhere else: name by name, each from the folder before it, no link followed.
//!
//! A path that was looked at and is opened afterwards may lead elsewhere by then. Here, what is looked at is what is open.

use std::fs;
use std::io::{self, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustix::fs::{CWD, Mode, OFlags, fstat, openat};
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tower_http::services::fs as served;

/// Files below one folder; or one file, where the folder is none.
#[derive(Debug, Clone)]
pub struct Beneath {
    folder: Arc<Path>,
}

impl Beneath {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder: folder.into() }
    }

    /// Opens a regular file or a folder. Where the folder itself lies is the operator's to say: links to it are followed.
    fn open(folder: &Path, path: &Path) -> io::Result<fs::File> {
        // A pipe would be waited for without end.
        let plain = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let mut at: OwnedFd = openat(CWD, folder, plain, Mode::empty())?;
        let inside = path.strip_prefix(folder).map_err(|_| io::ErrorKind::NotFound)?;
        for component in inside.components() {
            let Component::Normal(name) = component else { return Err(io::ErrorKind::NotFound.into()) };
            at = openat(&at, name, plain | OFlags::NOFOLLOW, Mode::empty()).map_err(|error| match error {
                // A link, a socket, or a name that no file can have.
                rustix::io::Errno::LOOP | rustix::io::Errno::NXIO | rustix::io::Errno::NAMETOOLONG => {
                    io::ErrorKind::NotFound.into()
                }
                error => io::Error::from(error),
            })?;
        }
        let file = fs::File::from(at);
        let kind = file.metadata()?.file_type();
        if kind.is_file() || kind.is_dir() { Ok(file) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    async fn opened(folder: Arc<Path>, path: PathBuf) -> io::Result<fs::File> {
        let opened = tokio::task::spawn_blocking(move || Self::open(&folder, &path)).await;
        opened.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}

impl served::Backend for Beneath {
    type File = File;
    type Metadata = fs::Metadata;
    type OpenFuture = Pin<Box<dyn Future<Output = io::Result<File>> + Send>>;
    type MetadataFuture = Pin<Box<dyn Future<Output = io::Result<fs::Metadata>> + Send>>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        let folder = Arc::clone(&self.folder);
        Box::pin(async move {
            let file = Self::opened(folder, path).await?;
            let metadata = file.metadata()?;
            // A folder has an index, or nothing to show.
            if metadata.is_dir() {
                return Err(io::ErrorKind::NotFound.into());
            }
            Ok(File { file: tokio::fs::File::from_std(file), metadata })
        })
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        let folder = Arc::clone(&self.folder);
        Box::pin(async move { Self::opened(folder, path).await?.metadata() })
    }
}

/// An open file, and what was known of it when it was opened.
#[derive(Debug)]
pub struct File {
    file: tokio::fs::File,
    metadata: fs::Metadata,
}

impl File {
    /// Looked at after each piece: whoever has the tag of the one file must not have bytes of another under it.
    fn is_as_opened(&self) -> io::Result<()> {
        let now = fstat(&self.file)?;
        let written = (i128::from(now.st_mtime), i128::from(now.st_mtime_nsec));
        let opened = (i128::from(self.metadata.mtime()), i128::from(self.metadata.mtime_nsec()));
        if written == opened { Ok(()) } else { Err(io::Error::other("the file was written to while it was read")) }
    }
}

impl served::File for File {
    type Metadata = fs::Metadata;
    type MetadataFuture<'a> = std::future::Ready<io::Result<fs::Metadata>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        std::future::ready(Ok(self.metadata.clone()))
    }
}

impl AsyncRead for File {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.file).poll_read(cx, buffer))?;
        Poll::Ready(self.is_as_opened())
    }
}

impl AsyncSeek for File {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.file).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.file).poll_complete(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_regular_files_and_folders_below_the_folder_are_opened() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("public");
        fs::create_dir_all(folder.join("sub")).unwrap();
        fs::write(outer.path().join("secret"), "s").unwrap();
        fs::write(folder.join("a"), "a").unwrap();
        fs::write(folder.join("sub/b"), "b").unwrap();
        symlink("a", folder.join("link")).unwrap();
        symlink("../secret", folder.join("out")).unwrap();
        symlink("sub", folder.join("way")).unwrap();
        symlink("..", folder.join("up")).unwrap();
        rustix::fs::mknodat(CWD, folder.join("pipe"), rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        let open = |path: &str| Beneath::open(&folder, &folder.join(path)).map(|file| file.metadata().unwrap().is_dir());
        for (path, is_folder) in [("a", false), ("sub/b", false), ("sub", true), ("", true)] {
            assert_eq!(open(path).unwrap(), is_folder, "{path}");
        }
        for path in ["link", "out", "way/b", "up/secret", "../secret", "sub/../a", "pipe", "none", "a/b", "/etc/passwd"] {
            let error = open(path).unwrap_err().kind();
            assert!(matches!(error, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory), "{path}: {error}");
        }
        // The folder itself may be a link, and a single file.
        symlink(&folder, outer.path().join("mounted")).unwrap();
        let mounted = outer.path().join("mounted");
        assert!(Beneath::open(&mounted, &mounted.join("sub/b")).is_ok());
        let single = folder.join("a");
        assert!(Beneath::open(&single, &single).unwrap().metadata().unwrap().is_file());
        assert!(Beneath::open(&single, &single.join("b")).is_err());
    }
}
