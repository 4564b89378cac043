//! Records in the memory of one process: for tests, demonstrations, and as the suite's reference.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Bound,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use oidc_core::{
    clock::UnixTime,
    storage::{
        Cursor, IndexValue, Inserted, IssuerTag, Key, Kind, Page, Record, Removed, Replaced, Scan,
        Storage, StorageError, Stored, Swept, Version,
    },
};

use crate::{MAX_PAGE_BYTES, check_size, page_limit};

/// Versions come from one counter of the process, so that none repeats, whatever is removed.
static NEXT_VERSION: AtomicU64 = AtomicU64::new(1);

/// A [`Storage`] in the memory of one process. Nothing survives it, nothing is shared with others.
///
/// The cost of an operation grows with the logarithm of the number of records; a sweep costs as
/// much as it drops.
#[derive(Default)]
pub struct MemoryStorage {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rows: BTreeMap<Key, Row>,
    by_index: BTreeSet<IndexEntry>,
    by_deadline: BTreeSet<(UnixTime, Key)>,
}

type IndexEntry = (IssuerTag, Kind, IndexValue, String);

struct Row {
    // Shared, so that bodies are copied without the lock.
    body: Arc<[u8]>,
    version: u64,
    delete_after: Option<UnixTime>,
    index: BTreeSet<IndexValue>,
}

impl Row {
    fn new(record: &Record, index: BTreeSet<IndexValue>) -> Self {
        Self {
            body: record.body.as_slice().into(),
            version: NEXT_VERSION.fetch_add(1, Ordering::Relaxed),
            delete_after: record.delete_after,
            index,
        }
    }

    fn version(&self) -> Version {
        version(self.version)
    }

    fn is_at(&self, expected: &Version) -> bool {
        expected.as_bytes() == self.version.to_be_bytes()
    }

    fn snapshot(&self) -> (Arc<[u8]>, u64) {
        (Arc::clone(&self.body), self.version)
    }
}

fn version(number: u64) -> Version {
    Version::from_bytes(number.to_be_bytes())
}

fn stored((body, number): (Arc<[u8]>, u64)) -> Stored {
    Stored {
        body: body.to_vec(),
        version: version(number),
    }
}

impl MemoryStorage {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code under the lock can panic halfway through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStorage")
            .field("records", &self.state().rows.len())
            .finish_non_exhaustive()
    }
}

impl State {
    fn write(&mut self, key: &Key, row: Row) {
        for value in &row.index {
            self.by_index.insert(index_entry(key, *value));
        }
        if let Some(time) = row.delete_after {
            self.by_deadline.insert((time, key.clone()));
        }
        if let Some(old) = self.rows.insert(key.clone(), row) {
            self.forget_deadline(key, &old);
        }
    }

    fn forget_deadline(&mut self, key: &Key, old: &Row) {
        let kept = self.rows.get(key).and_then(|row| row.delete_after);
        if let Some(time) = old.delete_after
            && kept != Some(time)
        {
            self.by_deadline.remove(&(time, key.clone()));
        }
    }

    fn drop_row(&mut self, key: &Key) {
        if let Some(old) = self.rows.remove(key) {
            for value in &old.index {
                self.by_index.remove(&index_entry(key, *value));
            }
            self.forget_deadline(key, &old);
        }
    }

    /// The ids a scan goes on with, in their order.
    fn ids<'a>(
        &'a self,
        scan: &Scan,
        after: Option<String>,
    ) -> Box<dyn Iterator<Item = &'a str> + 'a> {
        let (issuer, kind) = (scan.issuer, scan.kind);
        // Ids are never empty: the empty one stands before them all.
        let id = after.unwrap_or_default();
        match scan.index {
            None => {
                let start = Bound::Excluded(Key::new(issuer, kind, id));
                let rows = self.rows.range((start, Bound::Unbounded));
                Box::new(
                    rows.map(|(key, _)| key)
                        .take_while(move |key| key.issuer() == issuer && key.kind() == kind)
                        .map(Key::id),
                )
            }
            Some(value) => {
                let start = Bound::Excluded((issuer, kind, value, id));
                let entries = self.by_index.range((start, Bound::Unbounded));
                Box::new(
                    entries
                        .take_while(move |entry| {
                            (entry.0, entry.1, entry.2) == (issuer, kind, value)
                        })
                        .map(|entry| entry.3.as_str()),
                )
            }
        }
    }
}

fn index_entry(key: &Key, value: IndexValue) -> IndexEntry {
    (key.issuer(), key.kind(), value, key.id().to_owned())
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, StorageError> {
        let found: Vec<_> = {
            let state = self.state();
            let row = |key| state.rows.get(key).map(Row::snapshot);
            keys.iter().map(row).collect()
        };
        Ok(found.into_iter().map(|row| row.map(stored)).collect())
    }

    async fn insert(&self, key: &Key, record: &Record) -> Result<Inserted, StorageError> {
        check_size(record)?;
        let mut state = self.state();
        if state.rows.contains_key(key) {
            return Ok(Inserted::Taken);
        }
        let row = Row::new(record, record.index.iter().copied().collect());
        let version = row.version();
        state.write(key, row);
        Ok(Inserted::Yes(version))
    }

    async fn replace(
        &self,
        key: &Key,
        expected: &Version,
        record: &Record,
    ) -> Result<Replaced, StorageError> {
        check_size(record)?;
        let mut state = self.state();
        let Some(old) = state.rows.get(key) else {
            return Ok(Replaced::Missing);
        };
        if !old.is_at(expected) {
            return Ok(Replaced::Stale);
        }
        let mut index = old.index.clone();
        index.extend(&record.index);
        let row = Row::new(record, index);
        let version = row.version();
        state.write(key, row);
        Ok(Replaced::Yes(version))
    }

    async fn remove(&self, key: &Key, expected: &Version) -> Result<Removed, StorageError> {
        let mut state = self.state();
        let Some(old) = state.rows.get(key) else {
            return Ok(Removed::Missing);
        };
        if !old.is_at(expected) {
            return Ok(Removed::Stale);
        }
        state.drop_row(key);
        Ok(Removed::Yes)
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, StorageError> {
        let after = scan.after.clone().map(|cursor| {
            String::from_utf8(cursor.0)
                .map_err(|_| StorageError::Corrupt("the cursor is not of this store".to_owned()))
        });
        let after = after.transpose()?;
        let limit = page_limit(scan);

        let (mut found, mut bytes, mut more) = (Vec::new(), 0, false);
        {
            let state = self.state();
            for id in state.ids(scan, after) {
                if found.len() == limit || bytes >= MAX_PAGE_BYTES {
                    more = true;
                    break;
                }
                let key = Key::new(scan.issuer, scan.kind, id);
                if let Some(row) = state.rows.get(&key) {
                    bytes += row.body.len();
                    found.push((key, row.snapshot()));
                }
            }
        }
        let next = found
            .last()
            .filter(|_| more)
            .map(|(key, _)| key.id().into());
        Ok(Page {
            records: found
                .into_iter()
                .map(|(key, row)| (key, stored(row)))
                .collect(),
            next: next.map(Cursor),
        })
    }

    async fn sweep(&self, now: UnixTime, limit: u32) -> Result<Swept, StorageError> {
        let mut state = self.state();
        let mut dropped = 0;
        while dropped < limit {
            let due = state.by_deadline.first().filter(|(time, _)| *time < now);
            let Some((_, key)) = due.cloned() else { break };
            state.drop_row(&key);
            dropped += 1;
        }
        Ok(Swept::new(dropped))
    }
}
