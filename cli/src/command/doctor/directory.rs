//! The embedded host's data directory.

use std::{fs::Metadata, io, os::unix::fs::PermissionsExt, path::Path};

use relay_sqlite::Store;

use crate::{finding::Finding, installation::Embedded};

/// Below this SQLite soon cannot write: webhooks are then answered 503 until there is room.
const LITTLE_SPACE: u64 = 1024 * 1024 * 1024;
const NO_SPACE: u64 = 64 * 1024 * 1024;

pub(super) async fn check(embedded: &Embedded) -> Vec<Finding> {
    let path = embedded.data_dir();
    if !path.is_dir() {
        let detail = format!("there is no {}", path.display());
        return vec![Finding::fail(
            "data directory",
            detail,
            "name the right --data-dir, or start `shoprelay serve` there",
        )];
    }
    vec![
        private("data directory", path, 0o700),
        private("secrets.toml", &embedded.secrets_file(), 0o600),
        disk(path),
        database(embedded).await,
        host(path),
    ]
}

/// Orders wait here, and secrets lie here: nobody but the owner may look.
fn private(check: &str, path: &Path, mode: u32) -> Finding {
    let shown = path.display();
    match std::fs::metadata(path) {
        Ok(found) if others(&found) == 0 => Finding::ok(check, format!("{shown}, for its owner only")),
        Ok(found) => Finding::fail(
            check,
            format!("{shown} is open to others (mode {:04o})", found.permissions().mode() & 0o777),
            format!("run `chmod {mode:o} {shown}`"),
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Finding::warn(check, format!("there is no {shown}"), "add a shop with `shoprelay shop add SHOP`")
        }
        Err(error) => Finding::fail(check, format!("{shown}: {error}"), "run this as the user that runs the host"),
    }
}

/// What the file's group and everybody else may do.
fn others(metadata: &Metadata) -> u32 {
    metadata.permissions().mode() & 0o077
}

fn disk(path: &Path) -> Finding {
    const CHECK: &str = "disk";
    const ADVICE: &str = "make room: without it webhooks are refused";
    match rustix::fs::statvfs(path) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let detail = format!("{} MB free", free / 1_000_000);
            match free {
                0..NO_SPACE => Finding::fail(CHECK, detail, ADVICE),
                NO_SPACE..LITTLE_SPACE => Finding::warn(CHECK, detail, ADVICE),
                _ => Finding::ok(CHECK, detail),
            }
        }
        Err(error) => Finding::warn(CHECK, format!("free space is unknown: {error}"), "look with `df`"),
    }
}

async fn database(embedded: &Embedded) -> Finding {
    const CHECK: &str = "database";
    let store = match embedded.store() {
        Ok(store) => store,
        Err(error) => return Finding::fail(CHECK, error.to_string(), "start `shoprelay serve` once"),
    };
    match store.quick_check().await {
        Ok(faults) if faults.is_empty() => Finding::ok(CHECK, "whole (quick_check)"),
        Ok(faults) => Finding::fail(
            CHECK,
            faults.join("; "),
            "stop the host, keep a copy of the directory, restore the last backup",
        ),
        Err(error) => Finding::fail(CHECK, error.to_string(), "stop the host and look at the disk"),
    }
}

fn host(path: &Path) -> Finding {
    const CHECK: &str = "host";
    if Store::is_in_use(path) {
        return Finding::ok(CHECK, "running");
    }
    Finding::warn(CHECK, "not running: no webhook is received or delivered", "start `shoprelay serve`")
}
