//! What a file means: it survives, it is shared, it is private, and it is checked.

#![cfg(feature = "sqlite")]
#![expect(
    clippy::unwrap_used,
    reason = "a store that does not open fails the test"
)]

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use oidc_core::{
    clock::UnixTime,
    storage::{
        IndexValue, Inserted, IssuerTag, Key, Kind, Record, Replaced, Scan, Storage, Version,
    },
};
use oidc_token_store::sqlite::{SqliteStorage, StoreOpenError};
use tempfile::TempDir;

const ISSUER: IssuerTag = IssuerTag::from_bytes(*b"issuer-1");

fn key(id: impl Into<String>) -> Key {
    Key::new(ISSUER, Kind::Grant, id)
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("store.db")
}

fn open(folder: &TempDir) -> SqliteStorage {
    SqliteStorage::open(file(folder)).unwrap()
}

async fn insert(storage: &dyn Storage, key: &Key, record: &Record) -> Version {
    match storage.insert(key, record).await.unwrap() {
        Inserted::Yes(version) => version,
        Inserted::Taken => panic!("{key:?} is taken"),
    }
}

#[tokio::test]
async fn reopened_file_keeps_bodies_versions_index_and_times() {
    let folder = TempDir::new().unwrap();
    let record = Record::new("body")
        .with_index(IndexValue([1; 32]))
        .with_delete_after(UnixTime::from_secs(1000));
    let storage = open(&folder);
    let version = insert(&storage, &key("a"), &record).await;
    drop(storage);

    let storage = open(&folder);
    let stored = storage.get(&[key("a")]).await.unwrap().remove(0).unwrap();
    assert_eq!((stored.body, stored.version), (b"body".to_vec(), version));
    let scan = Scan::new(ISSUER, Kind::Grant).with_index(IndexValue([1; 32]));
    assert_eq!(storage.scan(&scan).await.unwrap().records.len(), 1);
    let swept = storage.sweep(UnixTime::from_secs(1001), 10).await.unwrap();
    assert_eq!(swept.dropped, 1);
}

/// Dropping the store commits what it has accepted, and folds the log into the file.
#[tokio::test]
async fn closed_store_leaves_one_file() {
    let folder = TempDir::new().unwrap();
    let storage = open(&folder);
    let _ = insert(&storage, &key("a"), &Record::new("body")).await;
    drop(storage);
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["store.db"]);
}

/// A write that was answered through one handle is read through every other.
#[tokio::test]
async fn acknowledged_write_is_read_through_another_handle() {
    let folder = TempDir::new().unwrap();
    let (one, two) = (open(&folder), open(&folder));
    for n in 0..200 {
        let key = key(format!("k{n}"));
        let version = insert(&one, &key, &Record::new("first")).await;
        let seen = two.get(std::slice::from_ref(&key)).await.unwrap().remove(0);
        assert_eq!(seen.unwrap().version, version);
        let replaced = two.replace(&key, &version, &Record::new("second")).await;
        let Replaced::Yes(version) = replaced.unwrap() else {
            panic!("nobody else writes");
        };
        let seen = one.get(std::slice::from_ref(&key)).await.unwrap().remove(0);
        assert_eq!(seen.unwrap().version, version);
    }
}

/// ST-01: 64 writers through two handles of one file; one wins.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_handles_agree_on_one_winner() {
    let folder = TempDir::new().unwrap();
    let handles = [Arc::new(open(&folder)), Arc::new(open(&folder))];
    for round in 0..20 {
        let key = key(format!("round {round}"));
        let start = insert(&*handles[0], &key, &Record::new("start")).await;
        let writers: Vec<_> = (0..64)
            .map(|n| {
                let (storage, key) = (Arc::clone(&handles[n % 2]), key.clone());
                let start = start.clone();
                tokio::spawn(async move {
                    let record = Record::new(n.to_string());
                    storage.replace(&key, &start, &record).await
                })
            })
            .collect();

        let mut winners = Vec::new();
        for (n, writer) in writers.into_iter().enumerate() {
            if let Replaced::Yes(version) = writer.await.unwrap().unwrap() {
                winners.push((n, version));
            }
        }
        assert_eq!(winners.len(), 1);
        let stored = handles[1].get(&[key]).await.unwrap().remove(0).unwrap();
        assert_eq!(stored.body, winners[0].0.to_string().as_bytes());
        assert_eq!(stored.version, winners[0].1);
    }
}

/// R-07, small: ten openers of a new file at once; one schema, no error.
#[test]
fn many_openers_of_a_new_file_agree() {
    for _ in 0..5 {
        let folder = TempDir::new().unwrap();
        std::thread::scope(|scope| {
            let openers: Vec<_> = (0..10).map(|_| scope.spawn(|| open(&folder))).collect();
            for opener in openers {
                drop(opener.join().unwrap());
            }
        });
    }
}

#[tokio::test]
async fn file_log_and_shared_memory_are_private() {
    let folder = TempDir::new().unwrap();
    let storage = open(&folder);
    let _ = insert(&storage, &key("a"), &Record::new("body")).await;
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        let mode = std::fs::metadata(folder.path().join(name)).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

/// Opening fails with the path, the cause, and what to do.
#[track_caller]
fn assert_refused(path: &Path, hint: &str) -> StoreOpenError {
    let error = SqliteStorage::open(path).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()), "{text}");
    assert!(text.contains(hint), "{text}");
    error
}

#[test]
fn missing_folder_is_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("missing").join("store.db");
    let error = assert_refused(&path, "the folder must exist");
    assert!(matches!(error, StoreOpenError::Open { .. }));
}

/// A folder nobody may write to, root included: the kernel's own.
#[test]
fn read_only_folder_is_refused_by_name() {
    let error = assert_refused(Path::new("/sys/store.db"), "write to");
    assert!(matches!(
        error,
        StoreOpenError::Open { .. } | StoreOpenError::ReadOnly { .. }
    ));
}

#[test]
fn folder_in_place_of_the_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let error = assert_refused(folder.path(), "cannot open the store");
    assert!(matches!(error, StoreOpenError::Open { .. }));
}

#[test]
fn file_of_another_format_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let text = "not a database, but long enough for a header of one hundred bytes. ".repeat(20);
    std::fs::write(file(&folder), &text).unwrap();
    let error = assert_refused(&file(&folder), "no SQLite database");
    assert!(matches!(error, StoreOpenError::Damaged { .. }));
    assert_eq!(std::fs::read_to_string(file(&folder)).unwrap(), text);
}

#[test]
fn database_of_another_program_is_refused() {
    let folder = TempDir::new().unwrap();
    let other = rusqlite::Connection::open(file(&folder)).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(other);
    let error = assert_refused(&file(&folder), "another program");
    assert!(matches!(error, StoreOpenError::Foreign { .. }));
}

/// A path is a path: nothing in it is read as an option.
#[test]
fn path_that_looks_like_a_uri_is_a_file_name() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file:a.db?mode=memory&x=%41");
    drop(SqliteStorage::open(&path).unwrap());
    assert!(path.exists());
}

/// ST-12, in part: what `Debug` prints holds no record.
#[tokio::test]
async fn debug_prints_the_path_only() {
    let folder = TempDir::new().unwrap();
    let storage = open(&folder);
    let _ = insert(&storage, &key("canary-id"), &Record::new("canary-body")).await;
    let text = format!("{storage:?}");
    assert!(
        text.contains("store.db") && !text.contains("canary"),
        "{text}"
    );
}
