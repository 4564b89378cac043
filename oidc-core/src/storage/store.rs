//! What the typed stores share: keys, and writes whose answer may be lost.

use std::sync::Arc;

use super::{
    Inserted, IssuerTag, Key, Kind, Record, Replaced, Storage, StorageError, Stored,
    codec::{self, Body, Loaded},
};
use crate::clock::UnixTime;

/// Dropping a record waits this long past its real expiry: clocks of replicas and engines differ.
const KEPT_PAST_EXPIRY: std::time::Duration = std::time::Duration::from_secs(300);

/// One issuer's records in a back end.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    storage: Arc<dyn Storage>,
    tag: IssuerTag,
}

/// A value with the id of the write that made it.
pub(crate) trait Written: Body {
    /// Whether `other` was made by the same write.
    fn same_write(&self, other: &Self) -> bool;
}

impl Store {
    pub(crate) fn new(storage: Arc<dyn Storage>, tag: IssuerTag) -> Self {
        Self { storage, tag }
    }

    pub(crate) fn key(&self, kind: Kind, id: impl Into<String>) -> Key {
        Key::new(self.tag, kind, id)
    }

    /// Reads several keys in one round trip; the answers stand in the order of the keys.
    pub(crate) async fn batch<const N: usize>(
        &self,
        keys: [Key; N],
    ) -> Result<[Option<Stored>; N], StorageError> {
        let found = self.storage.get(&keys).await?;
        found.try_into().map_err(|found: Vec<_>| {
            StorageError::Corrupt(format!("{} answers to {N} keys", found.len()))
        })
    }

    pub(crate) async fn load<T: Body>(&self, key: Key) -> Result<Option<Loaded<T>>, StorageError> {
        let [found] = self.batch([key]).await?;
        found.map(codec::decode).transpose()
    }

    /// Writes a record under a key that has none; true if this write made it.
    ///
    /// After a lost answer, or where the key is taken, it reads again and recognises its own
    /// write.
    pub(crate) async fn insert<T: Written>(
        &self,
        key: &Key,
        value: &T,
        expires_at: UnixTime,
    ) -> Result<bool, StorageError> {
        let record =
            Record::new(codec::encode(value)?).with_delete_after(expires_at + KEPT_PAST_EXPIRY);
        match self.storage.insert(key, &record).await {
            Ok(Inserted::Yes(_)) => Ok(true),
            Ok(Inserted::Taken) => self.is_own(key, value).await,
            Err(error @ StorageError::Unavailable(_)) => match self.load::<T>(key.clone()).await? {
                Some(stored) => Ok(stored.value.same_write(value)),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Replaces what was loaded; true if this write did it, false if someone else was first.
    pub(crate) async fn replace<T: Written>(
        &self,
        key: &Key,
        loaded: &Loaded<T>,
        value: &T,
        expires_at: UnixTime,
    ) -> Result<bool, StorageError> {
        let record = Record::new(codec::encode_over(value, loaded)?)
            .with_delete_after(expires_at + KEPT_PAST_EXPIRY);
        match self.storage.replace(key, loaded.version(), &record).await {
            Ok(Replaced::Yes(_)) => Ok(true),
            Ok(Replaced::Stale) => self.is_own(key, value).await,
            Ok(Replaced::Missing) => Ok(false),
            Err(error @ StorageError::Unavailable(_)) => match self.load::<T>(key.clone()).await? {
                Some(stored) if stored.version() == loaded.version() => Err(error),
                Some(stored) => Ok(stored.value.same_write(value)),
                None => Ok(false),
            },
            Err(error) => Err(error),
        }
    }

    async fn is_own<T: Written>(&self, key: &Key, value: &T) -> Result<bool, StorageError> {
        let stored = self.load::<T>(key.clone()).await?;
        Ok(stored.is_some_and(|stored| stored.value.same_write(value)))
    }

    /// Inserts or replaces until `change` sticks; for records where the last writer may win.
    /// Where `change` returns `None` the record is left as it is.
    pub(crate) async fn update<T, F>(
        &self,
        key: &Key,
        expires_at: impl Fn(&T) -> Option<UnixTime>,
        change: F,
    ) -> Result<Option<T>, StorageError>
    where
        T: Body,
        F: Fn(Option<&T>) -> Option<T>,
    {
        for _ in 0..UPDATE_TRIES {
            let loaded = self.load::<T>(key.clone()).await?;
            let Some(value) = change(loaded.as_ref().map(|loaded| &loaded.value)) else {
                return Ok(None);
            };
            let body = match &loaded {
                Some(loaded) => codec::encode_over(&value, loaded)?,
                None => codec::encode(&value)?,
            };
            let mut record = Record::new(body);
            record.delete_after = expires_at(&value).map(|time| time + KEPT_PAST_EXPIRY);
            let done = match &loaded {
                Some(loaded) => matches!(
                    self.storage.replace(key, loaded.version(), &record).await?,
                    Replaced::Yes(_)
                ),
                None => matches!(self.storage.insert(key, &record).await?, Inserted::Yes(_)),
            };
            if done {
                return Ok(Some(value));
            }
        }
        Err(StorageError::unavailable(
            "the record is being changed too often",
        ))
    }
}

/// How often an update is tried against others that change the same record.
const UPDATE_TRIES: u32 = 16;
