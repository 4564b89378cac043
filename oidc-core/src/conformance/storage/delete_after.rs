//! Expiry is judged by core; back ends only drop, in `sweep`, what may be dropped (ST-11).

use std::sync::Arc;

use super::{OTHER_ISSUER, at, insert, key, read, read_body, remove, replace, sweep};
use crate::storage::{Inserted, Key, Kind, Record, Replaced, Storage};

/// A moment that has long passed by every engine's clock.
const PAST: u64 = 1_000_000;

fn past(body: &str) -> Record {
    Record::new(body).with_delete_after(at(PAST))
}

/// `get` returns a record whose `delete_after` has passed.
pub async fn past_record_is_still_read(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &past("body")).await;
    let stored = read(&*storage, &key("a")).await.expect("not swept");
    assert_eq!((stored.body, stored.version), (b"body".to_vec(), version));
}

/// A record whose `delete_after` has passed still stands in the way of an insert.
pub async fn past_record_still_holds_its_key(storage: Arc<dyn Storage>) {
    let _ = insert(&*storage, &key("a"), &past("body")).await;
    let second = storage.insert(&key("a"), &Record::new("second")).await;
    assert_eq!(second.expect("insert answers"), Inserted::Taken);
}

/// A record whose `delete_after` has passed can be written like any other.
pub async fn past_record_can_be_replaced_and_removed(storage: Arc<dyn Storage>) {
    let first = insert(&*storage, &key("a"), &past("first")).await;
    let second = replace(&*storage, &key("a"), &first, &past("second")).await;
    remove(&*storage, &key("a"), &second).await;
    assert_eq!(read(&*storage, &key("a")).await, None);
    assert_eq!(sweep(&*storage, PAST * 2, 100).await, 0);
}

/// Nothing to sweep is no error.
pub async fn sweep_of_an_empty_store_drops_nothing(storage: Arc<dyn Storage>) {
    assert_eq!(sweep(&*storage, PAST, 100).await, 0);
    assert_eq!(sweep(&*storage, 0, 0).await, 0);
}

/// Only what lies before `now` goes; what is due exactly now stays.
pub async fn sweep_drops_only_what_is_past(storage: Arc<dyn Storage>) {
    for offset in 0..5 {
        let record = Record::new("body").with_delete_after(at(PAST + offset));
        let _ = insert(&*storage, &key(format!("k{offset}")), &record).await;
    }

    assert_eq!(sweep(&*storage, PAST, 100).await, 0);
    assert_eq!(sweep(&*storage, PAST + 2, 100).await, 2);
    for offset in 0..5 {
        let found = read(&*storage, &key(format!("k{offset}"))).await;
        assert_eq!(found.is_some(), offset >= 2, "due at +{offset}");
    }
    assert_eq!(sweep(&*storage, PAST + 2, 100).await, 0);
}

/// Without `delete_after` a record stays until it is removed.
pub async fn sweep_keeps_records_without_delete_after(storage: Arc<dyn Storage>) {
    let _ = insert(&*storage, &key("a"), &Record::new("body")).await;
    assert_eq!(sweep(&*storage, u64::MAX, 100).await, 0);
    let body = read_body(&*storage, &key("a")).await;
    assert_eq!(body, Some(b"body".to_vec()));
}

/// The `delete_after` of the last write counts, in every direction.
pub async fn sweep_honors_the_replaced_delete_after(storage: Arc<dyn Storage>) {
    let ahead = |body: &str| Record::new(body).with_delete_after(at(PAST + 500));
    let steps = [
        ("later", past("x"), ahead("x"), true),
        ("sooner", ahead("x"), past("x"), false),
        ("never", past("x"), Record::new("x"), true),
        ("no longer never", Record::new("x"), past("x"), false),
    ];
    for (id, before, after, _) in &steps {
        let version = insert(&*storage, &key(*id), before).await;
        let _ = replace(&*storage, &key(*id), &version, after).await;
    }

    assert_eq!(sweep(&*storage, PAST + 1, 100).await, 2);
    for (id, _, _, survives) in &steps {
        let found = read(&*storage, &key(*id)).await;
        assert_eq!(found.is_some(), *survives, "{id}");
    }
}

/// At most `limit` records per call; the next calls get the rest.
pub async fn sweep_honors_its_limit(storage: Arc<dyn Storage>) {
    for n in 0..25 {
        let _ = insert(&*storage, &key(format!("k{n}")), &past("body")).await;
    }
    let _ = insert(&*storage, &key("kept"), &Record::new("body")).await;

    assert_eq!(sweep(&*storage, PAST + 1, 0).await, 0);
    assert_eq!(sweep(&*storage, PAST + 1, 1).await, 1);
    assert_eq!(sweep(&*storage, PAST + 1, 10).await, 10);
    assert_eq!(sweep(&*storage, PAST + 1, 10).await, 10);
    assert_eq!(sweep(&*storage, PAST + 1, u32::MAX).await, 4);
    assert_eq!(sweep(&*storage, PAST + 1, 10).await, 0);
    assert!(read(&*storage, &key("kept")).await.is_some());
}

/// A swept key is free, and versions from before the sweep stay dead.
pub async fn swept_key_can_be_inserted_again(storage: Arc<dyn Storage>) {
    let old = insert(&*storage, &key("a"), &past("body")).await;
    assert_eq!(sweep(&*storage, PAST + 1, 10).await, 1);
    let missing = storage.replace(&key("a"), &old, &past("body")).await;
    assert_eq!(missing.expect("replace answers"), Replaced::Missing);

    let new = insert(&*storage, &key("a"), &past("body")).await;
    assert_ne!(old, new);
    let stale = storage.replace(&key("a"), &old, &past("body")).await;
    assert_eq!(stale.expect("replace answers"), Replaced::Stale);
}

/// One sweep serves every issuer and every kind of the store.
pub async fn sweep_reaches_every_issuer_and_kind(storage: Arc<dyn Storage>) {
    let issuers = [key("a").issuer(), OTHER_ISSUER];
    for issuer in issuers {
        for kind in Kind::ALL {
            let _ = insert(&*storage, &Key::new(issuer, kind, "a"), &past("body")).await;
        }
    }
    let all = u32::try_from(issuers.len() * Kind::ALL.len()).expect("a small number");
    assert_eq!(sweep(&*storage, PAST + 1, 1000).await, all);
}
