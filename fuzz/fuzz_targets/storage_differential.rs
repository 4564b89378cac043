//! FZ-23: memory and SQLite answer any sequence of operations as a sequential model does, and ids,
//! bodies and index values come back byte for byte.

#![no_main]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use oidc_core::{
    clock::UnixTime,
    storage::{
        IndexValue, Inserted, IssuerTag, Key, Kind, Record, Removed, Replaced, Scan, Storage,
        Version,
    },
};
use oidc_token_store::{MemoryStorage, sqlite::SqliteStorage};

/// Longer sequences find nothing more and cost the fuzzer its speed.
const MAX_OPERATIONS: usize = 64;

#[derive(Arbitrary, Debug)]
enum Operation {
    Get(Vec<KeyChoice>),
    Insert(KeyChoice, RecordChoice),
    Replace(KeyChoice, VersionChoice, RecordChoice),
    Remove(KeyChoice, VersionChoice),
    Scan {
        issuer: bool,
        kind: u8,
        index: Option<u8>,
        limit: u8,
    },
    Sweep {
        now: u8,
        limit: u8,
    },
}

/// Most choices fall on one of four keys, so that operations meet; the rest vary every part.
#[derive(Arbitrary, Debug)]
struct KeyChoice {
    number: u8,
    // A `String` would eat most of the input.
    id: Option<[char; 3]>,
}

#[derive(Arbitrary, Debug)]
struct RecordChoice {
    body: Vec<u8>,
    delete_after: Option<u8>,
    index: Vec<u8>,
}

/// The version of the present state, of the n-th state there ever was, or bytes out of the blue.
#[derive(Arbitrary, Debug)]
enum VersionChoice {
    Current,
    Old(u8),
    Bytes(Vec<u8>),
}

/// One state of one record; `states` below holds what each store called it.
struct Row {
    state: usize,
    body: Vec<u8>,
    delete_after: Option<u64>,
    index: BTreeSet<u8>,
}

/// The contract, sequentially: rows by key, states numbered in the order they arose.
#[derive(Default)]
struct Model {
    rows: BTreeMap<Key, Row>,
    /// Per state: its key and the versions that memory and SQLite gave it.
    states: Vec<(Key, [Version; 2])>,
}

impl KeyChoice {
    fn key(&self) -> Key {
        const IDS: [&str; 8] = ["a", "A", "a ", "a\0", "é", "e\u{301}", "a/b", "a%2Fb"];
        let number = usize::from(self.number);
        if number < 192 {
            return Key::new(issuer(true), Kind::ALL[0], IDS[number % 4]);
        }
        let id = self.id.map(String::from_iter);
        let id = id.unwrap_or_else(|| IDS[number % 8].to_owned());
        Key::new(issuer(number % 2 == 0), Kind::ALL[number % 3], id)
    }
}

impl RecordChoice {
    fn record(&self) -> Record {
        let mut record = Record::new(self.body.clone());
        record.delete_after = self
            .delete_after
            .map(|time| UnixTime::from_secs(time.into()));
        record.index = self.indices().map(|n| IndexValue([n; 32])).collect();
        record
    }

    fn indices(&self) -> impl Iterator<Item = u8> {
        self.index.iter().take(8).map(|n| n % 4)
    }

    fn row(&self, state: usize, mut index: BTreeSet<u8>) -> Row {
        index.extend(self.indices());
        Row {
            state,
            body: self.body.clone(),
            delete_after: self.delete_after.map(u64::from),
            index,
        }
    }
}

fn issuer(first: bool) -> IssuerTag {
    IssuerTag::from_bytes(if first { *b"issuer-1" } else { *b"issuer-2" })
}

impl Model {
    /// What the choice means to each store, and whether it is the present version of `key`.
    fn version(&self, key: &Key, choice: &VersionChoice) -> ([Version; 2], bool) {
        let current = self.rows.get(key).map(|row| row.state);
        let foreign = |bytes: &[u8]| {
            let version = Version::from_bytes(bytes);
            let hit = current.is_some_and(|state| self.states[state].1.contains(&version));
            ([version.clone(), version], hit)
        };
        match choice {
            VersionChoice::Current => current.map_or_else(
                || foreign(b"none"),
                |state| (self.states[state].1.clone(), true),
            ),
            VersionChoice::Old(n) if !self.states.is_empty() => {
                let state = usize::from(*n) % self.states.len();
                (self.states[state].1.clone(), current == Some(state))
            }
            VersionChoice::Old(_) => foreign(b"none"),
            VersionChoice::Bytes(bytes) => foreign(bytes),
        }
    }

    fn write(&mut self, key: Key, versions: [Version; 2], row: Row) {
        for (old_key, old) in &self.states {
            assert!(
                *old_key != key || (old[0] != versions[0] && old[1] != versions[1]),
                "a version came back"
            );
        }
        self.states.push((key.clone(), versions));
        self.rows.insert(key, row);
    }

    fn listed(&self, scan: &Scan, index: Option<u8>) -> BTreeMap<Key, Vec<u8>> {
        self.rows
            .iter()
            .filter(|(key, _)| (key.issuer(), key.kind()) == (scan.issuer, scan.kind))
            .filter(|(_, row)| index.is_none_or(|value| row.index.contains(&value)))
            .map(|(key, row)| (key.clone(), row.body.clone()))
            .collect()
    }
}

fn stores() -> &'static [Box<dyn Storage>; 2] {
    static STORES: OnceLock<[Box<dyn Storage>; 2]> = OnceLock::new();
    STORES.get_or_init(|| {
        [
            Box::new(MemoryStorage::new()),
            Box::new(SqliteStorage::open_in_memory().expect("SQLite opens")),
        ]
    })
}

async fn step(model: &mut Model, operation: &Operation) {
    let stores = stores();
    match operation {
        Operation::Get(keys) => {
            let keys: Vec<_> = keys.iter().take(16).map(KeyChoice::key).collect();
            for (n, store) in stores.iter().enumerate() {
                let answers = store.get(&keys).await.expect("get answers");
                assert_eq!(answers.len(), keys.len());
                for (key, answer) in keys.iter().zip(answers) {
                    let answer = answer.map(|stored| (stored.body, stored.version));
                    let row = model.rows.get(key);
                    let known =
                        row.map(|row| (row.body.clone(), model.states[row.state].1[n].clone()));
                    assert_eq!(answer, known);
                }
            }
        }
        Operation::Insert(key, record) => {
            let key = key.key();
            let mut versions = Vec::new();
            for store in stores {
                match store.insert(&key, &record.record()).await {
                    Ok(Inserted::Yes(version)) => versions.push(version),
                    Ok(Inserted::Taken) => assert!(model.rows.contains_key(&key)),
                    Err(error) => panic!("insert: {error}"),
                }
            }
            if let Ok(versions) = <[Version; 2]>::try_from(versions) {
                assert!(!model.rows.contains_key(&key));
                let row = record.row(model.states.len(), BTreeSet::new());
                model.write(key, versions, row);
            } else {
                assert!(model.rows.contains_key(&key));
            }
        }
        Operation::Replace(key, choice, record) => {
            let key = key.key();
            let (expected, current) = model.version(&key, choice);
            let mut versions = Vec::new();
            for (store, expected) in stores.iter().zip(&expected) {
                match store.replace(&key, expected, &record.record()).await {
                    Ok(Replaced::Yes(version)) => versions.push(version),
                    Ok(Replaced::Stale) => assert!(model.rows.contains_key(&key) && !current),
                    Ok(Replaced::Missing) => assert!(!model.rows.contains_key(&key)),
                    Err(error) => panic!("replace: {error}"),
                }
            }
            if let Ok(versions) = <[Version; 2]>::try_from(versions) {
                assert!(current, "a stale replace won");
                let index = model.rows.remove(&key).expect("it was there").index;
                let row = record.row(model.states.len(), index);
                model.write(key, versions, row);
            } else {
                assert!(!current, "a current replace lost");
            }
        }
        Operation::Remove(key, choice) => {
            let key = key.key();
            let (expected, current) = model.version(&key, choice);
            let known = match (model.rows.contains_key(&key), current) {
                (false, _) => Removed::Missing,
                (true, false) => Removed::Stale,
                (true, true) => Removed::Yes,
            };
            for (store, expected) in stores.iter().zip(&expected) {
                let removed = store.remove(&key, expected).await.expect("remove answers");
                assert_eq!(removed, known);
            }
            if current {
                model.rows.remove(&key);
            }
        }
        Operation::Scan {
            issuer: first,
            kind,
            index,
            limit,
        } => {
            let index = index.map(|n| n % 4);
            let mut scan = Scan::new(issuer(*first), Kind::ALL[usize::from(*kind) % 3]);
            scan = scan.with_limit((*limit).into());
            scan.index = index.map(|n| IndexValue([n; 32]));
            for store in stores {
                let listed = walk(&**store, scan.clone()).await;
                assert_eq!(listed, model.listed(&scan, index));
            }
        }
        Operation::Sweep { now, limit } => {
            // Which of the due records go first is free: take all, or none.
            let limit = if *limit == 0 { 0 } else { u32::MAX };
            let due = |row: &Row| row.delete_after.is_some_and(|time| time < u64::from(*now));
            let count = model.rows.values().filter(|row| due(row)).count();
            let known = if limit == 0 { 0 } else { count };
            for store in stores {
                let now = UnixTime::from_secs((*now).into());
                let swept = store.sweep(now, limit).await.expect("sweep answers");
                assert_eq!(swept.dropped as usize, known);
            }
            if limit != 0 {
                model.rows.retain(|_, row| !due(row));
            }
        }
    }
}

async fn walk(store: &dyn Storage, mut scan: Scan) -> BTreeMap<Key, Vec<u8>> {
    let mut found = BTreeMap::new();
    loop {
        let page = store.scan(&scan).await.expect("scan answers");
        assert!(page.records.len() <= scan.limit.max(1) as usize);
        for (key, stored) in page.records {
            let again = found.insert(key, stored.body);
            assert!(again.is_none(), "nothing moved, yet a record came twice");
        }
        match page.next {
            Some(cursor) => scan = scan.after(cursor),
            None => return found,
        }
    }
}

/// Leaves both stores as empty as they were: one pair serves all inputs.
async fn clear(model: Model) {
    for (key, row) in model.rows {
        for (store, version) in stores().iter().zip(&model.states[row.state].1) {
            let removed = store.remove(&key, version).await.expect("remove answers");
            assert_eq!(removed, Removed::Yes);
        }
    }
    for store in stores() {
        let swept = store.sweep(UnixTime::from_secs(u64::MAX), u32::MAX).await;
        assert_eq!(swept.expect("sweep answers").dropped, 0);
    }
}

fuzz_target!(|data: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime starts");
    runtime.block_on(async {
        let mut model = Model::default();
        // Not a `Vec`: one drawn from random bytes has two elements or three.
        let mut rest = Unstructured::new(data);
        for _ in 0..MAX_OPERATIONS {
            if rest.is_empty() {
                break;
            }
            let Ok(operation) = rest.arbitrary() else {
                break;
            };
            step(&mut model, &operation).await;
        }
        clear(model).await;
    });
});
