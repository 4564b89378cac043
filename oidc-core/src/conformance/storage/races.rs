//! ST-01, ST-02: many writers at once, and the winners counted.

use std::sync::Arc;

use super::{at, insert, key, read, remove, replace, sweep};
use crate::storage::{Inserted, Record, Removed, Replaced, Storage, Version};

/// How many writers meet at one record.
const WRITERS: usize = 64;
/// How often they meet.
const ROUNDS: usize = 5;
/// Tasks that increment one counter, and how often each does.
const COUNTERS: usize = 16;
const INCREMENTS: usize = 50;

/// Runs `write` in many tasks that start together; their answers.
async fn all_at_once<T, F>(writers: usize, write: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(tokio::sync::Barrier::new(writers));
    let tasks: Vec<_> = (0..writers)
        .map(|n| {
            let (start, write) = (Arc::clone(&start), write(n));
            tokio::spawn(async move {
                start.wait().await;
                write.await
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(writers);
    for task in tasks {
        answers.push(task.await.expect("the writer ends"));
    }
    answers
}

/// 64 inserts of one key: one wins, its body stays, the others are `Taken`.
pub async fn one_of_many_inserts_wins(storage: Arc<dyn Storage>) {
    for round in 0..ROUNDS {
        let key = key(format!("round {round}"));
        let answers = all_at_once(WRITERS, |n| {
            let (storage, key) = (Arc::clone(&storage), key.clone());
            async move { storage.insert(&key, &Record::new(n.to_string())).await }
        })
        .await;

        let mut winners = Vec::new();
        for (n, answer) in answers.into_iter().enumerate() {
            if let Inserted::Yes(version) = answer.expect("insert answers") {
                winners.push((n, version));
            }
        }
        let [(winner, version)] = &winners[..] else {
            panic!("{} inserts won", winners.len());
        };
        let stored = read(&*storage, &key).await.expect("one was inserted");
        assert_eq!(stored.body, winner.to_string().as_bytes());
        assert_eq!(&stored.version, version);
    }
}

/// 64 replaces of one version: one wins, its body stays, the others are `Stale`.
pub async fn one_of_many_replaces_wins(storage: Arc<dyn Storage>) {
    let mut version = insert(&*storage, &key("a"), &Record::new("start")).await;
    for _ in 0..ROUNDS {
        let answers = all_at_once(WRITERS, |n| {
            let (storage, version) = (Arc::clone(&storage), version.clone());
            async move {
                let record = Record::new(n.to_string());
                storage.replace(&key("a"), &version, &record).await
            }
        })
        .await;

        let mut winners = Vec::new();
        for (n, answer) in answers.into_iter().enumerate() {
            match answer.expect("replace answers") {
                Replaced::Yes(version) => winners.push((n, version)),
                Replaced::Stale => {}
                Replaced::Missing => panic!("nobody removed it"),
            }
        }
        assert_eq!(winners.len(), 1, "one replace wins");
        let stored = read(&*storage, &key("a")).await.expect("nobody removed it");
        assert_eq!(stored.body, winners[0].0.to_string().as_bytes());
        assert_eq!(stored.version, winners[0].1);
        version = stored.version;
    }
}

/// 64 removes of one version: one wins, the others find it `Missing`.
pub async fn one_of_many_removes_wins(storage: Arc<dyn Storage>) {
    let version = insert(&*storage, &key("a"), &Record::new("body")).await;
    let answers = all_at_once(WRITERS, |_| {
        let (storage, version) = (Arc::clone(&storage), version.clone());
        async move { storage.remove(&key("a"), &version).await }
    })
    .await;

    let mut winners = 0;
    for answer in answers {
        match answer.expect("remove answers") {
            Removed::Yes => winners += 1,
            Removed::Missing => {}
            Removed::Stale => panic!("nobody replaced it"),
        }
    }
    assert_eq!(winners, 1, "one remove wins");
    assert_eq!(read(&*storage, &key("a")).await, None);
}

/// 16 tasks increment one counter 50 times each: it ends at 800.
pub async fn no_increment_is_lost(storage: Arc<dyn Storage>) {
    let _ = insert(&*storage, &key("a"), &Record::new("0")).await;
    let _ = all_at_once(COUNTERS, |_| {
        let storage = Arc::clone(&storage);
        async move {
            for _ in 0..INCREMENTS {
                increment(&*storage).await;
            }
        }
    })
    .await;

    let stored = read(&*storage, &key("a")).await.expect("nobody removed it");
    assert_eq!(stored.body, (COUNTERS * INCREMENTS).to_string().as_bytes());
}

async fn increment(storage: &dyn Storage) {
    loop {
        let stored = read(storage, &key("a")).await.expect("nobody removes it");
        let text = String::from_utf8(stored.body).expect("a number");
        let next = text.parse::<u64>().expect("a number") + 1;
        let record = Record::new(next.to_string());
        let replaced = storage.replace(&key("a"), &stored.version, &record).await;
        match replaced.expect("replace answers") {
            Replaced::Yes(_) => return,
            Replaced::Stale => {}
            Replaced::Missing => panic!("nobody removes it"),
        }
    }
}

/// Half of the writers remove, half replace, all from one version: exactly one wins.
pub async fn remove_or_replace_wins_never_both(storage: Arc<dyn Storage>) {
    for round in 0..ROUNDS {
        let key = key(format!("round {round}"));
        let version = insert(&*storage, &key, &Record::new("start")).await;
        let answers = all_at_once(WRITERS, |n| {
            let (storage, key, version) = (Arc::clone(&storage), key.clone(), version.clone());
            async move { remove_or_replace(&*storage, &key, &version, n).await }
        })
        .await;

        let winners: Vec<_> = answers.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1, "one writer wins");
        let body = read(&*storage, &key).await.map(|stored| stored.body);
        assert_eq!(body, winners[0].map(|n| n.to_string().into_bytes()));
    }
}

/// `None` if it lost; else what the record must hold: the number, or nothing.
async fn remove_or_replace(
    storage: &dyn Storage,
    key: &crate::storage::Key,
    version: &Version,
    n: usize,
) -> Option<Option<usize>> {
    if n.is_multiple_of(2) {
        let removed = storage.remove(key, version).await.expect("remove answers");
        (removed == Removed::Yes).then_some(None)
    } else {
        let record = Record::new(n.to_string());
        let replaced = storage.replace(key, version, &record).await;
        let replaced = replaced.expect("replace answers");
        matches!(replaced, Replaced::Yes(_)).then_some(Some(n))
    }
}

/// Writers insert and remove one key: successful inserts and removes alternate.
pub async fn remove_and_insert_alternate(storage: Arc<dyn Storage>) {
    let counts = all_at_once(COUNTERS, |n| {
        let storage = Arc::clone(&storage);
        async move {
            let (mut inserts, mut removes) = (0_i64, 0_i64);
            for _ in 0..20 {
                let inserted = storage.insert(&key("a"), &Record::new(n.to_string())).await;
                if let Inserted::Yes(_) = inserted.expect("insert answers") {
                    inserts += 1;
                }
                if let Some(stored) = read(&*storage, &key("a")).await {
                    let removed = storage.remove(&key("a"), &stored.version).await;
                    if removed.expect("remove answers") == Removed::Yes {
                        removes += 1;
                    }
                }
            }
            (inserts, removes)
        }
    })
    .await;

    let inserts: i64 = counts.iter().map(|count| count.0).sum();
    let removes: i64 = counts.iter().map(|count| count.1).sum();
    let left = i64::from(read(&*storage, &key("a")).await.is_some());
    assert_eq!(inserts - removes, left);
    assert!(inserts > 0);
}

/// A record that a replace moved ahead is not dropped by a sweep that ran into it.
pub async fn sweep_never_drops_a_record_moved_ahead(storage: Arc<dyn Storage>) {
    let (past, now, ahead) = (1_000_000, 1_000_001, 2_000_000);
    for round in 0..20 {
        let key = key(format!("round {round}"));
        let start = Record::new("start").with_delete_after(at(past));
        let version = insert(&*storage, &key, &start).await;

        let answers = all_at_once(8, |n| {
            let (storage, key, version) = (Arc::clone(&storage), key.clone(), version.clone());
            async move {
                if n < 4 {
                    let _ = sweep(&*storage, now, 100).await;
                    return false;
                }
                let moved = Record::new("moved").with_delete_after(at(ahead));
                let replaced = storage.replace(&key, &version, &moved).await;
                matches!(replaced.expect("replace answers"), Replaced::Yes(_))
            }
        })
        .await;

        let moved = answers.into_iter().filter(|won| *won).count();
        assert!(moved <= 1, "one replace wins at most");
        let stored = read(&*storage, &key).await;
        assert_eq!(stored.is_some(), moved == 1, "swept or moved, never both");
        if let Some(stored) = stored {
            assert_eq!(stored.body, b"moved");
            let kept = replace(&*storage, &key, &stored.version, &Record::new("x")).await;
            remove(&*storage, &key, &kept).await;
        }
    }
}

/// Sweeps on all replicas at once: each record is dropped, and counted, once.
pub async fn sweeps_at_once_drop_each_record_once(storage: Arc<dyn Storage>) {
    let due = Record::new("body").with_delete_after(at(1_000_000));
    for n in 0..100 {
        let _ = insert(&*storage, &key(format!("k{n}")), &due).await;
    }
    let _ = insert(&*storage, &key("kept"), &Record::new("body")).await;

    let dropped = all_at_once(8, |_| {
        let storage = Arc::clone(&storage);
        async move { sweep(&*storage, 1_000_001, 1000).await }
    })
    .await;
    assert_eq!(dropped.into_iter().sum::<u32>(), 100);
    assert!(read(&*storage, &key("kept")).await.is_some());
}
