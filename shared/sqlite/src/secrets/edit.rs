//! Changes one secret in the file's text and leaves the rest, comments included, as it is.

use std::path::Path;

use serde_json::{Map, Value};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table};

use super::{SecretsFileError, read};

/// What a new file begins with.
pub(super) const NEW_FILE: &str = "\
# The secrets of shoprelay: one table each. Keep this file to yourself (mode 0600).
# Changes are noticed while `shoprelay serve` is running.

";

pub(super) fn parse(path: &Path, text: &str) -> Result<DocumentMut, SecretsFileError> {
    text.parse().map_err(|error: toml_edit::TomlError| SecretsFileError::Malformed {
        path: path.to_owned(),
        line: error.span().map(|span| read::line(text, span.start)),
        detail: error.message().to_owned(),
    })
}

pub(super) fn put(document: &mut DocumentMut, name: &str, value: &Value) -> Result<(), SecretsFileError> {
    let Value::Object(fields) = value else { return Err(SecretsFileError::NotToml("it is not an object")) };
    let mut new = table(fields)?;
    if let Some(old) = document.get(name).and_then(Item::as_table) {
        // Keeps the comment above the table, and its place in the file.
        *new.decor_mut() = old.decor().clone();
        new.set_position(old.position());
    }
    document.insert(name, Item::Table(new));
    Ok(())
}

fn table(fields: &Map<String, Value>) -> Result<Table, SecretsFileError> {
    let mut table = Table::new();
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        table.insert(name, Item::Value(plain(value)?));
    }
    Ok(table)
}

fn plain(value: &Value) -> Result<toml_edit::Value, SecretsFileError> {
    Ok(match value {
        Value::Null => return Err(SecretsFileError::NotToml("it has null in a list")),
        Value::Bool(truth) => (*truth).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(number)) => number.into(),
            (None, None) => return Err(SecretsFileError::NotToml("a number is too large")),
        },
        Value::String(text) => text.into(),
        Value::Array(values) => values.iter().map(plain).collect::<Result<Array, _>>()?.into(),
        // TOML has no null; absent says the same.
        Value::Object(fields) => {
            let mut table = InlineTable::new();
            for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
                table.insert(name, plain(value)?);
            }
            table.into()
        }
    })
}
