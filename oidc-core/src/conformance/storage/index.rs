//! Index values: set once, only ever added, gone with the record.

use std::sync::Arc;

use super::{
    ISSUER, OTHER_ISSUER, at, index_value, insert, key, remove, replace, sweep, walk, walk_sorted,
};
use crate::storage::{IndexValue, IssuerTag, Key, Kind, Record, Replaced, Scan, Storage, Version};

fn by(value: IndexValue) -> Scan {
    Scan::new(ISSUER, Kind::Grant).with_index(value)
}

fn indexed(values: &[u8]) -> Record {
    values.iter().fold(Record::new("body"), |record, value| {
        record.with_index(index_value(*value))
    })
}

/// A scan by index value finds the records that carry it, and no others.
pub async fn index_finds_only_its_records(storage: Arc<dyn Storage>) {
    let _ = insert(&*storage, &key("a"), &indexed(&[1])).await;
    let _ = insert(&*storage, &key("b"), &indexed(&[2])).await;
    let _ = insert(&*storage, &key("c"), &indexed(&[1])).await;
    let _ = insert(&*storage, &key("d"), &indexed(&[])).await;

    assert_eq!(walk_sorted(&*storage, by(index_value(1))).await, ["a", "c"]);
    assert_eq!(walk_sorted(&*storage, by(index_value(2))).await, ["b"]);
    assert!(walk(&*storage, by(index_value(3))).await.is_empty());
}

/// A record with several values is found by each.
pub async fn record_is_found_by_each_of_its_values(storage: Arc<dyn Storage>) {
    let values: Vec<u8> = (1..=8).collect();
    let _ = insert(&*storage, &key("a"), &indexed(&values)).await;
    for value in values {
        assert_eq!(walk(&*storage, by(index_value(value))).await, ["a"]);
    }
}

/// Values of a replace join those the record has.
pub async fn replace_adds_index_values(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &indexed(&[1])).await;
    let _ = replace(&*storage, &key("a"), &version, &indexed(&[2])).await;
    assert_eq!(walk(&*storage, by(index_value(1))).await, ["a"]);
    assert_eq!(walk(&*storage, by(index_value(2))).await, ["a"]);
}

/// A replace without values drops none.
pub async fn replace_drops_no_index_value(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &indexed(&[1, 2])).await;
    let version = replace(&*storage, &key("a"), &version, &indexed(&[])).await;
    let _ = replace(&*storage, &key("a"), &version, &indexed(&[2])).await;
    assert_eq!(walk(&*storage, by(index_value(1))).await, ["a"]);
    assert_eq!(walk(&*storage, by(index_value(2))).await, ["a"]);
}

/// A replace or insert that loses leaves no trace in the index.
pub async fn replace_that_loses_adds_no_index_value(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &indexed(&[1])).await;
    let foreign = Version::from_bytes([7; 16]);
    let lost = storage.replace(&key("a"), &foreign, &indexed(&[2])).await;
    assert_eq!(lost.expect("replace answers"), Replaced::Stale);
    let lost = storage.replace(&key("b"), &version, &indexed(&[2])).await;
    assert_eq!(lost.expect("replace answers"), Replaced::Missing);
    let _ = storage
        .insert(&key("a"), &indexed(&[2]))
        .await
        .expect("insert answers");
    assert!(walk(&*storage, by(index_value(2))).await.is_empty());
}

/// A removed record is found by none of its values, and a new one under its key starts bare.
pub async fn removed_record_leaves_the_index(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &indexed(&[1])).await;
    let version = replace(&*storage, &key("a"), &version, &indexed(&[2])).await;
    remove(&*storage, &key("a"), &version).await;
    assert!(walk(&*storage, by(index_value(1))).await.is_empty());
    assert!(walk(&*storage, by(index_value(2))).await.is_empty());

    let _ = insert(&*storage, &key("a"), &indexed(&[3])).await;
    assert!(walk(&*storage, by(index_value(1))).await.is_empty());
    assert_eq!(walk(&*storage, by(index_value(3))).await, ["a"]);
}

/// A swept record is found by none of its values.
pub async fn swept_record_leaves_the_index(storage: Arc<dyn Storage>) {
    let record = indexed(&[1]).with_delete_after(at(1_000_000));
    let _ = insert(&*storage, &key("a"), &record).await;
    let _ = insert(&*storage, &key("b"), &indexed(&[1])).await;
    assert_eq!(sweep(&*storage, 1_000_001, 10).await, 1);
    assert_eq!(walk(&*storage, by(index_value(1))).await, ["b"]);

    let _ = insert(&*storage, &key("a"), &indexed(&[])).await;
    assert_eq!(walk(&*storage, by(index_value(1))).await, ["b"]);
}

/// The same value in another kind or issuer is another list.
pub async fn index_is_a_namespace_per_issuer_and_kind(storage: Arc<dyn Storage>) {
    let places = [
        (ISSUER, Kind::Grant, "a"),
        (ISSUER, Kind::Session, "b"),
        (OTHER_ISSUER, Kind::Grant, "c"),
    ];
    for (issuer, kind, id) in places {
        let _ = insert(&*storage, &Key::new(issuer, kind, id), &indexed(&[1])).await;
    }
    for (issuer, kind, id) in places {
        let scan = Scan::new(issuer, kind).with_index(index_value(1));
        assert_eq!(walk(&*storage, scan).await, [id]);
    }
    let nobody = Scan::new(IssuerTag::from_bytes(*b"issuer-3"), Kind::Grant);
    let nobody = nobody.with_index(index_value(1));
    assert!(walk(&*storage, nobody).await.is_empty());
}

/// Values are 32 bytes of any kind, and one that continues another is not it.
pub async fn index_values_are_binary(storage: Arc<dyn Storage>) {
    let mut almost_zero = [0; 32];
    almost_zero[31] = 1;
    let values = [[0; 32], almost_zero, [0xff; 32], [b'%'; 32], [b'\''; 32]];
    for (n, value) in values.into_iter().enumerate() {
        let record = Record::new("body").with_index(IndexValue(value));
        let _ = insert(&*storage, &key(format!("k{n}")), &record).await;
    }
    for (n, value) in values.into_iter().enumerate() {
        let found = walk(&*storage, by(IndexValue(value))).await;
        assert_eq!(found, [format!("k{n}")]);
    }
}

/// A value given twice, at once or in a later write, lists the record once.
pub async fn repeated_index_value_lists_once(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &indexed(&[1, 1])).await;
    let _ = replace(&*storage, &key("a"), &version, &indexed(&[1, 1])).await;
    assert_eq!(walk(&*storage, by(index_value(1))).await, ["a"]);
}
