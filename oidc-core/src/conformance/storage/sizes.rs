//! Bodies: any bytes, up to [`MAX_BODY`] of them.

use std::sync::Arc;

use super::{insert, key, read, read_body, replace};
use crate::storage::{MAX_BODY, Record, Storage, StorageError};

fn body_of(size: usize) -> Vec<u8> {
    // Not one repeated byte: an engine that compresses must still store it.
    (0..size).map(|n| (n * 31 % 251) as u8).collect()
}

/// A body may be empty, and is then not a missing record.
pub async fn empty_body_is_kept(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &Record::new("")).await;
    assert_eq!(read_body(&*storage, &key("a")).await, Some(Vec::new()));

    let _ = replace(&*storage, &key("a"), &version, &Record::new("")).await;
    assert_eq!(read_body(&*storage, &key("a")).await, Some(Vec::new()));
}

/// [`MAX_BODY`] bytes are taken, by `insert` and by `replace`.
pub async fn body_of_one_mebibyte_is_kept(storage: Arc<dyn Storage>) {
    let body = body_of(MAX_BODY);
    let _ = insert(&*storage, &key("a"), &Record::new(body.clone())).await;
    assert!(read_body(&*storage, &key("a")).await == Some(body.clone()));

    let small = insert(&*storage, &key("b"), &Record::new("small")).await;
    let _ = replace(&*storage, &key("b"), &small, &Record::new(body.clone())).await;
    assert!(read_body(&*storage, &key("b")).await == Some(body));
}

/// One byte more is refused, and nothing is written.
pub async fn larger_body_is_too_large_to_insert(storage: Arc<dyn Storage>) {
    let refused = storage
        .insert(&key("a"), &Record::new(body_of(MAX_BODY + 1)))
        .await;
    match refused {
        Err(StorageError::TooLarge { size }) => assert_eq!(size, MAX_BODY + 1),
        other => panic!("expected TooLarge, got {other:?}"),
    }
    assert_eq!(read(&*storage, &key("a")).await, None);
}

/// One byte more is refused, and the record stays as it was.
pub async fn larger_body_is_too_large_to_replace(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &Record::new("small")).await;

    let refused = storage
        .replace(&key("a"), &version, &Record::new(body_of(MAX_BODY + 1)))
        .await;
    match refused {
        Err(StorageError::TooLarge { size }) => assert_eq!(size, MAX_BODY + 1),
        other => panic!("expected TooLarge, got {other:?}"),
    }
    let stored = read(&*storage, &key("a")).await.expect("was inserted");
    assert_eq!((stored.body, stored.version), (b"small".to_vec(), version));
}

/// Bodies are bytes: every value, NUL, and what is not UTF-8.
pub async fn binary_bodies_are_kept(storage: Arc<dyn Storage>) {
    let bodies: [Vec<u8>; 5] = [
        (0..=255).collect(),
        vec![0],
        vec![0; 4096],
        vec![0xff, 0xfe, 0xc0, 0x80],
        b"'; DROP TABLE record; --\\x00%_".to_vec(),
    ];
    for (n, body) in bodies.into_iter().enumerate() {
        let key = key(format!("k{n}"));
        let _ = insert(&*storage, &key, &Record::new(body.clone())).await;
        assert_eq!(read_body(&*storage, &key).await, Some(body));
    }
}
