//! Small files, thin functions.

use super::{files, name};
use relay_tests::binaries::repository;

/// The most lines of a source file: what one can hold in mind.
const LINES: usize = 300;

/// The most lines of a function's `main.rs`: it only connects the product with its host.
const MAIN_LINES: usize = 30;

#[test]
fn no_source_file_is_longer_than_300_lines() {
    let files = files("rs").into_iter().map(|file| (name(&file), std::fs::read_to_string(&file).unwrap()));
    assert_eq!(too_long(files), Vec::<String>::new());
}

#[test]
fn a_file_that_is_too_long_is_named() {
    let file = |name: &str, lines: usize| (name.to_owned(), "\n".repeat(lines));
    assert_eq!(too_long([file("a.rs", 300), file("b.rs", 301)].into_iter()), ["b.rs: 301 lines, 300 allowed"]);
    let function = [file("functions/x/src/main.rs", 31)].into_iter();
    assert_eq!(too_long(function), ["functions/x/src/main.rs: 31 lines, 30 allowed"]);
}

#[test]
fn what_every_project_needs_is_there() {
    for file in ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE", "Cargo.lock", ".ci/run", "tests/run"] {
        let length = repository().join(file).metadata().map_or(0, |metadata| metadata.len());
        assert!(length > 0, "{file} is missing or empty");
    }
}

fn too_long(files: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let measured = files.map(|(name, text)| {
        let thin = name.starts_with("functions/") && name.ends_with("/src/main.rs");
        (name, text.lines().count(), if thin { MAIN_LINES } else { LINES })
    });
    let long = measured.filter(|(_, lines, allowed)| lines > allowed);
    long.map(|(name, lines, allowed)| format!("{name}: {lines} lines, {allowed} allowed")).collect()
}
