//! What can go wrong with the file, at open and later.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use oidc_core::storage::StorageError;
use rusqlite::ErrorCode;

/// The store could not be opened; each variant names the path and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreOpenError {
    /// The file could not be created or opened.
    #[error(
        "cannot open the store {path}: {source}; the folder must exist, and the user that runs the issuer must be able to write to it and to the file",
        path = path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file or its file system is read-only.
    #[error(
        "the store {path} is read-only; give the user that runs the issuer the right to write to it",
        path = path.display()
    )]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// The file is no SQLite database, or a damaged one.
    #[error(
        "the store {path} is damaged or no SQLite database: {detail}; restore it from a backup, or choose another path",
        path = path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
    /// The file is the database of another program.
    #[error(
        "{path} is a database of another program; choose another path",
        path = path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer release.
    #[error(
        "the store {path} has schema {found}, this release knows up to {known}; run the release that wrote it, or a newer one",
        path = path.display()
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// The schema of the file.
        found: i64,
        /// The newest schema this release knows.
        known: i64,
    },
    /// A migration that was applied to the file is not the one this release carries.
    #[error(
        "migration {version} of the store {path} is not the one this release knows; the file was made by a modified build",
        path = path.display()
    )]
    ChangedMigration {
        /// The file.
        path: PathBuf,
        /// The migration.
        version: i64,
    },
    /// The write-ahead log could not be switched on.
    #[error(
        "the store {path} cannot use a write-ahead log (journal mode is {mode}); it must lie on a local file system",
        path = path.display()
    )]
    NoWriteAheadLog {
        /// The file.
        path: PathBuf,
        /// The journal mode that SQLite chose instead.
        mode: String,
    },
    /// A setting that durability hangs on did not take.
    #[error("the store {path} does not take the setting {setting}", path = path.display())]
    Setting {
        /// The file.
        path: PathBuf,
        /// The setting.
        setting: &'static str,
    },
    /// The SQLite library has a bug that damages files.
    #[error(
        "SQLite {found} can damage files that several connections write; build with {needed} or newer"
    )]
    OldEngine {
        /// The version in use.
        found: &'static str,
        /// The oldest version accepted.
        needed: &'static str,
    },
    /// Anything else that the engine reported.
    #[error(
        "cannot open the store {path}: {source}; another process may hold it, or the disk may be full",
        path = path.display()
    )]
    Engine {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreOpenError {
    pub(super) fn engine(path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged {
                path,
                detail: error.to_string(),
            },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::CannotOpen) => Self::Open {
                path,
                source: std::io::Error::other(error),
            },
            _ => Self::Engine {
                path,
                source: Box::new(error),
            },
        }
    }
}

/// Why a piece of work failed. Cheap to clone: a failed transaction fails all its writes.
#[derive(Clone, Debug)]
pub(super) enum EngineError {
    /// SQLite reported an error.
    Sqlite(Arc<rusqlite::Error>),
    /// A row holds what this back end never writes, or a cursor is not one of its own.
    Unreadable(&'static str),
    /// The thread that does the work is gone.
    Closed,
}

impl From<rusqlite::Error> for EngineError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(Arc::new(error))
    }
}

/// What stands inside [`StorageError::Unavailable`].
#[derive(Debug, thiserror::Error)]
enum Unavailable {
    #[error("SQLite file {path}: {source}", path = path.display())]
    Engine {
        path: PathBuf,
        source: Arc<rusqlite::Error>,
    },
    #[error("the SQLite store {path} is closed", path = path.display())]
    Closed { path: PathBuf },
}

impl EngineError {
    pub(super) fn into_storage_error(self, path: &Path) -> StorageError {
        let place = path.display();
        let path = path.to_owned();
        match self {
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                    StorageError::Corrupt(format!("SQLite file {place}: {error}"))
                }
                _ => StorageError::unavailable(Unavailable::Engine {
                    path,
                    source: error,
                }),
            },
            Self::Unreadable(what) => StorageError::Corrupt(format!("SQLite file {place}: {what}")),
            Self::Closed => StorageError::unavailable(Unavailable::Closed { path }),
        }
    }
}
