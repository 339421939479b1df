//! What a template names must be there. The emulator takes a reference to nothing.

use std::collections::BTreeSet;

use relay_tests::template::Template;
use serde_json::{Map, Value};

pub(super) fn faults(template: &Template) -> Vec<String> {
    let names = |part: &str| template.json[part].as_object().into_iter().flat_map(Map::keys).cloned();
    let known: BTreeSet<_> = names("Resources").chain(names("Parameters")).collect();
    let mut used = BTreeSet::new();
    for part in ["Resources", "Outputs"] {
        collect(&template.json[part], &mut used);
    }
    let unknown = used.iter().filter(|name| !known.contains(*name) && !name.starts_with("AWS::"));
    unknown.map(|name| format!("{name} is not in the template")).collect()
}

/// The names in all `Ref`, `Fn::GetAtt` and `Fn::Sub`.
fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| collect(value, names)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("Ref", Value::String(name)) => drop(names.insert(name.clone())),
                    ("Fn::GetAtt", Value::Array(path)) => names.extend(path[0].as_str().map(str::to_owned)),
                    ("Fn::Sub", Value::String(text)) => names.extend(inside(text)),
                    // Names that are given beside the text are no references.
                    ("Fn::Sub", Value::Array(parts)) => {
                        let text = parts[0].as_str().unwrap_or_default();
                        names.extend(inside(text).filter(|name| parts[1].get(name).is_none()));
                        collect(&parts[1], names);
                    }
                    _ => collect(value, names),
                }
            }
        }
        _ => {}
    }
}

/// The names in a text's `${…}`; `${!…}` is none.
fn inside(text: &str) -> impl Iterator<Item = String> {
    let names = text.split("${").skip(1).filter_map(|rest| rest.split(['}', '.']).next());
    names.filter(|name| !name.starts_with('!')).map(str::to_owned)
}
