//! What each operation does when nobody else is there.

use std::sync::Arc;

use super::{OTHER_ISSUER, insert, key, read, read_body, remove, replace};
use crate::storage::{Inserted, Key, Kind, Record, Removed, Replaced, Storage, Version};

/// What `insert` wrote, `get` returns, with the version that `insert` gave.
pub async fn inserted_record_is_read_back(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &Record::new("body")).await;

    let stored = read(&*storage, &key("a")).await.expect("was inserted");
    assert_eq!(stored.body, b"body");
    assert_eq!(stored.version, version);
}

/// A key without a record is an answer, not an error.
pub async fn missing_key_reads_as_none(storage: Arc<dyn Storage>) {
    assert_eq!(read(&*storage, &key("a")).await, None);
    let _ = insert(&*storage, &key("a"), &Record::new("body")).await;
    assert_eq!(read(&*storage, &key("b")).await, None);
}

/// An empty list of keys has an empty list of answers.
pub async fn no_keys_give_no_answers(storage: Arc<dyn Storage>) {
    assert_eq!(storage.get(&[]).await.expect("get answers"), []);
}

/// Answers stand in the order of the keys, missing ones in between.
pub async fn answers_stand_in_the_order_of_the_keys(storage: Arc<dyn Storage>) {
    for id in ["a", "b", "c"] {
        let _ = insert(&*storage, &key(id), &Record::new(id)).await;
    }
    let user = Key::new(key("u").issuer(), Kind::User, "u");
    let _ = insert(&*storage, &user, &Record::new("user")).await;

    let keys = [key("c"), key("missing"), user, key("a"), key("b")];
    let answers = storage.get(&keys).await.expect("get answers");
    let bodies: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.map(|stored| stored.body))
        .collect();
    assert_eq!(
        bodies,
        [
            Some(b"c".to_vec()),
            None,
            Some(b"user".to_vec()),
            Some(b"a".to_vec()),
            Some(b"b".to_vec()),
        ]
    );
}

/// A key that stands twice in the list is answered twice.
pub async fn repeated_key_is_answered_each_time(storage: Arc<dyn Storage>) {
    let _ = insert(&*storage, &key("a"), &Record::new("body")).await;

    let keys = [key("a"), key("b"), key("a"), key("b"), key("a")];
    let answers = storage.get(&keys).await.expect("get answers");
    let found: Vec<_> = answers.iter().map(Option::is_some).collect();
    assert_eq!(found, [true, false, true, false, true]);
}

/// 500 keys in one read.
pub async fn many_keys_are_read_at_once(storage: Arc<dyn Storage>) {
    for n in 0..250 {
        let id = format!("k{}", n * 2);
        let _ = insert(&*storage, &key(id.clone()), &Record::new(id)).await;
    }

    let keys: Vec<_> = (0..500).map(|n| key(format!("k{n}"))).collect();
    let answers = storage.get(&keys).await.expect("get answers");
    assert_eq!(answers.len(), 500);
    for (n, (key, answer)) in keys.iter().zip(answers).enumerate() {
        let expected = (n % 2 == 0).then(|| key.id().as_bytes().to_vec());
        assert_eq!(answer.map(|stored| stored.body), expected);
    }
}

/// The first writer wins; the second one changes neither body nor version.
pub async fn second_insert_is_taken_and_changes_nothing(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &Record::new("first")).await;

    let second = storage.insert(&key("a"), &Record::new("second")).await;
    assert_eq!(second.expect("insert answers"), Inserted::Taken);
    let stored = read(&*storage, &key("a")).await.expect("was inserted");
    assert_eq!((stored.body, stored.version), (b"first".to_vec(), version));
}

/// What `replace` wrote, `get` returns, with the version that `replace` gave.
pub async fn replaced_record_is_read_back(storage: Arc<dyn Storage>) {
    let first = insert(&*storage, &key("a"), &Record::new("first")).await;
    let second = replace(&*storage, &key("a"), &first, &Record::new("second")).await;

    let stored = read(&*storage, &key("a")).await.expect("was inserted");
    assert_eq!((stored.body, stored.version), (b"second".to_vec(), second));
}

/// `replace` never creates a record.
pub async fn replace_of_a_missing_key_writes_nothing(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &Record::new("body")).await;

    let never = storage
        .replace(&key("b"), &version, &Record::new("new"))
        .await;
    assert_eq!(never.expect("replace answers"), Replaced::Missing);
    assert_eq!(read(&*storage, &key("b")).await, None);

    remove(&*storage, &key("a"), &version).await;
    let gone = storage
        .replace(&key("a"), &version, &Record::new("new"))
        .await;
    assert_eq!(gone.expect("replace answers"), Replaced::Missing);
    assert_eq!(read(&*storage, &key("a")).await, None);
}

/// A removed record is not read, and its neighbors stay.
pub async fn removed_record_is_gone(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &Record::new("a")).await;
    let _ = insert(&*storage, &key("b"), &Record::new("b")).await;

    remove(&*storage, &key("a"), &version).await;
    assert_eq!(read(&*storage, &key("a")).await, None);
    assert_eq!(read_body(&*storage, &key("b")).await, Some(b"b".to_vec()));
}

/// Removing what is not there says so.
pub async fn remove_of_a_missing_key_is_missing(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &Record::new("body")).await;
    remove(&*storage, &key("a"), &version).await;

    let again = storage.remove(&key("a"), &version).await;
    assert_eq!(again.expect("remove answers"), Removed::Missing);
    let never = storage
        .remove(&key("b"), &Version::from_bytes([1; 16]))
        .await;
    assert_eq!(never.expect("remove answers"), Removed::Missing);
}

/// A removed key is free.
pub async fn insert_after_remove_writes(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &Record::new("first")).await;
    remove(&*storage, &key("a"), &version).await;

    let _ = insert(&*storage, &key("a"), &Record::new("second")).await;
    let body = read_body(&*storage, &key("a")).await;
    assert_eq!(body, Some(b"second".to_vec()));
}

/// ST-22: two issuers in one store do not see each other's records.
pub async fn issuers_are_namespaces(storage: Arc<dyn Storage>) {
    let other = Key::new(OTHER_ISSUER, Kind::Grant, "a");
    let version = insert(&*storage, &key("a"), &Record::new("one")).await;
    assert_eq!(read(&*storage, &other).await, None);

    let _ = insert(&*storage, &other, &Record::new("two")).await;
    remove(&*storage, &key("a"), &version).await;
    assert_eq!(read_body(&*storage, &other).await, Some(b"two".to_vec()));
}

/// The same id in each kind names another record.
pub async fn kinds_are_namespaces(storage: Arc<dyn Storage>) {
    let issuer = key("a").issuer();
    for kind in Kind::ALL {
        let key = Key::new(issuer, kind, "a");
        assert_eq!(read(&*storage, &key).await, None, "{kind:?}");
        let _ = insert(&*storage, &key, &Record::new(kind.as_str())).await;
    }
    for kind in Kind::ALL {
        let body = read_body(&*storage, &Key::new(issuer, kind, "a")).await;
        assert_eq!(body, Some(kind.as_str().as_bytes().to_vec()));
    }
}
