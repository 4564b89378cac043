//! The suite that every [`Storage`] must pass: one public function per rule of the contract, and
//! [`storage_conformance!`](crate::storage_conformance), which makes each a named test.
//!
//! A case gets a fresh, empty store and panics when the rule is broken. Times in the suite lie
//! near 1970, so that engines with a clock of their own agree that they have passed.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a suite speaks by panicking"
)]

use std::{sync::Arc, time::Duration};

use crate::{
    clock::UnixTime,
    storage::{
        IndexValue, Inserted, IssuerTag, Key, Kind, Record, Removed, Replaced, Scan, Storage,
        Stored, Version,
    },
};

pub mod delete_after;
pub mod functional;
pub mod identifiers;
pub mod index;
pub mod outcome;
pub mod races;
pub mod scan;
pub mod sizes;
pub mod versions;

/// A case that takes longer than this hangs, and fails.
pub const CASE_LIMIT: Duration = Duration::from_secs(300);

/// What the `storage` expression of the macro gives: a store, and what must outlive it.
///
/// Implemented by `Arc<S>`, by `Arc<dyn Storage>`, and by the pair `(store, guard)`: the guard (a
/// temporary folder, a container) is dropped after the store.
pub trait StorageUnderTest {
    /// The store.
    fn storage(&self) -> Arc<dyn Storage>;
}

impl<S: Storage + 'static> StorageUnderTest for Arc<S> {
    fn storage(&self) -> Arc<dyn Storage> {
        Self::clone(self)
    }
}

impl StorageUnderTest for Arc<dyn Storage> {
    fn storage(&self) -> Arc<dyn Storage> {
        Self::clone(self)
    }
}

impl<S: StorageUnderTest, G> StorageUnderTest for (S, G) {
    fn storage(&self) -> Arc<dyn Storage> {
        self.0.storage()
    }
}

/// Runs one case on its own runtime; what the macro's tests call.
///
/// `exceptions` are pairs of case name and reason: a case named there must fail.
pub fn run_case<M, C, R>(name: &str, exceptions: &[(&str, &str)], make: M, case: C)
where
    M: Future<Output: StorageUnderTest>,
    C: FnOnce(Arc<dyn Storage>) -> R,
    R: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime starts");
    let outcome = runtime.block_on(async {
        let under_test = make.await;
        let case = tokio::time::timeout(CASE_LIMIT, case(under_test.storage()));
        let outcome = tokio::spawn(case).await;
        drop(under_test);
        outcome
    });
    let reason = exceptions.iter().find(|(except, _)| *except == name);
    match (outcome, reason) {
        (Ok(Ok(())), None) => {}
        (Ok(Ok(())), Some((_, reason))) => {
            panic!("`{name}` is excepted ({reason}), but it passes: remove the exception")
        }
        (Ok(Err(_)), None) => panic!("`{name}` did not end in {CASE_LIMIT:?}"),
        (Err(failure), None) => std::panic::resume_unwind(failure.into_panic()),
        (Ok(Err(_)) | Err(_), Some(_)) => {}
    }
}

/// Fails if an exception names a case that is not in the suite.
pub fn check_exceptions(exceptions: &[(&str, &str)], cases: &[&str]) {
    for (except, _) in exceptions {
        assert!(
            cases.contains(except),
            "`{except}` is excepted, but the suite has no such case"
        );
    }
}

/// The whole suite over one back end, each case a test of its own.
///
/// `storage` is an expression that gives a fresh, empty store; it may `.await`, and yields a
/// [`StorageUnderTest`](crate::conformance::storage::StorageUnderTest). `except` names cases that
/// the back end is known to fail, each with the reason; such a case must fail, so that the
/// exception goes the day it passes.
///
/// ```ignore
/// oidc_core::storage_conformance! {
///     storage = Arc::new(MemoryStorage::new()),
///     except = [body_of_one_mebibyte_is_kept => "the engine takes 64 KiB"],
/// }
/// ```
#[macro_export]
macro_rules! storage_conformance {
    (storage = $storage:expr, except = [$($except:ident => $reason:expr),* $(,)?] $(,)?) => {
        $crate::storage_conformance! {
            @tests ($storage) [$((stringify!($except), $reason)),*]
            functional {
                inserted_record_is_read_back
                missing_key_reads_as_none
                no_keys_give_no_answers
                answers_stand_in_the_order_of_the_keys
                repeated_key_is_answered_each_time
                many_keys_are_read_at_once
                second_insert_is_taken_and_changes_nothing
                replaced_record_is_read_back
                replace_of_a_missing_key_writes_nothing
                removed_record_is_gone
                remove_of_a_missing_key_is_missing
                insert_after_remove_writes
                issuers_are_namespaces
                kinds_are_namespaces
            }
            sizes {
                empty_body_is_kept
                body_of_one_mebibyte_is_kept
                larger_body_is_too_large_to_insert
                larger_body_is_too_large_to_replace
                binary_bodies_are_kept
            }
            identifiers {
                ids_are_kept_byte_for_byte
                ids_that_look_alike_are_different
                scan_gives_ids_byte_for_byte
            }
            versions {
                stale_version_replaces_nothing
                stale_version_removes_nothing
                replace_with_the_same_body_changes_the_version
                version_does_not_return_with_an_old_body
                version_does_not_repeat_after_remove_and_insert
                versions_of_many_lives_are_distinct
                version_never_made_is_stale
            }
            delete_after {
                past_record_is_still_read
                past_record_still_holds_its_key
                past_record_can_be_replaced_and_removed
                sweep_of_an_empty_store_drops_nothing
                sweep_drops_only_what_is_past
                sweep_keeps_records_without_delete_after
                sweep_honors_the_replaced_delete_after
                sweep_honors_its_limit
                swept_key_can_be_inserted_again
                sweep_reaches_every_issuer_and_kind
            }
            index {
                index_finds_only_its_records
                record_is_found_by_each_of_its_values
                replace_adds_index_values
                replace_drops_no_index_value
                replace_that_loses_adds_no_index_value
                removed_record_leaves_the_index
                swept_record_leaves_the_index
                index_is_a_namespace_per_issuer_and_kind
                index_values_are_binary
                repeated_index_value_lists_once
            }
            scan {
                scan_of_nothing_is_one_empty_page
                scan_lists_one_kind_of_one_issuer
                pages_hold_at_most_limit_records_and_miss_none
                limit_zero_means_one
                index_pages_miss_none
                cursor_outlives_its_record
                scanned_version_can_be_replaced
                walk_misses_nothing_while_others_write
                index_walk_misses_nothing_while_others_write
            }
            races {
                one_of_many_inserts_wins
                one_of_many_replaces_wins
                one_of_many_removes_wins
                no_increment_is_lost
                remove_or_replace_wins_never_both
                remove_and_insert_alternate
                sweep_never_drops_a_record_moved_ahead
                sweeps_at_once_drop_each_record_once
            }
            outcome {
                failed_write_may_not_have_happened
                failed_write_may_have_happened
                reading_again_tells_own_write_from_anothers
                delayed_write_still_loses_to_a_newer_one
                dropped_write_is_done_or_not_done
            }
        }
    };
    (@tests ($storage:expr) $exceptions:tt $($group:ident { $($case:ident)+ })+) => {
        $($(
            #[test]
            fn $case() {
                $crate::conformance::storage::run_case(
                    stringify!($case),
                    &$exceptions,
                    async { $storage },
                    $crate::conformance::storage::$group::$case,
                );
            }
        )+)+

        #[test]
        fn exceptions_name_cases_of_the_suite() {
            $crate::conformance::storage::check_exceptions(
                &$exceptions,
                &[$($(stringify!($case)),+),+],
            );
        }
    };
}

const ISSUER: IssuerTag = IssuerTag::from_bytes(*b"issuer-1");
const OTHER_ISSUER: IssuerTag = IssuerTag::from_bytes(*b"issuer-2");

/// A page walk that takes more pages than this does not end.
const MAX_PAGES: usize = 10_000;

fn key(id: impl Into<String>) -> Key {
    Key::new(ISSUER, Kind::Grant, id)
}

const fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(secs)
}

const fn index_value(byte: u8) -> IndexValue {
    IndexValue([byte; 32])
}

async fn insert(storage: &dyn Storage, key: &Key, record: &Record) -> Version {
    match storage.insert(key, record).await.expect("insert answers") {
        Inserted::Yes(version) => version,
        Inserted::Taken => panic!("{key:?} is taken"),
    }
}

async fn replace(storage: &dyn Storage, key: &Key, old: &Version, record: &Record) -> Version {
    match storage
        .replace(key, old, record)
        .await
        .expect("replace answers")
    {
        Replaced::Yes(version) => version,
        lost => panic!("replace of {key:?} lost: {lost:?}"),
    }
}

async fn remove(storage: &dyn Storage, key: &Key, version: &Version) {
    let removed = storage.remove(key, version).await.expect("remove answers");
    assert_eq!(removed, Removed::Yes, "{key:?}");
}

async fn read(storage: &dyn Storage, key: &Key) -> Option<Stored> {
    let mut answers = storage
        .get(std::slice::from_ref(key))
        .await
        .expect("get answers");
    assert_eq!(answers.len(), 1, "one key has one answer");
    answers.pop().flatten()
}

async fn read_body(storage: &dyn Storage, key: &Key) -> Option<Vec<u8>> {
    read(storage, key).await.map(|stored| stored.body)
}

async fn sweep(storage: &dyn Storage, now: u64, limit: u32) -> u32 {
    storage
        .sweep(at(now), limit)
        .await
        .expect("sweep answers")
        .dropped
}

/// Walks all pages; the ids in the order they came, repeated ones included.
async fn walk(storage: &dyn Storage, mut scan: Scan) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..MAX_PAGES {
        let page = storage.scan(&scan).await.expect("scan answers");
        let limit = usize::try_from(scan.limit.max(1)).unwrap_or(usize::MAX);
        assert!(page.records.len() <= limit, "page longer than its limit");
        for (key, _) in page.records {
            assert_eq!((key.issuer(), key.kind()), (scan.issuer, scan.kind));
            ids.push(key.id().to_owned());
        }
        match page.next {
            Some(cursor) => scan = scan.after(cursor),
            None => return ids,
        }
    }
    panic!("the walk does not end");
}

async fn walk_sorted(storage: &dyn Storage, scan: Scan) -> Vec<String> {
    let mut ids = walk(storage, scan).await;
    ids.sort();
    ids
}
