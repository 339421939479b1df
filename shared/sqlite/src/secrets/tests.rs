use std::{fs, os::unix::fs::PermissionsExt};

use super::*;

struct Bench {
    secrets: TomlSecrets,
    path: PathBuf,
    _directory: tempfile::TempDir,
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn bench(text: &str) -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secrets.toml");
    write(&path, text);
    Bench { secrets: TomlSecrets::open(&path).unwrap(), path, _directory: directory }
}

impl Bench {
    async fn get(&self, name: &str) -> Result<Value, SecretError> {
        let text = self.secrets.fetch(name).await?;
        Ok(serde_json::from_str(text.expose_secret()).unwrap())
    }
}

const FILE: &str = r#"
# Acme sells things.
["shoprelay/acme/webhook"]
platform = "shopify" # their own shop
signing_secrets = ["new", "old"]

["shoprelay/acme/websand"]
account = "acme"
requests_per_second = 2.5
since = 2026-11-21T10:00:00Z
consent.granted = { field = "optin", value = 1 }

["shoprelay/two/webhook"]
[["shoprelay/two/webhook".sources]]
platform = "canonical"
"#;

#[tokio::test]
async fn a_table_is_read_as_the_json_object_that_secrets_manager_would_hold() {
    let bench = bench(FILE);
    let websand = json!({"account": "acme", "requests_per_second": 2.5, "since": "2026-11-21T10:00:00Z",
        "consent": {"granted": {"field": "optin", "value": 1}}});
    assert_eq!(bench.get("shoprelay/acme/websand").await, Ok(websand));
    let sources = json!({"sources": [{"platform": "canonical"}]});
    assert_eq!(bench.get("shoprelay/two/webhook").await, Ok(sources));
    let name = "shoprelay/none/webhook".to_owned();
    assert_eq!(bench.get(&name).await, Err(SecretError::NotFound { name }));
}

#[tokio::test]
async fn a_changed_file_is_read_anew() {
    let bench = bench("[a]\nkey = 1\n");
    assert_eq!(bench.get("a").await, Ok(json!({"key": 1})));
    write(&bench.path, "[a]\nkey = 22\n");
    assert_eq!(bench.get("a").await, Ok(json!({"key": 22})));
    // As editors do it: a new file of the same size in the old one's place.
    let beside = bench.path.with_extension("new");
    write(&beside, "[a]\nkey = 33\n");
    fs::rename(beside, &bench.path).unwrap();
    assert_eq!(bench.get("a").await, Ok(json!({"key": 33})));
}

#[tokio::test]
async fn a_file_that_others_may_read_is_refused_at_start_and_while_running() {
    let bench = bench(FILE);
    for mode in [0o640, 0o604, 0o660] {
        fs::set_permissions(&bench.path, fs::Permissions::from_mode(mode)).unwrap();
        let error = TomlSecrets::open(&bench.path).unwrap_err().to_string();
        assert!(error.contains("chmod 600") && error.contains(&format!("{mode:04o}")), "{error}");
        let fetched = bench.get("shoprelay/acme/websand").await;
        assert!(matches!(fetched, Err(SecretError::Unreachable { .. })), "{fetched:?}");
    }
}

#[tokio::test]
async fn a_broken_or_missing_file_says_nothing_about_shops_and_shows_no_secret() {
    let bench = bench(FILE);
    let broken = "[a]\nok = 1\n[b]\nkey = \"hush\n";
    write(&bench.path, broken);
    let error = bench.get("a").await.unwrap_err();
    assert!(matches!(error, SecretError::Unreachable { .. }));
    let text = error.to_string();
    assert!(text.contains("line 4") && !text.contains("hush"), "{text}");
    fs::remove_file(&bench.path).unwrap();
    assert!(matches!(bench.get("a").await, Err(SecretError::Unreachable { .. })));
}

#[tokio::test]
async fn a_fault_in_one_secret_is_that_secrets_alone() {
    let bench = bench("flat = 1\n[odd]\nrate = [1.5, inf]\n[good]\na = true\n");
    assert_eq!(bench.get("good").await, Ok(json!({"a": true})));
    let pointer = |error| match error {
        SecretError::Malformed { pointer, .. } => pointer,
        other => panic!("{other:?}"),
    };
    assert_eq!(pointer(bench.get("odd").await.unwrap_err()), "/rate/1");
    assert_eq!(pointer(bench.get("flat").await.unwrap_err()), "");
}

#[tokio::test]
async fn writing_and_removing_one_secret_leaves_the_rest_of_the_file_as_it_is() {
    let bench = bench(FILE);
    let new = json!({"platform": "shopify", "signing_secrets": ["newer"], "gone": null,
        "header": {"name": "X-Shop-Key", "values": ["v"]}, "rate": 1.5, "list": [{"a": 1}]});
    bench.secrets.put("shoprelay/acme/webhook", &new).unwrap();
    let mut expected = new.clone();
    expected.as_object_mut().unwrap().remove("gone");
    assert_eq!(bench.get("shoprelay/acme/webhook").await, Ok(expected));
    assert!(bench.secrets.remove("shoprelay/two/webhook").unwrap());
    assert!(!bench.secrets.remove("shoprelay/two/webhook").unwrap());
    bench.secrets.put("shoprelay/new/websand", &json!({"account": "n"})).unwrap();
    let names = ["shoprelay/acme/webhook", "shoprelay/acme/websand", "shoprelay/new/websand"];
    assert_eq!(bench.secrets.names().unwrap(), names);
    let text = fs::read_to_string(&bench.path).unwrap();
    assert!(text.starts_with("\n# Acme sells things.\n[\"shoprelay/acme/webhook\"]\n"), "{text}");
    assert!(text.contains("consent.granted = { field = \"optin\", value = 1 }"), "{text}");
    assert_eq!(fs::metadata(&bench.path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(bench.path.parent().unwrap()).unwrap().count(), 1, "a temporary file was left");
}

#[test]
fn what_toml_cannot_express_is_refused_and_changes_nothing() {
    let bench = bench(FILE);
    for bad in [json!("text"), json!({"a": [null]})] {
        assert!(matches!(bench.secrets.put("a", &bad), Err(SecretsFileError::NotToml(_))));
    }
    assert_eq!(fs::read_to_string(&bench.path).unwrap(), FILE);
}

#[tokio::test]
async fn the_first_start_creates_the_installations_key_and_later_ones_keep_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data").join("secrets.toml");
    let secrets = TomlSecrets::open(&path).unwrap();
    assert!(secrets.names().unwrap().is_empty());
    secrets.ensure_installation("shoprelay/_installation").unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let json = secrets.fetch("shoprelay/_installation").await.unwrap();
    let value: Value = serde_json::from_str(json.expose_secret()).unwrap();
    assert_eq!(BASE64_STANDARD.decode(value["key"].as_str().unwrap()).unwrap().len(), 32);
    assert!(text.starts_with("# The secrets of shoprelay"), "{text}");
    secrets.ensure_installation("shoprelay/_installation").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
