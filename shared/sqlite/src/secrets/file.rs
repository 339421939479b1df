//! The file itself: for its owner only, and replaced whole.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown},
    path::Path,
    time::SystemTime,
};

use secrecy::SecretString;

use super::SecretsFileError;

/// Tells one state of the file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    size: u64,
    inode: u64,
}

pub(super) fn stamp(path: &Path) -> Result<Stamp, SecretsFileError> {
    checked(path, &fs::metadata(path).map_err(|error| cannot_use(path, &error))?)
}

pub(super) fn read(path: &Path) -> Result<(Stamp, SecretString), SecretsFileError> {
    let mut text = String::new();
    let mut file = File::open(path).map_err(|error| cannot_use(path, &error))?;
    let stamp = checked(path, &file.metadata().map_err(|error| cannot_use(path, &error))?)?;
    file.read_to_string(&mut text).map_err(|error| cannot_use(path, &error))?;
    Ok((stamp, text.into()))
}

fn checked(path: &Path, metadata: &Metadata) -> Result<Stamp, SecretsFileError> {
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretsFileError::Exposed { path: path.to_owned(), mode });
    }
    Ok(Stamp { modified: metadata.modified().ok(), size: metadata.len(), inode: metadata.ino() })
}

/// Writes a new file and puts it in the old one's place: a reader sees the old or the new one, whole.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), SecretsFileError> {
    // A link stays a link: the file it names is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    write_beside(&target, text).map_err(|error| cannot_use(path, &error))
}

fn write_beside(target: &Path, text: &str) -> io::Result<()> {
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let temporary = target.with_extension(format!("toml.new-{}", std::process::id()));
    let written = write_private(&temporary, target, text).and_then(|()| fs::rename(&temporary, target));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&temporary);
    }
    written.and_then(|()| File::open(directory)?.sync_all())
}

fn write_private(path: &Path, old: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    if let Ok(old) = fs::metadata(old) {
        // An administrator's edit must leave the file readable to the account that the host runs under.
        let new = file.metadata()?;
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            fchown(&file, Some(old.uid()), Some(old.gid()))?;
        }
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn cannot_use(path: &Path, error: &io::Error) -> SecretsFileError {
    SecretsFileError::Io { path: path.to_owned(), detail: error.to_string() }
}
