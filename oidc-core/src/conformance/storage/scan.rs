//! Walks: whatever existed throughout appears at least once.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    ISSUER, MAX_PAGES, OTHER_ISSUER, index_value, insert, key, read, remove, replace, walk,
    walk_sorted,
};
use crate::storage::{Inserted, Key, Kind, Record, Scan, Storage};

fn all() -> Scan {
    Scan::new(ISSUER, Kind::Grant)
}

async fn fill(storage: &dyn Storage, count: usize) -> Vec<String> {
    let mut ids: Vec<_> = (0..count).map(|n| format!("k{n}")).collect();
    for id in &ids {
        let record = Record::new(id.as_str()).with_index(index_value(1));
        let _ = insert(storage, &key(id.as_str()), &record).await;
    }
    ids.sort();
    ids
}

/// A kind without records is one page without records and without a next one.
pub async fn scan_of_nothing_is_one_empty_page(storage: Arc<dyn Storage>) {
    for scan in [all(), all().with_index(index_value(1))] {
        let page = storage.scan(&scan).await.expect("scan answers");
        assert!(page.records.is_empty());
        assert_eq!(page.next, None);
    }
}

/// A scan lists one kind of one issuer, with body and version.
pub async fn scan_lists_one_kind_of_one_issuer(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &Record::new("body")).await;
    let neighbors = [
        (ISSUER, Kind::Session, "b"),
        (OTHER_ISSUER, Kind::Grant, "c"),
    ];
    for (issuer, kind, id) in neighbors {
        let _ = insert(&*storage, &Key::new(issuer, kind, id), &Record::new("x")).await;
    }

    let page = storage.scan(&all()).await.expect("scan answers");
    assert_eq!(page.next, None);
    let [(found, stored)] = &page.records[..] else {
        panic!("expected one record, got {:?}", page.records);
    };
    assert_eq!(found, &key("a"));
    assert_eq!(stored.body, b"body");
    assert_eq!(stored.version, version);
}

/// Pages of any size: none too long, none missing.
pub async fn pages_hold_at_most_limit_records_and_miss_none(storage: Arc<dyn Storage>) {
    let ids = fill(&*storage, 20).await;
    for limit in [1, 2, 3, 7, 19, 20, 21, 1000, u32::MAX] {
        let found = walk_sorted(&*storage, all().with_limit(limit)).await;
        assert_eq!(found, ids, "pages of {limit}");
    }
}

/// A page of at most no records would never end: one is assumed.
pub async fn limit_zero_means_one(storage: Arc<dyn Storage>) {
    let ids = fill(&*storage, 3).await;
    let scan = all().with_limit(0);
    let page = storage.scan(&scan).await.expect("scan answers");
    assert_eq!(page.records.len(), 1);
    assert_eq!(walk_sorted(&*storage, scan).await, ids);
}

/// Pages of an index value: none too long, none missing.
pub async fn index_pages_miss_none(storage: Arc<dyn Storage>) {
    let ids = fill(&*storage, 20).await;
    let other = Record::new("other").with_index(index_value(2));
    let _ = insert(&*storage, &key("k100"), &other).await;
    for limit in [1, 3, 20, 1000] {
        let scan = all().with_index(index_value(1)).with_limit(limit);
        assert_eq!(walk_sorted(&*storage, scan).await, ids, "pages of {limit}");
    }
}

/// The record where a page ended may go before the next page is read.
pub async fn cursor_outlives_its_record(storage: Arc<dyn Storage>) {
    let ids = fill(&*storage, 6).await;
    for scan in [all(), all().with_index(index_value(1))] {
        let first = storage.scan(&scan.clone().with_limit(2)).await;
        let first = first.expect("scan answers");
        let mut found = BTreeSet::new();
        for (key, stored) in first.records {
            found.insert(key.id().to_owned());
            remove(&*storage, &key, &stored.version).await;
        }
        let cursor = first.next.expect("there is more");
        found.extend(walk(&*storage, scan.with_limit(2).after(cursor)).await);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ids);

        for id in &ids {
            let record = Record::new(id.as_str()).with_index(index_value(1));
            if read(&*storage, &key(id.as_str())).await.is_none() {
                let _ = insert(&*storage, &key(id.as_str()), &record).await;
            }
        }
    }
}

/// A scanned version is one that `replace` and `remove` expect.
pub async fn scanned_version_can_be_replaced(storage: Arc<dyn Storage>) {
    let _ = fill(&*storage, 2).await;
    for scan in [all(), all().with_index(index_value(1))] {
        let page = storage.scan(&scan).await.expect("scan answers");
        assert_eq!(page.records.len(), 2);
        for (key, stored) in page.records {
            let _ = replace(&*storage, &key, &stored.version, &Record::new("new")).await;
        }
    }
}

/// While others insert and remove, a walk finds everything that stays.
pub async fn walk_misses_nothing_while_others_write(storage: Arc<dyn Storage>) {
    walk_among_writers(storage, all()).await;
}

/// The same for a walk over an index value.
pub async fn index_walk_misses_nothing_while_others_write(storage: Arc<dyn Storage>) {
    walk_among_writers(storage, all().with_index(index_value(1))).await;
}

async fn walk_among_writers(storage: Arc<dyn Storage>, scan: Scan) {
    let ids = fill(&*storage, 60).await;
    let done = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..2)
        .map(|writer| {
            let (storage, done) = (Arc::clone(&storage), Arc::clone(&done));
            tokio::spawn(async move {
                for n in 0.. {
                    if done.load(Ordering::SeqCst) {
                        return;
                    }
                    // Between the ids that stay, before them, and after them.
                    let id = format!("{}{}-w{writer}", ["k", "a", "z"][n % 3], n % 60);
                    let record = Record::new("passing").with_index(index_value(1));
                    let inserted = storage.insert(&key(id.as_str()), &record).await;
                    if let Inserted::Yes(version) = inserted.expect("insert answers") {
                        remove(&*storage, &key(id.as_str()), &version).await;
                    }
                }
            })
        })
        .collect();

    for limit in [1, 2, 7, 60] {
        let found = walk(&*storage, scan.clone().with_limit(limit)).await;
        assert!(found.len() < MAX_PAGES);
        let found: BTreeSet<_> = found.into_iter().collect();
        for id in &ids {
            assert!(found.contains(id), "pages of {limit} miss {id}");
        }
    }
    done.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.expect("the writer ends");
    }
}
