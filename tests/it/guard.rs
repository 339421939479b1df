//! Rules for the repository itself. Each has a pure core that is also tried with something that breaks the rule.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use relay_tests::binaries::repository;
use serde_json::Value;

mod alarms;
mod bans;
mod cost;
mod deployer;
mod files;
mod licences;
mod links;
mod packages;
mod template;
mod unused;
mod workflows;

/// All files of the repository with this extension.
fn files(extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![repository().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && name != "target" && !(name.starts_with('.') && name != ".github") {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The file's name in messages.
fn name(file: &Path) -> String {
    file.strip_prefix(repository()).unwrap_or(file).display().to_string()
}

/// What cargo knows of our packages and all that they depend on, on this platform.
fn metadata() -> &'static Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    METADATA.get_or_init(|| {
        let version = Command::new(env!("CARGO")).arg("-vV").output().unwrap();
        let version = String::from_utf8(version.stdout).unwrap();
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let mut command = Command::new(env!("CARGO"));
        // Offline: what was needed to build these tests is what is looked at.
        command.args(["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", host]);
        let output = command.current_dir(repository()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    })
}

/// The packages in a list of cargo's.
fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().unwrap_or_else(|| panic!("cargo metadata has {key}")).iter()
}

/// A text in cargo's answer.
fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
