//! Tests of signers.

mod key_set;
mod local;
mod rotation;
mod simulation;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::*;
use crate::{
    clock::Clock,
    crypto::{AwsLcBackend, CryptoBackend, SigningKey},
    entropy::SystemEntropy,
    seal::{Sealer, SealingKeys},
    secret::Secret32,
    storage::{
        Inserted, IssuerTag, Key, Kind, Page, Record, Removed, Replaced, Scan, Storage,
        StorageError, Stored, Swept, Version,
    },
};

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);
const TAG: IssuerTag = IssuerTag::from_bytes([1; 8]);

/// A clock that stands where it is put.
#[derive(Debug)]
struct TestClock(AtomicU64);

impl TestClock {
    fn at(now: UnixTime) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(now.as_secs())))
    }

    fn set(&self, now: UnixTime) {
        self.0.store(now.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// A store that counts its calls and fails on demand.
#[derive(Debug, Default)]
struct TestStorage {
    records: Mutex<HashMap<Key, (u64, Vec<u8>)>>,
    versions: AtomicU64,
    down: AtomicBool,
    /// The next write happens, and its answer is lost.
    lose_answer: AtomicBool,
    reads: AtomicU64,
    writes: AtomicU64,
}

impl TestStorage {
    fn check(&self) -> Result<(), StorageError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(StorageError::unavailable("down"));
        }
        Ok(())
    }

    fn write(&self, key: &Key, record: &Record) -> Result<Version, StorageError> {
        let version = self.versions.fetch_add(1, Ordering::SeqCst);
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.records
            .lock()
            .unwrap()
            .insert(key.clone(), (version, record.body.clone()));
        if self.lose_answer.swap(false, Ordering::SeqCst) {
            return Err(StorageError::unavailable("answer lost"));
        }
        Ok(Version::from_bytes(version.to_be_bytes()))
    }

    fn version(&self, key: &Key) -> Option<Version> {
        let records = self.records.lock().unwrap();
        records
            .get(key)
            .map(|(version, _)| Version::from_bytes(version.to_be_bytes()))
    }

    fn body(&self) -> serde_json::Value {
        let records = self.records.lock().unwrap();
        assert_eq!(records.len(), 1);
        let (key, (_, body)) = records.iter().next().unwrap();
        assert_eq!(key.kind(), Kind::Keys);
        serde_json::from_slice(body).unwrap()
    }

    fn set_body(&self, body: &serde_json::Value) {
        let mut records = self.records.lock().unwrap();
        records.values_mut().next().unwrap().1 = body.to_string().into_bytes();
    }
}

#[async_trait]
impl Storage for TestStorage {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, StorageError> {
        // Lets other tasks in between, as a network does.
        tokio::task::yield_now().await;
        self.check()?;
        self.reads.fetch_add(1, Ordering::SeqCst);
        let records = self.records.lock().unwrap();
        Ok(keys
            .iter()
            .map(|key| {
                records.get(key).map(|(version, body)| Stored {
                    body: body.clone(),
                    version: Version::from_bytes(version.to_be_bytes()),
                })
            })
            .collect())
    }

    async fn insert(&self, key: &Key, record: &Record) -> Result<Inserted, StorageError> {
        tokio::task::yield_now().await;
        self.check()?;
        if self.version(key).is_some() {
            return Ok(Inserted::Taken);
        }
        self.write(key, record).map(Inserted::Yes)
    }

    async fn replace(
        &self,
        key: &Key,
        expected: &Version,
        record: &Record,
    ) -> Result<Replaced, StorageError> {
        tokio::task::yield_now().await;
        self.check()?;
        match self.version(key) {
            None => Ok(Replaced::Missing),
            Some(version) if version != *expected => Ok(Replaced::Stale),
            Some(_) => self.write(key, record).map(Replaced::Yes),
        }
    }

    async fn remove(&self, _: &Key, _: &Version) -> Result<Removed, StorageError> {
        unreachable!("signing keys are never removed")
    }

    async fn scan(&self, _: &Scan) -> Result<Page, StorageError> {
        unreachable!("signing keys are never scanned")
    }

    async fn sweep(&self, _: UnixTime, _: u32) -> Result<Swept, StorageError> {
        unreachable!("signing keys are never swept")
    }
}

fn sealer(seed: u8) -> Arc<Sealer> {
    let root = Secret32::from_bytes(std::array::from_fn(|at| {
        seed.wrapping_add(u8::try_from(at).unwrap())
    }));
    Arc::new(Sealer::new(
        &SealingKeys::new(vec![root]).unwrap(),
        TAG,
        Arc::new(AwsLcBackend),
        Arc::new(SystemEntropy),
    ))
}

fn new_key(algorithm: SigningAlgorithm) -> Arc<dyn SigningKey> {
    let pkcs8 = AwsLcBackend.generate(algorithm).unwrap();
    AwsLcBackend.signing_key(algorithm, &pkcs8).unwrap()
}
