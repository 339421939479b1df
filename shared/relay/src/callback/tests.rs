use std::{fs, path::PathBuf};

use super::*;

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events").join(path)
}

#[test]
fn the_published_schema_is_that_of_the_type() {
    let (path, text) = (file("schema/promotion.status.json"), format!("{:#}\n", schema()));
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let published = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == text,
        "events/schema/promotion.status.json is stale: run UPDATE_SCHEMAS=1 cargo test -p relay schema"
    );
}

#[test]
fn the_sample_is_valid_and_is_what_is_written() {
    let sample: Value =
        serde_json::from_str(&fs::read_to_string(file("callbacks/promotion.status.json")).unwrap()).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema()).unwrap();
    let faults: Vec<_> = validator.iter_errors(&sample).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
    let read: PromotionStatus = serde_json::from_value(sample["data"].clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), sample["data"]);
    for (place, wrong) in [("/type", json!("x")), ("/data/status", json!("done")), ("/data/updated_at", json!("today"))]
    {
        let mut wrong_one = sample.clone();
        *wrong_one.pointer_mut(place).unwrap() = wrong;
        assert!(!validator.is_valid(&wrong_one), "{place}");
    }
}

#[test]
fn the_page_for_shops_names_every_status_and_field() {
    let page = include_str!("../../../../docs/callbacks.md");
    for status in CallbackStatus::ALL {
        assert!(page.contains(&format!("| `{}` |", status.name())), "{}", status.name());
    }
    let schema = schema();
    let fields = schema["$defs"]["PromotionStatus"]["properties"].as_object().unwrap();
    for field in fields.keys() {
        assert!(page.contains(&format!("`{field}`")), "{field}");
    }
}
