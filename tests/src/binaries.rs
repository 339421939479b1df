//! Where the built binaries and the repository are.

use std::path::{Path, PathBuf};

/// The repository's root.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository")
}

/// A binary of this workspace, from the target folder that the running test was built into.
pub fn path(name: &str) -> PathBuf {
    let binary = target_folder().join(name);
    assert!(binary.is_file(), "{} is not built: run tests/run, or cargo build --workspace first", binary.display());
    assert_fresh(&binary);
    binary
}

/// The folder that the running test was built into: `target/debug`, usually.
pub fn target_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    test.ancestors().nth(2).expect("tests are built into target/<profile>/deps").to_owned()
}

/// `cargo test` builds no binaries of other packages, and a test of a stale binary proves nothing.
fn assert_fresh(binary: &Path) {
    let Ok(sources) = std::fs::read_to_string(binary.with_extension("d")) else { return };
    let built = modified(binary);
    let stale = sources.split_whitespace().skip(1).map(Path::new).find(|source| modified(source) > built);
    if let Some(source) = stale {
        panic!("{} is older than {}: run tests/run, or cargo build --workspace", binary.display(), source.display());
    }
}

fn modified(file: &Path) -> Option<std::time::SystemTime> {
    file.metadata().and_then(|metadata| metadata.modified()).ok()
}
