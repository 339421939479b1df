//! Packages for functions.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::binaries::{self, repository};

/// A zip of this one file, under its own name.
pub fn zip(file: &Path) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let zip = folder.path().join("package.zip");
    run(python().args(["-m", "zipfile", "-c"]).arg(&zip).arg(file));
    std::fs::read(&zip).expect("the package was written")
}

/// The package of one function's binary, packed as for a deployment.
///
/// Debug information is left out: it is most of a dev build, and the emulator unpacks every package.
pub fn function(name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (stripped, zip) = (folder.path().join(name), folder.path().join("package.zip"));
    run(Command::new("strip").arg("-o").arg(&stripped).arg(binaries::path(name)));
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    run(python().arg(repository().join("infra/pack.py")).arg(architecture).arg(&stripped).arg(&zip));
    std::fs::read(&zip).expect("the package was written")
}

fn python() -> Command {
    Command::new(repository().join(PathBuf::from(".venv/bin/python3")))
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
