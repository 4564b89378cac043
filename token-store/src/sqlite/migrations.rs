//! The schema, as a list of steps that were and are applied in order.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::error::StoreOpenError;

/// Marks the file as ours in its header: the bytes `OIDC`.
pub(super) const APPLICATION_ID: i32 = i32::from_be_bytes(*b"OIDC");

/// One step of the schema. A published step never changes; a test pins its checksum.
pub(super) struct Migration {
    pub(super) version: i64,
    pub(super) sql: &'static str,
}

impl Migration {
    pub(super) fn checksum(&self) -> [u8; 32] {
        Sha256::digest(self.sql.as_bytes()).into()
    }
}

/// Every step, oldest first, versions counted from one.
pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: include_str!("migrations/0001_records.sql"),
}];

/// Brings the file to the newest schema. Safe in several processes at once.
pub(super) fn apply(
    connection: &mut Connection,
    path: &Path,
    migrations: &[Migration],
) -> Result<(), StoreOpenError> {
    let engine = |error| StoreOpenError::engine(path, error);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(engine)?;
    claim(&transaction, path)?;
    let known = migrations.last().map_or(0, |last| last.version);
    let found = newest(&transaction).map_err(engine)?;
    if found > known {
        return Err(StoreOpenError::NewerSchema {
            path: path.to_owned(),
            found,
            known,
        });
    }
    for migration in migrations {
        match applied(&transaction, migration.version).map_err(engine)? {
            Some(checksum) if checksum == migration.checksum() => {}
            Some(_) => {
                return Err(StoreOpenError::ChangedMigration {
                    path: path.to_owned(),
                    version: migration.version,
                });
            }
            None => run(&transaction, migration).map_err(engine)?,
        }
    }
    transaction.commit().map_err(engine)
}

/// Marks an empty file as ours; refuses the database of another program.
fn claim(connection: &Connection, path: &Path) -> Result<(), StoreOpenError> {
    let engine = |error| StoreOpenError::engine(path, error);
    let id: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(engine)?;
    if id == APPLICATION_ID {
        return Ok(());
    }
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(engine)?;
    if id != 0 || tables != 0 {
        return Err(StoreOpenError::Foreign {
            path: path.to_owned(),
        });
    }
    connection
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(engine)?;
    connection
        .execute_batch(
            "CREATE TABLE migration (
                 version INTEGER PRIMARY KEY,
                 checksum BLOB NOT NULL CHECK (length(checksum) = 32)
             ) STRICT",
        )
        .map_err(engine)
}

fn newest(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row(
        "SELECT coalesce(max(version), 0) FROM migration",
        [],
        |row| row.get(0),
    )
}

fn applied(connection: &Connection, version: i64) -> rusqlite::Result<Option<[u8; 32]>> {
    connection
        .query_row(
            "SELECT checksum FROM migration WHERE version = ?1",
            [version],
            |row| row.get(0),
        )
        .optional()
}

fn run(connection: &Connection, migration: &Migration) -> rusqlite::Result<()> {
    connection.execute_batch(migration.sql)?;
    connection.execute(
        "INSERT INTO migration (version, checksum) VALUES (?1, ?2)",
        params![migration.version, migration.checksum()],
    )?;
    Ok(())
}
