//! What roles may do. Whether it is all that the code does and no more, a test of the deployed stack looks at.

use std::collections::BTreeSet;

use relay_tests::template::Template;
use serde_json::{Value, json};

use super::Faults;

/// The secrets that each function's role can read, and no other role any.
const SECRETS: [(&str, &[&str]); 8] = [
    ("OrderPlacedRole", &["*/webhook"]),
    ("OrderUpdatedRole", &["*/webhook"]),
    ("CustomerUpdatedRole", &["*/webhook", "_installation"]),
    ("PromotionScheduledRole", &["*/webhook", "*/websale"]),
    ("PromotionCancelledRole", &["*/webhook"]),
    ("WebsandForwarderRole", &["*/platform", "*/websand", "_installation"]),
    ("WebsaleForwarderRole", &["*/websale", "_installation"]),
    ("PushStatusPollerRole", &["*/websale"]),
];

pub(super) fn faults(template: &Template) -> Vec<String> {
    let mut faults = Faults::default();
    for (name, role) in template.of("AWS::IAM::Role") {
        for policy in role["Policies"].as_array().into_iter().flatten() {
            statements(name, &policy["PolicyDocument"], &mut faults);
        }
        secrets(name, role, &mut faults);
    }
    for (name, policy) in template.of("AWS::IAM::Policy") {
        statements(name, &policy["PolicyDocument"], &mut faults);
    }
    faults.0
}

/// Never everything, and of secrets also the bare name, which tells a missing one from a forbidden.
fn statements(name: &str, document: &Value, faults: &mut Faults) {
    for statement in document["Statement"].as_array().into_iter().flatten() {
        let actions = listed(&statement["Action"]);
        let wide = actions.is_empty() || actions.iter().any(|action| action.as_str().is_none_or(|a| a.contains('*')));
        faults.unless(!wide, || format!("{name}: may do anything: {}", statement["Action"]));
        let resources = listed(&statement["Resource"]);
        let everything = resources.is_empty() || resources.contains(&&json!("*"));
        faults.unless(!everything, || format!("{name}: reaches everything"));
        let texts: BTreeSet<_> = resources.iter().filter_map(|one| one["Fn::Sub"].as_str()).collect();
        let bare = texts.iter().filter_map(|text| text.strip_suffix("-??????"));
        for forgotten in bare.filter(|bare| !texts.contains(bare)) {
            faults.0.push(format!("{name}: a missing secret would be denied, not missing: {forgotten}"));
        }
        // A key is used through the services that hold our data, not by itself.
        let key = actions.iter().any(|action| action.as_str().is_some_and(|action| action.starts_with("kms:")));
        let through = !statement["Condition"]["StringEquals"]["kms:ViaService"].is_null();
        faults.unless(!key || through, || format!("{name}: uses the key directly"));
    }
}

/// Nothing more and nothing less than its secrets, each as its bare name and with the six characters AWS appends.
fn secrets(name: &str, role: &Value, faults: &mut Faults) {
    let (mut read, mut texts) = (BTreeSet::new(), Vec::new());
    strings(&role["Policies"], &mut texts);
    for secret in texts.iter().filter_map(|text| text.split_once(":secret:${SecretPrefix}").map(|(_, secret)| secret)) {
        let bare = secret.strip_suffix("-??????").unwrap_or(secret);
        if bare.ends_with(['*', '?']) {
            faults.0.push(format!("{name}: a pattern that reaches further secrets: {secret}"));
        }
        read.insert(bare);
    }
    let expected = SECRETS.iter().find(|(role, _)| *role == name).map_or(&[][..], |(_, secrets)| secrets);
    if !read.iter().eq(expected) {
        let read: Vec<_> = read.into_iter().collect();
        faults.0.push(format!("{name}: reads {}, not {}", read.join(", "), expected.join(", ")));
    }
}

/// A list, which may be written as its only entry.
fn listed(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    }
}

/// All texts in a value.
fn strings<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(list) => list.iter().for_each(|value| strings(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}
