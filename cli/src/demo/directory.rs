//! A data directory that lives as long as the demo.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use relay::random::Random;

/// A new directory that only its owner can enter; removed when dropped.
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn new(random: &dyn Random) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("shoprelay-demo-{:016x}", random.next()));
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use relay::random::SystemRandom;

    use super::*;

    #[test]
    fn the_directory_is_private_and_goes_with_its_owner() {
        let directory = Directory::new(&SystemRandom).unwrap();
        let path = directory.path().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(path.join("file"), "x").unwrap();
        drop(directory);
        assert!(!path.exists());
    }
}
