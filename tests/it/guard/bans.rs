//! Crates that must not come in. A second TLS library or HTTP/2 costs every cold start; one member with a dependency's
//! default features is enough to bring them into all.

use std::collections::{BTreeMap, BTreeSet};

use relay_tests::binaries::repository;
use serde_json::{Value, json};

use super::{list, metadata, text};

#[test]
fn no_second_tls_library_and_no_http2_are_locked_for_any_platform() {
    let lock = std::fs::read_to_string(repository().join("Cargo.lock")).unwrap();
    assert_eq!(banned(&locked(&lock)), Vec::<String>::new());
}

#[test]
fn banned_crates_are_named() {
    let lock = r#"
[[package]]
name = "aws-lc-sys"
version = "0.30.0"

[[package]]
name = "hyper"
version = "0.14.30"

[[package]]
name = "hyper"
version = "1.12.0"

[[package]]
name = "openssl-probe"
version = "0.2.0"

[[package]]
name = "rustls"
version = "0.21.0"

[[package]]
name = "rustls"
version = "0.23.0"
"#;
    assert_eq!(banned(&locked(lock)), ["aws-lc-sys 0.30.0", "hyper 0.14.30", "rustls twice"]);
}

#[test]
fn no_function_holds_sqlite_and_the_embedded_host_does() {
    let functions =
        list(metadata(), "packages").filter(|package| text(package, "manifest_path").contains("/functions/"));
    let functions: Vec<_> = functions.map(|package| text(package, "name")).collect();
    assert_eq!(functions.len(), 9);
    for function in functions {
        let tree = tree(metadata(), function);
        assert!(tree.contains("tokio"), "{function} is built from something");
        assert!(!tree.contains("rusqlite") && !tree.contains("libsqlite3-sys"), "{function} holds SQLite");
    }
    assert!(tree(metadata(), "shoprelay").contains("libsqlite3-sys"));
}

#[test]
fn a_crate_is_found_however_deep_it_lies_but_not_through_dev_dependencies() {
    let node = |id: &str, dependencies: &[(&str, Value)]| {
        let deps = dependencies.iter().map(|(id, kind)| json!({"pkg": id, "dep_kinds": [{"kind": kind}]}));
        json!({"id": id, "deps": deps.collect::<Vec<_>>()})
    };
    let packages = ["a", "b", "c", "d"].map(|name| json!({"id": name, "name": name}));
    let nodes = [
        node("a", &[("b", Value::Null)]),
        node("b", &[("c", Value::Null), ("d", json!("dev"))]),
        node("c", &[]),
        node("d", &[]),
    ];
    let metadata = json!({"packages": packages, "resolve": {"nodes": nodes}});
    assert_eq!(tree(&metadata, "a"), BTreeSet::from(["a", "b", "c"]));
}

fn banned(packages: &[(&str, &str)]) -> Vec<String> {
    let bad = packages.iter().filter(|(name, version)| match *name {
        "h2" | "openssl" | "openssl-sys" | "native-tls" => true,
        "hyper" => version.starts_with("0."),
        name => name.starts_with("aws-lc-"),
    });
    let bad = bad.map(|(name, version)| format!("{name} {version}"));
    let twice = packages.iter().filter(|(name, _)| *name == "rustls").count() > 1;
    bad.chain(twice.then(|| "rustls twice".to_owned())).collect()
}

/// Names and versions in `Cargo.lock`.
fn locked(lock: &str) -> Vec<(&str, &str)> {
    let packages = lock.split("[[package]]").skip(1);
    packages.filter_map(|package| Some((quoted(package, "name")?, quoted(package, "version")?))).collect()
}

fn quoted<'a>(package: &'a str, key: &str) -> Option<&'a str> {
    let line = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))?;
    Some(line.trim_matches('"'))
}

/// The names of all packages that this one is built from, itself included.
fn tree<'a>(metadata: &'a Value, package: &str) -> BTreeSet<&'a str> {
    let names: BTreeMap<_, _> =
        list(metadata, "packages").map(|found| (text(found, "id"), text(found, "name"))).collect();
    let nodes: BTreeMap<_, _> = list(&metadata["resolve"], "nodes").map(|node| (text(node, "id"), node)).collect();
    let (start, _) = names.iter().find(|(_, name)| **name == package).unwrap();
    let (mut seen, mut waiting) = (BTreeSet::new(), vec![*start]);
    while let Some(id) = waiting.pop() {
        if seen.insert(id) {
            let dependencies = list(nodes[id], "deps")
                .filter(|dependency| list(dependency, "dep_kinds").any(|kind| text(kind, "kind") != "dev"));
            waiting.extend(dependencies.map(|dependency| text(dependency, "pkg")));
        }
    }
    seen.into_iter().map(|id| names[id]).collect()
}
