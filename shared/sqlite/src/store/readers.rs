//! Readers: connections that see what was committed last and are never in the writer's way.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{StoreError, connection};

/// Reads at the same time. Reads take microseconds; more connections would only cost memory.
const READERS: usize = 4;

pub(super) struct Readers {
    file: PathBuf,
    slots: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, slots: Arc::new(Semaphore::new(READERS)), idle: Arc::default() }
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let slot = self.slots.clone().acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let (file, idle) = (self.file.clone(), self.idle.clone());
        let read = move || {
            let _slot = slot;
            let waiting = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = waiting.map_or_else(|| connection::reading(&file), Ok)?;
            let result = act(&connection);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            Ok(result?)
        };
        tokio::task::spawn_blocking(read).await.unwrap_or(Err(StoreError::Closed))
    }
}
