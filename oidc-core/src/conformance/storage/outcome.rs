//! `Unavailable` means that the outcome is unknown; reading again tells the truth.

use std::{sync::Arc, time::Duration};

use super::{insert, key, read, read_body, replace};
use crate::{
    conformance::{Fault, FaultyStorage},
    storage::{Inserted, Record, Removed, Replaced, Storage, StorageError},
};

fn assert_unavailable<T: std::fmt::Debug>(outcome: Result<T, StorageError>) {
    match outcome {
        Err(StorageError::Unavailable(_)) => {}
        other => panic!("expected Unavailable, got {other:?}"),
    }
}

/// A write that failed on its way there left nothing.
pub async fn failed_write_may_not_have_happened(storage: Arc<dyn Storage>) {
    let faulty = FaultyStorage::new(Arc::clone(&storage));
    faulty.script_writes([Fault::FailBefore]);
    assert_unavailable(faulty.insert(&key("a"), &Record::new("mine")).await);
    assert_eq!(read(&faulty, &key("a")).await, None);

    let version = insert(&faulty, &key("a"), &Record::new("first")).await;
    faulty.script_writes([Fault::FailBefore, Fault::FailBefore]);
    let second = Record::new("second");
    assert_unavailable(faulty.replace(&key("a"), &version, &second).await);
    assert_unavailable(faulty.remove(&key("a"), &version).await);
    let stored = read(&faulty, &key("a")).await.expect("was inserted");
    assert_eq!((stored.body, stored.version), (b"first".to_vec(), version));
}

/// A write whose answer was lost is there, and repeating it is not taken for a second one.
pub async fn failed_write_may_have_happened(storage: Arc<dyn Storage>) {
    let faulty = FaultyStorage::new(Arc::clone(&storage));
    faulty.script_writes([Fault::FailAfter]);
    assert_unavailable(faulty.insert(&key("a"), &Record::new("mine")).await);
    let stored = read(&faulty, &key("a")).await.expect("it was written");
    assert_eq!(stored.body, b"mine");
    let again = faulty.insert(&key("a"), &Record::new("mine")).await;
    assert_eq!(again.expect("insert answers"), Inserted::Taken);

    faulty.script_writes([Fault::FailAfter]);
    let next = Record::new("next");
    assert_unavailable(faulty.replace(&key("a"), &stored.version, &next).await);
    let again = faulty.replace(&key("a"), &stored.version, &next).await;
    assert_eq!(again.expect("replace answers"), Replaced::Stale);
    let stored = read(&faulty, &key("a")).await.expect("it was written");
    assert_eq!(stored.body, b"next");

    faulty.script_writes([Fault::FailAfter]);
    assert_unavailable(faulty.remove(&key("a"), &stored.version).await);
    let again = faulty.remove(&key("a"), &stored.version).await;
    assert_eq!(again.expect("remove answers"), Removed::Missing);
}

/// ST-05: each attempt writes its own id; the id found afterwards says who won.
pub async fn reading_again_tells_own_write_from_anothers(storage: Arc<dyn Storage>) {
    let faulty = FaultyStorage::new(Arc::clone(&storage));
    let faults = [Fault::FailBefore, Fault::FailAfter];
    for (round, fault) in faults.into_iter().enumerate() {
        let key = key(format!("round {round}"));
        let start = insert(&*storage, &key, &Record::new("start")).await;

        faulty.script_writes([fault]);
        let own = Record::new("write: own");
        assert_unavailable(faulty.replace(&key, &start, &own).await);
        let other = Record::new("write: other");
        let other = storage.replace(&key, &start, &other).await;
        let other = other.expect("replace answers");

        let body = read_body(&*storage, &key).await.expect("was inserted");
        match fault {
            Fault::FailAfter => {
                assert_eq!(body, b"write: own", "it happened: the other one is stale");
                assert_eq!(other, Replaced::Stale);
            }
            Fault::Pass | Fault::FailBefore | Fault::Delay(_) => {
                assert_eq!(body, b"write: other", "it did not happen");
                assert!(matches!(other, Replaced::Yes(_)));
            }
        }
    }
}

/// A writer that stalls between reading and writing loses to one that did not.
pub async fn delayed_write_still_loses_to_a_newer_one(storage: Arc<dyn Storage>) {
    let start = insert(&*storage, &key("a"), &Record::new("start")).await;
    let faulty = FaultyStorage::new(Arc::clone(&storage));
    faulty.script_writes([Fault::Delay(Duration::from_millis(200))]);
    let stale = start.clone();
    let slow = tokio::spawn(async move {
        let record = Record::new("slow");
        faulty.replace(&key("a"), &stale, &record).await
    });

    let _ = replace(&*storage, &key("a"), &start, &Record::new("quick")).await;
    let slow = slow.await.expect("the writer ends");
    assert_eq!(slow.expect("replace answers"), Replaced::Stale);
    let body = read_body(&*storage, &key("a")).await;
    assert_eq!(body, Some(b"quick".to_vec()));
}

/// A future dropped midway leaves the write done or not done, never half done.
pub async fn dropped_write_is_done_or_not_done(storage: Arc<dyn Storage>) {
    let body = vec![b'x'; 100_000];
    for round in 0..40 {
        let key = key(format!("round {round}"));
        let record = Record::new(body.clone());
        let start = insert(&*storage, &key, &Record::new("start")).await;
        let write = storage.replace(&key, &start, &record);
        let _ = tokio::time::timeout(Duration::from_micros(round * 50), write).await;

        // Whatever happens to the dropped write, it happens to the state it knew.
        let stored = read(&*storage, &key).await.expect("was inserted");
        assert!(stored.body == b"start" || stored.body == body);
        let end = Record::new("end");
        let ended = storage.replace(&key, &stored.version, &end).await;
        match ended.expect("replace answers") {
            Replaced::Yes(_) => {
                assert_eq!(read_body(&*storage, &key).await, Some(b"end".to_vec()));
            }
            Replaced::Stale => assert!(read_body(&*storage, &key).await == Some(body.clone())),
            Replaced::Missing => panic!("nobody removed it"),
        }
    }
}
