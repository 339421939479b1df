//! The database's format and its steps from version to version (`user_version`).

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::OpenError;

/// Step `n` leads from version `n` to `n + 1`. Steps are only ever added.
const STEPS: [&str; 1] = [include_str!("schema.sql")];
/// The newest format known.
const KNOWN: usize = STEPS.len();

/// Brings the database to the newest format.
pub(super) fn migrate(connection: &mut Connection, file: &Path) -> Result<(), OpenError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    if found > KNOWN {
        return Err(newer(file, found));
    }
    for step in STEPS.iter().skip(found) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", KNOWN)?;
    Ok(transaction.commit()?)
}

/// Checks that the database has the newest format.
pub(super) fn check(connection: &Connection, file: &Path) -> Result<(), OpenError> {
    let found = version(connection)?;
    match found {
        KNOWN => Ok(()),
        _ if found > KNOWN => Err(newer(file, found)),
        _ => Err(OpenError::Version {
            path: file.to_owned(),
            found,
            known: KNOWN,
            advice: "start `shoprelay serve` of this version once",
        }),
    }
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn newer(file: &Path, found: usize) -> OpenError {
    OpenError::Version { path: file.to_owned(), found, known: KNOWN, advice: "use the shoprelay that wrote it" }
}
