//! ST-01, ST-02, R-07: several processes on one file, from its first moment.

#![cfg(feature = "sqlite")]
#![expect(
    clippy::unwrap_used,
    reason = "a store that does not open fails the test"
)]

use std::process::{Command, Stdio};

use oidc_core::storage::{Inserted, IssuerTag, Key, Kind, Record, Replaced, Storage};
use oidc_token_store::sqlite::SqliteStorage;
use tempfile::TempDir;

const PROCESSES: u64 = 3;
const INCREMENTS: u64 = 200;
/// The child finds here which file to write to; without it, it is not the child.
const STORE: &str = "OIDC_TOKEN_STORE_PROCESS_TEST";

fn counter() -> Key {
    Key::new(IssuerTag::from_bytes(*b"issuer-1"), Kind::Grant, "counter")
}

/// Not a test of its own: one of the processes. Returns at once when nobody started it.
#[tokio::test]
async fn child_that_counts() {
    let Ok(path) = std::env::var(STORE) else {
        return;
    };
    let storage = SqliteStorage::open(path).unwrap();
    // Taken is as good: another process was first.
    let _ = storage.insert(&counter(), &Record::new("0")).await.unwrap();
    for n in 0..INCREMENTS {
        increment(&storage).await;
        let own = Key::new(counter().issuer(), Kind::Seen, format!("once-{n}"));
        if let Inserted::Yes(_) = storage.insert(&own, &Record::new("")).await.unwrap() {
            println!("first {n}");
        }
    }
}

async fn increment(storage: &SqliteStorage) {
    loop {
        let stored = storage.get(&[counter()]).await.unwrap().remove(0).unwrap();
        let next = Record::new((number(&stored.body) + 1).to_string());
        let replaced = storage.replace(&counter(), &stored.version, &next).await;
        match replaced.unwrap() {
            Replaced::Yes(_) => return,
            Replaced::Stale => {}
            Replaced::Missing => panic!("nobody removes it"),
        }
    }
}

fn number(body: &[u8]) -> u64 {
    std::str::from_utf8(body).unwrap().parse().unwrap()
}

#[tokio::test]
async fn processes_lose_no_increment_and_each_id_has_one_first() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store.db");
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "child_that_counts", "--nocapture"])
                .env(STORE, &path)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();

    let mut firsts = Vec::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        firsts.extend(
            text.lines()
                .filter_map(|line| line.split_once("first "))
                .map(|(_, n)| n.parse::<u64>().unwrap()),
        );
    }
    firsts.sort_unstable();
    assert_eq!(firsts, (0..INCREMENTS).collect::<Vec<_>>());

    let storage = SqliteStorage::open(&path).unwrap();
    let stored = storage.get(&[counter()]).await.unwrap().remove(0).unwrap();
    assert_eq!(number(&stored.body), PROCESSES * INCREMENTS);
}
