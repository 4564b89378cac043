//! The suite is worth what it catches: stores with one bug each, and the case that finds it.
//!
//! Each case is listed as an exception of a store that has the bug, and an excepted case must fail.

#![expect(clippy::unwrap_used, reason = "a poisoned lock fails the test")]

use std::{collections::HashMap, sync::Mutex};

use async_trait::async_trait;
use oidc_core::{
    clock::UnixTime,
    storage::{
        Inserted, Key, Page, Record, Removed, Replaced, Scan, Storage, StorageError, Stored, Swept,
        Version,
    },
};
use oidc_token_store::MemoryStorage;

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Bug {
    /// `Stale` is ignored: the last writer wins.
    LastWriterWins,
    /// The version is made of the body.
    VersionOfBody,
    /// Ids are compared without regard to case.
    FoldsCase,
    /// `get` hides what `sweep` may drop.
    JudgesExpiry,
    /// `get` leaves missing keys out of its answers.
    SkipsMissing,
    /// `sweep` takes the present moment for past.
    SweepsTooSoon,
    /// `scan` calls every page the last.
    LosesCursor,
    /// Bodies that are too long are cut.
    CutsBodies,
}

#[derive(Debug)]
struct Buggy {
    inner: MemoryStorage,
    bug: Bug,
    deadlines: Mutex<HashMap<Key, UnixTime>>,
}

impl Buggy {
    fn with(bug: Bug) -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self {
            inner: MemoryStorage::new(),
            bug,
            deadlines: Mutex::default(),
        })
    }

    fn key(&self, key: &Key) -> Key {
        if self.bug == Bug::FoldsCase {
            Key::new(key.issuer(), key.kind(), key.id().to_lowercase())
        } else {
            key.clone()
        }
    }

    fn record(&self, key: &Key, record: &Record) -> Record {
        let mut record = record.clone();
        if self.bug == Bug::CutsBodies {
            record.body.truncate(oidc_core::storage::MAX_BODY);
        }
        if let Some(time) = record.delete_after {
            self.deadlines.lock().unwrap().insert(key.clone(), time);
        }
        record
    }

    fn version(&self, version: Version, body: &[u8]) -> Version {
        if self.bug == Bug::VersionOfBody {
            Version::from_bytes(body)
        } else {
            version
        }
    }

    async fn expected(&self, key: &Key, expected: &Version) -> Result<Version, StorageError> {
        let stored = self.inner.get(std::slice::from_ref(key)).await?.remove(0);
        let Some(stored) = stored else {
            return Ok(expected.clone());
        };
        let ignored = match self.bug {
            Bug::LastWriterWins => true,
            Bug::VersionOfBody => expected.as_bytes() == stored.body,
            Bug::FoldsCase
            | Bug::JudgesExpiry
            | Bug::SkipsMissing
            | Bug::SweepsTooSoon
            | Bug::LosesCursor
            | Bug::CutsBodies => false,
        };
        Ok(if ignored {
            stored.version
        } else {
            expected.clone()
        })
    }
}

#[async_trait]
impl Storage for Buggy {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, StorageError> {
        let folded: Vec<_> = keys.iter().map(|key| self.key(key)).collect();
        let mut answers = self.inner.get(&folded).await?;
        for (key, answer) in folded.iter().zip(&mut answers) {
            let hidden =
                self.bug == Bug::JudgesExpiry && self.deadlines.lock().unwrap().contains_key(key);
            *answer = answer.take().filter(|_| !hidden).map(|stored| Stored {
                version: self.version(stored.version, &stored.body),
                body: stored.body,
            });
        }
        if self.bug == Bug::SkipsMissing {
            answers.retain(Option::is_some);
        }
        Ok(answers)
    }

    async fn insert(&self, key: &Key, record: &Record) -> Result<Inserted, StorageError> {
        let key = self.key(key);
        let record = self.record(&key, record);
        Ok(match self.inner.insert(&key, &record).await? {
            Inserted::Yes(version) => Inserted::Yes(self.version(version, &record.body)),
            Inserted::Taken => Inserted::Taken,
        })
    }

    async fn replace(
        &self,
        key: &Key,
        expected: &Version,
        record: &Record,
    ) -> Result<Replaced, StorageError> {
        let key = self.key(key);
        let record = self.record(&key, record);
        let expected = self.expected(&key, expected).await?;
        Ok(match self.inner.replace(&key, &expected, &record).await? {
            Replaced::Yes(version) => Replaced::Yes(self.version(version, &record.body)),
            lost => lost,
        })
    }

    async fn remove(&self, key: &Key, expected: &Version) -> Result<Removed, StorageError> {
        let key = self.key(key);
        let expected = self.expected(&key, expected).await?;
        self.inner.remove(&key, &expected).await
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, StorageError> {
        let mut page = self.inner.scan(scan).await?;
        if self.bug == Bug::LosesCursor {
            page.next = None;
        }
        Ok(page)
    }

    async fn sweep(&self, now: UnixTime, limit: u32) -> Result<Swept, StorageError> {
        let early = u64::from(self.bug == Bug::SweepsTooSoon);
        let now = UnixTime::from_secs(now.as_secs().saturating_add(early));
        self.inner.sweep(now, limit).await
    }
}

macro_rules! finds {
    ($($test:ident: $bug:ident by $group:ident::$case:ident;)+) => {$(
        #[test]
        fn $test() {
            oidc_core::conformance::storage::run_case(
                stringify!($case),
                &[(stringify!($case), "the bug is planted")],
                async { Buggy::with(Bug::$bug) },
                oidc_core::conformance::storage::$group::$case,
            );
        }
    )+};
}

finds! {
    lost_updates_are_found: LastWriterWins by versions::stale_version_replaces_nothing;
    lost_removes_are_found: LastWriterWins by versions::stale_version_removes_nothing;
    many_winners_are_found: LastWriterWins by races::one_of_many_replaces_wins;
    repeated_versions_are_found: VersionOfBody by versions::version_does_not_return_with_an_old_body;
    versions_of_two_lives_are_found: VersionOfBody by versions::version_does_not_repeat_after_remove_and_insert;
    unchanged_versions_are_found: VersionOfBody by versions::replace_with_the_same_body_changes_the_version;
    folded_case_is_found: FoldsCase by identifiers::ids_that_look_alike_are_different;
    judged_expiry_is_found: JudgesExpiry by delete_after::past_record_is_still_read;
    missing_answers_are_found: SkipsMissing by functional::answers_stand_in_the_order_of_the_keys;
    early_sweeps_are_found: SweepsTooSoon by delete_after::sweep_drops_only_what_is_past;
    lost_cursors_are_found: LosesCursor by scan::pages_hold_at_most_limit_records_and_miss_none;
    truncated_bodies_are_found: CutsBodies by sizes::larger_body_is_too_large_to_insert;
}

/// An exception that is no longer needed fails its test.
#[test]
#[should_panic(expected = "remove the exception")]
fn exception_of_a_case_that_passes_fails() {
    oidc_core::conformance::storage::run_case(
        "missing_key_reads_as_none",
        &[("missing_key_reads_as_none", "nothing is wrong with it")],
        async { std::sync::Arc::new(MemoryStorage::new()) },
        oidc_core::conformance::storage::functional::missing_key_reads_as_none,
    );
}

/// A misspelled exception does not go unnoticed.
#[test]
#[should_panic(expected = "no such case")]
fn exception_without_a_case_fails() {
    oidc_core::conformance::storage::check_exceptions(
        &[("no_such_case", "misspelled")],
        &["missing_key_reads_as_none"],
    );
}
