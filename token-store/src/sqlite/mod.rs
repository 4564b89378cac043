//! Records in one SQLite file: the embedded, durable back end.
//!
//! * One thread writes. It takes all writes that wait, runs them in one transaction, and answers
//!   each only after the commit has reached the disk (`synchronous=FULL`): group commit.
//! * A few threads read, each with a connection of its own. The write-ahead log lets them read
//!   while the writer writes; a read that begins after a write was answered sees it.
//! * Several processes of one machine may share the file. It must not lie on a network file
//!   system: the write-ahead log needs shared memory.
//! * Versions are 128 random bits.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use oidc_core::{
    clock::UnixTime,
    storage::{
        Inserted, Key, Page, Record, Removed, Replaced, Scan, Storage, StorageError, Stored, Swept,
        Version,
    },
};
use rusqlite::Connection;

use crate::check_size;

mod error;
mod migrations;
mod open;
mod statements;
#[cfg(test)]
mod tests;
mod worker;

pub use error::StoreOpenError;

use error::EngineError;
use worker::Worker;

/// Threads that read. More would wait for the same two or three cores.
const READERS: usize = 2;

/// A sweep drops this many records per transaction, so that other writes come in between.
const SWEEP_CHUNK: u32 = 500;

/// A [`Storage`] in one SQLite file.
///
/// Dropping it waits until every write that was accepted is committed, and closes the file.
///
/// # Errors
///
/// Its operations answer [`StorageError::Unavailable`] when the disk is full, the file cannot be
/// read or written, or another process holds the write lock for more than five seconds, and
/// [`StorageError::Corrupt`] when the file is damaged. A failed transaction is rolled back, so
/// only a crash leaves the outcome open.
pub struct SqliteStorage {
    path: PathBuf,
    // Readers close first: the last connection to close folds the log into the file.
    readers: Option<Worker>,
    writer: Worker,
}

impl SqliteStorage {
    /// Opens the store at `path`; creates the file, with mode 0600, if there is none.
    ///
    /// Blocks while it opens, migrates and checks the file: call it when the process starts.
    ///
    /// # Errors
    ///
    /// [`StoreOpenError`] names the path, what is wrong, and what to do.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreOpenError> {
        let path = path.as_ref();
        let writer = open::writer(path)?;
        let readers = (0..READERS)
            .map(|_| open::reader(path))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            path: path.to_owned(),
            readers: Some(Worker::reading(readers).map_err(|e| open::thread_error(path, e))?),
            writer: Worker::writing(writer).map_err(|e| open::thread_error(path, e))?,
        })
    }

    /// Opens an empty store without a file; it is gone when the value is dropped.
    ///
    /// # Errors
    ///
    /// [`StoreOpenError`] if the engine does not start.
    pub fn open_in_memory() -> Result<Self, StoreOpenError> {
        let path = Path::new(":memory:");
        let writer = open::in_memory()?;
        Ok(Self {
            path: path.to_owned(),
            readers: None,
            writer: Worker::writing(writer).map_err(|e| open::thread_error(path, e))?,
        })
    }

    /// The file; `:memory:` if there is none.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let outcome = self.writer.run(work).await;
        outcome.map_err(|error| error.into_storage_error(&self.path))
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let worker = self.readers.as_ref().unwrap_or(&self.writer);
        let outcome = worker.run(work).await;
        outcome.map_err(|error| error.into_storage_error(&self.path))
    }
}

impl fmt::Debug for SqliteStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStorage")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Storage for SqliteStorage {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, StorageError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys = keys.to_vec();
        self.read(move |connection| statements::get(connection, &keys))
            .await
    }

    async fn insert(&self, key: &Key, record: &Record) -> Result<Inserted, StorageError> {
        check_size(record)?;
        let (key, record) = (key.clone(), record.clone());
        self.write(move |connection| statements::insert(connection, &key, &record))
            .await
    }

    async fn replace(
        &self,
        key: &Key,
        expected: &Version,
        record: &Record,
    ) -> Result<Replaced, StorageError> {
        check_size(record)?;
        let (key, expected, record) = (key.clone(), expected.clone(), record.clone());
        self.write(move |connection| statements::replace(connection, &key, &expected, &record))
            .await
    }

    async fn remove(&self, key: &Key, expected: &Version) -> Result<Removed, StorageError> {
        let (key, expected) = (key.clone(), expected.clone());
        self.write(move |connection| statements::remove(connection, &key, &expected))
            .await
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, StorageError> {
        let scan = scan.clone();
        self.read(move |connection| statements::scan(connection, &scan))
            .await
    }

    async fn sweep(&self, now: UnixTime, limit: u32) -> Result<Swept, StorageError> {
        let mut dropped = 0;
        while dropped < limit {
            let chunk = SWEEP_CHUNK.min(limit - dropped);
            let round = self
                .write(move |connection| statements::sweep(connection, now, chunk))
                .await?;
            dropped += round;
            if round < chunk {
                break;
            }
        }
        Ok(Swept::new(dropped))
    }
}
