//! The statements. Each runs inside the transaction of its batch, or reads one snapshot.

use oidc_core::{
    clock::UnixTime,
    storage::{Cursor, Inserted, Key, Page, Record, Removed, Replaced, Scan, Stored, Version},
};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row, params};

use super::error::EngineError;
use crate::{MAX_PAGE_BYTES, page_limit};

pub(super) const GET: &str =
    "SELECT body, version FROM record WHERE issuer = ?1 AND kind = ?2 AND id = ?3";

pub(super) const INSERT: &str = "INSERT INTO record (issuer, kind, id, version, delete_after, body)
     VALUES (?1, ?2, ?3, randomblob(16), ?4, ?5)
     ON CONFLICT DO NOTHING
     RETURNING number, version";

pub(super) const REPLACE: &str =
    "UPDATE record SET version = randomblob(16), delete_after = ?5, body = ?6
     WHERE issuer = ?1 AND kind = ?2 AND id = ?3 AND version = ?4
     RETURNING number, version";

pub(super) const REMOVE: &str =
    "DELETE FROM record WHERE issuer = ?1 AND kind = ?2 AND id = ?3 AND version = ?4
     RETURNING number";

pub(super) const EXISTS: &str = "SELECT 1 FROM record WHERE issuer = ?1 AND kind = ?2 AND id = ?3";

pub(super) const INDEX: &str =
    "INSERT INTO record_index (issuer, kind, value, id, number) VALUES (?1, ?2, ?3, ?4, ?5)
     ON CONFLICT DO NOTHING";

pub(super) const UNINDEX: &str = "DELETE FROM record_index WHERE number = ?1";

pub(super) const SCAN: &str = "SELECT id, body, version FROM record
     WHERE issuer = ?1 AND kind = ?2 AND id > ?3
     ORDER BY id LIMIT ?4";

pub(super) const SCAN_INDEX: &str = "SELECT record.id, record.body, record.version
     FROM record_index CROSS JOIN record ON record.number = record_index.number
     WHERE record_index.issuer = ?1 AND record_index.kind = ?2
       AND record_index.value = ?5 AND record_index.id > ?3
     ORDER BY record_index.id LIMIT ?4";

pub(super) const DUE: &str = "SELECT number FROM record
     WHERE delete_after IS NOT NULL AND delete_after < ?1
     ORDER BY delete_after LIMIT ?2";

pub(super) const DROP: &str = "DELETE FROM record WHERE number = ?1";

/// Times beyond the engine's integers are later than everything: they stay the latest.
fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

fn stored(row: &Row<'_>, body: usize) -> rusqlite::Result<Stored> {
    Ok(Stored {
        body: row.get(body)?,
        version: version(row, body + 1)?,
    })
}

fn version(row: &Row<'_>, column: usize) -> rusqlite::Result<Version> {
    Ok(Version::from_bytes(row.get::<_, Vec<u8>>(column)?))
}

/// The row of a statement that answers one at most, run to its end so that it takes effect.
fn one_row<T, P: Params>(
    mut statement: CachedStatement<'_>,
    params: P,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    let mut rows = statement.query(params)?;
    let answer = rows.next()?.map(read).transpose()?;
    while rows.next()?.is_some() {}
    Ok(answer)
}

pub(super) fn get(
    connection: &Connection,
    keys: &[Key],
) -> Result<Vec<Option<Stored>>, EngineError> {
    let mut statement = connection.prepare_cached(GET)?;
    let mut read = |key: &Key| {
        let issuer = key.issuer();
        let params = params![issuer.as_bytes(), key.kind().as_str(), key.id().as_bytes()];
        statement
            .query_row(params, |row| stored(row, 0))
            .optional()
            .map_err(EngineError::from)
    };
    keys.iter().map(&mut read).collect()
}

pub(super) fn insert(
    connection: &Connection,
    key: &Key,
    record: &Record,
) -> Result<Inserted, EngineError> {
    let issuer = key.issuer();
    let params = params![
        issuer.as_bytes(),
        key.kind().as_str(),
        key.id().as_bytes(),
        record.delete_after.map(seconds),
        record.body,
    ];
    let written = one_row(connection.prepare_cached(INSERT)?, params, |row| {
        Ok((row.get(0)?, version(row, 1)?))
    })?;
    let Some((number, version)) = written else {
        return Ok(Inserted::Taken);
    };
    index(connection, key, number, record)?;
    Ok(Inserted::Yes(version))
}

pub(super) fn replace(
    connection: &Connection,
    key: &Key,
    expected: &Version,
    record: &Record,
) -> Result<Replaced, EngineError> {
    let issuer = key.issuer();
    let params = params![
        issuer.as_bytes(),
        key.kind().as_str(),
        key.id().as_bytes(),
        expected.as_bytes(),
        record.delete_after.map(seconds),
        record.body,
    ];
    let written = one_row(connection.prepare_cached(REPLACE)?, params, |row| {
        Ok((row.get(0)?, version(row, 1)?))
    })?;
    let Some((number, version)) = written else {
        return Ok(if exists(connection, key)? {
            Replaced::Stale
        } else {
            Replaced::Missing
        });
    };
    index(connection, key, number, record)?;
    Ok(Replaced::Yes(version))
}

pub(super) fn remove(
    connection: &Connection,
    key: &Key,
    expected: &Version,
) -> Result<Removed, EngineError> {
    let issuer = key.issuer();
    let params = params![
        issuer.as_bytes(),
        key.kind().as_str(),
        key.id().as_bytes(),
        expected.as_bytes(),
    ];
    let removed = one_row(connection.prepare_cached(REMOVE)?, params, |row| {
        row.get::<_, i64>(0)
    })?;
    let Some(number) = removed else {
        return Ok(if exists(connection, key)? {
            Removed::Stale
        } else {
            Removed::Missing
        });
    };
    connection.prepare_cached(UNINDEX)?.execute([number])?;
    Ok(Removed::Yes)
}

fn exists(connection: &Connection, key: &Key) -> rusqlite::Result<bool> {
    connection.prepare_cached(EXISTS)?.exists(params![
        key.issuer().as_bytes(),
        key.kind().as_str(),
        key.id().as_bytes(),
    ])
}

fn index(connection: &Connection, key: &Key, number: i64, record: &Record) -> rusqlite::Result<()> {
    if record.index.is_empty() {
        return Ok(());
    }
    let mut statement = connection.prepare_cached(INDEX)?;
    for value in &record.index {
        statement.execute(params![
            key.issuer().as_bytes(),
            key.kind().as_str(),
            value.0,
            key.id().as_bytes(),
            number,
        ])?;
    }
    Ok(())
}

pub(super) fn scan(connection: &Connection, scan: &Scan) -> Result<Page, EngineError> {
    let after = scan.after.as_ref().map_or(&[][..], |cursor| &cursor.0);
    let limit = page_limit(scan);
    // One more than asked for tells whether this is the last page.
    let ask = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let (issuer, kind) = (scan.issuer.as_bytes(), scan.kind.as_str());
    let mut statement = match scan.index {
        None => connection.prepare_cached(SCAN)?,
        Some(_) => connection.prepare_cached(SCAN_INDEX)?,
    };
    let mut rows = match scan.index {
        None => statement.query(params![issuer, kind, after, ask])?,
        Some(value) => statement.query(params![issuer, kind, after, ask, value.0])?,
    };

    let (mut records, mut bytes, mut more) = (Vec::new(), 0, false);
    while let Some(row) = rows.next()? {
        if records.len() == limit || bytes >= MAX_PAGE_BYTES {
            more = true;
            break;
        }
        let id = String::from_utf8(row.get(0)?)
            .map_err(|_| EngineError::Unreadable("an id is not UTF-8"))?;
        let stored = stored(row, 1)?;
        bytes += stored.body.len();
        records.push((Key::new(scan.issuer, scan.kind, id), stored));
    }
    let next = records
        .last()
        .filter(|_| more)
        .map(|(key, _)| Cursor(key.id().into()));
    Ok(Page { records, next })
}

/// Drops up to `limit` due records; the transaction keeps others from moving them ahead.
pub(super) fn sweep(
    connection: &Connection,
    now: UnixTime,
    limit: u32,
) -> Result<u32, EngineError> {
    let due: Vec<i64> = connection
        .prepare_cached(DUE)?
        .query_map(params![seconds(now), limit], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut dropped = 0;
    for number in due {
        connection.prepare_cached(UNINDEX)?.execute([number])?;
        connection.prepare_cached(DROP)?.execute([number])?;
        dropped += 1;
    }
    Ok(dropped)
}
