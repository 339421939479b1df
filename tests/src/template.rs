//! The template that is deployed, as `CloudFormation` reads it after the SAM transform.

use std::{collections::BTreeMap, process::Command};

use serde_json::{Map, Value};

use crate::binaries::repository;

/// A translated template with its parameters: conditions are decided, and what they leave out is not there.
#[derive(Clone, Debug)]
pub struct Template {
    /// Its JSON.
    pub json: Value,
    parameters: BTreeMap<String, Value>,
}

/// The template's text.
pub fn source() -> String {
    std::fs::read_to_string(repository().join("infra/template.yaml")).expect("the template is there")
}

/// Translates SAM templates, all in one go. Each that SAM refuses gives its reasons.
pub fn translate(texts: &[String]) -> Vec<Result<Value, String>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = texts.iter().enumerate().map(|(number, text)| {
        let file = folder.path().join(format!("{number}.yaml"));
        std::fs::write(&file, text).expect("the file can be written");
        file
    });
    let mut command = Command::new(repository().join(".venv/bin/python3"));
    command.arg(repository().join("tests/emulator/translate.py")).args(files);
    let output = command.env("AWS_DEFAULT_REGION", "eu-west-1").output().expect("tests/run has made .venv");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list: Vec<Value> = serde_json::from_slice(&output.stdout).expect("the translator prints JSON");
    list.into_iter().map(|one| if one["error"].is_null() { Ok(one) } else { Err(one.to_string()) }).collect()
}

impl Template {
    /// A translated template, deployed with these parameters and otherwise with its defaults.
    pub fn new(translated: &Value, given: &[(&str, &str)]) -> Self {
        let declared = translated["Parameters"].as_object().into_iter().flatten();
        let mut parameters: BTreeMap<_, _> =
            declared.map(|(name, parameter)| (name.clone(), parameter["Default"].clone())).collect();
        parameters.extend(given.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
        let mut template = Self { json: Value::Null, parameters };
        let mut json = translated.clone();
        for part in ["Resources", "Outputs"] {
            if let Some(entries) = json[part].as_object_mut() {
                let holds =
                    |entry: &Value| entry["Condition"].as_str().is_none_or(|name| template.named(translated, name));
                entries.retain(|_, entry| holds(entry));
            }
        }
        template.json = template.decided(translated, &json).unwrap_or_default();
        template
    }

    /// The resources of this type, by their logical names, with their properties.
    pub fn of<'t>(&'t self, kind: &'t str) -> impl Iterator<Item = (&'t str, &'t Value)> {
        let all = self.json["Resources"].as_object().into_iter().flatten();
        all.filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(name, resource)| (name.as_str(), &resource["Properties"]))
    }

    /// The properties of the resource with this logical name.
    pub fn properties(&self, name: &str) -> &Value {
        &self.json["Resources"][name]["Properties"]
    }

    /// What this parameter is.
    pub fn parameter(&self, name: &str) -> &Value {
        self.parameters.get(name).unwrap_or(&Value::Null)
    }

    /// Whether this named condition holds.
    fn named(&self, translated: &Value, name: &str) -> bool {
        self.holds(translated, &translated["Conditions"][name])
    }

    fn holds(&self, translated: &Value, condition: &Value) -> bool {
        let Some((function, argument)) = condition.as_object().and_then(|fields| fields.iter().next()) else {
            panic!("not a condition: {condition}");
        };
        let list = || argument.as_array().into_iter().flatten();
        match function.as_str() {
            "Condition" => self.named(translated, argument.as_str().unwrap_or_default()),
            "Fn::Not" => !self.holds(translated, &argument[0]),
            "Fn::And" => list().all(|each| self.holds(translated, each)),
            "Fn::Or" => list().any(|each| self.holds(translated, each)),
            "Fn::Equals" => text(self.value(&argument[0])) == text(self.value(&argument[1])),
            _ => panic!("not a condition: {condition}"),
        }
    }

    fn value<'v>(&'v self, value: &'v Value) -> &'v Value {
        value["Ref"].as_str().map_or(value, |name| self.parameter(name))
    }

    /// Without `Fn::If`; none where nothing is left.
    fn decided(&self, translated: &Value, value: &Value) -> Option<Value> {
        match value {
            Value::Object(fields) => match (fields.get("Fn::If"), fields.get("Ref")) {
                (Some(choice), _) => {
                    let holds = self.named(translated, choice[0].as_str().unwrap_or_default());
                    self.decided(translated, &choice[if holds { 1 } else { 2 }])
                }
                (_, Some(name)) if name == "AWS::NoValue" => None,
                _ => {
                    let kept = fields
                        .iter()
                        .filter_map(|(name, value)| Some((name.clone(), self.decided(translated, value)?)));
                    Some(kept.collect::<Map<_, _>>().into())
                }
            },
            Value::Array(list) => {
                Some(list.iter().filter_map(|value| self.decided(translated, value)).collect::<Vec<_>>().into())
            }
            plain => Some(plain.clone()),
        }
    }
}

/// As conditions compare: a parameter's number is a text to them.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
