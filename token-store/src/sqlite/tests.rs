use std::{path::Path, sync::Arc, time::Instant};

use oidc_core::storage::{IndexValue, IssuerTag, Kind};
use tempfile::TempDir;

use super::{
    migrations::{self, MIGRATIONS, Migration},
    *,
};

fn key(id: &str) -> Key {
    Key::new(IssuerTag::from_bytes(*b"issuer-1"), Kind::Grant, id)
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("store.db")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A migration that was published must not change: files in the field hold its checksum.
#[test]
fn published_migrations_have_their_checksums() {
    let published = [(
        1,
        "ddecddf0c3232afc6be7a919894e11563340088bc00e1e06e8264047da12b0f3",
    )];
    let carried: Vec<_> = MIGRATIONS
        .iter()
        .map(|migration| (migration.version, hex(&migration.checksum())))
        .collect();
    assert_eq!(carried, published.map(|(n, sum)| (n, sum.to_owned())));
}

/// ST-21: an old release refuses the schema of a newer one, and leaves the file alone.
#[test]
fn newer_schema_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut connection = open::writer(&file(&folder)).unwrap();
    let mut newer = vec![Migration {
        version: 1,
        sql: MIGRATIONS[0].sql,
    }];
    newer.push(Migration {
        version: 2,
        sql: "CREATE TABLE later (x INTEGER) STRICT",
    });
    migrations::apply(&mut connection, &file(&folder), &newer).unwrap();
    drop(connection);

    let error = SqliteStorage::open(file(&folder)).unwrap_err();
    assert!(
        matches!(
            error,
            StoreOpenError::NewerSchema {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains(&file(&folder).display().to_string())
    );
}

/// ST-21: a migration that was changed after it was applied is refused.
#[test]
fn changed_migration_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut connection = open::writer(&file(&folder)).unwrap();
    let changed = [Migration {
        version: 1,
        sql: "SELECT 1",
    }];
    let error = migrations::apply(&mut connection, &file(&folder), &changed).unwrap_err();
    assert!(
        matches!(error, StoreOpenError::ChangedMigration { version: 1, .. }),
        "{error}"
    );
}

/// ST-21: a migration that fails halfway leaves nothing, and can be run again.
#[test]
fn failed_migration_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let mut connection = open::writer(&file(&folder)).unwrap();
    let step = |sql| {
        [
            Migration {
                version: 1,
                sql: MIGRATIONS[0].sql,
            },
            Migration { version: 2, sql },
        ]
    };
    let broken = step("CREATE TABLE half (x INTEGER) STRICT; CREATE TABLE");
    let error = migrations::apply(&mut connection, &file(&folder), &broken).unwrap_err();
    assert!(matches!(error, StoreOpenError::Engine { .. }), "{error}");

    let fixed = step("CREATE TABLE half (x INTEGER) STRICT");
    migrations::apply(&mut connection, &file(&folder), &fixed).unwrap();
}

/// No statement walks a table: its cost does not follow the number of records.
#[test]
fn every_statement_searches_by_an_index() {
    let connection = open::in_memory().unwrap();
    let statements = [
        statements::GET,
        statements::INSERT,
        statements::REPLACE,
        statements::REMOVE,
        statements::EXISTS,
        statements::INDEX,
        statements::UNINDEX,
        statements::SCAN,
        statements::SCAN_INDEX,
        statements::DUE,
        statements::DROP,
    ];
    for sql in statements {
        let mut explain = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let parameters = explain.parameter_count();
        for parameter in 1..=parameters {
            explain.raw_bind_parameter(parameter, 1).unwrap();
        }
        let mut rows = explain.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let step: String = row.get(3).unwrap();
            assert!(
                !step.contains("SCAN") && !step.contains("TEMP B-TREE"),
                "{sql}: {step}"
            );
        }
    }
}

/// The settings that durability hangs on, as the engine reports them.
#[test]
fn writer_syncs_its_log_and_readers_cannot_write() {
    let folder = TempDir::new().unwrap();
    let writer = open::writer(&file(&folder)).unwrap();
    let setting =
        |name| writer.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
    assert_eq!(setting("journal_mode").unwrap(), "wal".to_owned().into());
    assert_eq!(setting("synchronous").unwrap(), 2.into());

    let reader = open::reader(&file(&folder)).unwrap();
    assert!(reader.execute("DELETE FROM record", []).is_err());
}

/// ST-20, R-14: a full disk is `Unavailable`; nothing was written; with room again it goes on.
#[tokio::test]
async fn full_disk_is_unavailable_until_there_is_room() {
    let folder = TempDir::new().unwrap();
    let storage = SqliteStorage::open(file(&folder)).unwrap();
    let limit_pages = |pages: i64| {
        storage.write(move |connection| {
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
            Ok(())
        })
    };
    let big = Record::new(vec![1; 500_000]).with_index(IndexValue([1; 32]));
    let Inserted::Yes(kept) = storage
        .insert(&key("kept"), &Record::new("x"))
        .await
        .unwrap()
    else {
        panic!("the store was empty");
    };
    limit_pages(20).await.unwrap();

    let full = storage.insert(&key("big"), &big).await.unwrap_err();
    assert!(matches!(full, StorageError::Unavailable(_)), "{full}");
    let full = storage
        .replace(&key("kept"), &kept, &big)
        .await
        .unwrap_err();
    assert!(matches!(full, StorageError::Unavailable(_)), "{full}");
    let found = storage.get(&[key("big"), key("kept")]).await.unwrap();
    assert_eq!(found[0], None);
    assert_eq!(found[1].as_ref().map(|stored| &stored.version), Some(&kept));

    limit_pages(100_000).await.unwrap();
    let again = storage.insert(&key("big"), &big).await.unwrap();
    assert!(matches!(again, Inserted::Yes(_)));
}

/// ST-20: while another process holds the write lock, reads go on and writes give up in time.
#[tokio::test]
async fn held_write_lock_is_unavailable_after_the_timeout() {
    let folder = TempDir::new().unwrap();
    let storage = SqliteStorage::open(file(&folder)).unwrap();
    let other = Connection::open(file(&folder)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let began = Instant::now();
    let locked = storage
        .insert(&key("a"), &Record::new("x"))
        .await
        .unwrap_err();
    assert!(matches!(locked, StorageError::Unavailable(_)), "{locked}");
    assert!(began.elapsed() >= open::BUSY_TIMEOUT);
    assert!(began.elapsed() < open::BUSY_TIMEOUT * 2);
    assert_eq!(storage.get(&[key("a")]).await.unwrap(), [None]);

    other.execute_batch("ROLLBACK").unwrap();
    let free = storage.insert(&key("a"), &Record::new("x")).await.unwrap();
    assert!(matches!(free, Inserted::Yes(_)));
}

/// A write that fails takes its whole batch with it, and each waiter hears of it.
#[tokio::test]
async fn failed_batch_fails_all_its_writes() {
    let folder = TempDir::new().unwrap();
    let storage = Arc::new(SqliteStorage::open(file(&folder)).unwrap());
    let (started, has_started) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel();
    let holder = Arc::clone(&storage);
    let held = tokio::spawn(async move {
        let work = move |_: &Connection| {
            started.send(()).unwrap();
            released.recv().unwrap();
            Ok(())
        };
        holder.write(work).await
    });
    tokio::task::yield_now().await;
    has_started.recv().unwrap();

    // While the first transaction is held, the others wait and become one batch.
    let (good, other, record) = (key("good"), key("other"), Record::new("x"));
    let answers = tokio::join!(
        storage.insert(&good, &record),
        storage.write(|connection| Ok(connection.execute("broken", [])?)),
        storage.insert(&other, &record),
        async { release.send(()).unwrap() },
    );
    assert!(matches!(answers.0, Err(StorageError::Unavailable(_))));
    assert!(matches!(answers.1, Err(StorageError::Unavailable(_))));
    assert!(matches!(answers.2, Err(StorageError::Unavailable(_))));
    held.await.unwrap().unwrap();
    let found = storage.get(&[good, other]).await.unwrap();
    assert_eq!(found, [None, None]);
}

/// Errors name the file, and nothing of the record.
#[test]
fn errors_name_the_file() {
    let error = EngineError::Closed.into_storage_error(Path::new("/some/store.db"));
    assert!(error.to_string().contains("/some/store.db"), "{error}");
    let error = EngineError::Unreadable("an id is not UTF-8");
    let error = error.into_storage_error(Path::new("/some/store.db"));
    assert!(error.to_string().contains("/some/store.db"), "{error}");
}
