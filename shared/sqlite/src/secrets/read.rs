//! From TOML to the JSON text that every store gives.

use std::{collections::BTreeMap, path::Path};

use secrecy::SecretString;
use serde_json::{Map, Number, Value};

use super::SecretsFileError;

/// One secret as JSON text, or what is wrong with it.
pub(super) type Secret = Result<SecretString, Fault>;

/// What is wrong with one secret; the others are not touched by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) pointer: String,
    pub(super) detail: &'static str,
}

pub(super) fn parse(path: &Path, text: &str) -> Result<BTreeMap<String, Secret>, SecretsFileError> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| SecretsFileError::Malformed {
        path: path.to_owned(),
        line: error.span().map(|span| line(text, span.start)),
        // The error's own display would quote the line, and with it the secret.
        detail: error.message().to_owned(),
    })?;
    Ok(table.into_iter().map(|(name, value)| (name, secret(value))).collect())
}

/// The line's number, from 1, of a place in the text.
pub(super) fn line(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn secret(value: toml::Value) -> Secret {
    if !value.is_table() {
        return Err(Fault { pointer: String::new(), detail: "a secret is a table" });
    }
    Ok(json(value, "")?.to_string().into())
}

fn json(value: toml::Value, pointer: &str) -> Result<Value, Fault> {
    Ok(match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::Number(number.into()),
        toml::Value::Float(number) => {
            let fault = || Fault { pointer: pointer.to_owned(), detail: "must be a finite number" };
            Value::Number(Number::from_f64(number).ok_or_else(fault)?)
        }
        toml::Value::Boolean(truth) => Value::Bool(truth),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(values) => {
            let element = |(index, value)| json(value, &format!("{pointer}/{index}"));
            Value::Array(values.into_iter().enumerate().map(element).collect::<Result<_, _>>()?)
        }
        toml::Value::Table(table) => {
            let mut map = Map::new();
            for (name, value) in table {
                let value = json(value, &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")))?;
                map.insert(name, value);
            }
            Value::Object(map)
        }
    })
}
