//! A store that counts what is asked of it: the ledger of a test.

use std::{
    collections::BTreeMap,
    ops::AddAssign,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use crate::{
    clock::UnixTime,
    storage::{
        Inserted, Key, Kind, Page, Record, Removed, Replaced, Scan, Storage, StorageError, Stored,
        Swept, Version,
    },
};

/// What was asked of a store since it was wrapped, or since the last reset.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// Calls of `get`; per kind: calls with at least one key of the kind.
    pub gets: u64,
    /// Keys read by them.
    pub keys_read: u64,
    /// Inserts that wrote.
    pub inserts: u64,
    /// Replaces that wrote.
    pub replaces: u64,
    /// Removes that removed.
    pub removes: u64,
    /// Writes that lost: `Taken`, `Stale`, `Missing`. They changed nothing.
    pub lost: u64,
    /// Writes that ended in an error: their outcome is unknown to the caller.
    pub failed: u64,
    /// Calls of `scan`.
    pub scans: u64,
    /// Calls of `sweep`; counted for no kind.
    pub sweeps: u64,
}

impl Counts {
    /// Writes that happened: inserts, replaces and removes.
    #[must_use]
    pub const fn writes(&self) -> u64 {
        self.inserts + self.replaces + self.removes
    }

    /// Round trips to the store, of any operation and outcome.
    #[must_use]
    pub const fn round_trips(&self) -> u64 {
        self.gets + self.writes() + self.lost + self.failed + self.scans + self.sweeps
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.gets += other.gets;
        self.keys_read += other.keys_read;
        self.inserts += other.inserts;
        self.replaces += other.replaces;
        self.removes += other.removes;
        self.lost += other.lost;
        self.failed += other.failed;
        self.scans += other.scans;
        self.sweeps += other.sweeps;
    }
}

/// Wraps a store and counts the calls, in all and per [`Kind`].
#[derive(Debug)]
pub struct CountingStorage {
    inner: Arc<dyn Storage>,
    ledger: Mutex<Ledger>,
}

#[derive(Debug, Default)]
struct Ledger {
    total: Counts,
    kinds: BTreeMap<Kind, Counts>,
}

impl CountingStorage {
    /// Counts what is asked of `inner`, from zero.
    #[must_use]
    pub fn new(inner: Arc<dyn Storage>) -> Self {
        Self {
            inner,
            ledger: Mutex::default(),
        }
    }

    /// The counts of all kinds together.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.ledger().total
    }

    /// The counts of one kind, over all issuers.
    #[must_use]
    pub fn counts_of(&self, kind: Kind) -> Counts {
        self.ledger().kinds.get(&kind).copied().unwrap_or_default()
    }

    /// Writes that happened: inserts, replaces and removes.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.counts().writes()
    }

    /// Starts counting from zero again.
    pub fn reset(&self) {
        *self.ledger() = Ledger::default();
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, kind: Kind, counts: Counts) {
        let mut ledger = self.ledger();
        ledger.total += counts;
        *ledger.kinds.entry(kind).or_default() += counts;
    }

    fn count_write<T>(
        &self,
        kind: Kind,
        outcome: &Result<T, StorageError>,
        happened: impl FnOnce(&T) -> Option<Counts>,
    ) {
        let lost = Counts {
            lost: 1,
            ..Counts::default()
        };
        let failed = Counts {
            failed: 1,
            ..Counts::default()
        };
        let counts = outcome
            .as_ref()
            .map_or(failed, |outcome| happened(outcome).unwrap_or(lost));
        self.count(kind, counts);
    }

    fn count_get(&self, keys: &[Key]) {
        let mut ledger = self.ledger();
        ledger.total.gets += 1;
        let mut seen = Vec::new();
        for key in keys {
            ledger.total.keys_read += 1;
            let of_kind = ledger.kinds.entry(key.kind()).or_default();
            of_kind.keys_read += 1;
            if !seen.contains(&key.kind()) {
                of_kind.gets += 1;
                seen.push(key.kind());
            }
        }
    }
}

#[async_trait]
impl Storage for CountingStorage {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, StorageError> {
        self.count_get(keys);
        self.inner.get(keys).await
    }

    async fn insert(&self, key: &Key, record: &Record) -> Result<Inserted, StorageError> {
        let outcome = self.inner.insert(key, record).await;
        self.count_write(key.kind(), &outcome, |outcome| match outcome {
            Inserted::Yes(_) => Some(Counts {
                inserts: 1,
                ..Counts::default()
            }),
            Inserted::Taken => None,
        });
        outcome
    }

    async fn replace(
        &self,
        key: &Key,
        expected: &Version,
        record: &Record,
    ) -> Result<Replaced, StorageError> {
        let outcome = self.inner.replace(key, expected, record).await;
        self.count_write(key.kind(), &outcome, |outcome| match outcome {
            Replaced::Yes(_) => Some(Counts {
                replaces: 1,
                ..Counts::default()
            }),
            Replaced::Stale | Replaced::Missing => None,
        });
        outcome
    }

    async fn remove(&self, key: &Key, expected: &Version) -> Result<Removed, StorageError> {
        let outcome = self.inner.remove(key, expected).await;
        self.count_write(key.kind(), &outcome, |outcome| match outcome {
            Removed::Yes => Some(Counts {
                removes: 1,
                ..Counts::default()
            }),
            Removed::Stale | Removed::Missing => None,
        });
        outcome
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, StorageError> {
        self.count(
            scan.kind,
            Counts {
                scans: 1,
                ..Counts::default()
            },
        );
        self.inner.scan(scan).await
    }

    async fn sweep(&self, now: UnixTime, limit: u32) -> Result<Swept, StorageError> {
        self.ledger().total.sweeps += 1;
        self.inner.sweep(now, limit).await
    }
}
