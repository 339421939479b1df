//! Every dependency is used: each costs build time, trust and upkeep.

use std::path::Path;

use serde_json::Value;

use super::{list, metadata, text};

#[test]
fn every_dependency_is_used_by_the_package_that_names_it() {
    let mut unused = Vec::new();
    for package in list(metadata(), "packages").filter(|package| package["source"].is_null()) {
        let folder = Path::new(text(package, "manifest_path")).parent().unwrap();
        let sources = super::files("rs").into_iter().filter(|file| file.starts_with(folder));
        let source: String = sources.map(|file| std::fs::read_to_string(file).unwrap()).collect();
        for dependency in list(package, "dependencies") {
            let name = text(dependency, "name");
            if !uses(&source, dependency["rename"].as_str().unwrap_or_else(|| library(name))) {
                unused.push(format!("{}: {name}", text(package, "name")));
            }
        }
    }
    assert_eq!(unused, Vec::<String>::new());
}

/// What code calls a package: the name of its library, which may differ.
fn library(package: &str) -> &str {
    let known = list(metadata(), "packages").find(|known| text(known, "name") == package);
    let is_library = |kind: &Value| kind.as_str().is_some_and(|kind| kind.ends_with("lib") || kind == "proc-macro");
    let library = known.and_then(|known| list(known, "targets").find(|target| list(target, "kind").any(is_library)));
    library.map_or(package, |library| text(library, "name"))
}

#[test]
fn a_dependency_counts_as_used_only_if_a_path_begins_with_it() {
    for source in [
        "use tower_service::Service;",
        "    tower_service::call()",
        "use tower_service as t;",
        "use {tower_service::X};",
    ] {
        assert!(uses(source, "tower-service"), "{source}");
    }
    for source in
        ["// tower_service::Service", "crate::tower_service::call()", "let tower_service = 1;", "my_tower_service::x()"]
    {
        assert!(!uses(source, "tower-service"), "{source}");
    }
}

fn uses(source: &str, package: &str) -> bool {
    let name = package.replace('-', "_");
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.into_iter().any(|line| {
        line.match_indices(&name).any(|(at, _)| {
            let (before, after) = (&line[..at], &line[at + name.len()..]);
            let begins = !before.ends_with(|end: char| end.is_alphanumeric() || end == '_' || end == ':');
            let imported = before.trim() == "use" && (after.starts_with(';') || after.starts_with(" as "));
            begins && (after.starts_with("::") || imported)
        })
    })
}
