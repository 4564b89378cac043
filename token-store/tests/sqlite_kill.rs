//! R-10, small form: a process is killed under load twenty times; what it was told stays true.

#![cfg(feature = "sqlite")]
#![expect(
    clippy::unwrap_used,
    reason = "a store that does not open fails the test"
)]

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use oidc_core::storage::{Inserted, IssuerTag, Key, Kind, Record, Replaced, Storage};
use oidc_token_store::sqlite::SqliteStorage;
use tempfile::TempDir;

const KILLS: u64 = 20;
const WRITERS: usize = 8;
/// The child finds here which file to write to; without it, it is not the child.
const STORE: &str = "OIDC_TOKEN_STORE_KILL_TEST";
const ROUND: &str = "OIDC_TOKEN_STORE_KILL_ROUND";
/// Marks the child's lines among those of the test harness.
const ACK: &str = "ack ";

fn key(id: impl Into<String>) -> Key {
    Key::new(IssuerTag::from_bytes(*b"issuer-1"), Kind::Grant, id)
}

/// Not a test of its own: the process that is killed. Returns at once when nobody started it.
#[test]
fn child_that_is_killed() {
    let (Ok(path), Ok(round)) = (std::env::var(STORE), std::env::var(ROUND)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        let storage = Arc::new(SqliteStorage::open(path).unwrap());
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| tokio::spawn(write(Arc::clone(&storage), round.clone(), writer)))
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

/// Inserts records and counts up a counter, and tells of each write once it was acknowledged.
async fn write(storage: Arc<SqliteStorage>, round: String, writer: usize) {
    let counter = key(format!("counter-{writer}"));
    let _ = storage.insert(&counter, &Record::new("0")).await.unwrap();
    for n in 0_u64.. {
        let id = format!("{round}-{writer}-{n}");
        let inserted = storage
            .insert(&key(id.as_str()), &Record::new(id.as_str()))
            .await;
        assert!(matches!(inserted.unwrap(), Inserted::Yes(_)), "{id} is new");
        tell(&format!("insert {id}"));

        let stored = storage.get(std::slice::from_ref(&counter)).await.unwrap();
        let stored = stored.into_iter().next().flatten().unwrap();
        let count = number(&stored.body) + 1;
        let next = Record::new(count.to_string());
        let replaced = storage.replace(&counter, &stored.version, &next).await;
        assert!(matches!(replaced.unwrap(), Replaced::Yes(_)), "own counter");
        tell(&format!("count {writer} {count}"));
    }
}

fn tell(what: &str) {
    // One call, so that a line is whole or, when the kill cuts it, has no end.
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{ACK}{what}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn number(body: &[u8]) -> u64 {
    std::str::from_utf8(body).unwrap().parse().unwrap()
}

#[derive(Default)]
struct Acknowledged {
    inserts: Vec<String>,
    counts: BTreeMap<String, u64>,
}

impl Acknowledged {
    /// Reads the child's lines until it is dead.
    fn read(&mut self, lines: ChildStdout) {
        let mut lines = BufReader::new(lines);
        let mut line = String::new();
        while lines.read_line(&mut line).unwrap() > 0 {
            let whole = line.ends_with('\n');
            let words = line.trim_end().split_once(ACK);
            if let (true, Some((_, what))) = (whole, words) {
                match *what.split(' ').collect::<Vec<_>>() {
                    ["insert", id] => self.inserts.push(id.to_owned()),
                    ["count", writer, count] => {
                        self.counts
                            .insert(writer.to_owned(), count.parse().unwrap());
                    }
                    _ => panic!("unexpected line {line:?}"),
                }
            }
            line.clear();
        }
    }
}

fn start(path: &Path, round: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_is_killed", "--nocapture"])
        .env(STORE, path)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn acknowledged_writes_survive_kill_9() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store.db");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut acknowledged = Acknowledged::default();

    for round in 0..KILLS {
        let mut child = start(&path, round);
        let lines = child.stdout.take().unwrap();
        std::thread::scope(|scope| {
            // Read while it runs: a full pipe would stall the load.
            scope.spawn(|| acknowledged.read(lines));
            std::thread::sleep(Duration::from_millis(120 + round * 37 % 200));
            child.kill().unwrap();
        });
        assert!(!child.wait().unwrap().success(), "it was killed");

        let began = Instant::now();
        let storage = SqliteStorage::open(&path).unwrap();
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "ready again in time"
        );
        runtime.block_on(check(&storage, &acknowledged));
    }
    let writes = acknowledged.inserts.len();
    assert!(writes > 100, "too little load: {writes} inserts");
    println!("{writes} inserts acknowledged before {KILLS} kills");
}

async fn check(storage: &SqliteStorage, acknowledged: &Acknowledged) {
    for ids in acknowledged.inserts.chunks(500) {
        let keys: Vec<_> = ids.iter().map(|id| key(id.as_str())).collect();
        for (id, stored) in ids.iter().zip(storage.get(&keys).await.unwrap()) {
            let stored = stored.unwrap_or_else(|| panic!("{id} was acknowledged and is lost"));
            assert_eq!(stored.body, id.as_bytes());
        }
    }
    for (writer, acknowledged) in &acknowledged.counts {
        let stored = storage.get(&[key(format!("counter-{writer}"))]).await;
        let stored = stored.unwrap().remove(0);
        let count = number(&stored.unwrap().body);
        // One increment per writer may be done and not yet told; a doubled one shows here.
        assert!(
            (*acknowledged..=*acknowledged + 1).contains(&count),
            "counter {writer}: {count} after {acknowledged} was acknowledged"
        );
    }
}
