//! Opening the file, and asserting what the contract needs of the engine.

use std::{
    fs::OpenOptions,
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};

use super::{error::StoreOpenError, migrations};

/// How long to wait for the lock of another process.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Older releases can damage a file whose log two connections reset at once (SQLite 3.51.3).
const MIN_ENGINE: (i32, &str) = (3_051_003, "3.51.3");

/// The log shrinks back to this many bytes after a checkpoint.
const LOG_LIMIT: i64 = 64 * 1024 * 1024;

/// Statements kept prepared per connection; there are fewer.
const PREPARED: usize = 32;

/// Opens the connection that writes; creates and migrates the file.
pub(super) fn writer(path: &Path) -> Result<Connection, StoreOpenError> {
    check_engine()?;
    create(path)?;
    let engine = |error| StoreOpenError::engine(path, error);
    let mut connection = connect(path)?;
    if connection.is_readonly(MAIN_DB).map_err(engine)? {
        return Err(StoreOpenError::ReadOnly {
            path: path.to_owned(),
        });
    }
    switch_log_on(&connection, path)?;
    set_writer(&connection, path)?;
    migrations::apply(&mut connection, path, migrations::MIGRATIONS)?;
    Ok(connection)
}

/// Opens a connection that only reads a file which [`writer`] has opened.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreOpenError> {
    let connection = connect(path)?;
    connection
        .pragma_update(None, "query_only", true)
        .map_err(|error| StoreOpenError::engine(path, error))?;
    Ok(connection)
}

/// Opens a database without a file.
pub(super) fn in_memory() -> Result<Connection, StoreOpenError> {
    check_engine()?;
    let path = Path::new(":memory:");
    let engine = |error| StoreOpenError::engine(path, error);
    let mut connection = Connection::open_in_memory().map_err(engine)?;
    set_common(&connection).map_err(engine)?;
    migrations::apply(&mut connection, path, migrations::MIGRATIONS)?;
    Ok(connection)
}

/// The error of a thread that could not be started.
pub(super) fn thread_error(path: &Path, error: std::io::Error) -> StoreOpenError {
    StoreOpenError::Engine {
        path: path.to_owned(),
        source: Box::new(error),
    }
}

fn check_engine() -> Result<(), StoreOpenError> {
    let (number, needed) = MIN_ENGINE;
    if rusqlite::version_number() < number {
        return Err(StoreOpenError::OldEngine {
            found: rusqlite::version(),
            needed,
        });
    }
    Ok(())
}

/// Creates the file before SQLite does: it would be readable for everyone that the umask allows.
///
/// The log and the shared memory file take their mode from it.
fn create(path: &Path) -> Result<(), StoreOpenError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(source) if source.kind() == std::io::ErrorKind::ReadOnlyFilesystem => {
            Err(StoreOpenError::ReadOnly {
                path: path.to_owned(),
            })
        }
        Err(source) => Err(StoreOpenError::Open {
            path: path.to_owned(),
            source,
        }),
    }
}

fn connect(path: &Path) -> Result<Connection, StoreOpenError> {
    let engine = |error| StoreOpenError::engine(path, error);
    // Without the URI flag a path that begins with `file:` is a path.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(engine)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(engine)?;
    set_common(&connection).map_err(engine)?;
    Ok(connection)
}

fn set_common(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)
}

/// SQLite does not wait for the lock that this needs, so that two processes which open a new file
/// at once would meet an error.
fn switch_log_on(connection: &Connection, path: &Path) -> Result<(), StoreOpenError> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    let mode: String = loop {
        let switched = connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
        match switched {
            Ok(mode) => break mode,
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && Instant::now() < deadline =>
            {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(error) => return Err(StoreOpenError::engine(path, error)),
        }
    };
    if mode != "wal" {
        return Err(StoreOpenError::NoWriteAheadLog {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

fn set_writer(connection: &Connection, path: &Path) -> Result<(), StoreOpenError> {
    /// `synchronous=FULL`: a commit returns once the log is on the disk.
    const FULL: i64 = 2;
    let engine = |error| StoreOpenError::engine(path, error);
    connection
        .pragma_update(None, "synchronous", FULL)
        .map_err(engine)?;
    connection
        .pragma_update_and_check(None, "journal_size_limit", LOG_LIMIT, |_| Ok(()))
        .map_err(engine)?;
    let synchronous: i64 = connection
        .pragma_query_value(None, "synchronous", |row| row.get(0))
        .map_err(engine)?;
    if synchronous != FULL {
        return Err(StoreOpenError::Setting {
            path: path.to_owned(),
            setting: "synchronous=FULL",
        });
    }
    Ok(())
}
