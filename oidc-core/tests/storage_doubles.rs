//! The test doubles around a store: what they count, and how they fail.

use std::sync::Arc;

use oidc_core::{
    conformance::{CountingStorage, Counts, Fault, FaultyStorage, Operation},
    storage::{
        Inserted, IssuerTag, Key, Kind, Record, Removed, Replaced, Scan, Storage, StorageError,
        Version,
    },
};
use oidc_token_store::MemoryStorage;

fn key(kind: Kind, id: &str) -> Key {
    Key::new(IssuerTag::from_bytes(*b"issuer-1"), kind, id)
}

#[tokio::test]
async fn counts_tell_reads_writes_and_losses_apart_per_kind() {
    let storage = CountingStorage::new(Arc::new(MemoryStorage::new()));
    let (grant, user) = (key(Kind::Grant, "a"), key(Kind::User, "u"));
    let record = Record::new("body");

    let Inserted::Yes(first) = storage.insert(&grant, &record).await.unwrap() else {
        panic!("the store was empty");
    };
    assert_eq!(
        storage.insert(&grant, &record).await.unwrap(),
        Inserted::Taken
    );
    let Replaced::Yes(second) = storage.replace(&grant, &first, &record).await.unwrap() else {
        panic!("nobody else writes");
    };
    let lost = storage.replace(&grant, &first, &record).await.unwrap();
    assert_eq!(lost, Replaced::Stale);
    assert_eq!(storage.remove(&grant, &second).await.unwrap(), Removed::Yes);
    let lost = storage.remove(&user, &Version::from_bytes("x")).await;
    assert_eq!(lost.unwrap(), Removed::Missing);
    let keys = [grant.clone(), user.clone(), grant.clone()];
    storage.get(&keys).await.unwrap();
    let scan = Scan::new(grant.issuer(), Kind::User);
    storage.scan(&scan).await.unwrap();
    storage.sweep(Default::default(), 1).await.unwrap();

    let counts = storage.counts();
    assert_eq!((counts.inserts, counts.replaces, counts.removes), (1, 1, 1));
    assert_eq!((counts.lost, counts.failed), (3, 0));
    assert_eq!((counts.gets, counts.keys_read), (1, 3));
    assert_eq!((counts.scans, counts.sweeps), (1, 1));
    assert_eq!((storage.writes(), counts.round_trips()), (3, 9));

    let of_user = storage.counts_of(Kind::User);
    assert_eq!((of_user.gets, of_user.keys_read), (1, 1));
    assert_eq!((of_user.writes(), of_user.lost, of_user.scans), (0, 1, 1));
    assert_eq!(storage.counts_of(Kind::Keys), Counts::default());

    storage.reset();
    assert_eq!(storage.counts(), Counts::default());
}

#[tokio::test]
async fn failed_writes_are_counted_as_failed() {
    let faulty = Arc::new(FaultyStorage::new(Arc::new(MemoryStorage::new())));
    let storage = CountingStorage::new(faulty.clone());
    faulty.script_writes([Fault::FailBefore, Fault::FailAfter]);
    for id in ["a", "b"] {
        let failed = storage
            .insert(&key(Kind::Grant, id), &Record::new("x"))
            .await;
        assert!(matches!(failed, Err(StorageError::Unavailable(_))));
    }
    assert_eq!((storage.counts().failed, storage.writes()), (2, 0));
}

#[tokio::test]
async fn plan_sees_operation_key_and_number() {
    let faulty = FaultyStorage::new(Arc::new(MemoryStorage::new()));
    faulty.plan(|call| {
        let hit = call.operation == Operation::Insert
            && call.kind() == Some(Kind::Grant)
            && call.number == 2;
        if hit { Fault::FailBefore } else { Fault::Pass }
    });
    let record = Record::new("x");
    let insert = async |kind, id| faulty.insert(&key(kind, id), &record).await.is_ok();
    assert!(insert(Kind::Grant, "a").await);
    assert!(insert(Kind::User, "b").await);
    assert!(!insert(Kind::Grant, "c").await);
    assert!(insert(Kind::Grant, "c").await);
    assert_eq!(faulty.calls(), 4);
}

#[tokio::test]
async fn script_is_used_up_call_by_call() {
    let faulty = FaultyStorage::new(Arc::new(MemoryStorage::new()));
    let keys = [key(Kind::Grant, "a")];
    faulty.script([Fault::FailBefore, Fault::Pass, Fault::FailAfter]);
    assert!(faulty.get(&keys).await.is_err());
    assert!(faulty.get(&keys).await.is_ok());
    assert!(faulty.get(&keys).await.is_err());
    assert!(faulty.get(&keys).await.is_ok());
}
