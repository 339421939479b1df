//! How far an unfinished backfill came, in a file beside the one it reads: `orders.ndjson.acme.backfill`. It names the
//! file by its digest and holds nothing of it. It is gone when the backfill is finished.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::Read,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::PathBuf,
};

use relay::shop::{Platform, ShopName};
use serde::{Deserialize, Serialize};

use crate::command::CommandError;

/// What a backfill is about: another one cannot go on with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Task {
    /// SHA-256 of the file.
    pub(super) file: String,
    pub(super) shop: ShopName,
    /// The installation.
    pub(super) place: String,
    pub(super) platform: Option<Platform>,
    pub(super) force: bool,
    pub(super) without_consent: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    task: Task,
    /// Names this backfill, however often it is started anew.
    run: String,
    /// The number of the last entry that is settled.
    done: u64,
}

/// A backfill's checkpoint, locked against a second process.
pub(super) struct Checkpoint {
    path: PathBuf,
    file: File,
    content: Content,
}

impl Checkpoint {
    /// Goes on with the backfill of this task that is unfinished, or begins one, named `run`. `restart` begins one in any
    /// case.
    pub(super) fn open(source: &str, task: Task, run: String, restart: bool) -> Result<Self, CommandError> {
        let path = PathBuf::from(format!("{source}.{}.backfill", task.shop));
        let failed = |what: &str, error: &dyn std::fmt::Display| {
            CommandError(format!("cannot {what} {}, which says how far a backfill came: {error}", path.display()))
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(&path).map_err(|error| failed("write", &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(CommandError(format!("another backfill of {source} for {} is under way", task.shop)));
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock", &error)),
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|error| failed("read", &error))?;
        if text.is_empty() || restart {
            let begun = Self { path, file, content: Content { task, run, done: 0 } };
            begun.store()?;
            return Ok(begun);
        }
        let content: Content = serde_json::from_str(&text).map_err(|error| failed("read", &error))?;
        match difference(&content.task, &task) {
            None => Ok(Self { path, file, content }),
            Some(difference) => Err(CommandError(format!(
                "a backfill of {source} for {} is unfinished, and {difference}; \
                 go on with it as it was begun, or begin anew with --restart",
                task.shop
            ))),
        }
    }

    /// The number of the last entry that is settled; 0 at the beginning.
    pub(super) const fn done(&self) -> u64 {
        self.content.done
    }

    /// The backfill's name.
    pub(super) fn run(&self) -> &str {
        &self.content.run
    }

    /// All entries up to this one are settled.
    pub(super) fn settled(&mut self, number: u64) -> Result<(), CommandError> {
        self.content.done = number;
        self.store()
    }

    /// Nothing is left to do.
    pub(super) fn finish(self) -> Result<(), CommandError> {
        std::fs::remove_file(&self.path)
            .map_err(|error| CommandError(format!("cannot remove {}: {error}", self.path.display())))
    }

    /// One small write at the file's begin: a killed process leaves the former content or this one.
    fn store(&self) -> Result<(), CommandError> {
        let failed = |error: std::io::Error| CommandError(format!("cannot write {}: {error}", self.path.display()));
        let text = serde_json::to_string(&self.content).unwrap_or_default() + "\n";
        self.file.write_all_at(text.as_bytes(), 0).map_err(failed)?;
        self.file.set_len(text.len() as u64).map_err(failed)
    }
}

/// What tells the two tasks apart.
fn difference(begun: &Task, asked: &Task) -> Option<&'static str> {
    if begun == asked {
        None
    } else if begun.file != asked.file {
        Some("the file has changed since")
    } else if begun.force != asked.force {
        Some("it was begun with another --force")
    } else if begun.place != asked.place {
        Some("it was begun for another installation")
    } else if begun.platform != asked.platform {
        Some("it was begun with another --platform")
    } else {
        Some("it was begun with another --without-consent")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> Task {
        let place = "stack test".to_owned();
        Task {
            file: "digest".into(),
            shop: "acme".parse().unwrap(),
            place,
            platform: None,
            force: true,
            without_consent: false,
        }
    }

    #[test]
    fn a_backfill_goes_on_where_it_stopped_under_its_own_name() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("orders").to_str().unwrap().to_owned();
        let open = |task, run: &str, restart| Checkpoint::open(&source, task, run.to_owned(), restart);
        let mut first = open(task(), "one", false).unwrap();
        assert!(open(task(), "two", false).is_err_and(|error| error.0.contains("under way")));
        first.settled(1000).unwrap();
        first.settled(7).unwrap();
        drop(first);
        let second = open(task(), "two", false).unwrap();
        assert_eq!((second.run(), second.done()), ("one", 7));
        drop(second);
        let changes: [fn(&mut Task); 5] = [
            |task| task.file = "other".into(),
            |task| task.force = false,
            |task| task.without_consent = true,
            |task| task.place = "stack live".into(),
            |task| task.platform = Some(Platform::Shopify),
        ];
        for change in changes {
            let mut other = task();
            change(&mut other);
            assert!(open(other, "three", false).is_err_and(|error| error.0.contains("--restart")));
        }
        let anew = open(task(), "three", true).unwrap();
        assert_eq!((anew.run(), anew.done()), ("three", 0));
        anew.finish().unwrap();
        assert_eq!(open(task(), "four", false).unwrap().run(), "four");
    }
}
