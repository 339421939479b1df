//! The shops' secrets in one TOML file: one table a secret, named as in Secrets Manager.
//!
//! ```toml
//! ["shoprelay/acme/webhook"]
//! platform = "shopify"
//! signing_secrets = ["new", "old"]
//! ```

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use relay::{
    Async,
    secret::{SecretError, SecretStore},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

mod edit;
mod file;
mod read;
#[cfg(test)]
mod tests;

use file::Stamp;
use read::Secret;

/// Why the secrets' file cannot be used. Shows no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretsFileError {
    /// Others than its owner may read it.
    #[error("{} can be read by others (mode {mode:04o}): run `chmod 600 {}`", .path.display(), .path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is not TOML of the expected form.
    #[error("{} is malformed{}: {detail}", .path.display(), .line.map(|line| format!(" in line {line}")).unwrap_or_default())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where, counted from 1.
        line: Option<usize>,
        /// What is wrong.
        detail: String,
    },
    /// It cannot be read or written.
    #[error("cannot use {}: {detail}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What happened.
        detail: String,
    },
    /// A secret holds something that TOML cannot express.
    #[error("the secret cannot be written as TOML: {0}")]
    NotToml(&'static str),
    /// The operating system gave no random numbers for the installation's key.
    #[error("no random numbers for the installation's key: {0}")]
    Random(String),
}

/// The secrets' file. Clones share what was read.
#[derive(Clone)]
pub struct TomlSecrets {
    path: Arc<Path>,
    read: Arc<Mutex<Read>>,
}

/// What was read last, and from which state of the file.
#[derive(Default)]
struct Read {
    stamp: Option<Stamp>,
    secrets: BTreeMap<String, Secret>,
}

impl fmt::Debug for TomlSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TomlSecrets").field("path", &self.path).finish_non_exhaustive()
    }
}

impl TomlSecrets {
    /// The file at this path, which need not exist yet.
    ///
    /// # Errors
    /// The file exists and others may read it, or it is malformed.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, SecretsFileError> {
        let secrets = Self { path: path.into().into(), read: Arc::default() };
        secrets.names()?;
        Ok(secrets)
    }

    /// The names of all secrets, sorted. No file: no names.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn names(&self) -> Result<Vec<String>, SecretsFileError> {
        // What others' rights hide is not "no shops": then reading it says so.
        if !self.path.try_exists().unwrap_or(true) {
            return Ok(Vec::new());
        }
        self.with_secrets(|secrets| secrets.keys().cloned().collect())
    }

    /// Writes one secret, an object, in place of the one of that name. Everything else in the file stays as it is.
    ///
    /// # Errors
    /// The file cannot be used, or the value is not an object that TOML can express.
    pub fn put(&self, name: &str, value: &Value) -> Result<(), SecretsFileError> {
        self.edit(|document| edit::put(document, name, value))
    }

    /// Removes one secret; says whether it was there.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn remove(&self, name: &str) -> Result<bool, SecretsFileError> {
        if !self.names()?.iter().any(|known| known == name) {
            return Ok(false);
        }
        self.edit(|document| {
            document.remove(name);
            Ok(())
        })?;
        Ok(true)
    }

    /// Creates the installation's key under this name if there is none yet, and the file if need be.
    ///
    /// # Errors
    /// The file cannot be used, or there are no random numbers.
    pub fn ensure_installation(&self, name: &str) -> Result<(), SecretsFileError> {
        if self.names()?.iter().any(|known| known == name) {
            return Ok(());
        }
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| SecretsFileError::Random(error.to_string()))?;
        self.put(name, &json!({"key": BASE64_STANDARD.encode(key)}))
    }

    fn edit(
        &self,
        change: impl FnOnce(&mut toml_edit::DocumentMut) -> Result<(), SecretsFileError>,
    ) -> Result<(), SecretsFileError> {
        let old = if self.path.try_exists().unwrap_or(true) { Some(file::read(&self.path)?.1) } else { None };
        let (beginning, text) = old.as_ref().map_or((edit::NEW_FILE, ""), |old| ("", old.expose_secret()));
        let mut document = edit::parse(&self.path, text)?;
        change(&mut document)?;
        file::replace(&self.path, &format!("{beginning}{document}"))
    }

    fn with_secrets<T>(&self, look: impl FnOnce(&BTreeMap<String, Secret>) -> T) -> Result<T, SecretsFileError> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.stamp != Some(file::stamp(&self.path)?) {
            let (stamp, text) = file::read(&self.path)?;
            *read = Read { secrets: read::parse(&self.path, text.expose_secret())?, stamp: Some(stamp) };
        }
        Ok(look(&read.secrets))
    }

    fn find(&self, name: &str) -> Result<SecretString, SecretError> {
        let found = self.with_secrets(|secrets| secrets.get(name).cloned());
        match found {
            Ok(Some(Ok(json))) => Ok(json),
            Ok(Some(Err(fault))) => Err(SecretError::Malformed {
                name: name.to_owned(),
                pointer: fault.pointer,
                detail: fault.detail.to_owned(),
            }),
            Ok(None) => Err(SecretError::NotFound { name: name.to_owned() }),
            // A file that vanished or is broken says nothing about whether the shop exists.
            Err(error) => Err(SecretError::Unreachable { name: name.to_owned(), detail: error.to_string() }),
        }
    }
}

impl SecretStore for TomlSecrets {
    fn fetch<'a>(&'a self, name: &'a str) -> Async<'a, Result<SecretString, SecretError>> {
        let (secrets, name) = (self.clone(), name.to_owned());
        Box::pin(async move {
            let unreachable = |name, detail| Err(SecretError::Unreachable { name, detail });
            let asked = name.clone();
            let found = tokio::task::spawn_blocking(move || secrets.find(&asked)).await;
            found.unwrap_or_else(|error| unreachable(name, error.to_string()))
        })
    }
}
