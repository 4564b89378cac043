//! Compare-and-swap: a version stands for one state of one record, for ever.

use std::{collections::HashSet, sync::Arc};

use super::{insert, key, read, remove, replace};
use crate::storage::{Record, Removed, Replaced, Storage, Version};

/// Whoever holds an old version writes nothing.
pub async fn stale_version_replaces_nothing(storage: Arc<dyn Storage>) {
    let first = insert(&*storage, &key("a"), &Record::new("first")).await;
    let second = replace(&*storage, &key("a"), &first, &Record::new("second")).await;

    let stale = storage
        .replace(&key("a"), &first, &Record::new("third"))
        .await;
    assert_eq!(stale.expect("replace answers"), Replaced::Stale);
    let stored = read(&*storage, &key("a")).await.expect("was inserted");
    assert_eq!((stored.body, stored.version), (b"second".to_vec(), second));
}

/// Whoever holds an old version removes nothing.
pub async fn stale_version_removes_nothing(storage: Arc<dyn Storage>) {
    let first = insert(&*storage, &key("a"), &Record::new("first")).await;
    let second = replace(&*storage, &key("a"), &first, &Record::new("second")).await;

    let stale = storage.remove(&key("a"), &first).await;
    assert_eq!(stale.expect("remove answers"), Removed::Stale);
    let stored = read(&*storage, &key("a")).await.expect("was inserted");
    assert_eq!((stored.body, stored.version), (b"second".to_vec(), second));
}

/// A version marks a write, not a body.
pub async fn replace_with_the_same_body_changes_the_version(storage: Arc<dyn Storage>) {
    let first = insert(&*storage, &key("a"), &Record::new("same")).await;
    let second = replace(&*storage, &key("a"), &first, &Record::new("same")).await;
    assert_ne!(first, second);

    let stale = storage
        .replace(&key("a"), &first, &Record::new("same"))
        .await;
    assert_eq!(stale.expect("replace answers"), Replaced::Stale);
}

/// ABA: the body returns, the version does not.
pub async fn version_does_not_return_with_an_old_body(storage: Arc<dyn Storage>) {
    let first = insert(&*storage, &key("a"), &Record::new("a")).await;
    let second = replace(&*storage, &key("a"), &first, &Record::new("b")).await;
    let third = replace(&*storage, &key("a"), &second, &Record::new("a")).await;
    assert_ne!(first, third);

    for old in [first, second] {
        let stale = storage.replace(&key("a"), &old, &Record::new("c")).await;
        assert_eq!(stale.expect("replace answers"), Replaced::Stale);
        let stale = storage.remove(&key("a"), &old).await;
        assert_eq!(stale.expect("remove answers"), Removed::Stale);
    }
}

/// ABA: a record removed and created again with the same body is another one.
pub async fn version_does_not_repeat_after_remove_and_insert(storage: Arc<dyn Storage>) {
    let first = insert(&*storage, &key("a"), &Record::new("same")).await;
    remove(&*storage, &key("a"), &first).await;
    let second = insert(&*storage, &key("a"), &Record::new("same")).await;
    assert_ne!(first, second);

    let stale = storage
        .replace(&key("a"), &first, &Record::new("thief"))
        .await;
    assert_eq!(stale.expect("replace answers"), Replaced::Stale);
    let stale = storage.remove(&key("a"), &first).await;
    assert_eq!(stale.expect("remove answers"), Removed::Stale);
    let stored = read(&*storage, &key("a")).await.expect("was inserted");
    assert_eq!((stored.body, stored.version), (b"same".to_vec(), second));
}

/// Fifty lives of three states each: 150 versions.
pub async fn versions_of_many_lives_are_distinct(storage: Arc<dyn Storage>) {
    let mut seen = HashSet::new();
    for _ in 0..50 {
        let mut version = insert(&*storage, &key("a"), &Record::new("body")).await;
        assert!(seen.insert(version.clone()));
        for _ in 0..2 {
            version = replace(&*storage, &key("a"), &version, &Record::new("body")).await;
            assert!(seen.insert(version.clone()));
        }
        remove(&*storage, &key("a"), &version).await;
    }
    assert_eq!(seen.len(), 150);
}

/// Versions are opaque: bytes that the store never made match nothing, and are no error.
pub async fn version_never_made_is_stale(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &Record::new("body")).await;
    let mut longer = version.as_bytes().to_vec();
    longer.push(0);
    let shorter = &version.as_bytes()[..version.as_bytes().len() - 1];

    for bytes in [&b""[..], b"\0", &[0xff; 64], &longer, shorter] {
        let foreign = Version::from_bytes(bytes);
        let replaced = storage
            .replace(&key("a"), &foreign, &Record::new("new"))
            .await;
        assert_eq!(replaced.expect("replace answers"), Replaced::Stale);
        let removed = storage.remove(&key("a"), &foreign).await;
        assert_eq!(removed.expect("remove answers"), Removed::Stale);
    }
    let stored = read(&*storage, &key("a")).await.expect("was inserted");
    assert_eq!((stored.body, stored.version), (b"body".to_vec(), version));
}
