//! The secrets of many shops in one file, in the shape of `secrets.toml`, as TOML or JSON.

use std::{collections::BTreeMap, path::Path};

use relay::shop::ShopName;
use serde_json::Value;

use super::{names, validate::Values};
use crate::command::CommandError;

/// Reads the file. With a shop, the file may hold only that shop's secrets.
pub(super) fn read(path: &Path, prefix: &str, shop: Option<&ShopName>) -> Result<Values, CommandError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| CommandError(format!("cannot read {shown}: {error}")))?;
    let values = parse(path, &text).map_err(|what| CommandError(format!("{shown} is not readable: {what}")))?;
    if values.is_empty() {
        return Err(CommandError(format!("{shown} holds no secrets")));
    }
    let foreign = |name: &&String| names::parse(prefix, name).is_some_and(|(owner, _)| Some(&owner) != shop);
    if let (Some(shop), Some(name)) = (shop, values.keys().find(foreign)) {
        return Err(CommandError(format!("{shown} holds {name}, which is not of {shop}: leave SHOP out to add all")));
    }
    Ok(Values(values))
}

/// Errors of both parsers may quote the line they stumbled over, which may hold a secret; only places are kept.
fn parse(path: &Path, text: &str) -> Result<BTreeMap<String, Value>, String> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        return serde_json::from_str(text).map_err(|error| {
            format!("not a JSON object of objects (line {}, column {})", error.line(), error.column())
        });
    }
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        format!("not TOML (line {})", before.lines().count().max(1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        (dir, path)
    }

    #[test]
    fn toml_and_json_hold_the_same() {
        let toml = "[\"shoprelay/acme/websand\"]\naccount = \"acme\"\napi_key = \"k\"\nrequests_per_second = 2.5\n";
        let json = r#"{"shoprelay/acme/websand": {"account": "acme", "api_key": "k", "requests_per_second": 2.5}}"#;
        let (_toml_dir, toml) = written("shops.toml", toml);
        let (_json_dir, json) = written("shops.json", json);
        let read = |path: &Path| read(path, "shoprelay/", None).unwrap().0;
        assert_eq!(read(&toml), read(&json));
    }

    #[test]
    fn a_fault_names_the_line_and_quotes_nothing() {
        for (name, text) in [("a.toml", "[\"x\"]\napi_key = hush-hush\n"), ("a.json", "{\"x\":\n hush-hush}")] {
            let (_dir, path) = written(name, text);
            let error = read(&path, "shoprelay/", None).err().unwrap().to_string();
            assert!(error.contains("line 2") && !error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn a_file_for_one_shop_may_not_bring_another() {
        let (_dir, path) = written("a.json", r#"{"shoprelay/other/websand": {}}"#);
        let error = read(&path, "shoprelay/", Some(&"acme".parse().unwrap())).err().unwrap().to_string();
        assert!(error.contains("shoprelay/other/websand"), "{error}");
    }
}
